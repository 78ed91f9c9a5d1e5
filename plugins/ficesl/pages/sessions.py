"""`/comites/ficesl/seances`: the list, one session, registering, cancelling, undoing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import (
    N_,
    DomainError,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    filled,
    get,
    not_found,
    parse,
    post,
)

from ..access import PEOPLE, READ, REGISTER
from ..forms.training import LearnersForm
from ..queries.names import keeps_people, names_for
from ..queries.people import SIZE as SHOWN
from ..queries.people import LearnerView, TeamView, people_among, people_page, teams_of
from ..queries.sessions import SIZE, SessionView, list_sessions, session_view
from ..services import people, registering
from ..settings import SESSIONS
from .training_words import WORDS, desk_for, identifier, keeps_training

ONE = f"{SESSIONS}/{{code}}"
Answer = Page | Redirect | Refusal
REGISTERED, WAITING = (
    N_("La place est confirmée."),
    N_("La séance est complète\u00a0: vous êtes en attente, dans l’ordre."),
)
MANY, SOME_WAIT = (
    N_("Les places sont confirmées."),
    N_("C’est inscrit\u00a0; des personnes attendent une place, dans l’ordre."),
)
GIVEN_BACK = N_("L’inscription est annulée. La place va à la première personne en attente.")
BACK, BACK_WAITING = (
    N_("L’inscription est rétablie."),
    N_("La place a été donnée entretemps\u00a0: la personne attend, au rang qu’elle avait."),
)
#: People ticked across several looks, kept on the page.
MOST_TICKED = 500
CHOOSE = N_("Choisissez au moins une personne.")


def show_sessions(session: Session, request: PageRequest) -> Answer:
    """Sessions to come, or with `?passees=1` those that are over."""
    past = request.query.get("passees") == "1"
    lines, total = list_sessions(session, request.viewer, request.now, past=past, page=request.page)
    context = {
        "lines": lines,
        "total": total,
        "page": request.page,
        "pages": max(1, -(-total // SIZE)),
        "past": past,
        "keeps": keeps_training(session, request),
        "words": WORDS,
    }
    return Page("ficesl/session_rows.html" if request.wants_fragment else "ficesl/sessions.html", context)


def show_session(session: Session, request: PageRequest) -> Answer:
    """One session; who keeps an organisation's people sees their names there."""
    return session_page(session, request) or not_found()


def register_self(session: Session, request: PageRequest) -> Answer:
    """The viewer takes a seat, or waits."""
    found = _found(session, request)
    if found is None:
        return not_found()
    desk = desk_for(request)

    def act() -> Redirect:
        learner = people.own_learner(session, desk)
        state = registering.register_people(session, desk, found.line.id, [learner]).states[learner]
        return Redirect(_address(found), REGISTERED if state == "registered" else WAITING)

    return attempt(session, request, act)


def register_ours(session: Session, request: PageRequest) -> Answer:
    """People of the viewer's organisation, ticked in the list; or those looked for, to be ticked."""
    found = _found(session, request)
    if found is None:
        return not_found()
    form = parse(LearnersForm, request.form)
    if form.value is not None and form.value.find:
        return session_page(session, request, form) or not_found()
    if form.value is None or not form.value.learner:
        return session_page(session, request, form.with_error("learner", CHOOSE), 422) or not_found()
    chosen = form.value.learner

    def act() -> Redirect:
        outcome = registering.register_people(session, desk_for(request), found.line.id, chosen)
        return Redirect(_address(found), SOME_WAIT if "waiting" in outcome.states.values() else MANY)

    return attempt(session, request, act)


def cancel(session: Session, request: PageRequest) -> Answer:
    """Give a seat back."""
    return _on_registration(session, request, _cancel)


def restore(session: Session, request: PageRequest) -> Answer:
    """Undo a cancellation."""
    return _on_registration(session, request, _restore)


def cancel_ours(session: Session, request: PageRequest) -> Answer:
    """Give back every seat of the viewer's organisation."""
    found = _found(session, request)
    if found is None:
        return not_found()

    def act() -> Redirect:
        registering.cancel_organisation(session, desk_for(request), found.line.id)
        return Redirect(_address(found), GIVEN_BACK)

    return attempt(session, request, act)


