"""Table of contents: what this plugin gives to the core, hook by hook (docs/hooks.md). Each part has its file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from core.api import (
    N_,
    ActSpec,
    Asking,
    Card,
    CommitteeSpec,
    EventSpec,
    Job,
    Manifest,
    NavItem,
    Panel,
    PanelPage,
    PermissionSpec,
    PersonalData,
    PurposeSpec,
    ReportPeriod,
    ReportSection,
    Restriction,
    RetentionRule,
    Route,
    Seeder,
    Subscriber,
    Viewer,
    hookimpl,
)

from . import access, exchange_parts, guide_parts, path_parts, takeaway_parts, trajectory_parts
from .access import EDIT, FOLLOW
from .settings import NAME, SLUG, Settings

PARTS = (trajectory_parts, takeaway_parts, guide_parts, path_parts, exchange_parts)


@hookimpl
def register_plugin() -> Manifest:
    return Manifest(
        name=NAME,
        title_fr="Trajectoire",
        title_en="Trajectory",
        version="0.1.0",
        core_version=">=0.1,<1",
        description="La trajectoire régionale : qui fait quoi, pour qui, à quel moment, et ce qui vient ensuite.",
        settings=Settings,
        public=guide_parts.PUBLIC_PAGES,
    )


@hookimpl
def register_permissions() -> Sequence[PermissionSpec]:
    return tuple(one for part in PARTS for one in part.PERMISSIONS)


@hookimpl
def register_routes() -> Sequence[Route]:
    return tuple(one for part in PARTS for one in part.ROUTES)


@hookimpl
def register_committee() -> CommitteeSpec:
    return CommitteeSpec(
        slug=SLUG, title=N_("ORRES"), description=N_("Outil de références régional en exploitation sexuelle.")
    )


@hookimpl
def register_purposes() -> Sequence[PurposeSpec]:
    return tuple(one for part in PARTS for one in part.PURPOSES)


@hookimpl
def register_retention(settings: Settings) -> Sequence[RetentionRule]:
    return tuple(one for part in PARTS for one in part.retention(settings))


@hookimpl
def nav_items_for(viewer: Viewer) -> Sequence[NavItem]:
    return tuple(one for part in PARTS for one in part.nav_for(viewer))


@hookimpl
def dashboard_cards_for(viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Card]:
    return tuple(one for part in PARTS for one in part.cards_for(viewer, now, settings))


@hookimpl
def panels_for(page: PanelPage, viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Panel]:
    return tuple(one for part in PARTS for one in part.panels_for(page, viewer, now, settings))


@hookimpl
def register_events() -> Sequence[EventSpec]:
    return tuple(one for part in PARTS for one in part.EVENTS)


@hookimpl
def register_acts() -> Sequence[ActSpec]:
    return tuple(one for part in PARTS for one in getattr(part, "ACTS", ()))


@hookimpl
def register_subscribers() -> Sequence[Subscriber]:
    return tuple(one for part in PARTS for one in part.SUBSCRIBERS)


@hookimpl
def report_sections_for(report: ReportPeriod, viewer: Viewer, now: datetime) -> Sequence[ReportSection]:
    return tuple(one for part in PARTS for one in part.sections_for(report, viewer, now))


@hookimpl
def register_jobs(settings: Settings) -> Sequence[Job]:
    return tuple(one for part in PARTS for one in part.jobs(settings))


@hookimpl
def register_access_restrictions(settings: Settings) -> Sequence[Restriction]:
    return (
        *exchange_parts.restrictions(settings),
        Restriction(FOLLOW, access.may_follow, access.followed),
        Restriction(EDIT, access.may_edit, access.edited),
    )


@hookimpl
def personal_data_of(reference: str, session: Session, asking: Asking | None) -> Sequence[PersonalData]:
    return tuple(one for part in PARTS for one in part.personal_data(reference, session, asking))


@hookimpl
def seed(session: Session, seeder: Seeder, settings: Settings) -> None:
    for part in PARTS:
        part.seed(session, seeder, settings)
