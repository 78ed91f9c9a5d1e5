"""A committee of the demo with votes: five voting seats of five organisations and a chair who only settles ties."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.committees import services
from core.committees.models.structure import Committee, Vote
from core.committees.rules.votes import Choice, Method, VoteRule
from core.testing.network import Network

MEMBERS = tuple(f"bien-etre-{number}" for number in range(1, 6))
CHAIR = "bien-etre-presidence"
TWO = VoteRule(Method.N_OF_M, 2)


def committee_id(session: Session, slug: str = "bien-etre") -> UUID:
    """The committee of that slug."""
    return session.execute(select(Committee.id).where(Committee.slug == slug)).scalar_one()


def opened(network: Network, rule: VoteRule = TWO, *, hours: int = 24, **options: Any) -> UUID:
    """A vote of Bien-être opened by its chair, for so many hours."""
    now, chair = network.clock.now(), network.viewer(CHAIR)
    with network.database.transaction() as session:
        return services.open_vote(
            session,
            network.keyring,
            chair,
            committee_id(session),
            rule=rule,
            question="Adopter la proposition?",
            closes_at=now + timedelta(hours=hours),
            now=now,
            **options,
        )


def cast(network: Network, vote_id: UUID, persona: str, choice: Choice = Choice.YES, **options: Any) -> None:
    """One ballot, committed."""
    viewer = network.viewer(persona)
    with network.database.transaction() as session:
        services.cast_ballot(
            session,
            network.keyring,
            viewer,
            vote_id,
            choice=choice,
            now=network.clock.now(),
            **options,
        )


def recuse(network: Network, vote_id: UUID, persona: str, *, whole: bool = True) -> None:
    """Somebody, or her organisation, steps aside."""
    viewer = network.viewer(persona)
    with network.database.transaction() as session:
        services.recuse(
            session,
            network.keyring,
            viewer,
            vote_id,
            whole_organisation=whole,
            now=network.clock.now(),
        )


def closed(network: Network, vote_id: UUID) -> Any:
    """Close it now; the outcome."""
    with network.database.transaction() as session:
        return services.close_vote(session, network.keyring, vote_id, network.clock.now())


def code_of(network: Network, vote_id: UUID) -> str:
    """The code of a vote."""
    with network.database.transaction(write=False) as session:
        return session.execute(select(Vote.code).where(Vote.id == vote_id)).scalar_one()
