"""Versions of the trajectory and what they hold. Nothing personal: no text here is about somebody.

A version that is proposed, adopted, published or replaced never changes: what changes is a new draft, where nodes keep
their `key`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from core.api import Base, UtcDateTime, identifier, internal

ID = "orres_versions.id"


class VersionRow(Base):
    """One version. `edits` counts its changes (optimistic lock); `based_on`: the number it was copied from;
    `published_at` stays when another one replaces it at `retired_at`."""

    __tablename__ = "orres_versions"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'proposed', 'adopted', 'published', 'retired')", name="state_code"),
        CheckConstraint("number > 0", name="number_above_zero"),
        Index("ix_orres_versions_state", "state"),
    )

    id: Mapped[UUID] = identifier()
    number: Mapped[int] = internal(Integer, unique=True)
    state: Mapped[str] = internal(String(12))
    title: Mapped[str] = internal(String(160))
    note: Mapped[str] = internal(String(600), default="")
    based_on: Mapped[int | None] = internal(Integer, nullable=True)
    edits: Mapped[int] = internal(Integer, default=0)
    vote_code: Mapped[str | None] = internal(String(9), nullable=True, unique=True)
    created_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    created_at: Mapped[datetime] = internal(UtcDateTime)
    proposed_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    adopted_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    published_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    retired_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class NodeRow(Base):
    """A moment or a step. `needs`: codes; `delay_hours`: real hours."""

    __tablename__ = "orres_nodes"
    __table_args__ = (
        UniqueConstraint("version_id", "key"),
        CheckConstraint("kind IN ('moment', 'step')", name="kind_code"),
        CheckConstraint("(kind = 'step') = (moment_key IS NOT NULL)", name="step_of_a_moment"),
        CheckConstraint("delay_hours IS NULL OR delay_hours > 0", name="delay_above_zero"),
    )

    id: Mapped[UUID] = identifier()
    version_id: Mapped[UUID] = internal(Uuid, ForeignKey(ID, ondelete="CASCADE"))
    key: Mapped[str] = internal(String(60))
    kind: Mapped[str] = internal(String(8))
    moment_key: Mapped[str | None] = internal(String(60), nullable=True)
    title: Mapped[str] = internal(String(120))
    title_en: Mapped[str] = internal(String(120), default="")
    summary: Mapped[str] = internal(String(400), default="")
    position: Mapped[int] = internal(Integer)
    needs: Mapped[list[Any]] = internal(JSON, default=list)
    delay_hours: Mapped[int | None] = internal(Integer, nullable=True)


class EdgeRow(Base):
    """A passage between two nodes of the version, by their keys."""

    __tablename__ = "orres_edges"
    __table_args__ = (UniqueConstraint("version_id", "source", "target"),)

    id: Mapped[UUID] = identifier()
    version_id: Mapped[UUID] = internal(Uuid, ForeignKey(ID, ondelete="CASCADE"))
    source: Mapped[str] = internal(String(60))
    target: Mapped[str] = internal(String(60))
    position: Mapped[int] = internal(Integer)


class ConditionRow(Base):
    """One condition of a node (`owner_key`: its key) or of a passage (`owner_key`: `source>target`)."""

    __tablename__ = "orres_conditions"
    __table_args__ = (
        UniqueConstraint("version_id", "owner", "owner_key", "subject", "value"),
        CheckConstraint("owner IN ('edge', 'node')", name="owner_code"),
        CheckConstraint("subject IN ('age_band', 'mrc', 'danger', 'minor', 'need', 'language')", name="subject_code"),
    )

    id: Mapped[UUID] = identifier()
    version_id: Mapped[UUID] = internal(Uuid, ForeignKey(ID, ondelete="CASCADE"))
    owner: Mapped[str] = internal(String(4))
    owner_key: Mapped[str] = internal(String(121))
    subject: Mapped[str] = internal(String(10))
    value: Mapped[str] = internal(String(24))


class AnswerRow(Base):
    """A service of the directory at a node. The directory is another feature's: its row may go, this one stays and the
    version says so. `label` keeps what it was called, for who reads an old version."""

    __tablename__ = "orres_answers"
    __table_args__ = (
        UniqueConstraint("version_id", "node_key", "service_id"),
        CheckConstraint("role IN ('lead', 'support', 'information')", name="role_code"),
        CheckConstraint("delay_hours IS NULL OR delay_hours > 0", name="delay_above_zero"),
        Index("ix_orres_answers_service_id", "service_id"),
    )

    id: Mapped[UUID] = identifier()
    version_id: Mapped[UUID] = internal(Uuid, ForeignKey(ID, ondelete="CASCADE"))
    node_key: Mapped[str] = internal(String(60))
    service_id: Mapped[UUID] = internal(Uuid)
    role: Mapped[str] = internal(String(12))
    areas: Mapped[list[Any]] = internal(JSON, default=list)
    delay_hours: Mapped[int | None] = internal(Integer, nullable=True)
    label: Mapped[str] = internal(String(240), default="")


class UndoRow(Base):
    """What a draft held before a change, so that the change can be undone. Only the last ones are kept."""

    __tablename__ = "orres_undo"
    __table_args__ = (UniqueConstraint("version_id", "edits"),)

    id: Mapped[UUID] = identifier()
    version_id: Mapped[UUID] = internal(Uuid, ForeignKey(ID, ondelete="CASCADE"))
    edits: Mapped[int] = internal(Integer)
    act: Mapped[str] = internal(String(20))
    content: Mapped[dict[str, Any]] = internal(JSON)
    made_at: Mapped[datetime] = internal(UtcDateTime)
