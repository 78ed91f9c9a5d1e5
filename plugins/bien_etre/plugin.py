"""Table of contents: what this plugin gives to the core, hook by hook (docs/hooks.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from core.api import (
    N_,
    REFERRAL_WITHDRAWN,
    VOTE_CLOSED,
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
    Role,
    Route,
    Seeder,
    Subscriber,
    Viewer,
    hookimpl,
)

from . import access, acts, events, money_parts, pages
from . import seed as demo
from .access import READ, REQUEST
from .pages.words import WORDS
from .queries import oversight, persons, requests
from .seed_money import seed_money
from .services import consents, ending, keeping, rounds, unpaid
from .settings import NAME, REQUESTS, SLUG, Settings

MEMBERS = frozenset({Role.COMMITTEE_MEMBER, Role.COMMITTEE_CHAIR, Role.NETWORK_COORDINATION})
STAFF = frozenset({Role.WORKER, Role.INTAKE})


@hookimpl
def register_plugin() -> Manifest:
    return Manifest(
        name=NAME,
        title_fr="Bien-être",
        title_en="Well-being",
        version="0.1.0",
        core_version=">=0.1,<1",
        description="Le fonds d’urgence : une demande votée en quelques heures, sans savoir qui elle est.",
        settings=Settings,
    )


@hookimpl
def register_permissions() -> Sequence[PermissionSpec]:
    return (
        PermissionSpec(READ, N_("Suivre des demandes au fonds d’urgence"), MEMBERS | STAFF),
        PermissionSpec(REQUEST, N_("Déposer une demande au fonds d’urgence"), STAFF),
    )


@hookimpl
def register_routes() -> Sequence[Route]:
    return pages.routes


@hookimpl
def register_committee() -> CommitteeSpec:
    return CommitteeSpec(
        slug=SLUG, title=N_("Bien-être"), description=N_("Fonds d’urgence pour les femmes et les filles.")
    )


@hookimpl
def register_purposes() -> Sequence[PurposeSpec]:
    return (
        PurposeSpec(
            code="bien_etre.aide",
            title=N_("Demander une aide financière au fonds d’urgence"),
            explanation=N_(
                "J’accepte qu’une demande d’aide financière soit faite pour moi au fonds d’urgence, sans dire qui je "
                "suis : un groupe d’âge, une région, le besoin et le montant. Les personnes qui décident ne sauront "
                "pas mon nom. Si l’aide est accordée, l’organisme nommé ici la verse."
            ),
            blocks=frozenset({"needs"}),
        ),
    )


@hookimpl
def register_retention(settings: Settings) -> Sequence[RetentionRule]:
    texts, rows = timedelta(days=settings.text_days), timedelta(days=settings.keep_days)
    return (
        RetentionRule("bien_etre.texts", N_("Textes des demandes terminées"), texts, keeping.erase_texts_before),
        RetentionRule("bien_etre.requests", N_("Demandes au fonds d’urgence"), rows, keeping.erase_requests_before),
        *money_parts.retention(settings),
    )


@hookimpl
def nav_items_for(viewer: Viewer) -> Sequence[NavItem]:
    return (NavItem("requests", N_("Fonds d’urgence"), REQUESTS, permission=READ),)


def _card(session: Session, viewer: Viewer, now: datetime) -> Mapping[str, object]:
    return {**requests.card(session, viewer, now), "words": WORDS}


@hookimpl
def dashboard_cards_for(viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Card]:
    context = partial(_card, viewer=viewer, now=now)
    asked = Card("requests", N_("Fonds d’urgence"), "bien_etre/card.html", permission=READ, context=context)
    return (asked, *money_parts.cards_for(viewer, now, settings))


@hookimpl
def panels_for(page: PanelPage, viewer: Viewer, now: datetime) -> Sequence[Panel]:
    if page.name == "referral":
        asking = {"reference": page.reference}
        return (
            Panel("ask", N_("Fonds d’urgence"), "bien_etre/panel_referral.html", permission=REQUEST, context=asking),
        )
    if page.name != "committee" or page.reference != SLUG:
        return ()
    context = partial(_card, viewer=viewer, now=now)
    return (Panel("requests", N_("Demandes"), "bien_etre/card.html", permission=READ, context=context),)


@hookimpl
def register_events() -> Sequence[EventSpec]:
    return (
        EventSpec(events.SENT, N_("Une demande arrive au fonds")),
        EventSpec(events.QUESTION, N_("Une question est posée")),
        EventSpec(events.ANSWERED, N_("Une réponse est donnée")),
        EventSpec(events.ASIDE, N_("Une personne ou un organisme s’écarte d’une demande")),
        EventSpec(events.SIGNED, N_("Une demande urgente est signée")),
        EventSpec(events.CHANGED, N_("Un montant change, un nouveau vote commence")),
        EventSpec(events.DECIDED, N_("Une demande est décidée ou ratifiée")),
        EventSpec(events.PAUSED, N_("Une demande se met en pause")),
        EventSpec(events.RESUMED, N_("Une demande reprend")),
        EventSpec(events.PAID, N_("Une demande est versée, ou son versement renversé")),
        EventSpec(events.UNPAID, N_("Une aide accordée tarde à être versée")),
        EventSpec(events.CLOSED, N_("Une demande en pause, ou que personne ne verse, se ferme")),
        EventSpec(events.WITHDRAWN, N_("Une demande est retirée")),
        EventSpec(events.WAITING_FUNDS, N_("Une demande acceptée attend des fonds")),
        *money_parts.EVENTS,
    )


@hookimpl
def register_acts() -> Sequence[ActSpec]:
    return acts.acts()


@hookimpl
def register_subscribers() -> Sequence[Subscriber]:
    return (
        Subscriber(VOTE_CLOSED, "bien_etre.carry_out", rounds.carry_out),
        Subscriber(REFERRAL_WITHDRAWN, "bien_etre.pause_withdrawn", consents.pause_withdrawn),
    )


@hookimpl
def report_sections_for(report: ReportPeriod) -> Sequence[ReportSection]:
    figures = partial(oversight.tables, report=report)
    return (ReportSection("requests", N_("Fonds d’urgence"), "bien_etre/report.html", permission=READ, tables=figures),)


@hookimpl
def register_jobs() -> Sequence[Job]:
    return (
        Job("bien_etre.close_paused", timedelta(hours=1), ending.close_paused),
        Job("bien_etre.unpaid", timedelta(hours=1), unpaid.follow_unpaid),
        *money_parts.JOBS,
    )


@hookimpl
def register_access_restrictions() -> Sequence[Restriction]:
    return (Restriction(READ, access.may_read, access.readable),)


@hookimpl
def personal_data_of(reference: str, session: Session, asking: Asking | None) -> Sequence[PersonalData]:
    if not reference.startswith("user:"):
        return persons.about_case(session, reference, asking)
    return (*oversight.about_person(session, reference), *money_parts.personal_data(reference, session))


@hookimpl
def seed(session: Session, seeder: Seeder, settings: Settings) -> None:
    demo.seed_requests(session, seeder, settings)
    seed_money(session, seeder, settings)