def attempt(session: Session, request: PageRequest, act: Callable[[], Redirect]) -> Answer:
    """Do it; a rule that refuses is said on the session's page, and nothing is written."""
    try:
        return act()
    except DomainError as refused:
        if refused.status == 404:
            return not_found()
        page = session_page(session, request, filled({}).with_error("", refused.message))
        raise (refused if page is None else refused.showing(page)) from refused


def _others(
    session: Session, request: PageRequest, found: SessionView, form: Parsed[Any] | None
) -> tuple[tuple[LearnerView, ...], int]:
    """People the viewer can register: those ticked, then those looked for; and how many she has not been shown."""
    reader = request.house.keyring, request.viewer
    there = {one.learner_id for one in found.own if one.state != "cancelled"}
    given = form or filled({})
    ticked = [one for one in map(identifier, given.raws("learner")[:MOST_TICKED]) if one is not None]
    kept = people_among(session, *reader, ticked, request.now)
    known, total = people_page(
        session, *reader, request.now, typed=given.raw("looked_for")[:120], team=identifier(given.raw("unit"))
    )
    ids = {one.id for one in kept}
    shown = [*kept, *(one for one in known if one.id not in ids)]
    return tuple(one for one in shown if one.id not in there), max(0, total - SHOWN)


def session_page(
    session: Session,
    request: PageRequest,
    form: Parsed[Any] | None = None,
    status: int = 200,
    *,
    acting: Parsed[Any] | None = None,
) -> Page | None:
    """The page of a session; None for what this viewer may not know of."""
    found = _found(session, request)
    if found is None:
        return None
    viewer, keyring, now = request.viewer, request.house.keyring, request.now
    ours = keeps_people(viewer)
    shown = [one.learner_id for one in found.own]
    names = names_for(session, keyring, viewer, shown, now, days=desk_for(request).settings.names_days) if shown else {}
    others: tuple[LearnerView, ...] = ()
    unseen = 0
    units: tuple[TeamView, ...] = ()
    if ours and not request.wants_fragment:
        others, unseen = _others(session, request, found, form)
        units = teams_of(session, viewer.organisation_id)
    starts = found.line.starts_at
    context = {
        "found": found,
        "line": found.line,
        "names": names,
        "others": others,
        "unseen": unseen,
        "units": units,
        "looking": form is not None and bool(form.raw("looked_for") or form.raw("unit")),
        "ours": ours,
        "self_service": not viewer.is_anonymous and viewer.organisation_id is not None,
        "open": found.line.state == "open" and (starts is None or starts > now),
        "form": form,
        "acting": acting,
        "address": _address(found),
        "words": WORDS,
    }
    return Page("ficesl/session_body.html" if request.wants_fragment else "ficesl/session.html", context, status)


def _cancel(session: Session, request: PageRequest, registration: UUID) -> str:
    registering.cancel_registration(session, desk_for(request), registration)
    return GIVEN_BACK


def _restore(session: Session, request: PageRequest, registration: UUID) -> str:
    state = registering.restore_registration(session, desk_for(request), registration)
    return BACK if state == "registered" else BACK_WAITING


def _on_registration(
    session: Session, request: PageRequest, act: Callable[[Session, PageRequest, UUID], str]
) -> Answer:
    found, registration = _found(session, request), identifier(request.path["registration"])
    if found is None or registration is None or registration not in {one.id for one in found.own}:
        return not_found()
    return attempt(session, request, lambda: Redirect(_address(found), act(session, request, registration)))


def _found(session: Session, request: PageRequest) -> SessionView | None:
    return session_view(session, request.house.keyring, request.viewer, request.path["code"])


def _address(found: SessionView) -> str:
    return f"{SESSIONS}/{found.line.code}"


routes: tuple[Route, ...] = (
    get(SESSIONS, show_sessions, permission=READ, name="ficesl.sessions"),
    # Names are read: the journal has a line
    get(ONE, show_session, permission=READ, mode="write", name="ficesl.session"),
    post(ONE + "/inscription", register_self, permission=REGISTER, name="ficesl.register"),
    post(ONE + "/inscriptions", register_ours, permission=PEOPLE, name="ficesl.register_people"),
    post(ONE + "/inscriptions/retrait", cancel_ours, permission=PEOPLE, name="ficesl.cancel_people"),
    post(ONE + "/inscriptions/{registration}/annuler", cancel, permission=READ, name="ficesl.cancel"),
    post(ONE + "/inscriptions/{registration}/retablir", restore, permission=READ, name="ficesl.restore"),
)
