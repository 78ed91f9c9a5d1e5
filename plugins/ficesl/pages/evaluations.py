"""`/comites/ficesl/avis`: answering; `/comites/ficesl/seances/{code}/evaluation`: results, form, closing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from core.api import (
    N_,
    PUBLIC,
    Assurance,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Route,
    Stack,
    get,
    not_found,
    parse,
    post,
    shares,
)

from ..access import READ, REGISTER
from ..forms.attendance import CheckInForm, EmptyForm, EvaluationFormForm, read_answers
from ..queries.evaluations import (
    EvaluationView,
    find_evaluation,
    form_is_used,
    has_sent,
    open_for_form,
    results_of,
    who_may_answer,
)
from ..rules import checkin
from ..rules.evaluations import ALREADY, CLOSED, NOT_OPEN, SCALE, Kind, Line, Standing
from ..services.attendance import NO_ACCOUNT_HERE
from ..services.evaluations import (
    NotTaken,
    close_evaluation,
    evaluation_code,
    evaluation_secret,
    form_shown,
    save_form,
    send_answers,
)
from ..settings import SESSIONS
from .attendance_words import (
    EVALUATION,
    OPINION,
    THROTTLED,
    Answer,
    desk,
    email_marks,
    qr,
    say,
    session_code,
    throttled,
)

SENT = N_("Merci. Vos réponses sont comptées avec les autres, sans votre nom.")
FORM_SAVED = N_("Le formulaire est enregistré.")
IS_CLOSED = N_("L’évaluation est fermée.")


def ask_code(session: Session, request: PageRequest) -> Page:
    """Who has no link types the code of the screen."""
    return _ask(None)


def open_form(session: Session, request: PageRequest) -> Answer:
    """The statements, for who typed the right code."""
    parsed = parse(CheckInForm, request.form)
    if parsed.value is None:
        return _ask(parsed, 422)
    found, wrong = _by_code(session, request, parsed.value)
    if found is None:
        return _ask(parsed.with_error(*wrong), 429 if wrong[1] == THROTTLED else 422)
    typed = {"code": parsed.value.code, "email": parsed.value.email}
    return _questions(session, found, f"{OPINION}/reponses", typed)


def answer_by_code(session: Session, request: PageRequest) -> Answer:
    """Answers of who typed the code."""
    fields = {name: value for name, value in request.form.multi_items() if isinstance(value, str)}
    typed = {name: fields.get(name, "") for name in ("code", "email")}
    form = CheckInForm(code=typed["code"][:20] or "-", email=typed["email"][:254])
    found, wrong = _by_code(session, request, form)
    if found is None:
        return _ask(parse(CheckInForm, request.form).with_error(*wrong), 422)
    marks = email_marks(request.house.keyring, form.email)
    return _answer(session, request, found, fields, marks, f"{OPINION}/reponses", typed)


def show_form(session: Session, request: PageRequest) -> Answer:
    """The statements of a session that the viewer followed, with her account."""
    found = _session(session, request)
    if found is None:
        return not_found()
    learner_id = who_may_answer(session, found.session_id, request.viewer, ())
    if learner_id is None:
        return not_found()
    sent = has_sent(session, found.session_id, learner_id)
    standing = found.standing(request.now)
    if sent or standing is not Standing.OPEN:
        why = ALREADY if sent else NOT_OPEN if standing is Standing.BEFORE else CLOSED
        return Page("ficesl/opinion_done.html", {"found": found, "why": why})
    return _questions(session, found, f"{OPINION}/{found.code}", {})


def answer(session: Session, request: PageRequest) -> Answer:
    """Her answers."""
    found = _session(session, request)
    if found is None:
        return not_found()
    fields = {name: value for name, value in request.form.multi_items() if isinstance(value, str)}
    return _answer(session, request, found, fields, (), f"{OPINION}/{found.code}", {})


def show_results(session: Session, request: PageRequest) -> Answer:
    """Where an evaluation stands; its results once it is closed and five people have answered."""
    found = _kept(session, request)
    return not_found() if found is None else _results(session, request, found)


def close(session: Session, request: PageRequest) -> Answer:
    """Close it now: who gives the session, or sits in the committee."""
    found = _kept(session, request)
    if found is None or parse(EmptyForm, request.form).value is None:
        return not_found()
    close_evaluation(session, desk(request), found)
    return Redirect(_address(found), IS_CLOSED)


def edit_form(session: Session, request: PageRequest) -> Answer:
    """The form of the version."""
    found = _kept(session, request)
    return not_found() if found is None else _edit(session, found, None)


def keep_form(session: Session, request: PageRequest) -> Answer:
    """Write the form of the version."""
    found = _kept(session, request)
    if found is None:
        return not_found()
    parsed = parse(EvaluationFormForm, request.form)
    if parsed.value is None:
        return _edit(session, found, parsed, 422)
    try:
        lines = parsed.value.scale.splitlines(), parsed.value.texts.splitlines()
        save_form(session, desk(request), found.version_id, *lines)
    except NotTaken as refused:
        again = parsed.with_error(refused.field or "scale", refused.message)
        raise refused.showing(_edit(session, found, again, 422)) from None
    return Redirect(_address(found), FORM_SAVED)


def results_chart(request: PageRequest, identifier: str, title: str, lines: tuple[Line, ...]) -> object:
    """The lines that have enough answers, drawn on the scale; the table beside says the same."""
    rows = [Stack(one.question, tuple(float(share) for share in one.shares)) for one in lines if one.shares]
    if not rows:
        return None
    scale = [say(request, step) for step in SCALE]
    return shares(identifier, title, say(request, N_("Les chiffres sont dans le tableau.")), scale, rows)


def _ask(parsed: Parsed[CheckInForm] | None, status: int = 200) -> Page:
    return Page("ficesl/opinion_code.html", {"form": parsed, "here": OPINION}, status)


def _questions(
    session: Session,
    found: EvaluationView,
    action: str,
    typed: Mapping[str, str],
    fields: Mapping[str, str] | None = None,
    error: str = "",
    status: int = 200,
) -> Page:
    context = {
        "found": found,
        "questions": form_shown(session, found.version_id),
        "scale": SCALE,
        "kinds": {"text": Kind.TEXT},
        "action": action,
        "typed": typed,
        "fields": fields or {},
        "error": error,
    }
    return Page("ficesl/opinion.html", context, status)


def _answer(
    session: Session,
    request: PageRequest,
    found: EvaluationView,
    fields: Mapping[str, str],
    marks: tuple[bytes, ...],
    action: str,
    typed: Mapping[str, str],
) -> Answer:
    learner_id = who_may_answer(session, found.session_id, request.viewer, marks)
    if learner_id is None:
        return not_found()
    steps, texts = read_answers(fields)
    try:
        send_answers(session, request.house.keyring, found, learner_id, steps, texts, request.now)
    except NotTaken as refused:
        page = _questions(session, found, action, typed, fields, refused.message, 422)
        raise refused.showing(page) from None
    return Page("ficesl/opinion_done.html", {"found": found, "why": SENT})


def _by_code(
    session: Session, request: PageRequest, given: CheckInForm
) -> tuple[EvaluationView | None, tuple[str, str]]:
    """The evaluation that takes this code from this person, or the field and the sentence that say why none does."""
    if throttled(session, request, "opinion", given.email):
        return None, ("code", THROTTLED)
    code = checkin.read_code(given.code)
    if code is None:
        return None, ("code", checkin.NOT_A_CODE)
    keyring = request.house.keyring
    shown = [
        session_code
        for session_id, session_code in open_for_form(session, request.now)
        if checkin.accepts(evaluation_secret(keyring, session_id), code, request.now, checkin.FORM_SECONDS)
    ]
    anonymous = request.viewer.user_id is None
    marks = email_marks(keyring, given.email) if anonymous else ()
    for one in shown:
        found = find_evaluation(session, one)
        if found is not None and who_may_answer(session, found.session_id, request.viewer, marks) is not None:
            return found, ("", "")
    if anonymous:
        return None, ("code", checkin.WRONG_PAIR)
    return None, ("code", NO_ACCOUNT_HERE if shown else checkin.WRONG_CODE)


def _session(session: Session, request: PageRequest) -> EvaluationView | None:
    code = session_code(request)
    return None if code is None else find_evaluation(session, code)


def _kept(session: Session, request: PageRequest) -> EvaluationView | None:
    code = session_code(request)
    return None if code is None else find_evaluation(session, code, request.viewer)


def _address(found: EvaluationView) -> str:
    return EVALUATION.format(code=found.code)


def _results(session: Session, request: PageRequest, found: EvaluationView) -> Page:
    keyring = request.house.keyring
    standing = found.standing(request.now)
    code = evaluation_code(keyring, found.session_id, request.now) if standing is Standing.OPEN else ""
    address = f"{request.house.settings.public_url}{OPINION}"
    results = results_of(session, keyring, found, request.now)
    context: dict[str, Any] = {
        "found": found,
        "standing": standing.value,
        "reading": found.reading(request.now),
        "results": results,
        "chart": results_chart(request, "evaluation", found.title, results.lines) if results else None,
        "scale": SCALE,
        "code": checkin.spaced(code) if code else "",
        "qr": qr(f"{address}#{code}") if code else None,
        "address": address,
        "here": _address(found),
        "back": f"{SESSIONS}/{found.code}",
        "used": form_is_used(session, found.version_id),
    }
    return Page("ficesl/evaluation.html", context)


def _edit(
    session: Session, found: EvaluationView, parsed: Parsed[EvaluationFormForm] | None, status: int = 200
) -> Page:
    form = [(one.kind, one.text) for one in form_shown(session, found.version_id)]
    context = {
        "found": found,
        "form": parsed,
        "scale": "\n".join(text for kind, text in form if kind is Kind.SCALE),
        "texts": "\n".join(text for kind, text in form if kind is Kind.TEXT),
        "used": form_is_used(session, found.version_id),
        "here": _address(found),
    }
    return Page("ficesl/evaluation_form.html", context, status)


_SURE = Assurance.SECOND_FACTOR
routes: tuple[Route, ...] = (
    get(OPINION, ask_code, permission=PUBLIC, name="ficesl.opinion_code"),
    post(OPINION, open_form, permission=PUBLIC, name="ficesl.opinion_open"),
    post(f"{OPINION}/reponses", answer_by_code, permission=PUBLIC, name="ficesl.opinion_by_code"),
    get(f"{OPINION}/{{code}}", show_form, permission=REGISTER, name="ficesl.opinion"),
    post(f"{OPINION}/{{code}}", answer, permission=REGISTER, name="ficesl.opinion_send"),
    get(EVALUATION, show_results, permission=READ, name="ficesl.evaluation", assurance=_SURE),
    post(f"{EVALUATION}/fermer", close, permission=READ, name="ficesl.evaluation_close", assurance=_SURE),
    get(
        f"{EVALUATION}/formulaire",
        edit_form,
        permission=READ,
        mode="write",
        name="ficesl.evaluation_form",
        assurance=_SURE,
    ),
    post(f"{EVALUATION}/formulaire", keep_form, permission=READ, name="ficesl.evaluation_save", assurance=_SURE),
)
