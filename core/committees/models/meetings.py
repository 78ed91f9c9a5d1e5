"""Meetings of committees: agenda, attendance, minutes, documents, decisions and what follows from them.

Committees work on rules and services, never on a woman: the pages say so. Minutes are sealed all the same, since people
write in them what they should not.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from core.committees.rules.meetings import MeetingState, MinutesState, Presence
from core.kernel.db import Base, UtcDateTime, identifier, internal, sealed


def _codes(column: str, words: type[MeetingState] | type[MinutesState] | type[Presence], name: str) -> CheckConstraint:
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


class Meeting(Base):
    """One meeting. `sequence` grows with each change a calendar must learn; `version` with every change."""

    __tablename__ = "meetings"
    __table_args__ = (
        _codes("state", MeetingState, "state_code"),
        _codes("minutes_state", MinutesState, "minutes_state_code"),
        CheckConstraint("ends_at > starts_at", name="times"),
        Index("ix_meetings_committee_id_starts_at", "committee_id", "starts_at"),
        Index("ix_meetings_starts_at", "starts_at"),
    )

    id: Mapped[UUID] = identifier()
    code: Mapped[str] = internal(String(16), unique=True)
    committee_id: Mapped[UUID] = internal(Uuid, ForeignKey("committees.id"))
    title: Mapped[str] = internal(String(160))
    place: Mapped[str] = internal(String(200), default="")
    link: Mapped[str] = internal(String(300), default="")
    starts_at: Mapped[datetime] = internal(UtcDateTime)
    ends_at: Mapped[datetime] = internal(UtcDateTime)
    state: Mapped[str] = internal(String(10), default=MeetingState.PLANNED.value)
    sequence: Mapped[int] = internal(Integer, default=0)
    version: Mapped[int] = internal(Integer, default=1)
    minutes_state: Mapped[str] = internal(String(8), default=MinutesState.NONE.value)
    minutes_sealed: Mapped[bytes | None] = sealed()
    adopted_at: Mapped[datetime | None] = internal(UtcDateTime)
    reminded_at: Mapped[datetime | None] = internal(UtcDateTime)
    created_by: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"))
    created_at: Mapped[datetime] = internal(UtcDateTime)
    changed_at: Mapped[datetime] = internal(UtcDateTime)


class AgendaItem(Base):
    """One point of the agenda, in order. `minutes`: how long it is planned to take."""

    __tablename__ = "meeting_agenda_items"
    __table_args__ = (UniqueConstraint("meeting_id", "position"),)

    id: Mapped[UUID] = identifier()
    meeting_id: Mapped[UUID] = internal(Uuid, ForeignKey("meetings.id", ondelete="CASCADE"))
    position: Mapped[int] = internal(Integer)
    title: Mapped[str] = internal(String(200))
    minutes: Mapped[int | None] = internal(Integer)
    organisation_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("organisations.id"))


class MeetingAttendance(Base):
    """What became of one organisation: its seat, or a guest (`seat_id` empty). `persons`: how many came."""

    __tablename__ = "meeting_attendance"
    __table_args__ = (
        _codes("presence", Presence, "presence_code"),
        CheckConstraint("persons >= 0", name="persons"),
        UniqueConstraint("meeting_id", "organisation_id"),
    )

    id: Mapped[UUID] = identifier()
    meeting_id: Mapped[UUID] = internal(Uuid, ForeignKey("meetings.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    seat_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("committee_seats.id", ondelete="SET NULL"), index=True)
    user_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"), index=True)
    presence: Mapped[str] = internal(String(12))
    persons: Mapped[int] = internal(Integer, default=1)


class MeetingDocument(Base):
    """A document of a meeting; its content is a `stored_files` row."""

    __tablename__ = "meeting_documents"

    id: Mapped[UUID] = identifier()
    meeting_id: Mapped[UUID] = internal(Uuid, ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    file_id: Mapped[UUID] = internal(Uuid, ForeignKey("stored_files.id"), unique=True)
    added_by: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"))
    added_at: Mapped[datetime] = internal(UtcDateTime)


class HandsShown(Base):
    """Hands raised in a meeting, as who chaired noted them. They count once somebody of another organisation who was
    there confirmed them; until then they are noted again as often as needed, under another `id`."""

    __tablename__ = "hands_shown"

    id: Mapped[UUID] = identifier()
    vote_id: Mapped[UUID] = internal(Uuid, ForeignKey("votes.id", ondelete="CASCADE"), index=True)
    meeting_id: Mapped[UUID] = internal(Uuid, ForeignKey("meetings.id"), index=True)
    noted_by: Mapped[UUID] = internal(Uuid, ForeignKey("users.id"))
    noted_for: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    noted_at: Mapped[datetime] = internal(UtcDateTime)
    confirmed_by: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"))
    confirmed_at: Mapped[datetime | None] = internal(UtcDateTime)


class RaisedHand(Base):
    """One hand that waits for its confirmation, sealed like a ballot; confirmed, it is a ballot and leaves here."""

    __tablename__ = "raised_hands"
    __table_args__ = (UniqueConstraint("shown_id", "organisation_id"),)

    id: Mapped[UUID] = identifier()
    shown_id: Mapped[UUID] = internal(Uuid, ForeignKey("hands_shown.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    vote_seat_id: Mapped[UUID] = internal(Uuid, ForeignKey("vote_seats.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[UUID] = internal(Uuid, ForeignKey("users.id"))
    choice_sealed: Mapped[bytes] = sealed()


class Decision(Base):
    """One line of the decisions register. `replaced_by`: the decision that took its place; nothing is erased."""

    __tablename__ = "committee_decisions"
    __table_args__ = (Index("ix_committee_decisions_committee_id_decided_on", "committee_id", "decided_on"),)

    id: Mapped[UUID] = identifier()
    code: Mapped[str] = internal(String(16), unique=True)
    committee_id: Mapped[UUID] = internal(Uuid, ForeignKey("committees.id"))
    meeting_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("meetings.id"), index=True)
    vote_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("votes.id"), index=True)
    text: Mapped[str] = internal(String(600))
    decided_on: Mapped[date] = internal(Date)
    replaced_by: Mapped[UUID | None] = internal(Uuid, ForeignKey("committee_decisions.id"))
    noted_by: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"))
    noted_at: Mapped[datetime] = internal(UtcDateTime)


class FollowUp(Base):
    """What an organisation has to do after a decision, and by when."""

    __tablename__ = "committee_follow_ups"
    __table_args__ = (Index("ix_committee_follow_ups_open", "done_at", "due_on"),)

    id: Mapped[UUID] = identifier()
    decision_id: Mapped[UUID] = internal(Uuid, ForeignKey("committee_decisions.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"), index=True)
    what: Mapped[str] = internal(String(300))
    due_on: Mapped[date] = internal(Date)
    reminded_on: Mapped[date | None] = internal(Date)
    done_at: Mapped[datetime | None] = internal(UtcDateTime)
    done_by: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"))


class CalendarFeed(Base):
    """The secret address of one person's calendar. Only its hash is kept; a new one replaces it."""

    __tablename__ = "calendar_feeds"

    id: Mapped[UUID] = identifier()
    user_id: Mapped[UUID] = internal(Uuid, ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    token_hash: Mapped[bytes] = internal(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = internal(UtcDateTime)
