"""Statistics that outlive everything else, and the words written around them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from core.kernel.db import Base, UtcDateTime, identifier, internal


class ReportFact(Base):
    """One reference that ended, in codes. Nothing leads back to it: no reference, no moment, not even a day.

    A day with the two organisations would point to one reference as long as its row exists, so only the fiscal quarters
    are kept, and lengths of time in steps (`rules.facts.coarse`). The identifier is random. On SQLite rows lie in the
    order of their identifiers (WITHOUT ROWID), never in the order they were written; on PostgreSQL, where a row also
    remembers its transaction, a job writes them again together (`services.facts.settle_facts`).
    """

    __tablename__ = "report_facts"
    __table_args__ = (
        Index("ix_report_facts_ended", "ended_quarter", "recipient_id"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=uuid4)
    #: Fiscal quarter in which it ended, `2023T1`: what reports count by, since a closed quarter never changes.
    ended_quarter: Mapped[str] = internal(String(6))
    submitted_quarter: Mapped[str] = internal(String(6))
    kind: Mapped[str] = internal(String(12))
    channel: Mapped[str] = internal(String(12))
    origin_type: Mapped[str] = internal(String(20))
    origin_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("organisations.id"))
    recipient_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    area_code: Mapped[str] = internal(String(20))
    age_band: Mapped[str] = internal(String(12))
    #: Codes in order, each between commas: `,legal,support,`.
    needs: Mapped[str] = internal(String(240))
    urgent: Mapped[bool] = internal(Boolean)
    #: 1 to 3, 0 when no code was given.
    priority: Mapped[int] = internal(Integer)
    outcome: Mapped[str] = internal(String(24))
    taken: Mapped[bool] = internal(Boolean)
    reached: Mapped[bool] = internal(Boolean)
    answer_minutes: Mapped[int | None] = internal(Integer)
    contact_minutes: Mapped[int | None] = internal(Integer)
    end_minutes: Mapped[int | None] = internal(Integer)
    settled: Mapped[bool] = internal(Boolean, default=False)


class ReportText(Base):
    """The words of one section of one year's report. Each saving is a new version; adopted ones are never changed."""

    __tablename__ = "report_texts"
    __table_args__ = (
        UniqueConstraint("year", "section", "version"),
        CheckConstraint("status IN ('draft', 'adopted')", name="status_code"),
    )

    id: Mapped[UUID] = identifier()
    year: Mapped[str] = internal(String(9))
    section: Mapped[str] = internal(String(60))
    version: Mapped[int] = internal(Integer)
    text: Mapped[str] = internal(Text)
    status: Mapped[str] = internal(String(8), default="draft")
    saved_by: Mapped[UUID | None] = internal(Uuid)
    saved_at: Mapped[datetime] = internal(UtcDateTime)
    adopted_by: Mapped[UUID | None] = internal(Uuid)
    adopted_at: Mapped[datetime | None] = internal(UtcDateTime)
