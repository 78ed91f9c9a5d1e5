"""Somebody leaves: her seats stay with her organisation, vacant; her calendar's address means nothing any more."""

from __future__ import annotations

from sqlalchemy import select, update

from core.accounts.services import leaving
from core.committees.models.structure import CommitteeSeat
from core.committees.services import calendar
from core.journal.models import JournalEntry
from core.kernel.events import OutboxEvent
from core.testing.network import Network
from tests.support.admission import approver
from tests.support.committees import committee_id

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
