"""Reads of votes held in meetings: what stands on a meeting's agenda, and the page where hands are noted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, false, func, or_, select
from sqlalchemy.orm import Session

from core.access.registry import can, registry
from core.access.viewer import Viewer
from core.committees.access import READ_VOTE
from core.committees.models.meetings import HandsShown, MeetingAttendance
from core.committees.models.structure import Ballot, Vote
from core.committees.queries.meetings import MeetingView
from core.committees.rules.hands import HANDS_REFUSALS, Hand
from core.committees.rules.terms import SeatRole
from core.committees.rules.votes import Choice, Result, VoteRule
from core.committees.services.closing import presides
from core.committees.services.hands import THERE, Floor, floor_around
from core.committees.services.loading import OPEN, QUESTION, load_vote_of_code
from core.committees.services.raised import open_hand
from core.directory.models import Organisation
from core.kernel.crypto import Keyring


@dataclass(frozen=True)
class AgendaVote:
    """A vote on a meeting's agenda, or (`here` False) one that could be put there.

    `pending`: hands wait for a confirmation; `confirms`: of this viewer; `hands`: how many count.
    """

    id: UUID
    code: str
    label: str
    page: str
    status: str
    result: Result | None
    closes_at: datetime
    here: bool
    pending: bool
    confirms: bool
    hands: int

    @property
    def open(self) -> bool:
        """Ballots are still received."""
        return self.status == OPEN


def votes_at(
    session: Session, viewer: Viewer, met: MeetingView, now: datetime, *, offer: bool
) -> tuple[AgendaVote, ...]:
    """Votes on this meeting's agenda, then (with `offer`) open ones of its committee that could be. One statement."""
    mine = exists().where(
        MeetingAttendance.meeting_id == met.id,
        MeetingAttendance.user_id == viewer.user_id,
        MeetingAttendance.presence.in_(THERE),
    )
    waits = and_(HandsShown.vote_id == Vote.id, HandsShown.confirmed_at.is_(None))
    hands = select(func.count()).where(Ballot.vote_id == Vote.id, Ballot.meeting_id.is_not(None)).scalar_subquery()
    offered = and_(
        Vote.meeting_id.is_(None),
        Vote.status == OPEN,
        Vote.closes_at > now,
        Vote.closes_at > met.line.starts_at,
        Vote.opens_at < met.line.ends_at,
    )
    rows = session.execute(
        select(
            Vote.id,
            Vote.code,
            Vote.question,
            Vote.subject,
            Vote.kind,
            Vote.page,
            Vote.status,
            Vote.result,
            Vote.closes_at,
            (Vote.meeting_id == met.id).label("here"),
            exists().where(waits).label("pending"),
            and_(mine, exists().where(waits, HandsShown.noted_for != viewer.organisation_id)).label("confirms"),
            hands.label("hands"),
        )
        .where(
            Vote.committee_id == met.committee_id,
            registry.visible(viewer, READ_VOTE),
            or_(Vote.meeting_id == met.id, offered if offer else false()),
        )
        .order_by(Vote.closes_at, Vote.id)
        .limit(100)
    )
    return tuple(
        AgendaVote(
            row.id,
            row.code,
            row.question or row.subject or row.code,
            "" if row.kind == QUESTION else row.page,
            row.status,
            None if row.result is None else Result(row.result),
            row.closes_at,
            bool(row.here),
            bool(row.pending),
            bool(row.confirms),
            row.hands,
        )
        for row in rows
    )


@dataclass(frozen=True)
class HandLine:
    """One seat: what may be noted, and what was (None: nothing, or not for this reader). `amount` in cents."""

    seat_id: UUID
    organisation: str
    role: SeatRole
    hand: Hand
    chosen: Choice | None
    amount: int | None


@dataclass(frozen=True)
class MeetingRef:
    """The meeting of a vote."""

    code: str
    title: str
    starts_at: datetime


@dataclass(frozen=True)
class HandsView:
    """The page of a vote in its meeting. `notes`: this viewer notes the hands; `pending`: the id of what waits.

    `confirm_refusal`: why she may not confirm it, in French source text, "" when she may.
    """

    id: UUID
    code: str
    committee_id: UUID
    meeting: MeetingRef
    label: str
    page: str
    rule: VoteRule
    closes_at: datetime
    open: bool
    notes: bool
    removes: bool
    lines: tuple[HandLine, ...]
    pending: UUID | None
    noted_at: datetime | None
    confirm_refusal: str


def hands_view(
    session: Session, keyring: Keyring, viewer: Viewer, meeting: str, code: str, now: datetime
) -> HandsView | None:
    """The vote `code` on the agenda of that meeting, None when it is not there (or not this viewer's to read).

    Seven statements: the vote's four, its meeting with who was there, what waits, names of organisations.
    """
    loaded = load_vote_of_code(session, code, now)
    if loaded is None or loaded.row.meeting_id is None or not can(viewer, READ_VOTE, loaded.facts).allowed:
        return None
    floor = floor_around(session, loaded)
    if floor.meeting.code != meeting:
        return None
    row, pending, notes = floor.loaded.row, floor.pending, floor.notes(viewer)
    refused = floor.refusal_to_confirm(viewer) if pending is not None else None
    shown = notes or (pending is not None and refused is None)
    return HandsView(
        row.id,
        row.code,
        row.committee_id,
        MeetingRef(floor.meeting.code, floor.meeting.title, floor.meeting.starts_at),
        row.question or row.subject or row.code,
        "" if row.kind == QUESTION else row.page,
        floor.loaded.rule,
        row.closes_at,
        row.status == OPEN and now < row.closes_at,
        notes,
        presides(viewer, floor.loaded),
        _lines(session, keyring, floor, notes=notes) if shown else (),
        None if pending is None else pending.id,
        None if pending is None else pending.noted_at,
        "" if refused is None else HANDS_REFUSALS[refused],
    )


def _lines(session: Session, keyring: Keyring, floor: Floor, *, notes: bool) -> tuple[HandLine, ...]:
    """`notes`: what may be noted now; else what becomes of each hand that waits."""
    seats = floor.loaded.seats
    names = {
        row.id: row.name
        for row in session.execute(
            select(Organisation.id, Organisation.name)
            .where(Organisation.id.in_([seat.organisation_id for seat in seats]))
            .order_by(Organisation.sort_key)
        )
    }
    waiting = {one.vote_seat_id: one for one in (floor.pending.hands if floor.pending is not None else ())}
    order = {one: number for number, one in enumerate(names)}

    def line(seat: Any) -> HandLine:
        one = waiting.get(seat.id)
        said = None if one is None else open_hand(keyring, one.id, one.choice_sealed)
        return HandLine(
            seat.id,
            names.get(seat.organisation_id, ""),
            seat.role,
            floor.hand(seat) if one is None or notes else floor.noted(one),
            None if said is None else said.choice,
            None if said is None else said.amount,
        )

    found = [line(seat) for seat in sorted(seats, key=lambda one: order.get(one.organisation_id, len(order)))]
    return tuple(sorted(found, key=lambda one: one.hand is not Hand.ASKED))
