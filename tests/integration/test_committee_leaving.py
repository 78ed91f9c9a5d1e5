"""Somebody leaves: her seats stay with her organisation, vacant; her calendar's address means nothing any more."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.accounts.models import User
from core.accounts.services import leaving
from core.committees import services
from core.committees.models.structure import CommitteeSeat, Vote
from core.committees.queries.votes import vote_view
from core.committees.services import calendar
from core.journal.models import JournalEntry
from core.kernel.errors import DomainError
from core.kernel.events import OutboxEvent
from core.kernel.mail import OutgoingMail
from core.testing.network import Network
from tests.support.admission import approver
from tests.support.committees import CHAIR, MEMBERS, committee_id, opened, recuse

HERS = "orres-comite"


def test_her_seats_are_vacated_and_another_persons_stay(network: Network) -> None:
    """She chairs ORRES and stands in for somebody at Bien-être; both engines, since departures lock committees."""
    her, now = network.viewer(HERS), network.clock.now()
    assert her.user_id is not None
    admin = approver(network, "calacs-coup-de-coeur")
    with network.database.transaction() as session:
        elsewhere = CommitteeSeat.committee_id == committee_id(session)
        of_hers = CommitteeSeat.organisation_id == her.organisation_id
        holder = session.execute(select(CommitteeSeat.user_id).where(elsewhere, of_hers)).scalar_one()
        assert holder is not None
        session.execute(
            update(CommitteeSeat).where(elsewhere, of_hers).values(substitute_id=her.user_id),
            execution_options={"synchronize_session": False},
        )
        address = calendar.new_feed(session, her, now)
        before = session.execute(select(CommitteeSeat.id).where(CommitteeSeat.user_id.is_not(None))).all()
        assert leaving.leaving_counts(session, her.user_id)["seats"] == 2
    with network.database.transaction() as session:
        done = leaving.offboard_person(session, network.keyring, admin, her.user_id, now)
        assert done.counts["seats"] == 2
    with network.database.transaction(write=False) as session:
        seats = session.execute(
            select(
                CommitteeSeat.role, CommitteeSeat.user_id, CommitteeSeat.substitute_id, CommitteeSeat.ended_at
            ).where(of_hers)
        ).all()
        assert {(seat.user_id, seat.substitute_id, seat.ended_at) for seat in seats} == {
            (None, None, None),
            (holder, None, None),
        }
        after = session.execute(select(CommitteeSeat.id).where(CommitteeSeat.user_id.is_not(None))).all()
        assert len(after) == len(before) - 1
        assert calendar.feed_owner(session, address) is None
        told = session.execute(select(OutboxEvent.ref).where(OutboxEvent.kind == "committee.seat_changed")).scalars()
        assert set(told) >= {"orres", "bien-etre"}
        lines = session.execute(select(JournalEntry.line)).scalars().all()
        assert sum('"committee.seat_vacated"' in line for line in lines) == 2


def scalar(network: Network, statement: Any) -> Any:
    with network.database.transaction(write=False) as session:
        return session.scalar(statement)


def test_who_is_missing_in_a_vote_is_called_in_the_same_act(network: Network) -> None:
    """Somebody leaves in the middle of a vote: a substitute is called at once; a seat that ends calls the other CALACS;
    with nobody left there, the vote goes to its chair now and says so."""
    one, two, three, four, five = MEMBERS
    her, now, keyring = network.viewer(one), network.clock.now(), network.keyring
    assert her.user_id is not None
    admin, stand_in = approver(network, "calacs-coup-de-coeur"), network.viewer("police-repentigny").user_id
    seat = CommitteeSeat.user_id == network.viewer(three).user_id
    with network.database.transaction() as session:
        plain = {"synchronize_session": False}
        session.execute(update(CommitteeSeat).where(seat).values(substitute_id=stand_in), execution_options=plain)
    vote_id = opened(network)
    recuse(network, vote_id, three, whole=False)
    for persona in (four, five):
        recuse(network, vote_id, persona)
    calling = select(Vote.calling).where(Vote.id == vote_id)
    mails, called = select(func.count(OutgoingMail.id)), select(func.count(OutboxEvent.id))
    called = called.where(OutboxEvent.kind == "committee.alternate_called")
    assert (scalar(network, calling), scalar(network, called)) == ("none", 0)
    before = scalar(network, mails)
    with network.database.transaction() as session:
        leaving.offboard_person(session, keyring, admin, her.user_id, now)
        assert session.scalar(calling) == "substitutes", "in the transaction of the departure"
    assert (scalar(network, called), scalar(network, mails)) == (1, before + 1), "the substitute alone is told"
    with network.database.transaction() as session:
        held = (
            CommitteeSeat.user_id == network.viewer(two).user_id,
            CommitteeSeat.committee_id == committee_id(session, "bien-etre"),
        )
        hers = session.execute(select(CommitteeSeat.id).where(*held))
        services.end_seat(session, keyring, network.viewer(CHAIR), hers.scalar_one(), now)
        assert session.scalar(calling) == "alternate"
    assert scalar(network, called) == 2
    assert scalar(network, select(Vote.status)) == "open", "La Chrysalide can still name somebody"
    with network.database.transaction() as session:
        gone = User.organisation_id == network.organisation("calacs-la-chrysalide")
        session.execute(update(User).where(gone).values(status="disabled"))
        services.run_votes(session, keyring, now)
    with network.database.transaction(write=False) as session:
        seen = vote_view(session, keyring, network.viewer(CHAIR), vote_id, now)
        assert seen is not None
        assert (seen.status, seen.stuck, seen.closes_at > now) == ("escalated", True, True)
        assert seen.outcome is not None
        assert [step.code for step in seen.outcome.steps][-2:] == ["too_few", "nobody_left"]
    assert scalar(network, select(func.count()).where(OutboxEvent.kind == "committee.vote_escalated")) == 1
    with pytest.raises(DomainError, match="Trop peu de sièges"), network.database.transaction() as session:
        services.extend_vote(session, keyring, network.viewer(CHAIR), vote_id, seen.closes_at, now)
    # A free seat is filled: time helps again.
    with network.database.transaction() as session:
        session.execute(
            update(CommitteeSeat)
            .where(
                CommitteeSeat.organisation_id == her.organisation_id, CommitteeSeat.committee_id == seen.committee_id
            )
            .values(user_id=stand_in),
            execution_options=plain,
        )
        services.extend_vote(session, keyring, network.viewer(CHAIR), vote_id, seen.closes_at, now)
    assert scalar(network, select(Vote.status)) == "open"
