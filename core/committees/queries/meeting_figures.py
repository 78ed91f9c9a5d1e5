"""Meetings in a calendar and in figures: what a feed holds, what a report counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.committees.access import committees_of
from core.committees.ics import FeedEvent
from core.committees.models.meetings import CalendarFeed, Meeting, MeetingAttendance
from core.committees.models.structure import Committee
from core.committees.rules.meetings import MeetingState, Presence

#: How long a calendar remembers what is over.
FEED_PAST_DAYS = 366


@dataclass(frozen=True)
class MeetingCount:
    """A committee's meetings in a period, for reports: held, seats convened, seats represented, persons present."""

    committee: str
    meetings: int
    seats: int
    represented: int
    persons: int


def has_feed(session: Session, viewer: Viewer) -> datetime | None:
    """Since when this person's calendar has an address (aware UTC), None when it has none."""
    return session.scalar(select(CalendarFeed.created_at).where(CalendarFeed.user_id == viewer.user_id))


def feed_events(session: Session, user_id: UUID, now: datetime) -> tuple[FeedEvent, ...]:
    """Every meeting of the committees where this person sits, a year back and all that comes; cancelled ones too."""
    seats = committees_of(session, user_id, now)
    if not seats:
        return ()
    rows = session.execute(
        select(Meeting.id, Meeting.starts_at, Meeting.ends_at, Meeting.sequence, Meeting.state, Meeting.changed_at)
        .where(Meeting.committee_id.in_(sorted(seats, key=str)))
        .order_by(Meeting.starts_at, Meeting.id)
    )
    return tuple(
        FeedEvent(
            row.id,
            row.starts_at,
            row.ends_at,
            row.sequence,
            row.state == MeetingState.CANCELLED.value,
            row.changed_at,
        )
        for row in rows
        if (now - row.ends_at).days <= FEED_PAST_DAYS
    )


def meetings_by(session: Session, first: datetime, last: datetime) -> tuple[MeetingCount, ...]:
    """Meetings held from `first` to before `last` (aware UTC), by committee slug. Two statements."""
    held = (Meeting.state == MeetingState.HELD.value) & (Meeting.starts_at >= first) & (Meeting.starts_at < last)
    meetings: dict[str, int] = {
        row.slug: row.meetings
        for row in session.execute(
            select(Committee.slug, func.count().label("meetings"))
            .join(Meeting, Meeting.committee_id == Committee.id)
            .where(held)
            .group_by(Committee.slug)
        )
    }
    there = MeetingAttendance.presence.in_([Presence.PRESENT.value, Presence.SUBSTITUTE.value])
    seat = MeetingAttendance.seat_id.is_not(None)
    sums = session.execute(
        select(
            Committee.slug,
            func.count().filter(seat).label("seats"),
            func.count().filter(seat, there).label("represented"),
            func.coalesce(func.sum(MeetingAttendance.persons), 0).label("persons"),
        )
        .join(Meeting, Meeting.id == MeetingAttendance.meeting_id)
        .join(Committee, Committee.id == Meeting.committee_id)
        .where(held)
        .group_by(Committee.slug)
    ).all()
    by_slug = {row.slug: row for row in sums}
    return tuple(
        MeetingCount(
            slug,
            count,
            by_slug[slug].seats if slug in by_slug else 0,
            by_slug[slug].represented if slug in by_slug else 0,
            int(by_slug[slug].persons) if slug in by_slug else 0,
        )
        for slug, count in sorted(meetings.items())
    )
