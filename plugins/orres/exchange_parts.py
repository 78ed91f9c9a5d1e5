"""What clinical exchanges and the upkeep of the tool give to the core's hooks; `plugin.py` joins it to the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import (
    EDIT_DECIDED,
    FINDING_KINDS,
    N_,
    ActSpec,
    Asking,
    Card,
    EventSpec,
    FactSpec,
    House,
    Job,
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
    can,
)

from . import exchange_access as access
from . import exchange_events as events
from .access import FOLLOW, MEMBERS, committee_here
from .exchange_access import EXCHANGE, UPKEEP
from .pages import exchange_lessons, exchange_list, exchange_one, upkeep
from .queries import exchange as exchange_queries
from .queries import upkeep as upkeep_queries
from .rules.exchange import LESSON_STATES, TARGETS
from .seed_exchange import seed_exchange
from .services import exchange_keeping
from .services import exchange_lessons as exchange_lesson_services
from .services.upkeep import run_campaigns
from .settings import NAME, SLUG, Settings
from .settings import UPKEEP as UPKEEP_PAGE

PERMISSIONS: tuple[PermissionSpec, ...] = (
    PermissionSpec(EXCHANGE, N_("Participer aux échanges cliniques"), MEMBERS),
    PermissionSpec(UPKEEP, N_("Confirmer les fiches de son organisme"), frozenset({Role.ORGANISATION_ADMIN})),
)
ROUTES: tuple[Route, ...] = (
    *exchange_list.routes,
    *exchange_one.routes,
    *exchange_lessons.routes,
    *upkeep.routes,
)
EVENTS: tuple[EventSpec, ...] = (
    EventSpec(events.VIGNETTE_CHANGED, N_("Une vignette est envoyée, relue ou discutée")),
    EventSpec(events.LESSON_CHANGED, N_("Une leçon est tirée ou traitée")),
    EventSpec(events.CAMPAIGN_CHANGED, N_("Une campagne d’entretien commence, change ou finit")),
    EventSpec(events.SHEET_SAID, N_("Un organisme confirme une fiche")),
)
SUBSCRIBERS: tuple[Subscriber, ...] = (
    Subscriber(EDIT_DECIDED, "orres.follow_lesson", exchange_lesson_services.follow_decision),
)
PURPOSES: tuple[PurposeSpec, ...] = ()
_NOT_ONE = {
    "not_one": FactSpec(N_("Dit n’être pas"), {kind.value: words for kind, words in FINDING_KINDS.items()}),
}
_DAYS = {"opens_on": FactSpec(N_("Premier jour")), "closes_on": FactSpec(N_("Dernier jour"))}
_VIGNETTE, _CAMPAIGN = N_("vignette"), N_("campagne")
ACTS: tuple[ActSpec, ...] = (
    ActSpec("orres.vignette_sent", N_("Vignette envoyée en deuxième lecture"), _VIGNETTE, _NOT_ONE),
    ActSpec("orres.vignette_amended", N_("Vignette reprise"), _VIGNETTE, _NOT_ONE),
    ActSpec("orres.vignette_approved", N_("Vignette partagée avec le comité"), _VIGNETTE),
    ActSpec("orres.vignette_returned", N_("Vignette retournée à qui l’a écrite"), _VIGNETTE),
    ActSpec("orres.vignette_suspended", N_("Vignette cachée au comité"), _VIGNETTE),
    ActSpec("orres.vignette_closed", N_("Discussion terminée"), _VIGNETTE),
    ActSpec("orres.vignette_reopened", N_("Discussion reprise"), _VIGNETTE),
    ActSpec("orres.vignette_withdrawn", N_("Vignette retirée"), _VIGNETTE),
    ActSpec(
        "orres.lesson_written",
        N_("Leçon tirée d’un échange"),
        _VIGNETTE,
        {"target": FactSpec(N_("Ce qui changerait"), {code.value: words for code, words in TARGETS.items()})},
    ),
    ActSpec(
        "orres.lesson_moved",
        N_("Leçon traitée"),
        N_("une leçon"),
        {"state": FactSpec(N_("État"), {code.value: words for code, words in LESSON_STATES.items()})},
    ),
    ActSpec("orres.campaign_opened", N_("Campagne d’entretien ouverte"), _CAMPAIGN, _DAYS),
    ActSpec("orres.campaign_moved", N_("Dates de la campagne changées"), _CAMPAIGN, _DAYS),
    ActSpec("orres.campaign_ended", N_("Campagne d’entretien terminée"), _CAMPAIGN, _DAYS),
)


def restrictions(settings: Settings) -> Sequence[Restriction]:
    """Who reads which vignette."""
    return (Restriction(EXCHANGE, access.may_read, access.readable),)


def jobs(settings: Settings) -> Sequence[Job]:
    """Campaigns open, remind and end by themselves."""
    return (Job("orres.upkeep", timedelta(hours=1), _campaigns),)


def _campaigns(session: Session, house: House, now: datetime) -> None:
    run_campaigns(session, house.keyring, house.hooks.settings(NAME, Settings), now)


def cards_for(viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Card]:
    """Cards of *À faire*: second readings that wait; sheets to confirm, and the freshness of the directory."""
    reading = partial(_to_read, viewer=viewer)
    keeping = partial(_upkeep, viewer=viewer, now=now)
    follows = not can(viewer, UPKEEP).allowed
    return (
        Card("exchanges", N_("Échanges cliniques"), "orres/exchange_card.html", permission=EXCHANGE, context=reading),
        Card(
            "upkeep",
            N_("Entretien de l’outil"),
            "orres/upkeep_card.html",
            permission=FOLLOW if follows else UPKEEP,
            context=keeping,
        ),
    )


def panels_for(page: PanelPage, viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Panel]:
    """On the committee's own page: the way to exchanges and lessons, and how fresh the directory is."""
    if page.name != "committee" or page.reference != SLUG:
        return ()
    keeping, talking = partial(_upkeep, viewer=viewer, now=now), partial(_talking, viewer=viewer)
    return (
        Panel("exchanges", N_("Échanges cliniques"), "orres/exchange_panel.html", permission=EXCHANGE, context=talking),
        Panel("upkeep", N_("Entretien de l’outil"), "orres/upkeep_card.html", permission=FOLLOW, context=keeping),
    )


