"""A small network for the tests of consents and referrals: police, a hospital, two CALACS, invented people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from core.access.viewer import Role, Viewer
from core.consent import wordings
from core.consent.rules import AgeBand, Attestation
from core.consent.services import ConsentInput
from core.directory.models import Municipality, Organisation, TerritoryRoute
from core.kernel.crypto import Keyring, PrivateKey
from core.kernel.db import new_id
from core.referrals import services
from core.referrals.rules.clocks import ClockSettings
from core.referrals.services.checking import Submission
from core.referrals.services.submission import Submitted, submit_referral
from core.reports.events import listen

listen()  # as the application does: every ending leaves its fact

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
CLOCK = ClockSettings()
WORD = "tournesol"
PHONE = "450 555-0142"

BLOCKS: Mapping[str, Mapping[str, str | list[str]]] = {
    "identity": {"first_name": "Maïka"},
    "contact": {"way": "phone", "phone": PHONE},
    "safety": {"times": ["evening"], "message": "none"},
    "situation": {"note": "Croisée près de la gare, demande à parler à quelqu’un."},
}


@dataclass
class World:
    """Organisations by short name, with a worker in each."""

    keyring: Keyring
    organisations: dict[str, UUID] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    private: dict[str, bytes] = field(default_factory=dict)
    people: dict[tuple[str, int], UUID] = field(default_factory=dict)

    def viewer(self, name: str, person: int = 0, *, roles: frozenset[Role] = frozenset({Role.WORKER})) -> Viewer:
        """A worker of an organisation; another `person` is a colleague."""
        user = self.people.setdefault((name, person), new_id())
        return Viewer(user, self.organisations[name], name, self.types[name], roles, f"{name} {person}", new_id(), True)

    def private_key(self, name: str) -> PrivateKey:
        """What a thief of the organisation's key would hold."""
        return self.keyring.open_private(self.private[name], self.organisations[name])


def build(session: Session, keyring: Keyring) -> World:
    """Write the network."""
    world = World(keyring)
    for name, kind, receives in (
        ("police", "police", False),
        ("hopital", "sante", False),
        ("maison", "communautaire", False),
        ("chrysalide", "calacs", True),
        ("coup_de_coeur", "calacs", True),
    ):
        organisation_id = new_id()
        keys = keyring.new_organisation_keypair(organisation_id)
        world.organisations[name], world.types[name] = organisation_id, kind
        world.private[name] = keys.wrapped_private
        session.execute(
            insert(Organisation).values(
                id=organisation_id,
                slug=f"{name}-{organisation_id}",
                name=name.replace("_", " ").title(),
                sort_key=name,
                type=kind,
                status="admitted",
                visibility="public",
                receives_referrals=receives,
                fictitious=True,
                region="essai",
                public_key=keys.public,
                wrapped_private_key=keys.wrapped_private,
                key_id=keys.key_id,
            )
        )
    for code, name, mrc, receivers in (
        ("60013", "Repentigny", "600", ("chrysalide",)),
        ("63013", "Saint-Jacques", "630", ("chrysalide", "coup_de_coeur")),
    ):
        session.execute(
            insert(Municipality).values(
                code=code,
                name=name,
                sort_key=name.lower(),
                designation="Ville",
                kind="municipalite",
                mrc_code=mrc,
                mrc_name="L’Assomption" if mrc == "600" else "Montcalm",
                region="essai",
                region_code="14",
                region_name="Lanaudière",
                population=50_000,
                preview_code=f"mrc-{mrc}",
                preview_label="L’Assomption" if mrc == "600" else "Montcalm",
                preview_label_en="L’Assomption" if mrc == "600" else "Montcalm",
            )
        )
        for receiver in receivers:
            session.execute(
                insert(TerritoryRoute).values(
                    id=new_id(), municipality_code=code, organisation_id=world.organisations[receiver], source="essai"
                )
            )
    return world


def consent(world: World, recipient: str = "chrysalide", purpose: str = "reference", **changes: Any) -> ConsentInput:
    """A consent with everything attested, for all the blocks of `BLOCKS`."""
    given = ConsentInput(
        recipient_id=world.organisations[recipient],
        blocks=frozenset(BLOCKS),
        age_band=AgeBand.FROM_25_TO_34,
        wording_sha256=wordings.current_wording(purpose, "fr").sha256,
        attestation=frozenset(item.value for item in Attestation),
        obtained_at=NOW - timedelta(minutes=10),
    )
    return replace(given, **changes)


def submission(world: World, recipient: str = "chrysalide", *, key: str | None = None, **changes: Any) -> Submission:
    """A complete form to one recipient."""
    filled = Submission(
        key=key or f"form-{new_id()}",
        municipality_code="60013",
        age_band=AgeBand.FROM_25_TO_34.value,
        needs=frozenset({"support", "housing"}),
        consents=(consent(world, recipient),),
        blocks=BLOCKS,
        facts=frozenset({"high_distress"}),
        follow_word=WORD,
    )
    return replace(filled, **changes)


def send(
    session: Session, world: World, recipient: str = "chrysalide", *, at: datetime = NOW, **changes: Any
) -> Submitted:
    """The police sends a referral."""
    filled = submission(world, recipient, **changes)
    return submit_referral(session, world.keyring, world.viewer("police"), filled, clock=CLOCK, now=at)


def accepted(session: Session, world: World, *, at: datetime = NOW, **changes: Any) -> Submitted:
    """The police sends, La Chrysalide accepts."""
    sent = send(session, world, at=at, **changes)
    services.accept_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, at)
    return sent
