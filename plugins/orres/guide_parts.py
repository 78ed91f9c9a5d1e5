"""What the guide, twin references and unmet needs give to the core's hooks; `plugin.py` joins it to the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from core.api import (
    N_,
    Asking,
    Card,
    EventSpec,
    Job,
    NavItem,
    Panel,
    PanelPage,
    PermissionSpec,
    PersonalData,
    PublicPage,
    PurposeSpec,
    ReportPeriod,
    ReportSection,
    RetentionRule,
    Route,
    Seeder,
    Subscriber,
    Viewer,
)

from .access import FOLLOW, READ
from .pages import guide, unmet
from .queries.unmet import report_tables
from .seed_guide import seed_unmet
from .services.unmet import erase_before
from .settings import SLUG, Settings

PERMISSIONS: tuple[PermissionSpec, ...] = ()
ROUTES: tuple[Route, ...] = (*guide.routes, *unmet.routes)
#: The guide for everybody, told on the public home page.
PUBLIC_PAGES: tuple[PublicPage, ...] = (
    PublicPage(
        guide.PUBLIC_WORD,
        N_("De quoi avez-vous besoin maintenant?"),
        N_("Six questions au plus, sans nom. Rien de ce qui est répondu n’est gardé."),
    ),
)
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
    """On the committee's own page, the way to the needs that the guide left without an answer."""
    if (page.name, page.reference) != ("committee", SLUG):
        return ()
    link = {"address": unmet.UNMET}
    return (Panel("unmet", N_("Besoins sans réponse"), "orres/unmet_link.html", permission=FOLLOW, context=link),)


def sections_for(report: ReportPeriod, viewer: Viewer, now: datetime) -> Sequence[ReportSection]:
    """Sections of the yearly report."""
    figures = partial(report_tables, report=report)
    title = N_("Besoins sans réponse au guide")
    return (ReportSection(unmet.SECTION, title, "orres/unmet_report.html", READ, tables=figures),)


def retention(settings: Settings) -> Sequence[RetentionRule]:
    """What goes, and when."""
    kept = timedelta(days=settings.unmet_days)
    return (RetentionRule("orres.unmet", N_("Besoins sans réponse, en codes"), kept, erase_before),)


def personal_data(reference: str, session: Session, asking: Asking | None) -> Sequence[PersonalData]:
    """Nothing: no row of the guide leads to anybody."""
    return ()


def seed(session: Session, seeder: Seeder, settings: Settings) -> None:
    """Invented data for the demo."""
    seed_unmet(session, seeder)


def nav_for(viewer: Viewer) -> Sequence[NavItem]:
    """Links of the navigation."""
    return (NavItem("guide", N_("Guide"), guide.GUIDE, READ, order=20),)
