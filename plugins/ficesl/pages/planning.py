"""What the committee does to sessions: plan, blocks, seats, people who train, open, cancel, undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import (
    N_,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    admitted_organisations,
    committee_by_slug,
    filled,
    get,
    not_found,
    parse,
    post,
    seats_of,
)

from ..access import MANAGE
from ..forms.training import BlockForm, SeatsForm, SessionForm, TrainerForm
from ..queries.series import all_units
from ..queries.sessions import SessionView, session_view
from ..queries.training import course_by_code, modules_of, published_courses, version_of_course
from ..services import sessions
from ..services.desk import Refused
from ..services.sessions import NewBlock
from ..settings import NAME, SESSIONS, SLUG, Settings
from .training_words import WORDS, desk_for, identifier, keeps_training

ONE = f"{SESSIONS}/{{code}}"
Answer = Page | Redirect | Refusal
PLANNED = N_("La séance est créée, en brouillon. Ajoutez ses blocs, puis ouvrez les inscriptions.")
SAVED, OPENED = N_("C’est enregistré."), N_("Les inscriptions sont ouvertes.")
CANCELLED = N_(
    "La séance est annulée. Les personnes inscrites sont avisées\u00a0; rien n’est perdu si vous la rétablissez."
)
RESTORED = N_("La séance est rétablie, avec les mêmes personnes dans le même ordre.")


def show_new(session: Session, request: PageRequest) -> Answer:
    """The form of a new session; a series or a course may have filled part of it."""
    if not keeps_training(session, request):
        return not_found()
    settings = request.house.hooks.settings(NAME, Settings)
    known = {
        "course": request.query.get("formation", ""),
        "team": request.query.get("unite", ""),
        "host": request.query.get("hote", ""),
        "capacity": settings.capacity,
        "language": "fr",
    }
    return _form(session, request, filled(known))


def plan(session: Session, request: PageRequest) -> Answer:
    """A draft of a session."""
    if not keeps_training(session, request):
        return not_found()
    parsed = parse(SessionForm, request.form)
    typed = parsed.value
    course = None if typed is None else course_by_code(session, typed.course)
    version = None if course is None else version_of_course(session, course)
    if typed is None or version is None:
        form = parsed if typed is None else parsed.with_error("course", sessions.NOT_PUBLISHED)
        return _form(session, request, form, 422)
    try:
        code = sessions.plan_session(
            session,
            desk_for(request),
            version.id,
            organisation_id=typed.host,
            team_id=typed.team,
            capacity=typed.capacity,
            language=typed.language,
        )
    except Refused as refused:
        raise refused.showing(_form(session, request, parsed.with_error("course", refused.message))) from refused
    return Redirect(f"{SESSIONS}/{code}/organiser", PLANNED)


def show_plan(session: Session, request: PageRequest) -> Answer:
    """Blocks, seats and people who train, to change."""
    return _plan_page(session, request) or not_found()


def add_block(session: Session, request: PageRequest) -> Answer:
    """One more block."""
    return _block(session, request, None)


def change_block(session: Session, request: PageRequest) -> Answer:
    """Other hours, place or link."""
    found, block = _found(session, request), identifier(request.path["block"])
    if found is None or block is None or block not in {one.id for one in found.blocks}:
        return not_found()
    return _block(session, request, block)


def cancel_block(session: Session, request: PageRequest) -> Answer:
    """Cancel a block, or undo that."""
    found, block = _found(session, request), identifier(request.path["block"])
    known = None if found is None else next((one for one in found.blocks if one.id == block), None)
    if found is None or known is None:
        return not_found()
    undo = known.cancelled

    def act() -> None:
        sessions.cancel_block(session, desk_for(request), found.line.id, known.id, undo=undo)

    return _attempt(session, request, found, act, SAVED)


def open_registrations(session: Session, request: PageRequest) -> Answer:
    """Open a draft."""
    found = _found(session, request)
    if found is None:
        return not_found()
    return _attempt(
        session,
        request,
        found,
        lambda: sessions.open_registrations(session, desk_for(request), found.line.id),
        OPENED,
    )


def cancel(session: Session, request: PageRequest) -> Answer:
    """Cancel the session."""
    found = _found(session, request)
    if found is None:
        return not_found()
    return _attempt(
        session, request, found, lambda: sessions.cancel_session(session, desk_for(request), found.line.id), CANCELLED
    )


def restore(session: Session, request: PageRequest) -> Answer:
    """Undo that."""
    found = _found(session, request)
    if found is None:
        return not_found()
    return _attempt(
        session, request, found, lambda: sessions.restore_session(session, desk_for(request), found.line.id), RESTORED
    )


def set_seats(session: Session, request: PageRequest) -> Answer:
    """Seats in all, and those kept for one more organisation."""
    found = _found(session, request)
    if found is None:
        return not_found()
    parsed = parse(SeatsForm, request.form)
    if parsed.value is None:
        return _plan_page(session, request, seats=parsed, status=422) or not_found()
    typed = parsed.value
    shares = dict(found.shares)
    if typed.organisation is not None:
        shares.pop(typed.organisation, None)
        if typed.seats:
            shares[typed.organisation] = typed.seats

    def act() -> None:
        sessions.set_seats(session, desk_for(request), found.line.id, typed.capacity, shares)

    return _attempt(session, request, found, act, SAVED, seats=parsed)


def add_trainer(session: Session, request: PageRequest) -> Answer:
    """Somebody who gives it."""
    found = _found(session, request)
    if found is None:
        return not_found()
    parsed = parse(TrainerForm, request.form)
    if parsed.value is None:
        return _plan_page(session, request, trainer=parsed, status=422) or not_found()
    typed = parsed.value
    organisation = typed.organisation
    if typed.trainer is not None:
        organisation = {one: where for one, where, _ in _members(session, request)}.get(typed.trainer)

    def act() -> None:
        sessions.add_trainer(
            session,
            desk_for(request),
            found.line.id,
            user_id=typed.trainer,
            organisation_id=organisation,
            name=typed.name,
        )

    return _attempt(session, request, found, act, SAVED, trainer=parsed)


def remove_trainer(session: Session, request: PageRequest) -> Answer:
    """Who will not give it after all."""
    found, trainer = _found(session, request), identifier(request.path["trainer"])
    if found is None or trainer is None or trainer not in {one.id for one in found.trainers}:
        return not_found()

    def act() -> None:
        sessions.remove_trainer(session, desk_for(request), found.line.id, trainer)

    return _attempt(session, request, found, act, SAVED)


def _block(session: Session, request: PageRequest, block: UUID | None) -> Answer:
    found = _found(session, request)
    if found is None:
        return not_found()
    parsed = parse(BlockForm, request.form)
    typed = parsed.value
    if typed is None:
        return _plan_page(session, request, block=parsed, which=block, status=422) or not_found()
    new = NewBlock(typed.module, typed.day, typed.starts, typed.ends, typed.place, typed.link)

    def act() -> None:
        if block is None:
            sessions.add_block(session, desk_for(request), found.line.id, new)
        else:
            sessions.change_block(session, desk_for(request), found.line.id, block, new)

    return _attempt(session, request, found, act, SAVED, block=parsed, which=block)


def _attempt(
    session: Session,
    request: PageRequest,
    found: SessionView,
    act: Callable[[], None],
    said: str,
    *,
    block: Parsed[Any] | None = None,
    seats: Parsed[Any] | None = None,
    trainer: Parsed[Any] | None = None,
    which: UUID | None = None,
) -> Answer:
    try:
        act()
    except Refused as refused:
        forms: dict[str, Any] = {"block": block, "seats": seats, "trainer": trainer}
        at = next((name for name, form in forms.items() if form is not None), "other")
        kept = (forms.get(at) or filled({})).with_error(refused.field, refused.message)
        forms[at] = kept
        page = _plan_page(
            session,
            request,
            block=forms["block"],
            seats=forms["seats"],
            trainer=forms["trainer"],
            other=forms.get("other"),
            which=which,
        )
        raise (refused if page is None else refused.showing(page)) from refused
    return Redirect(f"{SESSIONS}/{found.line.code}/organiser", said)


def _found(session: Session, request: PageRequest) -> SessionView | None:
    found = session_view(session, request.house.keyring, request.viewer, request.path["code"])
    return found if found is not None and found.manages else None


def _members(session: Session, request: PageRequest) -> tuple[tuple[UUID, UUID, str], ...]:
    """People who sit in the committee: the first who give a session."""
    committee = committee_by_slug(session, SLUG)
    if committee is None:
        return ()
    seats = seats_of(session, committee.id, request.now, keyring=request.house.keyring)
    return tuple((one.person_id, one.organisation_id, one.person) for one in seats if one.person_id is not None)


def _plan_page(
    session: Session,
    request: PageRequest,
    *,
    block: Parsed[Any] | None = None,
    seats: Parsed[Any] | None = None,
    trainer: Parsed[Any] | None = None,
    other: Parsed[Any] | None = None,
    which: UUID | None = None,
    status: int = 200,
) -> Page | None:
    found = _found(session, request)
    if found is None:
        return None
    context = {
        "found": found,
        "line": found.line,
        "modules": modules_of(session, found.version_id),
        "organisations": admitted_organisations(session),
        "members": _members(session, request),
        "block": block,
        "seats": seats,
        "trainer": trainer,
        "other": other,
        "which": which,
        "address": f"{SESSIONS}/{found.line.code}",
        "begun": found.line.starts_at is not None and found.line.starts_at <= request.now,
        "words": WORDS,
    }
    return Page("ficesl/session_plan.html", context, status)


def _form(session: Session, request: PageRequest, form: Parsed[Any], status: int = 200) -> Page:
    organisations = admitted_organisations(session)
    names = dict(organisations)
    context = {
        "form": form,
        "courses": published_courses(session),
        "organisations": organisations,
        "units": [(unit, name, names.get(where, "")) for unit, name, where in all_units(session)],
        "words": WORDS,
    }
    return Page("ficesl/session_form.html", context, status)


routes: tuple[Route, ...] = (
    get(f"{SESSIONS}/nouvelle", show_new, permission=MANAGE, name="ficesl.session_new"),
    post(f"{SESSIONS}/nouvelle", plan, permission=MANAGE, name="ficesl.session_plan"),
    get(ONE + "/organiser", show_plan, permission=MANAGE, name="ficesl.session_edit"),
    post(ONE + "/blocs", add_block, permission=MANAGE, name="ficesl.block_add"),
    post(ONE + "/blocs/{block}", change_block, permission=MANAGE, name="ficesl.block_change"),
    post(ONE + "/blocs/{block}/annuler", cancel_block, permission=MANAGE, name="ficesl.block_cancel"),
    post(ONE + "/ouvrir", open_registrations, permission=MANAGE, name="ficesl.session_open"),
    post(ONE + "/annuler", cancel, permission=MANAGE, name="ficesl.session_cancel"),
    post(ONE + "/retablir", restore, permission=MANAGE, name="ficesl.session_restore"),
    post(ONE + "/places", set_seats, permission=MANAGE, name="ficesl.session_seats"),
    post(ONE + "/animation", add_trainer, permission=MANAGE, name="ficesl.trainer_add"),
    post(ONE + "/animation/{trainer}/retirer", remove_trainer, permission=MANAGE, name="ficesl.trainer_remove"),
)
