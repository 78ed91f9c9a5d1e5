"""What is taught: courses, their versions, modules or capsules, prerequisites, materials. Nothing personal.

A published version never changes: what changes is a new version, and a capsule keeps its `lineage_id` from one to the
next, so that what people have done stays done.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from core.api import Base, UtcDateTime, identifier, internal


class Course(Base):
    """A training, a set of one-hour capsules or a prevention workshop. `kind`: training, capsules, workshop."""

    __tablename__ = "ficesl_courses"
    __table_args__ = (CheckConstraint("kind IN ('training', 'capsules', 'workshop')", name="kind_code"),)

    id: Mapped[UUID] = identifier()
    code: Mapped[str] = internal(String(9), unique=True)
    kind: Mapped[str] = internal(String(12))
    created_at: Mapped[datetime] = internal(UtcDateTime)
    retired_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class Version(Base):
    """What a course says from a publication on. `audience`: a code of `rules.catalogue.AUDIENCES`; `validity_months`
    None: it never ends."""

    __tablename__ = "ficesl_versions"
    __table_args__ = (
        UniqueConstraint("course_id", "number"),
        CheckConstraint("state IN ('draft', 'published', 'retired')", name="state_code"),
        CheckConstraint("validity_months IS NULL OR validity_months > 0", name="validity_above_zero"),
    )

    id: Mapped[UUID] = identifier()
    course_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_courses.id"))
    number: Mapped[int] = internal(Integer)
    state: Mapped[str] = internal(String(12))
    title: Mapped[str] = internal(String(160))
    title_en: Mapped[str] = internal(String(160), default="")
    summary: Mapped[str] = internal(String(600), default="")
    audience: Mapped[str] = internal(String(24))
    validity_months: Mapped[int | None] = internal(Integer, nullable=True)
    published_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class Module(Base):
    """One part of a version, in order. `minutes` is its duration, credited at most; `form`: live or self_paced."""

    __tablename__ = "ficesl_modules"
    __table_args__ = (
        UniqueConstraint("version_id", "lineage_id"),
        CheckConstraint("form IN ('live', 'self_paced')", name="form_code"),
        CheckConstraint("minutes > 0", name="minutes_above_zero"),
        Index("ix_ficesl_modules_lineage_id", "lineage_id"),
    )

    id: Mapped[UUID] = identifier()
    version_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_versions.id", ondelete="CASCADE"))
    lineage_id: Mapped[UUID] = internal(Uuid)
    position: Mapped[int] = internal(Integer)
    title: Mapped[str] = internal(String(160))
    title_en: Mapped[str] = internal(String(160), default="")
    minutes: Mapped[int] = internal(Integer)
    form: Mapped[str] = internal(String(12))
    video_url: Mapped[str | None] = internal(String(300), nullable=True)
    quiz_pass_percent: Mapped[int | None] = internal(Integer, nullable=True)
    quiz_attempts: Mapped[int | None] = internal(Integer, nullable=True)


class Prerequisite(Base):
    """A course that must be valid before a version's own is completed."""

    __tablename__ = "ficesl_prerequisites"
    __table_args__ = (UniqueConstraint("version_id", "course_id"),)

    id: Mapped[UUID] = identifier()
    version_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_versions.id", ondelete="CASCADE"))
    course_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_courses.id"))


class Material(Base):
    """A link or a PDF of a version. `reach`: network, registered (who has a seat in a session), trainers."""

    __tablename__ = "ficesl_materials"
    __table_args__ = (
        CheckConstraint("reach IN ('network', 'registered', 'trainers')", name="reach_code"),
        CheckConstraint("url IS NULL OR file_id IS NULL", name="link_or_file"),
        Index("ix_ficesl_materials_version_id", "version_id"),
    )

    id: Mapped[UUID] = identifier()
    version_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_versions.id", ondelete="CASCADE"))
    title: Mapped[str] = internal(String(160))
    url: Mapped[str | None] = internal(String(300), nullable=True)
    file_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    reach: Mapped[str] = internal(String(12))
