"""A referral of the demo's network, for the tests of plugins that start from one."""

from __future__ import annotations

from datetime import timedelta

from core.consent.rules import AgeBand
from core.demo_requests import RequestSeed, send_request
from core.referrals.services.withdrawal import withdraw_case
from core.testing.network import Network


def a_referral(network: Network, sender: str, recipient: str = "calacs-la-chrysalide", *, urgent: bool = False) -> str:
    """One invented referral that this persona has just sent, committed; its code."""
    seed = RequestSeed(
        f"essai-{sender}{'-urgent' if urgent else ''}",
        sender,
        recipient,
        "60013",
        AgeBand.FROM_18_TO_24,
        frozenset({"money"}),
        frozenset({"basic_needs_unmet"}),
        0,
        urgent=urgent,
    )
    with network.database.transaction() as session:
        return send_request(session, network.keyring, seed, network.clock.now())


def withdraw_referral(network: Network, persona: str, code: str) -> None:
    """She takes everything back, with that persona, a minute later."""
    at = network.clock.now() + timedelta(minutes=1)
    with network.database.transaction() as session:
        withdraw_case(session, network.keyring, network.viewer(persona), code, at)
