"""What a woman's path and the flows give to the core's hooks; `plugin.py` joins it to the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from core.api import (
    N_,
    REFERRAL_CLOSED,
    REFERRAL_WITHDRAWN,
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
    Role,
    Route,
    Seeder,
    Subscriber,
    Viewer,
)

from .access import FOLLOW
from .pages import flows
from .pages import path as path_pages
from .pages.path import PATH
from .queries import flows as flow_queries
from .rules.path import STATUSES
from .seed_path import seed_paths
from .services import path, step_facts
from .settings import FLOWS, PATHS, SLUG, Settings

PERMISSIONS: tuple[PermissionSpec, ...] = (
    PermissionSpec(PATH, N_("Suivre les étapes de la trajectoire"), frozenset({Role.WORKER, Role.INTAKE})),
)
ROUTES: tuple[Route, ...] = (*path_pages.routes, *flows.routes)
EVENTS: tuple[EventSpec, ...] = (EventSpec(path.CHANGED, N_("Une étape de la trajectoire change")),)
_STEP = FactSpec(N_("étape"))
_SAID = FactSpec(N_("état"), STATUSES)
ACTS: tuple[ActSpec, ...] = (
    ActSpec("orres.path_read", N_("Lecture des étapes d’une personne sur la trajectoire")),
    ActSpec("orres.step_marked", N_("Étape notée sur la trajectoire"), facts={"step": _STEP, "status": _SAID}),
    ActSpec("orres.step_undone", N_("Étape reprise sur la trajectoire"), facts={"step": _STEP}),
)
SUBSCRIBERS: tuple[Subscriber, ...] = (
    Subscriber(REFERRAL_WITHDRAWN, "orres.end_withdrawn_paths", path.end_paths),
    Subscriber(REFERRAL_CLOSED, "orres.end_closed_paths", path.end_paths),
)
PURPOSES: tuple[PurposeSpec, ...] = (
    PurposeSpec(
        code=path.PURPOSE,
        title=N_("Montrer mes étapes à un autre organisme"),
        explanation=N_(
            "J’accepte que l’organisme nommé ici voie les étapes que note l’organisme qui est avec moi : lesquelles "
            "sont commencées, faites, ou ne sont pas pour moi. Rien d’autre ne lui est montré."
        ),
        blocks=path.BLOCKS,
    ),
)


def jobs(settings: Settings) -> Sequence[Job]:
    """Figures lose their place among the others."""
    return (Job("orres.settle_step_facts", timedelta(hours=6), step_facts.settle),)


def cards_for(viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Card]:
    """Nothing waits here: steps are followed on the page of each reference."""
    return ()


def panels_for(page: PanelPage, viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Panel]:
    """On a reference in the viewer's hands (the sender's, until somebody accepts): where she is on the trajectory. On
    the committee's page: the way to its figures."""
    if (page.name, page.reference) == ("committee", SLUG):
        link = {"address": FLOWS}
        return (Panel("flows", N_("Flux de la trajectoire"), "orres/flows_link.html", permission=FOLLOW, context=link),)
    hand = "pending" if page.facts.get("side") == "sender" else "held"
    if page.name != "referral" or page.facts.get(hand) != "yes":
        return ()
    shell = {"code": page.reference, "address": PATHS}
    return (Panel("path", N_("Sa trajectoire"), "orres/path_panel.html", permission=PATH, context=shell, order=50),)


def sections_for(report: ReportPeriod, viewer: Viewer, now: datetime) -> Sequence[ReportSection]:
    """Where references go and where they stop, for a whole year."""
    if report.kind != "year":
        return ()
    figures = partial(flow_queries.report_tables, report=report, now=now)
    title = N_("Flux de la trajectoire")
    return (ReportSection(flows.SECTION, title, "orres/flows_report.html", permission=FOLLOW, tables=figures),)


def retention(settings: Settings) -> Sequence[RetentionRule]:
    """Paths go with the content of the references, figures later."""
    paths, facts = timedelta(days=settings.path_days), timedelta(days=settings.path_facts_days)
    return (
        RetentionRule("orres.paths", N_("Étapes notées sur la trajectoire"), paths, path.erase_paths_before),
        RetentionRule("orres.step_facts", N_("Chiffres des étapes"), facts, step_facts.erase_before),
    )


def personal_data(reference: str, session: Session, asking: Asking | None) -> Sequence[PersonalData]:
    """What is held about the person of a referral."""
    return path.path_of_case(session, reference, asking)


def seed(session: Session, seeder: Seeder, settings: Settings) -> None:
    """A few steps on the demo's references."""
    seed_paths(session, seeder)


def nav_for(viewer: Viewer) -> Sequence[NavItem]:
    """Links of the navigation."""
    return ()
