"""Where women are on the trajectory, in codes: nothing here names anybody, and no reference is kept.

`case_mark` is a keyed hash of the case under this plugin's own purpose (security S23): it is followed from a reference
that one may open to a path, never back. When nothing of hers is under way any more, the rows go.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from core.api import Base, UtcDateTime, identifier, internal

_CODES = "IN ('begun', 'done', 'not_for_her')"


class PathRow(Base):
    """One person's path. `started_at`: the first step that anybody marked; `touched_at`: the last change."""

    __tablename__ = "orres_paths"
    __table_args__ = (Index("ix_orres_paths_touched_at", "touched_at"),)

    id: Mapped[UUID] = identifier()
    case_mark: Mapped[bytes] = internal(LargeBinary(32), unique=True)
    started_at: Mapped[datetime] = internal(UtcDateTime)
    touched_at: Mapped[datetime] = internal(UtcDateTime)


class StepRow(Base):
    """What one organisation says of one step, by the key it has in every version. `before`: what it said before, so
    that the last change can be undone; `begun_at`: when it first said that the step began."""

    __tablename__ = "orres_steps"
    __table_args__ = (
        UniqueConstraint("path_id", "organisation_id", "node_key"),
        CheckConstraint(f"status {_CODES}", name="status_code"),
        CheckConstraint(f"before IS NULL OR before {_CODES}", name="before_code"),
    )

    id: Mapped[UUID] = identifier()
    path_id: Mapped[UUID] = internal(Uuid, ForeignKey("orres_paths.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    node_key: Mapped[str] = internal(String(60))
    status: Mapped[str] = internal(String(12))
    before: Mapped[str | None] = internal(String(12), nullable=True)
    begun_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    marked_at: Mapped[datetime] = internal(UtcDateTime)


class StepFact(Base):
    """One step of a path that is over, in codes: nothing leads back to it, not even a day, as for the core's facts.

    `wait_minutes`: from the first step marked to this one, in coarse steps. `settled`: written again together with
    others, so that neither its place nor its transaction says which path it came from.
    """

    __tablename__ = "orres_step_facts"
    __table_args__ = (
        CheckConstraint(f"status {_CODES}", name="status_code"),
        CheckConstraint("wait_minutes >= 0", name="wait_not_negative"),
        Index("ix_orres_step_facts_ended_quarter", "ended_quarter"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=uuid4)
    #: Fiscal quarter in which the path ended, `2026T3`.
    ended_quarter: Mapped[str] = internal(String(6))
    node_key: Mapped[str] = internal(String(60))
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    status: Mapped[str] = internal(String(12))
    wait_minutes: Mapped[int] = internal(Integer)
    settled: Mapped[bool] = internal(Boolean, default=False)
