"""Meetings: planned, moved, cancelled, held; their agenda, attendance and minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.orm import Session

from core.access.registry import can
from core.access.viewer import Viewer
from core.committees.access import KEEP, CommitteeFacts, in_force, local_day
from core.committees.models.meetings import AgendaItem, Meeting, MeetingAttendance
from core.committees.models.structure import Committee, CommitteeSeat
from core.committees.rules.hours import Kind
from core.committees.rules.meetings import (
    MEETING_REFUSALS,
    Command,
    MeetingState,
    MinutesState,
    Presence,
    quarter_hours,
    refusal,
    times_refusal,
)
from core.committees.services.hours_meeting import Attendee, MeetingHours, enter_from_meeting
from core.committees.services.seats import seat_role
from core.committees.services.telling import mail_to, note
from core.directory.models import Organisation
from core.kernel import codes
from core.kernel.crypto import Aad, Keyring
from core.kernel.db import add_row, lock_row, new_id
from core.kernel.errors import DomainError, Forbidden, Missing, Stale
from core.kernel.events import emit
from core.kernel.i18n import N_

LETTER = "M"
CHANGED = "committee.meeting_changed"
MINUTES_LENGTH = 40_000
REMINDED_BEFORE = timedelta(days=1)


class MeetingRefused(DomainError):
    """A rule refuses: `field` is where in the form ("" for the whole), `code` names it for tests."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.field, message = MEETING_REFUSALS[code]
        super().__init__(message)


@dataclass(frozen=True)
class MeetingInput:
    """A meeting as typed; instants are aware UTC."""

    title: str
    place: str
    link: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class AgendaInput:
    """One point of the agenda; `minutes` of the meeting, None when nobody said."""

    title: str
    minutes: int | None = None
    organisation_id: UUID | None = None


@dataclass(frozen=True)
class Mark:
    """What became of one organisation; `persons`: how many came, at least one where it was represented."""

    presence: Presence
    persons: int = 1


def check_keeps(session: Session, viewer: Viewer, committee_id: UUID, now: datetime) -> None:
    """Raises Missing or Forbidden unless the viewer chairs, keeps the minutes of, or coordinates this committee."""
    decision = can(viewer, KEEP, CommitteeFacts(committee_id, seat_role(session, committee_id, viewer.user_id, now)))
    if not decision.allowed:
        raise Forbidden(decision.reason) if decision.discoverable else Missing


def plan_meeting(
    session: Session, keyring: Keyring, viewer: Viewer, committee_id: UUID, given: MeetingInput, now: datetime
) -> str:
    """Plan a meeting and tell the committee; returns its code. Raises Missing, Forbidden, MeetingRefused."""
    committee = session.execute(
        select(Committee.slug).where(Committee.id == committee_id, Committee.status == "active")
    ).first()
    if committee is None:
        raise Missing
    check_keeps(session, viewer, committee_id, now)
    _check_times(given, now)
    code = _free_code(session)
    add_row(
        session,
        Meeting,
        id=new_id(),
        code=code,
        committee_id=committee_id,
        title=given.title,
        place=given.place,
        link=given.link,
        starts_at=given.starts_at,
        ends_at=given.ends_at,
        created_by=viewer.user_id,
        created_at=now,
        changed_at=now,
    )
    _told(session, viewer, committee_id, code, "committee.meeting_planned", now)
    mail_to(session, keyring, _members(session, committee_id, now), now)
    return code


def change_meeting(
    session: Session, keyring: Keyring, viewer: Viewer, code: str, version: int, given: MeetingInput, now: datetime
) -> None:
    """Move or rename a planned meeting; calendars learn it. Raises Missing, Forbidden, MeetingRefused, Stale."""
    row = _held(session, viewer, code, Command.CHANGE, now, version)
    _check_times(given, now)
    moved = (row.starts_at, row.ends_at, row.place, row.link) != (
        given.starts_at,
        given.ends_at,
        given.place,
        given.link,
    )
    _change(
        session,
        row,
        now,
        title=given.title,
        place=given.place,
        link=given.link,
        starts_at=given.starts_at,
        ends_at=given.ends_at,
        sequence=row.sequence + moved,
        reminded_at=None if moved else row.reminded_at,
    )
    _told(session, viewer, row.committee_id, code, "committee.meeting_changed", now)
    if moved:
        mail_to(session, keyring, _members(session, row.committee_id, now), now)


def cancel_meeting(session: Session, keyring: Keyring, viewer: Viewer, code: str, now: datetime) -> None:
    """Cancel a planned meeting: it stays in the list and in calendars, as cancelled."""
    row = _held(session, viewer, code, Command.CANCEL, now)
    _change(session, row, now, state=MeetingState.CANCELLED.value, sequence=row.sequence + 1)
    _told(session, viewer, row.committee_id, code, "committee.meeting_cancelled", now)
    mail_to(session, keyring, _members(session, row.committee_id, now), now)


