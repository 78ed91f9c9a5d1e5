"""A referral of the seeded network, sent by the police and accepted by La Chrysalide, for the tests of its pages."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from core.consent import wordings
from core.consent.rules import AgeBand, Attestation
from core.consent.services import ConsentInput
from core.journal.queries import access_history
from core.kernel.db import new_id
from core.referrals import services
from core.referrals.models import Referral
from core.referrals.rules.clocks import ClockSettings
from core.referrals.services.checking import Submission
from core.testing.network import Network

POLICE, RECEIVER, OTHER, THIRD = "police-repentigny", "calacs-chrysalide", "calacs-coup-de-coeur", "communautaire-ajrj"
OFFICER, ADMIN = "confidentialite-chrysalide", "admin-chrysalide"
PHONE = "450 555-0142"
NAME = "Maïka-Rose"
NOTE = "Croisée près de la gare, demande à parler à quelqu’un."
WORD = "tournesol"
BLOCKS: dict[str, dict[str, str | list[str]]] = {
    "identity": {"first_name": NAME},
    "contact": {"way": "phone", "phone": PHONE},
    "safety": {"times": ["evening"], "message": "none"},
    "needs": {"needs": ["support"], "constraints": [], "language": "fr"},
    "situation": {"municipality": "Repentigny", "age_band": "25_34", "facts": ["high_distress"], "note": NOTE},
}
EVERY_POINT = [item.value for item in Attestation]


def send(network: Network, *, band: AgeBand = AgeBand.FROM_25_TO_34, days: int = 90) -> str:
    """The police sends to La Chrysalide; returns the code."""
    now = network.clock.now()
    given = ConsentInput(
        recipient_id=network.organisation("calacs-la-chrysalide"),
        blocks=frozenset(BLOCKS),
        age_band=band,
        wording_sha256=wordings.current_wording("reference", "fr").sha256,
        attestation=frozenset(EVERY_POINT),
        obtained_at=now,
        valid_until=now + timedelta(days=days),
    )
    filled = Submission(
        key=f"form-{new_id()}",
        municipality_code="60013",
        age_band=band.value,
        needs=frozenset({"support"}),
        consents=(given,),
        blocks=BLOCKS,
        facts=frozenset({"high_distress"}),
        follow_word=WORD,
    )
    with network.database.transaction() as session:
        sent = services.submit_referral(
            session, network.keyring, network.viewer(POLICE), filled, clock=ClockSettings(), now=now
        )
    return sent.code


def hold(network: Network, **changes: Any) -> str:
    """Sent, then accepted by La Chrysalide; returns the code."""
    code = send(network, **changes)
    accept(network, RECEIVER, code)
    return code


def accept(network: Network, persona: str, code: str) -> None:
    """The recipient accepts."""
    with network.database.transaction() as session:
        services.accept_referral(session, network.keyring, network.viewer(persona), code, network.clock.now())


def agreement(**changes: Any) -> dict[str, Any]:
    """What the browser sends of her agreement, whole."""
    return {
        "_key": f"form-{new_id()}",
        "blocks": ["contact", "safety", "identity"],
        "attestation": EVERY_POINT,
        **changes,
    }


def wording_in(html: str) -> str:
    """The digest of the text that a page shows."""
    found = re.search(r'name="wording" value="([0-9a-f]{64})"', html)
    assert found
    return found.group(1)


def row(network: Network, code: str) -> Any:
    """The row of a referral as it stands."""
    with network.database.transaction(write=False) as session:
        found = session.execute(Referral.__table__.select().where(Referral.code == code)).one()
    return found


def journaled(network: Network, code: str) -> list[str]:
    """Action codes of the case of a referral, in order."""
    with network.database.transaction(write=False) as session:
        return [line.action for line in access_history(session, row(network, code).case_id)]


def plain(html: str) -> str:
    """The page with ordinary spaces instead of no-break ones, to look for a sentence."""
    return html.replace("\u00a0", " ")
