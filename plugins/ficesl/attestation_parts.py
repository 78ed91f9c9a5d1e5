"""What attestations, renewals, the gate and readiness give to the core's hooks; `plugin.py` joins it to the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from core.api import (
    N_,
    REFERRAL_ACCEPTED,
    Card,
    Command,
    EventSpec,
    House,
    Job,
    Panel,
    PanelPage,
    PersonalData,
    Restriction,
    RetentionRule,
    Route,
    Seeder,
    Subscriber,
    Viewer,
)

from .access import READ
from .attendance_events import CREDITED, TAKEN_BACK
from .pages import attestations, check, gate, readiness
from .queries import attested_person, endings
from .queries import gate as gate_queries
from .rules.gate import BY_REFERRAL, Gate
from .seed_attestations import seed_attestations
from .services import catching_up, correcting, gating, issuing, renewals, signing
from .settings import ACCESS, SESSIONS, Settings

ROUTES: tuple[Route, ...] = (*check.routes, *attestations.routes, *readiness.routes, *gate.routes)
EVENTS: tuple[EventSpec, ...] = (
    EventSpec(issuing.ISSUED, N_("Des attestations sont faites ou révoquées")),
    EventSpec(issuing.NEXT, N_("Des attestations restent à faire")),
    EventSpec(renewals.ENDING, N_("Une attestation finit bientôt")),
)
SUBSCRIBERS: tuple[Subscriber, ...] = (
    Subscriber(CREDITED, "ficesl.attest_credited", issuing.attest_credited),
    Subscriber(issuing.NEXT, "ficesl.attest_next", issuing.attest_credited),
    Subscriber(TAKEN_BACK, "ficesl.correct_attestations", correcting.correct_attestations),
    Subscriber(REFERRAL_ACCEPTED, "ficesl.note_urgent", gating.note_urgent),
)
COMMANDS: tuple[Command, ...] = (
    Command("ficesl.renew_key", N_("Mettre une nouvelle clé en service pour signer les badges"), signing.renew_by_hand),
)
#: How long warnings of the gate are kept.
WARNINGS_KEPT = timedelta(days=730)


def jobs(settings: Settings) -> Sequence[Job]:
    """Reminders each day, what the hour counts anew."""
    return (
        Job("ficesl.renewals", timedelta(hours=1), _remind),
        Job("ficesl.readiness", timedelta(hours=1), _catch_up),
    )


def _remind(session: Session, house: House, now: datetime) -> None:
    renewals.remind_endings(session, house.keyring, now)


def _catch_up(session: Session, house: House, now: datetime) -> None:
    catching_up.catch_up(session, now)


def restrictions(settings: Settings) -> Sequence[Restriction]:
    """The gates of plugins.toml."""
    return gating.restrictions(settings)


def retention(settings: Settings) -> Sequence[RetentionRule]:
    """Warnings of the gate; attestations stay, of nobody once the person is erased."""
    return (
        RetentionRule(
            "ficesl.gate_warnings", N_("Avertissements de l’exigence"), WARNINGS_KEPT, gating.forget_warnings
        ),
    )


def cards_for(viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Card]:
    """Cards of *À faire*."""
    context = partial(endings.card, viewer=viewer, now=now)
    return (
        Card("attestations", N_("Mes formations"), "ficesl/card_attestations.html", permission=READ, context=context),
    )


def panels_for(page: PanelPage, viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Panel]:
    """On a referral that the viewer could accept: what her training lets her do. Nothing for who passes."""
    gates = tuple(one for one in gating.gates_of(settings) if one.permission in BY_REFERRAL)
    waiting = page.facts.get("side") == "receiver" and page.facts.get("pending") == "yes"
    lacking = tuple(one for one in gates if one.fact not in viewer.known)
    if page.name != "referral" or not waiting or not lacking:
        return ()
    urgent = page.facts.get("urgent") == "yes"
    context = partial(_lacking, viewer=viewer, now=now, gates=lacking, urgent=urgent)
    return (Panel("gate", N_("Formation demandée"), "ficesl/panel_gate.html", permission=READ, context=context),)


def _lacking(
    session: Session, *, viewer: Viewer, now: datetime, gates: Sequence[Gate], urgent: bool
) -> Mapping[str, object]:
    found = [one for one in gate_queries.own_gates(session, viewer, gates, now) if not one.verdict.passes]
    return {"lacking": found, "urgent": urgent, "sessions": SESSIONS, "access": ACCESS}


def personal_data(reference: str, session: Session) -> Sequence[PersonalData]:
    """What is held about a person."""
    return attested_person.attestations_of(session, reference)


def seed(session: Session, seeder: Seeder, settings: Settings) -> None:
    """What the invented credits complete, and the counts of everybody."""
    seed_attestations(session, seeder, settings)
