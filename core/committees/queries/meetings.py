"""Reads of meetings and of the decisions register, for those who may read the committee."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.access.registry import can
from core.access.viewer import Viewer
from core.committees.access import READ, CommitteeFacts, in_force, local_day
from core.committees.models.meetings import (
    AgendaItem,
    Meeting,
    MeetingAttendance,
    MeetingDocument,
)
from core.committees.models.structure import Committee, CommitteeSeat
from core.committees.queries.decisions import DecisionLine, decisions_of
from core.committees.rules.meetings import MeetingState, MinutesState, Participation, Presence, participation
from core.committees.services.meetings import read_minutes
from core.directory.models import Organisation
from core.kernel.crypto import Keyring
from core.kernel.files import FILE_COLUMNS, StoredFile, StoredFileView, file_view


@dataclass(frozen=True)
class MeetingLine:
    """A meeting in a list. Instants are aware UTC."""

    code: str
    committee_slug: str
    committee_title: str
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    state: MeetingState
    minutes_state: MinutesState


@dataclass(frozen=True)
class AgendaLine:
    """One point of the agenda; `minutes` planned."""

    position: int
    title: str
    minutes: int | None
    organisation: str
    organisation_id: UUID | None


@dataclass(frozen=True)
class AttendanceLine:
    """One organisation: whether it holds a seat, and what became of it (None: not taken yet)."""

    organisation_id: UUID
    organisation: str
    seat: bool
    presence: Presence | None
    persons: int


@dataclass(frozen=True)
class DocumentLine:
    """A document; `file` None when its content is gone."""

    id: UUID
    file: StoredFileView | None
    added_at: datetime


@dataclass(frozen=True)
class MeetingView:
    """A meeting's page."""

    id: UUID
    committee_id: UUID
    line: MeetingLine
    link: str
    version: int
    agenda: tuple[AgendaLine, ...]
    attendance: tuple[AttendanceLine, ...]
    participation: Participation | None
    minutes: str
    adopted_at: datetime | None
    documents: tuple[DocumentLine, ...]
    decisions: tuple[DecisionLine, ...]


_LINE = (
    select(
        Meeting.id,
        Meeting.committee_id,
        Meeting.code,
        Meeting.title,
        Meeting.place,
        Meeting.link,
        Meeting.starts_at,
        Meeting.ends_at,
        Meeting.state,
        Meeting.minutes_state,
        Meeting.minutes_sealed,
        Meeting.adopted_at,
        Meeting.version,
        Committee.slug.label("committee_slug"),
        Committee.title.label("committee_title"),
    )
    .join(Committee, Committee.id == Meeting.committee_id)
    .order_by(Meeting.starts_at, Meeting.id)
)


def meetings_of(
    session: Session, viewer: Viewer, committee_id: UUID, now: datetime, *, past: bool, limit: int = 20, offset: int = 0
) -> tuple[tuple[MeetingLine, ...], int]:
    """A page of a committee's meetings, with how many there are: to come (soonest first) or past (latest first).

    Nothing for somebody who may not read the committee; 0 past the last page. One statement.
    """
    if not can(viewer, READ, CommitteeFacts(committee_id)).allowed:
        return (), 0
    when = Meeting.ends_at < now if past else Meeting.ends_at >= now
    mine = (Meeting.committee_id == committee_id) & when
    order = (Meeting.starts_at.desc(), Meeting.id.desc()) if past else (Meeting.starts_at, Meeting.id)
    counted = _LINE.add_columns(func.count().over().label("total")).where(mine).order_by(None).order_by(*order)
    rows = session.execute(counted.limit(limit).offset(offset)).all()
    return tuple(_line(row) for row in rows), rows[0].total if rows else 0


def next_meetings(session: Session, viewer: Viewer, now: datetime, *, limit: int = 5) -> tuple[MeetingLine, ...]:
    """What is planned where this person sits, soonest first. One statement, none for somebody without a seat."""
    if not viewer.committees:
        return ()
    rows = session.execute(
        _LINE.where(
            Meeting.committee_id.in_(sorted(viewer.committees, key=str)),
            Meeting.state == MeetingState.PLANNED.value,
            Meeting.ends_at >= now,
        ).limit(limit)
    )
    return tuple(_line(row) for row in rows)


