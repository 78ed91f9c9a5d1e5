"""A vote as the rules see it: its frozen parameters, who sits now, who stepped aside, whose ballot is in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, case, select
from sqlalchemy.orm import Session, aliased

from core.accounts.models import User
from core.committees.access import VoteFacts, local_day
from core.committees.models.structure import Ballot, CommitteeRecusal, CommitteeSeat, Vote
from core.committees.models.structure import VoteSeat as VoteSeatRow
from core.committees.rules.seats import Recusals, Seating, Standing, VoteSeat, presiding, seating
from core.committees.rules.terms import SeatRole, Term, is_current
from core.committees.rules.votes import Method, Outcome, Result, Step, Tally, Tie, VoteRule
from core.kernel.db import prepared
from core.kernel.errors import Missing

OPEN, ESCALATED, CLOSED = "open", "escalated", "closed"
#: A question of the committee itself; other kinds are a plugin's, `<plugin>.<what>`.
QUESTION = "question"


@dataclass(frozen=True)
class BallotRow:
    """A ballot that is in, unopened. `meeting_id`: a hand raised in that meeting, and confirmed."""

    id: UUID
    organisation_id: UUID
    vote_seat_id: UUID
    user_id: UUID
    choice_sealed: bytes
    reason_sealed: bytes
    times: int
    cast_at: datetime
    meeting_id: UUID | None


@dataclass(frozen=True)
class Loaded:
    """A vote with everything the rules need. `row` has every column of `votes`."""

    row: Row[Any]
    rule: VoteRule
    seats: tuple[VoteSeat, ...]
    recusals: Recusals
    ballots: tuple[BallotRow, ...]

    @property
    def balloted(self) -> frozenset[UUID]:
        """Organisations whose ballot is in."""
        return frozenset(one.organisation_id for one in self.ballots)

    @property
    def seating(self) -> Seating:
        """Every seat's standing."""
        return seating(self.seats, self.recusals, self.balloted)

    @property
    def chair(self) -> VoteSeat | None:
        """The seat that chairs this vote."""
        return presiding(self.seats, self.recusals)

    @property
    def alternates(self) -> frozenset[UUID]:
        """People named for this vote alone."""
        return frozenset(seat.person for seat in self.seats if seat.alternate and seat.person is not None)

    @property
    def facts(self) -> VoteFacts:
        """What access rules read of it."""
        return VoteFacts(self.row.committee_id, self.alternates)

    def counted_ballots(self) -> tuple[BallotRow, ...]:
        """Ballots of seats that count now."""
        standing = self.seating.standing
        return tuple(
            one
            for one in self.ballots
            if standing[one.vote_seat_id] in (Standing.COUNTED, Standing.CALLED)
            and one.user_id not in self.recusals.people
        )

    def tally(self) -> Tally:
        """The seats around the ballots, counted."""
        found = self.seating
        counted = {one for one, how in found.standing.items() if how in (Standing.COUNTED, Standing.CALLED)}
        return Tally(
            found.available,
            found.count(Standing.RECUSED),
            found.count(Standing.VACANT),
            found.count(Standing.LAPSED),
            found.count(Standing.CALLED),
            sum(seat.alternate and seat.id in counted for seat in self.seats),
        )


def load_vote(session: Session, vote_id: UUID, now: datetime, *, lock: bool = False) -> Loaded:
    """A vote by its id; `lock` holds its row until commit, so that one act at a time changes it. Four statements.

    Raises Missing.
    """
    row = session.execute(*(_held_vote if lock else _vote)(vote_id)).first()
    if row is None:
        raise Missing
    return _around(session, row, now)


def lock_votes(session: Session, vote_ids: Iterable[UUID]) -> None:
    """Lock several votes until commit, in one order: before any line of journal, which an act on a vote writes last."""
    for one in sorted(set(vote_ids)):
        session.execute(*_held_id(one))


@prepared
def _vote(vote_id: UUID) -> Select[*tuple[Any, ...]]:
    return select(*Vote.__table__.columns).where(Vote.id == vote_id)


@prepared
def _held_vote(vote_id: UUID) -> Select[*tuple[Any, ...]]:
    return select(*Vote.__table__.columns).where(Vote.id == vote_id).with_for_update()


@prepared
def _held_id(vote_id: UUID) -> Select[UUID]:
    return select(Vote.id).where(Vote.id == vote_id).with_for_update()


