"""A referral of the demo's network, and what becomes of it, for the tests of plugins that start from one."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from core.consent.rules import AgeBand, Attestation
from core.consent.services import ConsentInput
from core.consent.wordings import current_wording
from core.demo_requests import RequestSeed, send_request
from core.kernel.ids import new_id
from core.referrals import services
from core.referrals.models import ReferralRestriction
from core.referrals.rules.clocks import ClockSettings
from core.referrals.rules.vocabulary import Kind
from core.referrals.services.loading import lock_code
from core.referrals.services.onward import Onward
from core.referrals.services.withdrawal import resume_case, suspend_case, withdraw_case
from core.testing.network import Network

AGE = AgeBand.FROM_18_TO_24


def a_referral(
    network: Network,
    sender: str,
    recipient: str = "calacs-la-chrysalide",
    *,
    urgent: bool = False,
    needs: frozenset[str] = frozenset({"money"}),
) -> str:
    """One invented referral that this persona has just sent, committed; its code."""
    seed = RequestSeed(
        f"essai-{sender}-{recipient}{'-urgent' if urgent else ''}",
        sender,
        recipient,
        "60013",
        AGE,
        needs,
        frozenset({"basic_needs_unmet"}),
        0,
        urgent=urgent,
    )
    with network.database.transaction() as session:
        return send_request(session, network.keyring, seed, network.clock.now())


def accept_referral(network: Network, persona: str, code: str) -> None:
    """That persona's organisation accepts it."""
    with network.database.transaction() as session:
        services.accept_referral(session, network.keyring, network.viewer(persona), code, network.clock.now())


def close_referral(network: Network, persona: str, code: str) -> None:
    """The follow-up is over."""
    viewer = network.viewer(persona)
    with network.database.transaction() as session:
        services.close_referral(session, viewer, code, "served", network.clock.now())


def close_in(session: Session, network: Network, persona: str, code: str) -> None:
    """The same in a transaction under way; the persona's viewer is known already."""
    services.close_referral(session, network.viewer(persona), code, "served", network.clock.now())


def withdraw_in(session: Session, network: Network, persona: str, code: str) -> None:
    """She takes everything back, in a transaction under way."""
    withdraw_case(session, network.keyring, network.viewer(persona), code, network.clock.now())


def by_herself_in(session: Session, network: Network, code: str, *, undo: bool) -> None:
    """`withdraw_by_herself`, in a transaction under way."""
    act = resume_case if undo else suspend_case
    act(session, network.keyring, lock_code(session, code), network.clock.now())


def refer_onward(network: Network, persona: str, code: str, recipient: str, kind: str = "reference") -> str:
    """Whoever holds it refers her on, in the same case: `reference` (both follow her) or `transfer`; the new code."""
    given = ConsentInput(
        recipient_id=network.organisation(recipient),
        blocks=frozenset({"contact", "safety", "needs", "situation"}),
        age_band=AGE,
        wording_sha256=current_wording(kind, "fr").sha256,
        attestation=frozenset(one.value for one in Attestation),
    )
    what = Onward(key=f"essai-{kind}-{recipient}", kind=Kind(kind), consent=given)
    with network.database.transaction() as session:
        viewer, now = network.viewer(persona), network.clock.now()
        return services.send_onward(session, network.keyring, viewer, code, what, clock=ClockSettings(), now=now).code


def set_aside(network: Network, code: str, organisation: str) -> None:
    """From now on this organisation must never learn of her, even one that a command would refuse to set aside."""
    with network.database.transaction() as session:
        row = ReferralRestriction(
            case_id=lock_code(session, code),
            organisation_id=network.organisation(organisation),
            reason="safety",
            added_by=new_id(),
            added_at=network.clock.now(),
        )
        session.add(row)


def withdraw_referral(network: Network, persona: str, code: str) -> None:
    """She takes everything back, with that persona, a minute later."""
    at = network.clock.now() + timedelta(minutes=1)
    with network.database.transaction() as session:
        withdraw_case(session, network.keyring, network.viewer(persona), code, at)


def withdraw_by_herself(network: Network, code: str, *, undo: bool = False) -> None:
    """She takes everything back by her own paper, which she may undo for 72 h; `undo`: she does."""
    with network.database.transaction() as session:
        by_herself_in(session, network, code, undo=undo)


__all__ = [
    "a_referral",
    "accept_referral",
    "by_herself_in",
    "close_in",
    "close_referral",
    "refer_onward",
    "set_aside",
    "withdraw_by_herself",
    "withdraw_in",
    "withdraw_referral",
]
