"""What the trajectory itself gives to the core's hooks; `plugin.py` joins it to the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import cast

from sqlalchemy.orm import Session

from core.api import (
    N_,
    VOTE_CLOSED,
    VOTE_WORDS,
    ActSpec,
    Asking,
    Card,
    EventSpec,
    FactSpec,
    Job,
    NavItem,
    Panel,
    PanelPage,
    PermissionSpec,
    PersonalData,
    PurposeSpec,
    ReportPeriod,
    ReportSection,
    RetentionRule,
    Route,
    Seeder,
    Subscriber,
    Viewer,
)

from . import events
from .access import EDIT, FOLLOW, FOLLOWERS, MEMBERS, READ, READERS, committee_here
from .pages import editing, linking, versions, voting
from .pages.trajectory_words import WORDS
from .queries.versions import at_work, flags, in_force
from .rules.graph import ADOPTED
from .seed import seed_trajectory
from .services import publishing
from .settings import SLUG, VERSIONS, Settings

PERMISSIONS: tuple[PermissionSpec, ...] = (
    PermissionSpec(READ, N_("Lire la trajectoire régionale"), READERS),
    PermissionSpec(FOLLOW, N_("Suivre le travail sur la trajectoire"), FOLLOWERS),
    PermissionSpec(EDIT, N_("Modifier et proposer la trajectoire"), MEMBERS),
)
ROUTES: tuple[Route, ...] = (*versions.routes, *editing.routes, *linking.routes, *voting.routes)
EVENTS: tuple[EventSpec, ...] = (
    EventSpec(events.VERSION_CHANGED, N_("Une version de la trajectoire est ouverte, changée, proposée ou adoptée")),
    EventSpec(events.VERSION_PUBLISHED, N_("Une version de la trajectoire entre en vigueur")),
)
SUBSCRIBERS: tuple[Subscriber, ...] = (Subscriber(VOTE_CLOSED, "orres.settle_vote", publishing.settle_vote),)
PURPOSES: tuple[PurposeSpec, ...] = ()
_VERSION = N_("version")
_COUNTED = {"number": FactSpec(N_("Version"))}
_RESULTS = {"result": FactSpec(N_("Résultat"), cast("Mapping[str, str]", VOTE_WORDS["results"]))}
#: Act, its words, its facts besides the version's number.
_ACTS: tuple[tuple[str, str, Mapping[str, FactSpec]], ...] = (
    ("opened", N_("Brouillon de la trajectoire ouvert"), {}),
    ("deleted", N_("Brouillon de la trajectoire supprimé"), {}),
    ("proposed", N_("Version de la trajectoire proposée"), {"findings": FactSpec(N_("Points à savoir"))}),
    ("withdrawn", N_("Proposition de la trajectoire retirée"), {}),
    ("adopted", N_("Version de la trajectoire adoptée"), _RESULTS),
    (
        "sent_back",
        N_("Version de la trajectoire redevenue un brouillon"),
        _RESULTS,
    ),
    ("published", N_("Version de la trajectoire publiée"), {"replaced": FactSpec(N_("Version remplacée"))}),
    ("redone", N_("Version de la trajectoire refaite"), {"clashes": FactSpec(N_("Points repris à la main"))}),
)
ACTS: tuple[ActSpec, ...] = tuple(
    ActSpec(f"orres.version_{code}", title, _VERSION, {**_COUNTED, **facts}) for code, title, facts in _ACTS
)


def jobs(settings: Settings) -> Sequence[Job]:
    """Periodic work."""
    return ()


def cards_for(viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Card]:
    """What waits for the committee: a version to publish or to make again, a service that left."""
    context = partial(_waiting, viewer=viewer, now=now)
    return (Card("trajectory", N_("Trajectoire"), "orres/card_versions.html", permission=FOLLOW, context=context),)


def panels_for(page: PanelPage, viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Panel]:
    """On the committee's own page, the version in force and what is at work."""
    if page.name != "committee" or page.reference != SLUG:
        return ()
    context = partial(_brief, viewer=viewer)
    return (Panel("trajectory", N_("Trajectoire"), "orres/panel_versions.html", permission=READ, context=context),)


def sections_for(report: ReportPeriod, viewer: Viewer, now: datetime) -> Sequence[ReportSection]:
    """Sections of the yearly report."""
    return ()


def retention(settings: Settings) -> Sequence[RetentionRule]:
    """What goes, and when."""
    return ()


def personal_data(reference: str, session: Session, asking: Asking | None) -> Sequence[PersonalData]:
    """What is held about a person."""
    return ()


def seed(session: Session, seeder: Seeder, settings: Settings) -> None:
    """Invented versions for the demo."""
    seed_trajectory(session, seeder)


def nav_for(viewer: Viewer) -> Sequence[NavItem]:
    """Links of the navigation."""
    return (NavItem("versions", N_("Trajectoire"), VERSIONS, permission=READ),)


def _waiting(session: Session, *, viewer: Viewer, now: datetime) -> Mapping[str, object] | None:
    """Three statements; nothing when nothing waits, or for who sits elsewhere."""
    if committee_here(session, viewer)[0] is None:
        return None
    work = [one for one in at_work(session) if one.state == ADOPTED or one.moved]
    flagged = flags(session, viewer, now)
    return {"work": work, "flags": flagged, "words": WORDS} if work or flagged else None


def _brief(session: Session, *, viewer: Viewer) -> Mapping[str, object]:
    """Three statements, one for who does not follow the work."""
    work = at_work(session) if committee_here(session, viewer)[0] is not None else ()
    return {"current": in_force(session), "work": work, "words": WORDS}
