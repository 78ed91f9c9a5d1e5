"""Table of contents: what this plugin gives to the core, hook by hook (docs/hooks.md)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
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
    FactSpec,
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
    Role,
    Route,
    Seeder,
    Subscriber,
    Viewer,
    ViewerFact,
    hookimpl,
)

from . import events, jobs, pages, queries, rules, services
from . import seed as demo
from .settings import BOARD, NAME, SLUG, Settings

MEMBERS = frozenset({Role.COMMITTEE_MEMBER, Role.COMMITTEE_CHAIR, Role.NETWORK_COORDINATION})


@hookimpl
def register_plugin() -> Manifest:
    return Manifest(
        name=NAME,
        title_fr="Babillard",
        title_en="Notice board",
        version="0.1.0",
        core_version=">=0.1,<1",
        description="Un babillard de comité : des notes courtes, jamais de renseignements sur une personne.",
        settings=Settings,
    )


@hookimpl
def register_permissions() -> Sequence[PermissionSpec]:
    return (
        PermissionSpec(rules.READ, N_("Lire le babillard"), MEMBERS),
        PermissionSpec(rules.POST, N_("Écrire au babillard"), MEMBERS),
    )


@hookimpl
def register_routes() -> Sequence[Route]:
    return pages.routes


@hookimpl
def register_committee() -> CommitteeSpec:
    return CommitteeSpec(slug=SLUG, title=N_("Babillard"), description=N_("Les nouvelles du comité."))


@hookimpl
def register_purposes() -> Sequence[PurposeSpec]:
    return (
        PurposeSpec(
            code="modele.nouvelles",
            title=N_("Recevoir les nouvelles du comité"),
            explanation=N_("Le comité peut vous écrire, rien d’autre."),
            blocks=frozenset({"contact"}),
        ),
    )


@hookimpl
def register_retention(settings: Settings) -> Sequence[RetentionRule]:
    keep = timedelta(days=settings.keep_days)
    return (RetentionRule("modele.notes", N_("Notes du babillard"), keep, services.erase_notes_before),)


@hookimpl
def nav_items_for(viewer: Viewer) -> Sequence[NavItem]:
    return (NavItem("board", N_("Babillard"), BOARD, permission=rules.READ),)


@hookimpl
def dashboard_cards_for(viewer: Viewer) -> Sequence[Card]:
    context = partial(queries.latest_for_card, viewer=viewer)
    return (Card("latest", N_("Babillard"), "modele/card.html", permission=rules.READ, context=context),)


@hookimpl
def panels_for(page: PanelPage, viewer: Viewer) -> Sequence[Panel]:
    if page.name != "committee" or page.reference != SLUG:
        return ()
    context = partial(queries.latest_for_card, viewer=viewer)
    return (Panel("latest", N_("Dernières notes"), "modele/panel.html", permission=rules.READ, context=context),)


@hookimpl
def calendar_events_for(user_id: UUID, session: Session, now: datetime, settings: Settings) -> Sequence[CalendarEvent]:
    return queries.pins_that_end(session, user_id, now, settings)


@hookimpl
def register_events() -> Sequence[EventSpec]:
    return (EventSpec(events.NOTE_POSTED, N_("Une note est ajoutée au babillard")),)


@hookimpl
def register_acts() -> Sequence[ActSpec]:
    told = {"notes": FactSpec(N_("Notes"))}
    return (ActSpec(events.ARCHIVED, services.ARCHIVED, about=N_("Babillard"), facts=told),)


@hookimpl
def register_commands(settings: Settings) -> Sequence[Command]:
    run = partial(services.archive_by_hand, settings.board_size)
    return (Command(events.ARCHIVE, N_("Archiver les notes en trop"), run),)


@hookimpl
def register_subscribers() -> Sequence[Subscriber]:
    return (Subscriber(events.NOTE_POSTED, "modele.keep_board_short", events.keep_board_short),)


@hookimpl
def report_sections_for(report: ReportPeriod) -> Sequence[ReportSection]:
    tables = partial(queries.notes_by_month, report=report)
    return (ReportSection("notes", N_("Babillard"), "modele/report.html", permission=rules.READ, tables=tables),)


@hookimpl
def register_jobs() -> Sequence[Job]:
    return (Job("modele.unpin", timedelta(days=1), jobs.unpin_old_notes),)


@hookimpl
def register_access_restrictions() -> Sequence[Restriction]:
    return (
        Restriction(rules.READ, rules.may_read, queries.readable),
        Restriction(rules.POST, rules.may_post, queries.postable),
    )


@hookimpl
def register_viewer_facts() -> Sequence[ViewerFact]:
    return (ViewerFact(rules.TALKATIVE, queries.wrote_much),)


@hookimpl
def check_start(session: Session, settings: Settings) -> None:
    queries.check_board(session, settings)


@hookimpl
def personal_data_of(reference: str, session: Session) -> Sequence[PersonalData]:
    return queries.notes_written_by(session, reference)


@hookimpl
def seed(session: Session, seeder: Seeder) -> None:
    demo.seed_notes(session, seeder)
