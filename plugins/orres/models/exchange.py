"""Clinical exchanges and upkeep campaigns.

Nothing here leads to a reference: a vignette is told from memory. Its texts are sealed, since a guard may err.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped

from core.api import Base, UtcDateTime, identifier, internal, sealed

ID = "orres_vignettes.id"


class Vignette(Base):
    """A vignette. `reader_id`: the second reader, of another organisation; `version` grows with each change."""

    __tablename__ = "orres_vignettes"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'returned', 'shared', 'closed', 'withdrawn')", name="state_code"),
        Index("ix_orres_vignettes_committee_id", "committee_id", "state"),
    )

    id: Mapped[UUID] = identifier()
    code: Mapped[str] = internal(String(9), unique=True)
    committee_id: Mapped[UUID] = internal(Uuid)
    organisation_id: Mapped[UUID] = internal(Uuid)
    author_id: Mapped[UUID | None] = internal(Uuid, nullable=True, index=True)
    reader_organisation_id: Mapped[UUID] = internal(Uuid)
    reader_id: Mapped[UUID | None] = internal(Uuid, nullable=True, index=True)
    sent_key: Mapped[str] = internal(String(64), unique=True)
    state: Mapped[str] = internal(String(12))
    version: Mapped[int] = internal(Integer)
    age_band: Mapped[str] = internal(String(16))
    area_code: Mapped[str] = internal(String(20))
    area_label: Mapped[str] = internal(String(120))
    area_label_en: Mapped[str] = internal(String(120))
    since: Mapped[str] = internal(String(8))
    needs: Mapped[list[Any]] = internal(JSON, default=list)
    title_sealed: Mapped[bytes | None] = sealed(nullable=True)
    story_sealed: Mapped[bytes | None] = sealed(nullable=True)
    question_sealed: Mapped[bytes | None] = sealed(nullable=True)
    remark_sealed: Mapped[bytes | None] = sealed(nullable=True)
    created_at: Mapped[datetime] = internal(UtcDateTime)
    shared_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    ended_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class Note(Base):
    """A note of the discussion."""

    __tablename__ = "orres_notes"
    __table_args__ = (Index("ix_orres_notes_vignette_id", "vignette_id", "at"),)

    id: Mapped[UUID] = identifier()
    vignette_id: Mapped[UUID] = internal(Uuid, ForeignKey(ID, ondelete="CASCADE"))
    organisation_id: Mapped[UUID] = internal(Uuid)
    author_id: Mapped[UUID | None] = internal(Uuid, nullable=True, index=True)
    text_sealed: Mapped[bytes | None] = sealed(nullable=True)
    at: Mapped[datetime] = internal(UtcDateTime)


class Lesson(Base):
    """What an exchange taught, and what it would change. It outlives its vignette.

    `version_number`: the draft of the trajectory it is joined to; `edit_id`: the proposal made to the directory.
    """

    __tablename__ = "orres_lessons"
    __table_args__ = (
        CheckConstraint("target IN ('trajectory', 'directory', 'practice')", name="target_code"),
        CheckConstraint("state IN ('open', 'attached', 'done', 'aside')", name="state_code"),
        Index("ix_orres_lessons_committee_id", "committee_id", "state"),
    )

    id: Mapped[UUID] = identifier()
    committee_id: Mapped[UUID] = internal(Uuid)
    vignette_id: Mapped[UUID | None] = internal(Uuid, ForeignKey(ID, ondelete="SET NULL"), nullable=True, index=True)
    organisation_id: Mapped[UUID] = internal(Uuid)
    author_id: Mapped[UUID | None] = internal(Uuid, nullable=True, index=True)
    target: Mapped[str] = internal(String(12))
    text_sealed: Mapped[bytes | None] = sealed(nullable=True)
    service_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    field: Mapped[str] = internal(String(24), default="")
    edit_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    version_number: Mapped[int | None] = internal(Integer, nullable=True, index=True)
    state: Mapped[str] = internal(String(12))
    at: Mapped[datetime] = internal(UtcDateTime)
    decided_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    decided_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class NotOne(Base):
    """« Ce n’en est pas un »: what looked like a person, in which field, and who said it was not. Never the words."""

    __tablename__ = "orres_not_one"
    __table_args__ = (Index("ix_orres_not_one_vignette_id", "vignette_id"),)

    id: Mapped[UUID] = identifier()
    vignette_id: Mapped[UUID] = internal(Uuid, ForeignKey(ID, ondelete="CASCADE"))
    field: Mapped[str] = internal(String(24))
    kind: Mapped[str] = internal(String(16))
    user_id: Mapped[UUID | None] = internal(Uuid, nullable=True, index=True)
    at: Mapped[datetime] = internal(UtcDateTime)


class GivenHours(Base):
    """Somebody counted her time for an exchange in the committees' hours: once."""

    __tablename__ = "orres_given_hours"
    __table_args__ = (UniqueConstraint("vignette_id", "user_id"),)

    id: Mapped[UUID] = identifier()
    vignette_id: Mapped[UUID] = internal(Uuid, ForeignKey(ID, ondelete="CASCADE"))
    user_id: Mapped[UUID] = internal(Uuid, index=True)
    quarter_hours: Mapped[int] = internal(Integer)
    at: Mapped[datetime] = internal(UtcDateTime)


class Campaign(Base):
    """An upkeep campaign: planned, then open, then ended; both days are included."""

    __tablename__ = "orres_campaigns"
    __table_args__ = (CheckConstraint("closes_on >= opens_on", name="days_in_order"),)

    id: Mapped[UUID] = identifier()
    number: Mapped[int] = internal(Integer, unique=True)
    opens_on: Mapped[date] = internal(Date)
    closes_on: Mapped[date] = internal(Date)
    opened_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    ended_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    edits: Mapped[int] = internal(Integer, default=0)


class CampaignResult(Base):
    """What an organisation had confirmed when a campaign ended, of the sheets that partners may read."""

    __tablename__ = "orres_campaign_results"
    __table_args__ = (UniqueConstraint("campaign_id", "organisation_id"),)

    id: Mapped[UUID] = identifier()
    campaign_id: Mapped[UUID] = internal(Uuid, ForeignKey("orres_campaigns.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID] = internal(Uuid)
    sheets: Mapped[int] = internal(Integer)
    confirmed: Mapped[int] = internal(Integer)
    reachable: Mapped[bool] = internal(Boolean)


class CampaignReminder(Base):
    """A reminder that left to an organisation: `step` 0 opens the campaign, each leaves once."""

    __tablename__ = "orres_campaign_reminders"
    __table_args__ = (UniqueConstraint("campaign_id", "organisation_id", "step"),)

    id: Mapped[UUID] = identifier()
    campaign_id: Mapped[UUID] = internal(Uuid, ForeignKey("orres_campaigns.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID] = internal(Uuid)
    step: Mapped[int] = internal(Integer)
    at: Mapped[datetime] = internal(UtcDateTime)
