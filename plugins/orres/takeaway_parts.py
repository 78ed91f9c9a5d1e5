"""What the version's page, print and what is taken away give to the core's hooks; `plugin.py` joins it to the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from core.api import (
    Asking,
    Card,
    EventSpec,
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

from .pages import takeaway, version_page
from .settings import Settings

PERMISSIONS: tuple[PermissionSpec, ...] = ()
ROUTES: tuple[Route, ...] = (*version_page.routes, *takeaway.routes)
EVENTS: tuple[EventSpec, ...] = ()
SUBSCRIBERS: tuple[Subscriber, ...] = ()
PURPOSES: tuple[PurposeSpec, ...] = ()


def jobs(settings: Settings) -> Sequence[Job]:
    """Periodic work."""
    return ()


def cards_for(viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Card]:
    """Cards of *À faire*."""
    return ()


def panels_for(page: PanelPage, viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Panel]:
    """Panels of the core's pages."""
    return ()


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
    """Invented data for the demo."""


def nav_for(viewer: Viewer) -> Sequence[NavItem]:
    """Links of the navigation."""
    return ()
