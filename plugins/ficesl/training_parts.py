"""What the catalogue, sessions, registrations and series give to the core's hooks; `plugin.py` joins it to the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import (
    N_,
    CalendarEvent,
    Card,
    EventSpec,
    Job,
    NavItem,
    Panel,
    PanelPage,
    PermissionSpec,
    PersonalData,
    Restriction,
    RetentionRule,
    Role,
    Route,
    Seeder,
    Viewer,
)

from . import access, events, jobs_training
from .access import MANAGE, MEMBERS, PEOPLE, READ, READERS, REGISTER, STAFF
from .pages import courses, lists, people, planning, series, sessions
from .pages.training_words import WORDS
from .queries.about import about_person
from .queries.calendar import blocks_of
from .queries.names import keeps_people
from .queries.people import own_sessions, waiting_people
from .seed import seed_training
from .services.people import erase_left_before
from .services.sessions import erase_trainers_before
from .settings import COURSES, SLUG, Settings

PERMISSIONS: tuple[PermissionSpec, ...] = (
    PermissionSpec(READ, N_("Voir les formations"), READERS),
    PermissionSpec(REGISTER, N_("S’inscrire à une formation"), STAFF | MEMBERS),
    PermissionSpec(PEOPLE, N_("Inscrire les personnes de son organisme"), frozenset({Role.ORGANISATION_ADMIN})),
    PermissionSpec(MANAGE, N_("Tenir le catalogue et les séances"), MEMBERS),
)
ROUTES: tuple[Route, ...] = (
    *courses.routes,
    *lists.routes,
    *people.routes,
    *planning.routes,
    *series.routes,
    *sessions.routes,
)
EVENTS: tuple[EventSpec, ...] = (
    EventSpec(events.SESSION_CHANGED, N_("Une séance de formation change")),
    EventSpec(events.LIST_CHANGED, N_("Des inscriptions à une séance changent")),
    EventSpec(events.PROMOTED, N_("Une place se libère pour quelqu’un qui attendait")),
    EventSpec(events.REMINDED, N_("Une séance approche")),
    EventSpec(events.COURSE_CHANGED, N_("Le catalogue des formations change")),
    EventSpec(events.PEOPLE_LIST, N_("Une liste de personnes s’écrit")),
    EventSpec(events.SERIES_CHANGED, N_("Un parcours d’unités change")),
)


def jobs(settings: Settings) -> Sequence[Job]:
    """Periodic work."""
    return (
        Job("ficesl.remind", timedelta(hours=1), jobs_training.remind_people),
        Job("ficesl.write_lists", timedelta(seconds=5), jobs_training.write_lists),
        Job("ficesl.finish_sessions", timedelta(minutes=30), jobs_training.finish),
    )


def restrictions(settings: Settings) -> Sequence[Restriction]:
    """Who reads what."""
    return (
        Restriction(READ, access.may_read, access.readable),
        Restriction(MANAGE, access.may_manage, access.manageable),
    )


def retention(settings: Settings) -> Sequence[RetentionRule]:
    """What goes, and when."""
    keep = timedelta(days=settings.left_days)
    return (
        RetentionRule(
            "ficesl.names_left", N_("Noms des personnes qui ont quitté leur organisme"), keep, erase_left_before
        ),
        RetentionRule(
            "ficesl.names_trainers", N_("Noms des personnes sans compte qui ont animé"), keep, erase_trainers_before
        ),
    )


def nav_for(viewer: Viewer) -> Sequence[NavItem]:
    """Links of the navigation."""
    return (NavItem("training", N_("Formations"), COURSES, permission=READ),)


def cards_for(viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Card]:
    """Cards of *À faire*: one's next sessions, and who waits for a seat."""
    context = partial(_own_if_any, viewer=viewer, now=now)
    return (Card("training", N_("Formations"), "ficesl/card_training.html", permission=READ, context=context),)


def panels_for(page: PanelPage, viewer: Viewer, now: datetime) -> Sequence[Panel]:
    """What comes, on the committee's own page."""
    if page.name != "committee" or page.reference != SLUG:
        return ()
    context = partial(_own, viewer=viewer, now=now)
    return (Panel("training", N_("Formations"), "ficesl/card_training.html", permission=READ, context=context),)


def calendar_for(user_id: UUID, session: Session, now: datetime) -> Sequence[CalendarEvent]:
    """Blocks of her sessions."""
    return blocks_of(session, user_id, now)


def personal_data(reference: str, session: Session) -> Sequence[PersonalData]:
    """What is held about a person."""
    return about_person(session, reference)


def seed(session: Session, seeder: Seeder, settings: Settings) -> None:
    """Invented data for the demo."""
    seed_training(session, seeder, settings)


def _own_if_any(session: Session, *, viewer: Viewer, now: datetime) -> Mapping[str, object] | None:
    """The same, or nothing on the page of what there is to do."""
    found = _own(session, viewer=viewer, now=now)
    waiting = found["waiting"]
    return found if found["own"] or (isinstance(waiting, tuple) and waiting[0]) else None


def _own(session: Session, *, viewer: Viewer, now: datetime) -> Mapping[str, object]:
    """Two statements at most."""
    waiting = waiting_people(session, viewer.organisation_id, now) if keeps_people(viewer) else None
    return {"own": own_sessions(session, viewer, now), "waiting": waiting, "words": WORDS}
