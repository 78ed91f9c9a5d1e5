"""Table of contents: what this plugin gives to the core, hook by hook (docs/hooks.md)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import (
    N_,
    ActSpec,
    CalendarEvent,
    Card,
    Command,
    CommitteeSpec,
    EventSpec,
    Job,
    Manifest,
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
    ViewerFact,
    hookimpl,
)

from . import acts
from . import attendance_parts as attendance
from . import attestation_parts as attestations
from . import training_parts as training
from .services import gating
from .settings import NAME, SLUG, Settings


@hookimpl
def register_plugin() -> Manifest:
    return Manifest(
        name=NAME,
        title_fr="Formations",
        title_en="Training",
        version="0.1.0",
        core_version=">=0.1,<1",
        description="Le registre des formations : qui est formé, où sont les trous, combien d’heures.",
        settings=Settings,
    )


@hookimpl
def register_permissions() -> Sequence[PermissionSpec]:
    return training.PERMISSIONS


@hookimpl
def register_routes() -> Sequence[Route]:
    return (*attestations.ROUTES, *attendance.ROUTES, *training.ROUTES)


@hookimpl
def register_committee() -> CommitteeSpec:
    return CommitteeSpec(
        slug=SLUG,
        title=N_("FICESL"),
        description=N_("Formations d’interventions concertées en exploitation sexuelle."),
    )


@hookimpl
def register_retention(settings: Settings) -> Sequence[RetentionRule]:
    return (*training.retention(settings), *attendance.retention(settings), *attestations.retention(settings))


@hookimpl
def nav_items_for(viewer: Viewer) -> Sequence[NavItem]:
    return training.nav_for(viewer)


@hookimpl
def dashboard_cards_for(viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Card]:
    given = (viewer, now, settings)
    return (*training.cards_for(*given), *attendance.cards_for(*given), *attestations.cards_for(*given))


@hookimpl
def panels_for(page: PanelPage, viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Panel]:
    given = (page, viewer, now)
    return (*training.panels_for(*given), *attestations.panels_for(*given, settings))


@hookimpl
def calendar_events_for(user_id: UUID, session: Session, now: datetime) -> Sequence[CalendarEvent]:
    return training.calendar_for(user_id, session, now)


@hookimpl
def register_events() -> Sequence[EventSpec]:
    return (*training.EVENTS, *attendance.EVENTS, *attestations.EVENTS)


@hookimpl
def register_acts() -> Sequence[ActSpec]:
    return acts.acts()


@hookimpl
def register_commands() -> Sequence[Command]:
    return attestations.COMMANDS


@hookimpl
def register_subscribers() -> Sequence[Subscriber]:
    return attestations.SUBSCRIBERS


@hookimpl
def report_sections_for(report: ReportPeriod, viewer: Viewer, now: datetime) -> Sequence[ReportSection]:
    return attendance.sections_for(report, viewer, now)


@hookimpl
def register_jobs(settings: Settings) -> Sequence[Job]:
    return (*training.jobs(settings), *attendance.jobs(settings), *attestations.jobs(settings))


@hookimpl
def register_access_restrictions(settings: Settings) -> Sequence[Restriction]:
    return (*training.restrictions(settings), *attestations.restrictions(settings))


@hookimpl
def register_viewer_facts(settings: Settings) -> Sequence[ViewerFact]:
    return gating.viewer_facts(settings)


@hookimpl
def check_start(session: Session, settings: Settings) -> None:
    gating.check_courses(session, settings)


@hookimpl
def personal_data_of(reference: str, session: Session) -> Sequence[PersonalData]:
    given = (reference, session)
    return (
        *training.personal_data(*given),
        *attendance.personal_data(*given),
        *attestations.personal_data(*given),
    )


@hookimpl
def seed(session: Session, seeder: Seeder, settings: Settings) -> None:
    training.seed(session, seeder, settings)
    attendance.seed(session, seeder, settings)
    attestations.seed(session, seeder, settings)
