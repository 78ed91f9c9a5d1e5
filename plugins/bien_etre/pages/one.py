"""`/comites/bien-etre/demandes/{code}`: one request, its vote, its questions; and what each may do there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.api import (
    DEADLINE_REFUSALS,
    N_,
    NAMES_SOMEBODY,
    VOTE_WORDS,
    Assurance,
    ExtendForm,
    Finding,
    Form,
    NamesSomebody,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    VoteInvalid,
    VoteRefused,
    VoteView,
    abandon_escalated,
    deadline_refusal,
    get,
    normal_code,
    not_found,
    parse,
    post,
    vote_view,
)

from ..access import READ
from ..forms.requests import AmountForm, AnswerForm, AskForm, DeclareForm, VersionForm, VoteForm
from ..queries.requests import RequestView, find_request
from ..rules.pauses import PAUSES, pause_ends, pause_stands
from ..rules.requests import AMOUNTS, read_amount
from ..rules.urgent import NEEDED
from ..services import committee, requests, rounds
from ..services.rounds import Desk, desk_of
from ..settings import REQUESTS
from .words import WORDS

ONE = f"{REQUESTS}/{{code}}"
CAST = N_("Votre bulletin est scellé. Vous pouvez le changer jusqu’à la fermeture.")
ASIDE = N_("Votre lien est noté : vous êtes hors de cette décision.")
ASKED, ANSWERED = N_("Votre question est posée."), N_("Votre réponse est donnée.")
SIGNED = N_("Votre signature est notée. Il en faut une deuxième, d’un autre organisme.")
GRANTED = N_("Deuxième signature : l’aide est accordée, le comité est appelé à ratifier.")
CHANGED = N_("Le montant est changé : un nouveau vote commence.")
WITHDRAWN, RESUMED = N_("La demande est retirée."), N_("La demande reprend.")
EXTENDED, ABANDONED = N_("L’échéance est repoussée."), N_("Fermée sans décision.")
FUNDED, NO_FUNDS = N_("Le montant est engagé."), N_("Les enveloppes ne suffisent toujours pas.")

Answer = Page | Redirect | Refusal


def show_one(session: Session, request: PageRequest) -> Answer:
    """The page, or one of its live parts (`?partie=`)."""
    found = _found(session, request)
    if found is None:
        return not_found()
    part = request.query.get("partie", "")
    if request.wants_fragment and part in ("etat", "vote", "bulletin", "questions"):
        return Page(f"bien_etre/part_{part}.html", _context(session, request, found))
    return _page(session, request, found)


def cast(session: Session, request: PageRequest) -> Answer:
    """Put a ballot in."""

    def act(desk: Desk, found: RequestView, form: VoteForm) -> str:
        committee.vote(
            session,
            desk,
            found.id,
            choice=form.choice,
            amount=form.amount,
            reason=form.reason,
            not_person=form.not_person,
        )
        return CAST

    return _act(session, request, VoteForm, "form", "choice", _member, act)


def declare(session: Session, request: PageRequest) -> Answer:
    """Declare a conflict of interest."""

    def act(desk: Desk, found: RequestView, form: DeclareForm) -> str:
        committee.declare(session, desk, found.id, whole_organisation=form.scope == "organisation")
        return ASIDE

    return _act(session, request, DeclareForm, "aside", "scope", _member, act)


def ask(session: Session, request: PageRequest) -> Answer:
    """Ask the requester."""

    def act(desk: Desk, found: RequestView, form: AskForm) -> str:
        committee.ask(session, desk, found.id, form.question, form.not_person)
        return ASKED

    return _act(session, request, AskForm, "asking", "question", _member, act)


def answer(session: Session, request: PageRequest) -> Answer:
    """Answer a question."""

    def act(desk: Desk, found: RequestView, form: AnswerForm) -> str:
        committee.answer(session, desk, found.id, form.question_id, form.answer, form.not_person)
        return ANSWERED

    return _act(session, request, AnswerForm, "answering", "answer", _own, act)


def sign(session: Session, request: PageRequest) -> Answer:
    """Sign in urgency."""

    def act(desk: Desk, found: RequestView, form: VersionForm) -> str:
        return GRANTED if committee.sign(session, desk, found.id) else SIGNED

    return _act(session, request, VersionForm, "acting", "", _member, act)


def change(session: Session, request: PageRequest) -> Answer:
    """Ask for another amount: a new round."""

    def act(desk: Desk, found: RequestView, form: AmountForm) -> str:
        cents, wrong = read_amount(form.new_amount, desk.settings.most_cents)
        if cents is None:
            raise VoteInvalid("new_amount", AMOUNTS[wrong or "unclear"])
        requests.change_amount(session, desk, found.id, form.version, cents)
        return CHANGED

    return _act(session, request, AmountForm, "changing", "new_amount", _own, act)


def withdraw(session: Session, request: PageRequest) -> Answer:
    """Withdraw the request."""

    def act(desk: Desk, found: RequestView, form: VersionForm) -> str:
        requests.withdraw_request(session, desk, found.id, form.version)
        return WITHDRAWN

    return _act(session, request, VersionForm, "acting", "", _own, act)


def resume(session: Session, request: PageRequest) -> Answer:
    """Take a paused request up again."""

    def act(desk: Desk, found: RequestView, form: VersionForm) -> str:
        requests.resume_request(session, desk, found.id, form.version)
        return RESUMED

    return _act(session, request, VersionForm, "acting", "", _own, act)


def fund(session: Session, request: PageRequest) -> Answer:
    """Try again to commit what waits for funds: any member may, since the vote has decided."""

    def act(desk: Desk, found: RequestView, form: VersionForm) -> str:
        return FUNDED if rounds.retry_grant(session, desk, found.id) else NO_FUNDS

    return _act(session, request, VersionForm, "acting", "", _member, act)


def extend(session: Session, request: PageRequest) -> Answer:
    """More time for a vote without quorum, by who presides; to anybody else this address is not there."""
    presided = _found(session, request)
    if presided is None or not _presided(session, request, presided):
        return not_found()

    def act(desk: Desk, found: RequestView, form: ExtendForm) -> str:
        late = deadline_refusal(form.closes_at, desk.now)
        if late is not None:
            raise VoteInvalid("closes_at", DEADLINE_REFUSALS[late])
        assert found.vote_id is not None
        rounds.extend(session, desk, found.id, found.vote_id, form.closes_at)
        return EXTENDED

    return _act(session, request, ExtendForm, "extend", "closes_at", _voting, act)


def abandon(session: Session, request: PageRequest) -> Answer:
    """Close a vote without quorum without decision, by who presides."""

    def act(desk: Desk, found: RequestView, _form: Form) -> str:
        assert found.vote_id is not None
        abandon_escalated(session, desk.viewer, found.vote_id, desk.now)
        return ABANDONED

    return _act(session, request, Form, "acting", "", _voting, act)


def _member(found: RequestView) -> bool:
    return found.sits and found.vote_id is not None


def _own(found: RequestView) -> bool:
    return found.own


def _voting(found: RequestView) -> bool:
    return found.vote_id is not None


def _act(
    session: Session,
    request: PageRequest,
    form_class: type[Any],
    name: str,
    field: str,
    allowed: Callable[[RequestView], bool],
    act: Callable[[Desk, RequestView, Any], str],
) -> Answer:
    """Existence and right first, then the form; what is refused is shown on the same page with what was typed."""
    found = _found(session, request)
    if found is None or not allowed(found):
        return not_found()
    desk = desk_of(request.house, request.viewer, request.now)
    parsed = parse(form_class, request.form)
    if parsed.value is None:
        return _page(session, request, found, 422, {name: parsed})
    try:
        notice = act(desk, found, parsed.value)
    except NamesSomebody as named:
        for each in named.findings:
            parsed = parsed.with_error(each, NAMES_SOMEBODY)
        raise named.showing(_page(session, request, found, 422, {name: parsed}, named.findings)) from named
    except (VoteRefused, VoteInvalid, rounds.NotNow, committee.SignRefused) as refused:
        where = getattr(refused, "field", field)
        again = parsed.with_error(where, refused.message)
        raise refused.showing(_page(session, request, found, refused.status, {name: again})) from refused
    return Redirect(f"{REQUESTS}/{found.code}", notice)


def _found(session: Session, request: PageRequest) -> RequestView | None:
    code = normal_code(requests.LETTER, request.path["code"])
    return None if code is None else find_request(session, request.house.keyring, request.viewer, code)


def _presided(session: Session, request: PageRequest, found: RequestView) -> bool:
    vote = _vote(session, request, found)
    return vote is not None and vote.presides


def _vote(session: Session, request: PageRequest, found: RequestView) -> VoteView | None:
    if found.vote_id is None or (found.own and not found.sits):
        return None
    return vote_view(session, request.house.keyring, request.viewer, found.vote_id, request.now)


def _context(
    session: Session,
    request: PageRequest,
    found: RequestView,
    forms: Mapping[str, Parsed[Any]] | None = None,
    findings: Mapping[str, tuple[Finding, ...]] | None = None,
) -> dict[str, object]:
    desk = desk_of(request.house, request.viewer, request.now)
    context: dict[str, object] = dict.fromkeys(
        ("form", "aside", "extend", "asking", "answering", "changing", "acting"), None
    )
    context |= forms or {}
    return context | {
        "request": found,
        "vote": _vote(session, request, found),
        "words": {**VOTE_WORDS, **WORDS},
        "findings": findings or {},
        "address": f"{REQUESTS}/{found.code}",
        "list": REQUESTS,
        "cap": desk.settings.urgent_cap_cents,
        "signatures_needed": NEEDED,
        "refused_sign": committee.refused_sign(session, desk, found.id) if found.sits and found.urgent_until else None,
        "pause": _pause(desk, found),
        "now": request.now,
    }


def _pause(desk: Desk, found: RequestView) -> tuple[str, datetime] | None:
    """What the page says of a pause, and when it ends."""
    if found.paused_at is None:
        return None
    days = desk.settings.pause_days
    return PAUSES[pause_stands(found.paused_at, days, desk.now)], pause_ends(found.paused_at, days)


def _page(
    session: Session,
    request: PageRequest,
    found: RequestView,
    status: int = 200,
    forms: Mapping[str, Parsed[Any]] | None = None,
    findings: Mapping[str, tuple[Finding, ...]] | None = None,
) -> Page:
    return Page("bien_etre/request.html", _context(session, request, found, forms, findings), status)


_SURE = Assurance.SECOND_FACTOR
routes: tuple[Route, ...] = (
    get(ONE, show_one, permission=READ, name="bien_etre.one", assurance=_SURE),
    post(ONE + "/bulletin", cast, permission=READ, name="bien_etre.cast", assurance=_SURE),
    post(ONE + "/recusation", declare, permission=READ, name="bien_etre.declare", assurance=_SURE),
    post(ONE + "/question", ask, permission=READ, name="bien_etre.ask", assurance=_SURE),
    post(ONE + "/reponse", answer, permission=READ, name="bien_etre.answer", assurance=_SURE),
    post(ONE + "/signature", sign, permission=READ, name="bien_etre.sign", assurance=_SURE),
    post(ONE + "/montant", change, permission=READ, name="bien_etre.change", assurance=_SURE),
    post(ONE + "/retrait", withdraw, permission=READ, name="bien_etre.withdraw", assurance=_SURE),
    post(ONE + "/reprise", resume, permission=READ, name="bien_etre.resume", assurance=_SURE),
    post(ONE + "/fonds", fund, permission=READ, name="bien_etre.fund", assurance=_SURE),
    post(ONE + "/echeance", extend, permission=READ, name="bien_etre.extend", assurance=_SURE),
    post(ONE + "/abandon", abandon, permission=READ, name="bien_etre.abandon", assurance=_SURE),
)
