"""Figures that printed reports have published already: trainings, prevention workshops, evaluations. Line by line."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Date, Index, Integer, String, Uuid
from sqlalchemy.orm import Mapped

from core.api import Base, UtcDateTime, identifier, internal


class PublishedLine(Base):
    """One line of a printed table. `period` as printed; `counted` false: it may be the training of line `same_as`: it
    is shown and marked, and added to nothing. `printed_total`: what the source prints below its lines, kept beside."""

    __tablename__ = "ficesl_published_lines"
    __table_args__ = (
        CheckConstraint("kind IN ('training', 'workshop')", name="kind_code"),
        CheckConstraint("quarter_hours >= 0", name="quarter_hours_not_negative"),
        Index("ix_ficesl_published_lines_kind", "kind", "first_day"),
    )

    id: Mapped[UUID] = identifier()
    kind: Mapped[str] = internal(String(8))
    number: Mapped[int] = internal(Integer)
    period: Mapped[str] = internal(String(9))
    first_day: Mapped[date] = internal(Date)
    last_day: Mapped[date] = internal(Date)
    title: Mapped[str] = internal(String(200))
    audience: Mapped[str] = internal(String(120), default="")
    organisation: Mapped[str] = internal(String(160), default="")
    sessions: Mapped[int | None] = internal(Integer, nullable=True)
    quarter_hours: Mapped[int] = internal(Integer)
    people: Mapped[int | None] = internal(Integer, nullable=True)
    young: Mapped[int | None] = internal(Integer, nullable=True)
    adults: Mapped[int | None] = internal(Integer, nullable=True)
    groups: Mapped[int | None] = internal(Integer, nullable=True)
    printed_total: Mapped[bool] = internal(Boolean, default=False)
    counted: Mapped[bool] = internal(Boolean, default=True)
    same_as: Mapped[UUID | None] = internal(Uuid, nullable=True)
    source_key: Mapped[str] = internal(String(64), unique=True)
    imported_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    at: Mapped[datetime] = internal(UtcDateTime)


class PublishedEvaluation(Base):
    """One statement of a printed evaluation, its percentages in tenths, as printed (49,5 is 495): they are never
    recomputed and do not always add up to 1000."""

    __tablename__ = "ficesl_published_evaluations"
    __table_args__ = (
        CheckConstraint("respondents > 0", name="respondents_above_zero"),
        Index("ix_ficesl_published_evaluations_period", "period", "meeting", "position"),
    )

    id: Mapped[UUID] = identifier()
    period: Mapped[str] = internal(String(9))
    meeting: Mapped[int] = internal(Integer)
    theme: Mapped[str] = internal(String(160))
    respondents: Mapped[int] = internal(Integer)
    position: Mapped[int] = internal(Integer)
    question: Mapped[str] = internal(String(200))
    t0: Mapped[int] = internal(Integer)
    t1: Mapped[int] = internal(Integer)
    t2: Mapped[int] = internal(Integer)
    t3: Mapped[int] = internal(Integer)
    source_key: Mapped[str] = internal(String(64), unique=True)
    imported_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    at: Mapped[datetime] = internal(UtcDateTime)
