"""Shared by the tests of requests: the demo's committee, five voting seats of five organisations."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.api import ANONYMOUS, Choice, areas, close_vote, closed_vote
from core.testing.network import Network

from ..models import AidRequest, Round
from ..rules.requests import Category, Lafu, Payment
from ..services import committee, requests, rounds
from ..services.requests import NewRequest
from ..services.rounds import Desk
from ..settings import Settings

MEMBERS = tuple(f"bien-etre-{number}" for number in range(1, 6))
CHAIR = "bien-etre-presidence"
#: A worker whose organisation has no seat; one whose organisation sits (bien-etre-3).
ASKER, SEATED_ASKER = "calacs-chrysalide", "communautaire-ajrj"


def desk(network: Network, persona: str | None = None, **settings: Any) -> Desk:
    """The desk of a persona, at the network's hour."""
    viewer = ANONYMOUS if persona is None else network.viewer(persona)
    return Desk(network.keyring, Settings(**settings), viewer, network.clock.now())


def a_request(network: Network, session: Any, **changes: Any) -> NewRequest:
    """A complete request of 420 $; `changes` replace its fields."""
    given: dict[str, Any] = {
        "key": f"essai-{changes.get('amount', 42_000)}-{network.clock.now().timestamp()}",
        "age_band": "18_24",
        "area": areas(session)[0],
        "category": Category.SAFETY,
        "amount": 42_000,
        "needed_by": date(2026, 11, 27),
        "why_now": "Serrure à changer avant ce soir.",
        "tried": "",
        "lafu": Lafu.REFUSED,
        "lafu_since": None,
        "lafu_detail": "",
        "payment": Payment.SUPPLIER,
        "urgent": False,
    }
    return NewRequest(**{**given, **changes})


def sent(network: Network, persona: str = ASKER, **changes: Any) -> UUID:
    """A request sent by that persona, committed; its id."""
    network.serve_plugins()
    settings = changes.pop("settings", {})
    with network.database.transaction() as session:
        code = requests.send_request(
            session, desk(network, persona, **settings), a_request(network, session, **changes)
        )
        return session.scalars(select(AidRequest.id).where(AidRequest.code == code)).one()


def row(network: Network, request_id: UUID) -> AidRequest:
    """The request as it is stored."""
    with network.database.transaction(write=False) as session:
        found = session.scalars(select(AidRequest).where(AidRequest.id == request_id)).one()
        session.expunge(found)
        return found


def rounds_of(network: Network, request_id: UUID) -> list[Round]:
    """Its rounds, in order."""
    with network.database.transaction(write=False) as session:
        found = list(session.scalars(select(Round).where(Round.request_id == request_id).order_by(Round.number)))
        session.expunge_all()
        return found


def vote(network: Network, request_id: UUID, persona: str, choice: Choice = Choice.YES, **more: Any) -> None:
    """One ballot."""
    given = {"amount": None, "reason": "", **more}
    with network.database.transaction() as session:
        committee.vote(session, desk(network, persona), request_id, choice=choice, **given)


def close(network: Network, request_id: UUID) -> None:
    """Close the round's vote if core has not, then carry its outcome out as the subscriber does."""
    current = rounds_of(network, request_id)[-1]
    with network.database.transaction() as session:
        close_vote(session, network.keyring, current.vote_id, network.clock.now())
    carry_out(network, current.vote_code)


def carry_out(network: Network, vote_code: str) -> None:
    """What the subscriber does with a closed vote."""
    with network.database.transaction() as session:
        closed = closed_vote(session, vote_code)
        if closed is not None:
            rounds.settle(session, desk(network), closed)


def later(network: Network, **hours: float) -> None:
    """Time goes by."""
    network.clock.advance(timedelta(**hours))
