"""Who sits where, and who may read a committee's votes: the rules, and the same in SQL (a contract test compares)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, String, and_, cast, exists, false, func, or_, select, true
from sqlalchemy.orm import Session

from core.access.memberships import memberships_with
from core.access.permissions import Permission, holds
from core.access.registry import register_rule, register_sql
from core.access.rules import ALLOWED, Decision, deny
from core.access.viewer import Viewer
from core.committees.models.structure import CommitteeSeat, Vote, VoteSeat
from core.committees.rules.terms import SeatRole
from core.kernel.clock import TORONTO

READ = "committee.read"
MANAGE = "committee.manage"
KEEP = "committee.keep"
READ_VOTE = "vote.read"
ABSENT = deny("Cette page n’existe pas.", discoverable=False)


def local_day(now: datetime) -> date:
    """The network's day: terms of seats are counted in it."""
    return now.astimezone(TORONTO).date()


def in_force(today: date | BindParameter[date]) -> ColumnElement[bool]:
    """Seats that sit today: `rules.terms.is_current` in SQL."""
    return and_(
        CommitteeSeat.ended_at.is_(None),
        CommitteeSeat.starts_on <= today,
        or_(CommitteeSeat.ends_on.is_(None), CommitteeSeat.ends_on >= today),
    )


@memberships_with
def seats_of_person(user_id: ColumnElement[UUID], now: datetime) -> ColumnElement[str]:
    """Committees where a person holds a seat today or stands in for one, joined by commas."""
    return (
        select(func.aggregate_strings(cast(CommitteeSeat.committee_id, String(36)), ","))
        .where(or_(CommitteeSeat.user_id == user_id, CommitteeSeat.substitute_id == user_id), in_force(local_day(now)))
        .scalar_subquery()
    )


def committees_of(session: Session, user_id: UUID, now: datetime) -> frozenset[UUID]:
    """The same for one person, as identifiers. One statement."""
    mine = or_(CommitteeSeat.user_id == user_id, CommitteeSeat.substitute_id == user_id)
    return frozenset(
        session.scalars(select(CommitteeSeat.committee_id).where(mine, in_force(local_day(now))).distinct())
    )


@dataclass(frozen=True)
class CommitteeFacts:
    """What the rules read of a committee. `role`: the viewer's seat there, if any."""

    committee_id: UUID
    role: SeatRole | None = None


@dataclass(frozen=True)
class VoteFacts:
    """What the rules read of a vote. `alternates`: people named for this vote alone."""

    committee_id: UUID
    alternates: frozenset[UUID] = field(default_factory=frozenset)


def may_read(viewer: Viewer, facts: CommitteeFacts) -> Decision:
    """Names of people, votes and decisions: those who sit there, and the network's coordination."""
    if viewer.is_anonymous or not holds(viewer, Permission.COMMITTEE_READ):
        return ABSENT
    if holds(viewer, Permission.COMMITTEE_MANAGE) or facts.committee_id in viewer.committees:
        return ALLOWED
    return deny("Vous ne siégez pas à ce comité.")


def may_manage(viewer: Viewer, facts: CommitteeFacts) -> Decision:
    """Seats, mandate and votes: the chair and the vice-chair of this committee, and the network's coordination."""
    if viewer.is_anonymous or not holds(viewer, Permission.COMMITTEE_READ):
        return ABSENT
    if holds(viewer, Permission.COMMITTEE_MANAGE) or facts.role in (SeatRole.CHAIR, SeatRole.VICE_CHAIR):
        return ALLOWED
    return deny("Seules la présidence du comité et la coordination peuvent faire cela.")


def may_keep(viewer: Viewer, facts: CommitteeFacts) -> Decision:
    """Meetings, minutes and decisions: those who manage the committee, and its secretary."""
    if facts.role is SeatRole.SECRETARY and not viewer.is_anonymous and holds(viewer, Permission.COMMITTEE_READ):
        return ALLOWED
    decision = may_manage(viewer, facts)
    if decision.allowed or not decision.discoverable:
        return decision
    return deny("Seuls la présidence, le secrétariat du comité et la coordination peuvent faire cela.")


def may_read_vote(viewer: Viewer, facts: VoteFacts) -> Decision:
    """A vote is its committee's: anybody else gets the answer of a vote that does not exist."""
    if viewer.is_anonymous or not holds(viewer, Permission.COMMITTEE_READ):
        return ABSENT
    if holds(viewer, Permission.COMMITTEE_MANAGE) or facts.committee_id in viewer.committees:
        return ALLOWED
    return ALLOWED if viewer.user_id in facts.alternates else ABSENT


def visible_votes(viewer: Viewer) -> ColumnElement[bool]:
    """`may_read_vote` as a condition on `Vote`."""
    if viewer.is_anonymous or not holds(viewer, Permission.COMMITTEE_READ):
        return false()
    if holds(viewer, Permission.COMMITTEE_MANAGE):
        return true()
    named = exists().where(VoteSeat.vote_id == Vote.id, VoteSeat.user_id == viewer.user_id, VoteSeat.seat_id.is_(None))
    return or_(Vote.committee_id.in_(sorted(viewer.committees, key=str)), named)


register_rule(READ, may_read)
register_rule(MANAGE, may_manage)
register_rule(KEEP, may_keep)
register_rule(READ_VOTE, may_read_vote)
register_sql(READ_VOTE, visible_votes)
