"""`/comites/orres/echanges/{code}`: one vignette, its second reading, its discussion, its lessons and hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import (
    N_,
    NAMES_SOMEBODY,
    Assurance,
    DirectoryTarget,
    DomainError,
    Finding,
    HoursInvalid,
    Missing,
    NamesSomebody,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    get,
    normal_code,
    not_found,
    parse,
    post,
)

from ..exchange_access import EXCHANGE
from ..forms.exchange import ActForm, HoursForm, LessonForm, NoteBackForm, NoteForm, ReturnForm
from ..queries.exchange import VignetteView, find_vignette
from ..queries.exchange_lessons import lessons_of_vignette, sheets_in_force
from ..rules.exchange import MOST_QUARTERS, Act, Target
from ..services import exchange, exchange_hours, exchange_lessons
from ..services.drafts import Desk
from ..services.exchange import LETTER, NotNow
from ..services.exchange_texts import findings_of
from ..settings import EXCHANGES
from .exchange_desk import desk_of
from .exchange_words import WORDS

ONE = f"{EXCHANGES}/{{code}}"
APPROVED = N_("La vignette est partagée avec le comité.")
RETURNED = N_("La vignette retourne à qui l’a écrite.")
SUSPENDED = N_("La vignette n’est plus montrée au comité. La deuxième lecture recommence.")
CLOSED, REOPENED = N_("La discussion est terminée."), N_("La discussion reprend.")
WITHDRAWN = N_("La vignette est retirée et ses textes sont effacés.")
NOTED, UNNOTED = N_("Votre note est ajoutée."), N_("Votre note est effacée.")
LEARNED = N_("La leçon est gardée.")
PROPOSED = N_("La leçon est gardée, et le changement est proposé à l’organisme, qui décide.")
COUNTED = N_("Votre temps est inscrit. Votre organisme l’approuve.")
PICK_SHEET = N_("Choisissez la fiche, ce qui change et ce qui devrait être écrit.")

Answer = Page | Redirect | Refusal


def show_one(session: Session, request: PageRequest) -> Answer:
    """The page, or its body alone for a screen that follows events."""
    found = _found(session, request)
    if found is None:
        return not_found()
    context = _context(session, request, found)
    return Page("orres/exchange_body.html" if request.wants_fragment else "orres/exchange_one.html", context)


def approve(session: Session, request: PageRequest) -> Answer:
    """The second reader finds nobody in it."""
    return _plain(session, request, exchange.approve_vignette, APPROVED)


def send_back(session: Session, request: PageRequest) -> Answer:
    """The second reader says what could tell who she is."""

    def act(desk: Desk, found: VignetteView, form: ReturnForm) -> str:
        remark = frozenset(form.not_person)
        exchange.return_vignette(session, desk, found.code, form.version, form.remark, remark)
        return RETURNED

    return _act(session, request, ReturnForm, "returning", Act.RETURN, act, ("remark",))


def suspend(session: Session, request: PageRequest) -> Answer:
    """Somebody of the committee recognises somebody."""
    return _plain(session, request, exchange.suspend_vignette, SUSPENDED, home=True)


def close(session: Session, request: PageRequest) -> Answer:
    """The discussion is over."""
    return _plain(session, request, exchange.close_vignette, CLOSED)


def reopen(session: Session, request: PageRequest) -> Answer:
    """Take it up again."""
    return _plain(session, request, exchange.reopen_vignette, REOPENED)


def withdraw(session: Session, request: PageRequest) -> Answer:
    """Its author takes it away."""
    return _plain(session, request, exchange.withdraw_vignette, WITHDRAWN)


def add_note(session: Session, request: PageRequest) -> Answer:
    """Say something."""

    def act(desk: Desk, found: VignetteView, form: NoteForm) -> str:
        exchange.add_note(session, desk, found.code, form.note, frozenset(form.not_person))
        return NOTED

    return _act(session, request, NoteForm, "noting", Act.DISCUSS, act, ("note",))


def take_note_back(session: Session, request: PageRequest) -> Answer:
    """Erase one's own note."""

    def act(desk: Desk, found: VignetteView, form: NoteBackForm) -> str:
        exchange.take_note_back(session, desk, found.code, form.note_id)
        return UNNOTED

    return _act(session, request, NoteBackForm, "acting", Act.DISCUSS, act)


def learn(session: Session, request: PageRequest) -> Answer:
    """Draw a lesson; about a sheet, its organisation gets a proposal."""

    def act(desk: Desk, found: VignetteView, form: LessonForm) -> str:
        sheet = form.target is Target.DIRECTORY
        service_id = _uuid(form.service) if sheet else None
        if sheet and (service_id is None or not form.field):
            raise DomainError(PICK_SHEET)
        lesson = exchange_lessons.NewLesson(
            form.target,
            form.lesson,
            service_id,
            form.field if sheet else "",
            form.value if sheet else "",
            frozenset(form.not_person),
        )
        exchange_lessons.write_lesson(session, desk, found.code, lesson)
        return PROPOSED if sheet else LEARNED

    return _act(session, request, LessonForm, "learning", Act.DISCUSS, act, ("lesson", "value"), "value")