def set_agenda(
    session: Session, viewer: Viewer, code: str, version: int, items: Sequence[AgendaInput], now: datetime
) -> None:
    """Write the whole agenda, in order. Raises MeetingRefused("agenda_time") when it cannot fit, Stale."""
    row = _held(session, viewer, code, Command.ATTACH, now, version)
    length = (row.ends_at - row.starts_at).total_seconds() / 60
    if sum(item.minutes or 0 for item in items) > length:
        raise MeetingRefused("agenda_time")
    session.execute(delete(AgendaItem).where(AgendaItem.meeting_id == row.id))
    rows = [
        {
            "id": new_id(),
            "meeting_id": row.id,
            "position": position,
            "title": item.title,
            "minutes": item.minutes,
            "organisation_id": item.organisation_id,
        }
        for position, item in enumerate(items, 1)
    ]
    if rows:
        session.execute(insert(AgendaItem), rows)
    _change(session, row, now)
    _told(session, viewer, row.committee_id, code, "committee.agenda_set", now)


def take_attendance(session: Session, viewer: Viewer, code: str, marks: Mapping[UUID, Mark], now: datetime) -> None:
    """Write who was represented, by organisation; the meeting counts as held. Taking it again replaces it.

    An organisation without a seat is a guest. Raises MeetingRefused("not_begun") before the meeting's hour.
    """
    row = _held(session, viewer, code, Command.TAKE_ATTENDANCE, now)
    if now < row.starts_at:
        raise MeetingRefused("not_begun")
    known = set(session.scalars(select(Organisation.id).where(Organisation.id.in_(list(marks)))))
    if known != set(marks):
        raise Missing
    day = local_day(row.starts_at)
    seats: dict[UUID, Any] = {
        seat.organisation_id: seat
        for seat in session.execute(
            select(
                CommitteeSeat.id, CommitteeSeat.organisation_id, CommitteeSeat.user_id, CommitteeSeat.substitute_id
            ).where(CommitteeSeat.committee_id == row.committee_id, in_force(day))
        )
    }
    session.execute(delete(MeetingAttendance).where(MeetingAttendance.meeting_id == row.id))
    rows = [
        _attendance(row.id, organisation_id, mark, seats.get(organisation_id))
        for organisation_id, mark in marks.items()
    ]
    if rows:
        session.execute(insert(MeetingAttendance), rows)
    _change(session, row, now, state=MeetingState.HELD.value)
    _told(session, viewer, row.committee_id, code, "committee.attendance_taken", now)


def enter_attendance_hours(session: Session, viewer: Viewer, code: str, kind: Kind, now: datetime) -> MeetingHours:
    """Enter the meeting's length as hours for everybody who was there; twice adds nothing. Raises as the entry does."""
    row = _held(session, viewer, code, Command.TAKE_ATTENDANCE, now)
    slug = session.scalar(select(Committee.slug).where(Committee.id == row.committee_id))
    there = session.execute(
        select(MeetingAttendance.organisation_id, MeetingAttendance.user_id, MeetingAttendance.persons).where(
            MeetingAttendance.meeting_id == row.id,
            MeetingAttendance.presence.in_([Presence.PRESENT.value, Presence.SUBSTITUTE.value]),
        )
    ).all()
    attendees = [Attendee(one.organisation_id, one.user_id) for one in there if one.user_id is not None]
    for one in there:
        unnamed = one.persons - (one.user_id is not None)
        attendees += [Attendee(one.organisation_id)] * unnamed
    length = quarter_hours(row.starts_at, row.ends_at)
    day = local_day(row.starts_at)
    return enter_from_meeting(session, viewer, row.title, day, length, kind, slug, attendees, now, reference=code)


def write_minutes(
    session: Session, keyring: Keyring, viewer: Viewer, code: str, version: int, text: str, now: datetime
) -> None:
    """Keep the draft of the minutes. Raises MeetingRefused("adopted"), Stale when somebody else wrote meanwhile."""
    row = _held(session, viewer, code, Command.WRITE_MINUTES, now, version)
    sealed = keyring.protect(text[:MINUTES_LENGTH].encode(), aad=_minutes_place(row.id))
    state = MinutesState.DRAFT if text.strip() else MinutesState.NONE
    _change(session, row, now, minutes_sealed=sealed, minutes_state=state.value)
    _told(session, viewer, row.committee_id, code, "committee.minutes_written", now)


