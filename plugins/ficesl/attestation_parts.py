"""What attestations, renewals, the gate and readiness give to the core's hooks; `plugin.py` joins it to the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from core.api import (
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
    Route,
    Seeder,
    Subscriber,
    Viewer,
)

from .settings import Settings

PERMISSIONS: tuple[PermissionSpec, ...] = ()
ROUTES: tuple[Route, ...] = ()
EVENTS: tuple[EventSpec, ...] = ()
SUBSCRIBERS: tuple[Subscriber, ...] = ()


def jobs(settings: Settings) -> Sequence[Job]:
    """Periodic work."""
    return ()


def restrictions(settings: Settings) -> Sequence[Restriction]:
    """Who reads what."""
    return ()


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