def load_vote_of_code(session: Session, code: str, now: datetime) -> Loaded | None:
    """The same by its code, or None."""
    row = session.execute(select(*Vote.__table__.columns).where(Vote.code == code)).first()
    return None if row is None else _around(session, row, now)


def _around(session: Session, row: Row[Any], now: datetime) -> Loaded:
    aside = session.execute(*_recusals(row.id)).all()
    recusals = Recusals(
        frozenset(one.user_id for one in aside if one.user_id is not None),
        frozenset(one.organisation_id for one in aside if one.user_id is None),
    )
    ballots = tuple(BallotRow(*one) for one in session.execute(*_ballots(row.id)))
    return Loaded(row, rule_from_json(row.rule), _seats(session, row.id, now), recusals, ballots)


@prepared
def _recusals(vote_id: UUID) -> Select[UUID | None, UUID | None]:
    return select(CommitteeRecusal.organisation_id, CommitteeRecusal.user_id).where(CommitteeRecusal.vote_id == vote_id)


@prepared
def _ballots(vote_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Ballot.id,
            Ballot.organisation_id,
            Ballot.vote_seat_id,
            Ballot.user_id,
            Ballot.choice_sealed,
            Ballot.reason_sealed,
            Ballot.times,
            Ballot.cast_at,
            Ballot.meeting_id,
        )
        .where(Ballot.vote_id == vote_id)
        .order_by(Ballot.id)
    )


def _seats(session: Session, vote_id: UUID, now: datetime) -> tuple[VoteSeat, ...]:
    """The seats of the opening, with who holds them now; a closed account holds nothing."""
    return tuple(_seat(row, now) for row in session.execute(*_seats_statement(vote_id)))


@prepared
def _seats_statement(vote_id: UUID) -> Select[*tuple[Any, ...]]:
    holder, stand_in, named = aliased(User), aliased(User), aliased(User)
    return (
        select(
            VoteSeatRow.id,
            VoteSeatRow.organisation_id,
            VoteSeatRow.seat_id,
            VoteSeatRow.role,
            VoteSeatRow.voting,
            case((named.status == "active", named.id)).label("named"),
            case((holder.status == "active", holder.id)).label("holder"),
            case((stand_in.status == "active", stand_in.id)).label("stand_in"),
            CommitteeSeat.starts_on,
            CommitteeSeat.ends_on,
            CommitteeSeat.ended_at,
        )
        .outerjoin(CommitteeSeat, CommitteeSeat.id == VoteSeatRow.seat_id)
        .outerjoin(holder, holder.id == CommitteeSeat.user_id)
        .outerjoin(stand_in, stand_in.id == CommitteeSeat.substitute_id)
        .outerjoin(named, named.id == VoteSeatRow.user_id)
        .where(VoteSeatRow.vote_id == vote_id)
        .order_by(VoteSeatRow.id)
    )


def _seat(row: Row[Any], now: datetime) -> VoteSeat:
    role = SeatRole(row.role)
    if row.named is not None:
        return VoteSeat(row.id, row.organisation_id, role, row.named, voting=row.voting, alternate=True)
    if row.starts_on is None:
        return VoteSeat(row.id, row.organisation_id, role, None, voting=row.voting, current=False)
    term = Term(row.seat_id, row.organisation_id, role, row.starts_on, row.ends_on, row.ended_at is not None)
    current = is_current(term, local_day(now))
    return VoteSeat(row.id, row.organisation_id, role, row.holder, row.stand_in, row.voting, current)


def rule_to_json(rule: VoteRule) -> dict[str, Any]:
    """The frozen parameters, as stored."""
    return asdict(rule)


def rule_from_json(stored: Mapping[str, Any]) -> VoteRule:
    """The parameters of a stored vote."""
    return VoteRule(**{**stored, "method": Method(stored["method"]), "tie": Tie(stored["tie"])})


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """The arithmetic, as stored."""
    return {**asdict(outcome), "steps": [[step.code, dict(step.values)] for step in outcome.steps]}


def outcome_from_json(stored: Mapping[str, Any]) -> Outcome:
    """The outcome of a stored vote."""
    steps = tuple(Step(code, tuple(values.items())) for code, values in stored["steps"])
    return Outcome(**{**stored, "result": Result(stored["result"]), "steps": steps})