def adopt_minutes(session: Session, viewer: Viewer, code: str, version: int, now: datetime) -> None:
    """The committee adopts them: they change no more. Raises MeetingRefused, Stale (other words than those read)."""
    row = _held(session, viewer, code, Command.ADOPT_MINUTES, now, version)
    _change(session, row, now, minutes_state=MinutesState.ADOPTED.value, adopted_at=now)
    _told(session, viewer, row.committee_id, code, "committee.minutes_adopted", now)


def remind_meetings(session: Session, keyring: Keyring, now: datetime) -> int:
    """Tell the members of meetings that begin within a day, once each; returns how many meetings."""
    rows = session.execute(
        select(Meeting.id, Meeting.committee_id, Meeting.code).where(
            Meeting.state == MeetingState.PLANNED.value,
            Meeting.starts_at > now,
            Meeting.starts_at <= now + REMINDED_BEFORE,
            Meeting.reminded_at.is_(None),
        )
    ).all()
    for row in rows:
        session.execute(update(Meeting).where(Meeting.id == row.id).values(reminded_at=now))
        mail_to(session, keyring, _members(session, row.committee_id, now), now)
    return len(rows)


def read_minutes(keyring: Keyring, meeting_id: UUID, sealed: bytes | None) -> str:
    """The text of the minutes, "" when there are none."""
    return "" if sealed is None else keyring.reveal(sealed, aad=_minutes_place(meeting_id)).decode()


def renew_minutes(keyring: Keyring, meeting_id: UUID, sealed: bytes) -> bytes:
    """The same minutes under the newest master key (rotation)."""
    return keyring.reprotect(sealed, aad=_minutes_place(meeting_id))


def kept_meeting(session: Session, viewer: Viewer, code: str, command: Command, now: datetime) -> Row[Any]:
    """The meeting, locked, for somebody who may do this to it. Raises Missing, Forbidden, MeetingRefused."""
    return _held(session, viewer, code, command, now)


def _held(
    session: Session, viewer: Viewer, code: str, command: Command, now: datetime, version: int | None = None
) -> Row[Any]:
    row = lock_row(session, select(*Meeting.__table__.columns).where(Meeting.code == code))
    if row is None:
        raise Missing
    check_keeps(session, viewer, row.committee_id, now)
    refused = refusal(MeetingState(row.state), MinutesState(row.minutes_state), command)
    if refused is not None:
        raise MeetingRefused(refused)
    if version is not None and version != row.version:
        raise Stale
    return row


def _check_times(given: MeetingInput, now: datetime) -> None:
    refused = times_refusal(given.starts_at, given.ends_at, now)
    if refused is not None:
        raise MeetingRefused(refused)


def _change(session: Session, row: Row[Any], now: datetime, **values: object) -> None:
    session.execute(
        update(Meeting).where(Meeting.id == row.id).values(version=row.version + 1, changed_at=now, **values),
        execution_options={"synchronize_session": False},
    )


def _attendance(meeting_id: UUID, organisation_id: UUID, mark: Mark, seat: Any) -> dict[str, object]:
    person = None
    if seat is not None and mark.presence is Presence.PRESENT:
        person = seat.user_id
    if seat is not None and mark.presence is Presence.SUBSTITUTE:
        person = seat.substitute_id
    there = mark.presence in (Presence.PRESENT, Presence.SUBSTITUTE)
    return {
        "id": new_id(),
        "meeting_id": meeting_id,
        "organisation_id": organisation_id,
        "seat_id": seat.id if seat is not None else None,
        "user_id": person,
        "presence": mark.presence.value,
        "persons": max(mark.persons, 1) if there else 0,
    }


def _members(session: Session, committee_id: UUID, now: datetime) -> list[UUID | None]:
    rows = session.execute(
        select(CommitteeSeat.user_id, CommitteeSeat.substitute_id).where(
            CommitteeSeat.committee_id == committee_id, in_force(local_day(now))
        )
    )
    return [person for row in rows for person in row]


def _told(session: Session, viewer: Viewer, committee_id: UUID, code: str, action: str, now: datetime) -> None:
    note(session, viewer, action, f"meeting:{code}", now, committee=committee_id)
    emit(session, CHANGED, code, topics=(f"committee:{committee_id}", "network"), now=now)


def _minutes_place(meeting_id: UUID) -> Aad:
    return Aad("meetings", meeting_id, "minutes_sealed", 1)


def _free_code(session: Session) -> str:
    while True:
        code = codes.new_code(LETTER)
        if session.scalar(select(Meeting.id).where(Meeting.code == code)) is None:
            return code


#: Said on every page of meetings.
NAME_NOBODY = N_("Une rencontre parle de règles et de services : n’y nommez jamais une personne accompagnée.")
