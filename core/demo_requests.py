"""Invented requests for the demo, sent and handled through the same services as real ones, so that no list is empty."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.access.viewer import Role, Viewer
from core.accounts.models import User
from core.accounts.services import read_personal
from core.consent.rules import REFERENCE, AgeBand, Attestation
from core.consent.services import ConsentInput
from core.consent.wordings import current_wording
from core.directory.models import Organisation
from core.directory.queries import organisation_by_slug
from core.kernel.crypto import Keyring
from core.referrals import services
from core.referrals.models import Referral
from core.referrals.rules.clocks import ClockSettings
from core.referrals.services.checking import Submission


@dataclass(frozen=True)
class RequestSeed:
    """One invented request. `hours_ago` when it was sent; `then` what the receiver did, in order."""

    key: str
    sender: str
    recipient: str
    municipality: str
    age_band: AgeBand
    needs: frozenset[str]
    facts: frozenset[str]
    hours_ago: float
    urgent: bool = False
    language: str = "fr"
    constraints: frozenset[str] = frozenset()
    contact: dict[str, str] = field(default_factory=lambda: {"way": "phone", "phone": "450 555-0117"})
    times: tuple[str, ...] = ("afternoon",)
    then: tuple[str, ...] = ()


REQUESTS: tuple[RequestSeed, ...] = (
    RequestSeed(
        "demo-request-1",
        "police-repentigny",
        "calacs-la-chrysalide",
        "60013",
        AgeBand.FROM_18_TO_24,
        frozenset({"exploitation_support", "legal"}),
        frozenset({"violence_ongoing", "network_inadequate"}),
        1.3,
        urgent=True,
    ),
    RequestSeed(
        "demo-request-2",
        "cisss-centre-designe",
        "calacs-la-chrysalide",
        "64008",
        AgeBand.FROM_25_TO_34,
        frozenset({"emergency_meeting", "accompaniment"}),
        frozenset({"assault_under_year", "high_distress"}),
        17,
        language="es",
        constraints=frozenset({"interpreter"}),
        then=("claim",),
    ),
    RequestSeed(
        "demo-request-3",
        "communautaire-ajrj",
        "calacs-la-chrysalide",
        "60028",
        AgeBand.FROM_18_TO_24,
        frozenset({"support", "housing"}),
        frozenset({"no_services"}),
        44,
        contact={"way": "will_call"},
        times=(),
    ),
    RequestSeed(
        "demo-request-4",
        "communautaire-ajrj",
        "calacs-coup-de-coeur",
        "61025",
        AgeBand.FROM_35_TO_49,
        frozenset({"follow_up"}),
        frozenset({"no_earlier_step", "distress_stable", "network_present"}),
        30,
        then=("claim", "accept"),
    ),
)


def seed_requests(session: Session, keyring: Keyring, now: datetime) -> int:
    """Send the invented requests into a demo that has none; returns how many were sent."""
    if session.scalar(select(func.count()).select_from(Referral)):
        return 0
    for request in REQUESTS:
        send_request(session, keyring, request, now)
    return len(REQUESTS)


def send_request(session: Session, keyring: Keyring, request: RequestSeed, now: datetime) -> str:
    """Send one, and have the receiver do what the seed says; the reference's code."""
    at = now - timedelta(hours=request.hours_ago)
    sender = persona_viewer(session, keyring, request.sender)
    sent = services.submit_referral(
        session, keyring, sender, _submission(session, request, at), clock=ClockSettings(), now=at
    )
    receiver = persona_viewer(session, keyring, request.recipient.replace("calacs-la-", "calacs-"))
    for step, act in enumerate(request.then, start=1):
        later = at + timedelta(minutes=20 * step)
        if act == "claim":
            services.claim_referral(session, receiver, sent.code, later)
        else:
            services.accept_referral(session, keyring, receiver, sent.code, later)
    return sent.code


def persona_viewer(session: Session, keyring: Keyring, key: str) -> Viewer:
    """The viewer a demo persona is, without a session. Raises NoResultFound for an unknown key."""
    row = session.execute(
        select(
            User.id,
            User.name_sealed,
            User.roles,
            Organisation.id.label("organisation"),
            Organisation.name,
            Organisation.type,
        )
        .join(Organisation, Organisation.id == User.organisation_id)
        .where(User.demo_key == key)
    ).one()
    return Viewer(
        user_id=row.id,
        organisation_id=row.organisation,
        organisation_name=row.name,
        organisation_type=row.type,
        roles=frozenset(Role(role) for role in row.roles),
        display_name=read_personal(keyring, row.id, "name_sealed", row.name_sealed),
        second_factor=True,
        demo=True,
    )


def _submission(session: Session, request: RequestSeed, at: datetime) -> Submission:
    recipient = organisation_by_slug(session, request.recipient)
    assert recipient is not None, request.recipient
    safety: dict[str, str | list[str]] = {"message": "none"}
    if request.times:
        safety["times"] = list(request.times)
    blocks: dict[str, dict[str, str | list[str]]] = {
        "contact": dict(request.contact),
        "safety": safety,
        "needs": {"needs": sorted(request.needs), "language": request.language},
        "situation": {"age_band": request.age_band.value, "facts": sorted(request.facts)},
    }
    consent = ConsentInput(
        recipient_id=recipient.id,
        blocks=frozenset(blocks),
        age_band=request.age_band,
        wording_sha256=current_wording(REFERENCE, "fr").sha256,
        attestation=frozenset(Attestation),
        obtained_at=at,
    )
    return Submission(
        key=request.key,
        municipality_code=request.municipality,
        age_band=request.age_band.value,
        needs=request.needs,
        consents=(consent,),
        blocks=blocks,
        facts=request.facts,
        urgent=request.urgent,
        language=request.language,
        constraints=request.constraints,
        follow_word="",
    )