def count(session: Session, request: PageRequest) -> Answer:
    """Count one's time."""

    def act(desk: Desk, found: VignetteView, form: HoursForm) -> str:
        exchange_hours.count_hours(session, desk, found.code, form.quarter_hours)
        return COUNTED

    return _act(session, request, HoursForm, "counting", None, act, field="quarter_hours")


def _plain(
    session: Session,
    request: PageRequest,
    service: Callable[[Session, Desk, str, int], None],
    notice: str,
    *,
    home: bool = False,
) -> Answer:
    def act(desk: Desk, found: VignetteView, form: ActForm) -> str:
        service(session, desk, found.code, form.version)
        return notice

    return _act(session, request, ActForm, "acting", None, act, home=home)


def _act(
    session: Session,
    request: PageRequest,
    form_class: type[Any],
    name: str,
    needs: Act | None,
    act: Callable[[Desk, VignetteView, Any], str],
    texts: tuple[str, ...] = (),
    field: str = "",
    *,
    home: bool = False,
) -> Answer:
    """Existence and right first, then the form; what is refused is shown on the same page with what was typed."""
    found, desk = _found(session, request), desk_of(request)
    if found is None or (needs is not None and needs not in found.acts):
        return not_found()
    parsed = parse(form_class, request.form)
    if parsed.value is None:
        named = findings_of(session, {one: parsed.raw(one) for one in texts}, parsed.raws("not_person"))
        for one in named:
            parsed = parsed.with_error(one, NAMES_SOMEBODY)
        return _page(session, request, found, 422, {name: parsed}, named)
    try:
        notice = act(desk, found, parsed.value)
    except NamesSomebody as refused:
        for one in refused.findings:
            parsed = parsed.with_error(one, NAMES_SOMEBODY)
        page = _page(session, request, found, 422, {name: parsed}, refused.findings)
        raise refused.showing(page) from refused
    except Missing:
        return not_found()
    except DomainError as refused:
        where = "" if isinstance(refused, NotNow) else field
        message = refused.message
        if isinstance(refused, HoursInvalid):
            where = "quarter_hours"
        again = parsed.with_error(where, message)
        status = refused.status if isinstance(refused, NotNow) else 422
        raise refused.showing(_page(session, request, found, status, {name: again})) from refused
    return Redirect(EXCHANGES if home else f"{EXCHANGES}/{found.code}", notice)


def _found(session: Session, request: PageRequest) -> VignetteView | None:
    code = normal_code(LETTER, request.path["code"])
    return None if code is None else find_vignette(session, desk_of(request), code)


def _context(
    session: Session,
    request: PageRequest,
    found: VignetteView,
    forms: Mapping[str, Parsed[Any]] | None = None,
    findings: Mapping[str, tuple[Finding, ...]] | None = None,
) -> dict[str, object]:
    discusses = Act.DISCUSS in found.acts
    keyring = request.house.keyring
    context: dict[str, object] = dict.fromkeys(("returning", "noting", "learning", "counting", "acting"), None)
    context |= forms or {}
    return context | {
        "vignette": found,
        "lessons": lessons_of_vignette(session, keyring, request.viewer, found.id),
        "sheets": sheets_in_force(session, request.viewer) if discusses else (),
        "fields": exchange_lessons.sheet_fields(DirectoryTarget(found.id, found.id)),
        "quarters": range(1, MOST_QUARTERS + 1),
        "findings": findings or {},
        "address": f"{EXCHANGES}/{found.code}",
        "list": EXCHANGES,
        "kept_days": desk_of(request).settings.exchange_days,
        "words": WORDS,
    }


def _page(
    session: Session,
    request: PageRequest,
    found: VignetteView,
    status: int,
    forms: Mapping[str, Parsed[Any]],
    findings: Mapping[str, tuple[Finding, ...]] | None = None,
) -> Page:
    return Page("orres/exchange_one.html", _context(session, request, found, forms, findings), status)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


_SURE = Assurance.SECOND_FACTOR
_ACTS: tuple[tuple[str, Callable[[Session, PageRequest], Answer], str], ...] = (
    ("partager", approve, "approve"),
    ("retourner", send_back, "return"),
    ("suspendre", suspend, "suspend"),
    ("terminer", close, "close"),
    ("rouvrir", reopen, "reopen"),
    ("retirer", withdraw, "withdraw"),
    ("notes", add_note, "note"),
    ("notes/effacer", take_note_back, "note_back"),
    ("lecons", learn, "learn"),
    ("heures", count, "hours"),
)
routes: tuple[Route, ...] = (
    get(ONE, show_one, permission=EXCHANGE, name="orres.exchange", assurance=_SURE),
    *(
        post(f"{ONE}/{path}", handler, permission=EXCHANGE, name=f"orres.exchange_{name}", assurance=_SURE)
        for path, handler, name in _ACTS
    ),
)