def sections_for(report: ReportPeriod, viewer: Viewer, now: datetime) -> Sequence[ReportSection]:
    """Sections of the yearly report."""
    return ()


def retention(settings: Settings) -> Sequence[RetentionRule]:
    """Texts first, then codes; lessons that were dealt with."""
    texts, codes = timedelta(days=settings.exchange_days), timedelta(days=settings.exchange_facts_days)
    return (
        RetentionRule("orres.vignette_texts", N_("Textes des vignettes"), texts, exchange_keeping.erase_texts_before),
        RetentionRule("orres.vignettes", N_("Vignettes terminées"), codes, exchange_keeping.erase_vignettes_before),
        RetentionRule("orres.lessons", N_("Leçons traitées"), codes, exchange_keeping.erase_lessons_before),
    )


def personal_data(reference: str, session: Session, asking: Asking | None) -> Sequence[PersonalData]:
    """What an account did in exchanges. A reference's code leads to nothing: no vignette comes from one."""
    kind, _, identifier = reference.partition(":")
    if kind != "user":
        return ()
    user_id = UUID(identifier)
    acts = exchange_queries.about_person(session, user_id)
    if not acts:
        return ()
    forget = exchange_keeping.forgetting(user_id)
    return (PersonalData("orres.exchanges", N_("Gestes posés dans les échanges cliniques"), {"acts": acts}, forget),)


def seed(session: Session, seeder: Seeder, settings: Settings) -> None:
    """Invented data for the demo."""
    seed_exchange(session, seeder, settings)


def nav_for(viewer: Viewer) -> Sequence[NavItem]:
    """Links of the navigation: one's own sheets, between campaigns too."""
    return (NavItem("upkeep", N_("Nos fiches"), UPKEEP_PAGE, UPKEEP, order=30),)


def _to_read(session: Session, *, viewer: Viewer) -> Mapping[str, object] | None:
    lines = exchange_queries.to_read_again(session, viewer)
    return {"lines": lines} if lines else None


def _talking(session: Session, *, viewer: Viewer) -> Mapping[str, object] | None:
    """For who sits there only."""
    _committee, seated = committee_here(session, viewer)
    return {"lines": exchange_queries.to_read_again(session, viewer)} if seated else None


def _upkeep(session: Session, *, viewer: Viewer, now: datetime) -> Mapping[str, object] | None:
    """A partner's own sheets during a campaign; the whole for who follows the committee's work."""
    campaign = upkeep_queries.current_campaign(session)
    opened = campaign if campaign is not None and campaign.opened else None
    own = None
    if opened is not None and viewer.organisation_id is not None and can(viewer, UPKEEP).allowed:
        own = upkeep_queries.own_share(session, viewer.organisation_id, opened)
        own = None if own.confirmed >= own.total else own
    committee, _sits = committee_here(session, viewer)
    figures = None if committee is None else upkeep_queries.summary(session, opened, now)
    return {"campaign": campaign, "own": own, "figures": figures} if own or figures else None
