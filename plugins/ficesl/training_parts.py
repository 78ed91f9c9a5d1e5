"""What the catalogue, sessions, registrations and series give to the core's hooks; `plugin.py` joins it to the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from core.api import (
    N_,
    Card,
    EventSpec,
    Job,
    NavItem,
    Panel,
    PanelPage,
    PermissionSpec,
    PersonalData,
    ReportPeriod,
    ReportSection,
    Restriction,
    RetentionRule,
    Role,
    Route,
    Seeder,
    Subscriber,
    Viewer,
)

from . import access
from .access import MANAGE, MEMBERS, PEOPLE, READ, READERS, REGISTER, STAFF
from .settings import Settings

PERMISSIONS: tuple[PermissionSpec, ...] = (
    PermissionSpec(READ, N_("Voir les formations"), READERS),
    PermissionSpec(REGISTER, N_("S’inscrire à une formation"), STAFF | MEMBERS),
    PermissionSpec(PEOPLE, N_("Inscrire les personnes de son organisme"), frozenset({Role.ORGANISATION_ADMIN})),
    PermissionSpec(MANAGE, N_("Tenir le catalogue et les séances"), MEMBERS),
)
ROUTES: tuple[Route, ...] = ()
EVENTS: tuple[EventSpec, ...] = ()
SUBSCRIBERS: tuple[Subscriber, ...] = ()


def jobs(settings: Settings) -> Sequence[Job]:
    """Periodic work."""
    return ()


def restrictions(settings: Settings) -> Sequence[Restriction]:
    """Who reads what."""
    return (
        Restriction(READ, access.may_read, access.readable),
        Restriction(MANAGE, access.may_manage, access.manageable),
    )


def retention(settings: Settings) -> Sequence[RetentionRule]:
    """What goes, and when."""
    return ()


def nav_for(viewer: Viewer) -> Sequence[NavItem]:
    """Links of the navigation."""
    return ()


def cards_for(viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Card]:
    """Cards of *À faire*."""
    return ()


def panels_for(page: PanelPage, viewer: Viewer, now: datetime) -> Sequence[Panel]:
    """Panels on the core's pages."""
    return ()


def sections_for(report: ReportPeriod, viewer: Viewer, now: datetime) -> Sequence[ReportSection]:
    """Sections of the yearly report."""
    return ()


def personal_data(reference: str, session: Session) -> Sequence[PersonalData]:
    """What is held about a person."""
    return ()


def seed(session: Session, seeder: Seeder, settings: Settings) -> None:
    """Invented data for the demo."""
