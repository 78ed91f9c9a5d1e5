"""What waits for a person in committees: ballots to put in, hands to confirm, votes without quorum, an alternate to
name. In SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, select
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.registry import registry
from core.access.viewer import Viewer
from core.accounts.models import User
from core.committees.access import READ_VOTE, in_force, local_day
from core.committees.models.meetings import HandsShown, Meeting, MeetingAttendance
from core.committees.models.structure import Ballot, CommitteeRecusal, CommitteeSeat, Vote, VoteSeat
from core.committees.rules.meetings import MeetingState, MinutesState
from core.committees.rules.terms import SeatRole
from core.committees.services.hands import THERE
from core.committees.services.loading import CLOSED, ESCALATED, OPEN


@dataclass(frozen=True)
class Waiting:
    """Counts for *À faire*."""

    ballots: int = 0
    to_settle: int = 0
    alternates: int = 0
    hands: int = 0


def waiting_for(session: Session, viewer: Viewer, now: datetime) -> Waiting:
    """The viewer's counts, in one statement."""
    conditions = (
        awaits_ballot(viewer, now),
        to_settle(viewer, now),
        asks_alternate(viewer),
        awaits_confirmation(viewer, now),
    )
    return Waiting(*session.execute(select(*(_counted(one) for one in conditions))).one())


def _counted(condition: ColumnElement[bool]) -> Any:
    return select(func.count()).select_from(Vote).where(condition).scalar_subquery()


def awaits_ballot(viewer: Viewer, now: datetime) -> ColumnElement[bool]:
    """Open votes where the viewer's own ballot is expected: she holds the seat, or its substitute is called."""
    if viewer.user_id is None or not holds(viewer, Permission.COMMITTEE_VOTE):
        return false()
    me, own = viewer.user_id, viewer.organisation_id
    holder_aside = exists().where(
        CommitteeRecusal.vote_id == Vote.id, CommitteeRecusal.user_id == CommitteeSeat.user_id
    )
    stands_in = and_(CommitteeSeat.substitute_id == me, or_(CommitteeSeat.user_id.is_(None), holder_aside))
    called = or_(CommitteeSeat.user_id.is_(None), Vote.calling != "none")
    seated = (
        select(VoteSeat.id)
        .join(CommitteeSeat, CommitteeSeat.id == VoteSeat.seat_id)
        .where(
            VoteSeat.vote_id == Vote.id,
            VoteSeat.voting,
            in_force(local_day(now)),
            or_(CommitteeSeat.user_id == me, and_(stands_in, called)),
        )
        .correlate(Vote)
        .exists()
    )
    named = exists().where(VoteSeat.vote_id == Vote.id, VoteSeat.user_id == me)
    done = exists().where(Ballot.vote_id == Vote.id, Ballot.organisation_id == own)
    return and_(Vote.status == OPEN, Vote.closes_at > now, or_(seated, named), not_(done), not_(_aside(own, me)))


def awaits_confirmation(viewer: Viewer, now: datetime) -> ColumnElement[bool]:
    """Votes whose noted hands wait for this viewer: `rules.hands.confirm_refusal` in SQL, for a vote she reads."""
    if viewer.user_id is None or not holds(viewer, Permission.COMMITTEE_VOTE):
        return false()
    me, own = viewer.user_id, viewer.organisation_id
    waits = (
        select(HandsShown.id)
        .join(Meeting, Meeting.id == HandsShown.meeting_id)
        .join(MeetingAttendance, MeetingAttendance.meeting_id == Meeting.id)
        .where(
            HandsShown.vote_id == Vote.id,
            HandsShown.confirmed_at.is_(None),
            HandsShown.noted_by != me,
            HandsShown.noted_for != own,
            Meeting.state == MeetingState.HELD.value,
            Meeting.minutes_state != MinutesState.ADOPTED.value,
            MeetingAttendance.organisation_id == own,
            MeetingAttendance.user_id == me,
            MeetingAttendance.presence.in_(THERE),
        )
        .correlate(Vote)
        .exists()
    )
    received = and_(Vote.status == OPEN, Vote.closes_at > now)
    return and_(received, registry.visible(viewer, READ_VOTE), waits, not_(_aside(own, me)))


def to_settle(viewer: Viewer, now: datetime) -> ColumnElement[bool]:
    """Votes without quorum that this viewer takes up: `services.closing.presides` in SQL."""
    if viewer.user_id is None:
        return false()
    chair = _free_seat(SeatRole.CHAIR, now)
    vice = _free_seat(SeatRole.VICE_CHAIR, now)
    mine = or_(
        _free_seat(SeatRole.CHAIR, now, viewer.user_id),
        and_(not_(chair), _free_seat(SeatRole.VICE_CHAIR, now, viewer.user_id)),
    )
    if holds(viewer, Permission.COMMITTEE_MANAGE):
        mine = or_(mine, and_(not_(chair), not_(vice)))
    return and_(Vote.status == ESCALATED, registry.visible(viewer, READ_VOTE), mine)


def asks_alternate(viewer: Viewer) -> ColumnElement[bool]:
    """Votes that ask the viewer's CALACS for an alternate: `services.voting.may_name_alternate` in SQL."""
    if viewer.organisation_type != "calacs" or not holds(viewer, Permission.COMMITTEE_VOTE):
        return false()
    own = viewer.organisation_id
    inside = exists().where(VoteSeat.vote_id == Vote.id, VoteSeat.organisation_id == own)
    aside = exists().where(
        CommitteeRecusal.vote_id == Vote.id,
        CommitteeRecusal.organisation_id == own,
        CommitteeRecusal.user_id.is_(None),
    )
    return and_(Vote.status != CLOSED, Vote.calling == "alternate", not_(inside), not_(aside))


def _aside(organisation_id: UUID | None, user_id: UUID) -> ColumnElement[bool]:
    return exists().where(
        CommitteeRecusal.vote_id == Vote.id,
        or_(
            CommitteeRecusal.user_id == user_id,
            and_(CommitteeRecusal.user_id.is_(None), CommitteeRecusal.organisation_id == organisation_id),
        ),
    )


def _free_seat(role: SeatRole, now: datetime, user_id: UUID | None = None) -> ColumnElement[bool]:
    """A seat of that role whose holder sits today and did not step aside; held by `user_id` when given."""
    aside = exists().where(
        CommitteeRecusal.vote_id == VoteSeat.vote_id,
        or_(
            CommitteeRecusal.user_id == CommitteeSeat.user_id,
            and_(CommitteeRecusal.user_id.is_(None), CommitteeRecusal.organisation_id == CommitteeSeat.organisation_id),
        ),
    )
    statement = (
        select(VoteSeat.id)
        .join(CommitteeSeat, CommitteeSeat.id == VoteSeat.seat_id)
        .join(User, User.id == CommitteeSeat.user_id)
        .where(
            VoteSeat.vote_id == Vote.id,
            VoteSeat.role == role.value,
            User.status == "active",
            in_force(local_day(now)),
            not_(aside),
        )
    )
    if user_id is not None:
        statement = statement.where(CommitteeSeat.user_id == user_id)
    return statement.correlate(Vote).exists()
