"""Needs that the guide left without an answer: codes and a quarter, no day, nobody.

`run` is a keyed hash of one way through the guide, drawn by the page: with it the same way is counted once, and can be
left out again. It leads to nobody, and nothing else bears it. The key of a row is drawn at random: the usual ones hold
the instant they were made.
"""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from core.api import Base, internal


class UnmetRow(Base):
    """One need of one way through the guide. `area`: a code of `core.api.areas`, "" when it was not said; `age`:
    `minor`, `adult` or `unknown`; `quarter`: fiscal, `2026T3`; `organisation_id`: who asked, which reads its own."""

    __tablename__ = "orres_unmet"
    __table_args__ = (
        UniqueConstraint("run", "need"),
        CheckConstraint("age IN ('minor', 'adult', 'unknown')", name="age_code"),
        CheckConstraint("reason IN ('none', 'full', 'area', 'age', 'condition', 'closed')", name="reason_code"),
        Index("ix_orres_unmet_quarter", "quarter"),
    )

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=uuid4)
    run: Mapped[UUID] = internal(Uuid)
    organisation_id: Mapped[UUID] = internal(Uuid)
    quarter: Mapped[str] = internal(String(6))
    need: Mapped[str] = internal(String(24))
    area: Mapped[str] = internal(String(24), default="")
    age: Mapped[str] = internal(String(8))
    reason: Mapped[str] = internal(String(10))