def meeting(session: Session, keyring: Keyring, viewer: Viewer, code: str) -> MeetingView | None:
    """One meeting with everything on its page; None when there is none that this person may read. Five
    statements."""
    row = session.execute(_LINE.where(Meeting.code == code)).first()
    if row is None or not can(viewer, READ, CommitteeFacts(row.committee_id)).allowed:
        return None
    attendance, taken = _attendance(session, row)
    documents = session.execute(
        select(MeetingDocument.id.label("document_id"), MeetingDocument.added_at, *FILE_COLUMNS)
        .outerjoin(StoredFile, StoredFile.id == MeetingDocument.file_id)
        .where(MeetingDocument.meeting_id == row.id)
        .order_by(MeetingDocument.id)
    ).all()
    return MeetingView(
        row.id,
        row.committee_id,
        _line(row),
        row.link,
        row.version,
        _agenda(session, row.id),
        attendance,
        taken,
        read_minutes(keyring, row.id, row.minutes_sealed),
        row.adopted_at,
        tuple(
            DocumentLine(one.document_id, None if one.id is None else file_view(keyring, one), one.added_at)
            for one in documents
        ),
        decisions_of(session, viewer, row.committee_id, meeting_id=row.id, follow_ups=False)[0],
    )


def document_file(session: Session, viewer: Viewer, code: str, document_id: UUID) -> UUID | None:
    """The stored file behind a document this person may read, else None."""
    row = session.execute(
        select(MeetingDocument.file_id, Meeting.committee_id)
        .join(Meeting, Meeting.id == MeetingDocument.meeting_id)
        .where(MeetingDocument.id == document_id, Meeting.code == code)
    ).first()
    if row is None or not can(viewer, READ, CommitteeFacts(row.committee_id)).allowed:
        return None
    file_id: UUID = row.file_id
    return file_id


def _line(row: Any) -> MeetingLine:
    return MeetingLine(
        row.code,
        row.committee_slug,
        row.committee_title,
        row.title,
        row.place,
        row.starts_at,
        row.ends_at,
        MeetingState(row.state),
        MinutesState(row.minutes_state),
    )


def _agenda(session: Session, meeting_id: UUID) -> tuple[AgendaLine, ...]:
    rows = session.execute(
        select(AgendaItem.position, AgendaItem.title, AgendaItem.minutes, Organisation.name, AgendaItem.organisation_id)
        .outerjoin(Organisation, Organisation.id == AgendaItem.organisation_id)
        .where(AgendaItem.meeting_id == meeting_id)
        .order_by(AgendaItem.position)
    )
    return tuple(AgendaLine(row.position, row.title, row.minutes, row.name or "", row.organisation_id) for row in rows)


def _attendance(session: Session, row: Any) -> tuple[tuple[AttendanceLine, ...], Participation | None]:
    """Seats of that day, then guests; the seats alone, unmarked, before the attendance is taken."""
    seated = (
        (CommitteeSeat.organisation_id == Organisation.id)
        & (CommitteeSeat.committee_id == row.committee_id)
        & in_force(local_day(row.starts_at))
    )
    marked = (MeetingAttendance.organisation_id == Organisation.id) & (MeetingAttendance.meeting_id == row.id)
    rows = session.execute(
        select(
            Organisation.id,
            Organisation.name,
            MeetingAttendance.presence,
            MeetingAttendance.persons,
            MeetingAttendance.seat_id.label("seat_then"),
            CommitteeSeat.id.label("seat_now"),
        )
        .outerjoin(MeetingAttendance, marked)
        .outerjoin(CommitteeSeat, seated)
        .where(or_(MeetingAttendance.id.is_not(None), CommitteeSeat.id.is_not(None)))
        .order_by(Organisation.sort_key)
    ).all()
    marks = any(one.presence is not None for one in rows)
    found = [
        AttendanceLine(
            one.id,
            one.name,
            (one.seat_now if one.presence is None else one.seat_then) is not None,
            None if one.presence is None else Presence(one.presence),
            one.persons or 0,
        )
        for one in rows
    ]
    lines = tuple(sorted(found, key=lambda line: not line.seat))
    if not marks:
        return lines, None
    return lines, participation((line.seat, line.presence or Presence.ABSENT) for line in lines)
