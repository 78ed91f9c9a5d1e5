"""Hours from a meeting's attendance: one entry for each person present, to be approved by each organisation."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.viewer import Viewer
from core.accounts.models import User
from core.committees.models.hours import HoursEntry
from core.committees.rules.durations import QUARTERS_A_DAY
from core.committees.rules.hours import Kind, Source
from core.committees.services.hours import HoursGiven, check_given, entry_values
from core.committees.services.hours_changes import day_totals, upsert_entry
from core.kernel.db import new_id
from core.kernel.errors import Missing
from core.kernel.events import emit


@dataclass(frozen=True)
class Attendee:
    """Who was there: a person with an account, or one more person of the organisation (`user_id` None)."""

    organisation_id: UUID
    user_id: UUID | None = None


@dataclass(frozen=True)
class MeetingHours:
    """What was entered: `entered` entries; `known` were there already; `over` people would pass 24 h that day."""

    entered: int
    known: int
    over: tuple[UUID, ...]


def enter_from_meeting(
    session: Session,
    viewer: Viewer,
    meeting_title: str,
    day: date,
    quarter_hours: int,
    kind: Kind | str,
    committee_slug: str | None,
    attendees: Iterable[Attendee],
    now: datetime,
    *,
    reference: str = "",
) -> MeetingHours:
    """Enter `quarter_hours` for each person present; people of one organisation without accounts make one entry.

    `reference` identifies the meeting (its code): entering its attendance again adds only who is new. Without it, the
    title, day, kind and committee do. Whether the viewer runs the meeting is the caller's rule. Raises HoursInvalid for
    a day to come or an unknown committee, Missing without the right to enter hours.
    """
    if not holds(viewer, Permission.HOURS_ENTER):
        raise Missing
    present = list(attendees)
    people = {one.user_id: one.organisation_id for one in present if one.user_id is not None}
    others = Counter(one.organisation_id for one in present if one.user_id is None)
    given = HoursGiven(day, day, quarter_hours, Kind(kind), committee_slug, meeting_title, 1, shared=True)
    check_given(session, given, None, now=now)
    # One person's entries wait for each other, in one order whoever enters them.
    for _locked in session.execute(
        select(User.id).where(User.id.in_(list(people))).order_by(User.id).with_for_update()
    ):
        pass
    meeting = reference or f"{meeting_title}|{day.isoformat()}|{Kind(kind).value}|{committee_slug or ''}"
    keys = {user_id: _key(meeting, user_id) for user_id in people}
    there = set(session.scalars(select(HoursEntry.source_key).where(HoursEntry.source_key.in_(list(keys.values())))))
    already = day_totals(session, people, day, day)
    over = tuple(
        user_id
        for user_id in people
        if keys[user_id] not in there and already.get((user_id, day), 0) + quarter_hours > QUARTERS_A_DAY
    )
    base = entry_values(given, None) | {"source": Source.MEETING.value, "entered_by": viewer.user_id, "created_at": now}
    rows: list[dict[str, Any]] = [
        base | {"id": new_id(), "organisation_id": owner, "user_id": user_id, "source_key": keys[user_id]}
        for user_id, owner in people.items()
        if user_id not in over
    ]
    for owner, count in others.items():
        sums = {"quarter_hours": quarter_hours * count, "persons": count}
        rows.append(base | sums | {"id": new_id(), "organisation_id": owner, "source_key": _key(meeting, owner)})
    if not rows:
        return MeetingHours(0, 0, over)
    inserted = upsert_entry(session).on_conflict_do_nothing(index_elements=["organisation_id", "source_key"])
    entered = session.execute(inserted.values(rows).returning(HoursEntry.organisation_id)).all()
    topics = {f"org:{row[0]}" for row in entered}
    if topics:
        emit(session, "hours.submitted", str(new_id()), topics=topics, now=now)
    return MeetingHours(len(entered), len(rows) - len(entered), over)


def _key(meeting: str, who: UUID) -> str:
    return hashlib.sha256(f"meeting:{meeting}:{who}".encode()).hexdigest()
