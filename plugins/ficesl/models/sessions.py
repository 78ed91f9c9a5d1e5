"""When it is taught: sessions, blocks, trainers, seats by organisation, registrations, and series by unit."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from core.api import Base, UtcDateTime, identifier, internal, sealed


class TrainingSession(Base):
    """A version given at some days. `organisation_id`: who hosts; `team_id`: given to that unit alone. `sequence`
    counts its changes, for calendars."""

    __tablename__ = "ficesl_sessions"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'open', 'cancelled', 'done')", name="state_code"),
        CheckConstraint("capacity > 0", name="capacity_above_zero"),
        Index("ix_ficesl_sessions_version_id", "version_id", "state"),
    )

    id: Mapped[UUID] = identifier()
    code: Mapped[str] = internal(String(9), unique=True)
    version_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_versions.id"))
    committee_id: Mapped[UUID] = internal(Uuid)
    organisation_id: Mapped[UUID] = internal(Uuid)
    team_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("ficesl_teams.id"), nullable=True)
    state: Mapped[str] = internal(String(12))
    capacity: Mapped[int] = internal(Integer)
    language: Mapped[str] = internal(String(8), default="fr")
    sequence: Mapped[int] = internal(Integer, default=0)
    changed_at: Mapped[datetime] = internal(UtcDateTime)
    created_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    created_at: Mapped[datetime] = internal(UtcDateTime)


class Block(Base):
    """One stretch of a session, in one day: a module, from when to when (UTC), a place or a link (sealed)."""

    __tablename__ = "ficesl_blocks"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_ficesl_blocks_session_id", "session_id", "starts_at"),
        Index("ix_ficesl_blocks_starts_at", "starts_at"),
    )

    id: Mapped[UUID] = identifier()
    session_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_sessions.id", ondelete="CASCADE"))
    module_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_modules.id"))
    starts_at: Mapped[datetime] = internal(UtcDateTime)
    ends_at: Mapped[datetime] = internal(UtcDateTime)
    place: Mapped[str | None] = internal(String(160), nullable=True)
    link_sealed: Mapped[bytes | None] = sealed(nullable=True)
    sequence: Mapped[int] = internal(Integer, default=0)
    changed_at: Mapped[datetime] = internal(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class Trainer(Base):
    """Who gives a session: somebody with an account, or a name (sealed) of an organisation."""

    __tablename__ = "ficesl_trainers"
    __table_args__ = (
        UniqueConstraint("session_id", "user_id"),
        Index("ix_ficesl_trainers_user_id", "user_id"),
    )

    id: Mapped[UUID] = identifier()
    session_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_sessions.id", ondelete="CASCADE"))
    user_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    organisation_id: Mapped[UUID] = internal(Uuid)
    name_sealed: Mapped[bytes | None] = sealed(nullable=True)


class SeatShare(Base):
    """Seats kept for an organisation; the others share what is left."""

    __tablename__ = "ficesl_seat_shares"
    __table_args__ = (
        UniqueConstraint("session_id", "organisation_id"),
        CheckConstraint("seats > 0", name="seats_above_zero"),
    )

    id: Mapped[UUID] = identifier()
    session_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_sessions.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID] = internal(Uuid)
    seats: Mapped[int] = internal(Integer)


class Registration(Base):
    """A person in a session. `queue`: order of arrival, kept when she waits, is cancelled and comes back."""

    __tablename__ = "ficesl_registrations"
    __table_args__ = (
        UniqueConstraint("session_id", "learner_id"),
        UniqueConstraint("session_id", "queue"),
        CheckConstraint("state IN ('registered', 'waiting', 'cancelled')", name="state_code"),
        Index("ix_ficesl_registrations_learner_id", "learner_id"),
        Index("ix_ficesl_registrations_organisation_id", "organisation_id", "session_id"),
    )

    id: Mapped[UUID] = identifier()
    session_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_sessions.id", ondelete="CASCADE"))
    learner_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_learners.id"))
    organisation_id: Mapped[UUID] = internal(Uuid)
    state: Mapped[str] = internal(String(12))
    queue: Mapped[int] = internal(Integer)
    registered_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    at: Mapped[datetime] = internal(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class SessionReminder(Base):
    """A reminder that was sent, so that it is sent once."""

    __tablename__ = "ficesl_session_reminders"
    __table_args__ = (UniqueConstraint("session_id", "days"),)

    id: Mapped[UUID] = identifier()
    session_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_sessions.id", ondelete="CASCADE"))
    days: Mapped[int] = internal(Integer)
    at: Mapped[datetime] = internal(UtcDateTime)


class Series(Base):
    """The capsules of a course given unit by unit, over years. It follows the course: the version in force says which
    capsules."""

    __tablename__ = "ficesl_series"

    id: Mapped[UUID] = identifier()
    code: Mapped[str] = internal(String(9), unique=True)
    course_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_courses.id"))
    starts_on: Mapped[date] = internal(Date)
    ended_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    created_at: Mapped[datetime] = internal(UtcDateTime)


class SeriesTeam(Base):
    """A unit that a series aims at. `target_on`: the day by which it should be over."""

    __tablename__ = "ficesl_series_teams"
    __table_args__ = (UniqueConstraint("series_id", "team_id"),)

    id: Mapped[UUID] = identifier()
    series_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_series.id", ondelete="CASCADE"))
    team_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_teams.id"))
    target_on: Mapped[date | None] = internal(Date, nullable=True)
