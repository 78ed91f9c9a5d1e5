"""What is taught and when, as the other subjects of training ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ..access import SessionFacts
from ..models import Block, Course, Module, Registration, Team, TrainingSession, Version
from ..rules.catalogue import VersionState


@dataclass(frozen=True)
class ModuleView:
    """A part or a capsule. `minutes`: its duration."""

    id: UUID
    version_id: UUID
    lineage_id: UUID
    position: int
    title: str
    title_en: str
    minutes: int
    form: str
    video_url: str | None
    quiz_pass_percent: int | None
    quiz_attempts: int | None


@dataclass(frozen=True)
class VersionView:
    """A version and its course. `kind` and `code` are the course's."""

    id: UUID
    course_id: UUID
    code: str
    kind: str
    number: int
    state: str
    title: str
    title_en: str
    summary: str
    audience: str
    validity_months: int | None
    published_at: datetime | None
    retired_at: datetime | None


@dataclass(frozen=True)
class NextSession:
    """A session to come. `left`: seats nobody has."""

    id: UUID
    code: str
    version_id: UUID
    course_id: UUID
    title: str
    title_en: str
    starts_at: datetime
    capacity: int
    left: int
    language: str


_VERSION = (
    Version.id,
    Version.course_id,
    Course.code,
    Course.kind,
    Version.number,
    Version.state,
    Version.title,
    Version.title_en,
    Version.summary,
    Version.audience,
    Version.validity_months,
    Version.published_at,
    Course.retired_at,
)


def modules_of(session: Session, version_id: UUID) -> tuple[ModuleView, ...]:
    """The parts of a version, in order. One statement."""
    rows = session.execute(
        select(*Module.__table__.columns).where(Module.version_id == version_id).order_by(Module.position, Module.id)
    )
    return tuple(ModuleView(**row._mapping) for row in rows)


def versions() -> Select[*tuple[Any, ...]]:
    """Versions with their course."""
    columns: tuple[Any, ...] = _VERSION
    return select(*columns).join(Course, Course.id == Version.course_id)


def version_view(row: Any) -> VersionView:
    """A row of `versions()`."""
    return VersionView(**row._mapping)


def version_of_course(session: Session, course_id: UUID) -> VersionView | None:
    """The version in force of a course: the last one published. One statement."""
    wanted = versions().where(Version.course_id == course_id, Version.state == VersionState.PUBLISHED)
    row = session.execute(wanted.order_by(Version.number.desc()).limit(1)).first()
    return None if row is None else version_view(row)


def version_by_id(session: Session, version_id: UUID) -> VersionView | None:
    """A version. One statement."""
    row = session.execute(versions().where(Version.id == version_id)).first()
    return None if row is None else version_view(row)


def course_by_code(session: Session, code: str) -> UUID | None:
    """The course of a code such as `K-7K3M-9Q`."""
    return session.scalar(select(Course.id).where(Course.code == code))


def published_courses(session: Session) -> tuple[VersionView, ...]:
    """The version in force of every course that is offered, by title. One statement."""
    rows = session.execute(
        versions().where(Version.state == VersionState.PUBLISHED, Course.retired_at.is_(None)).order_by(Version.title)
    )
    return tuple(version_view(row) for row in rows)


def session_facts(session: Session, session_id: UUID) -> SessionFacts | None:
    """What `access` decides a session with. One statement."""
    row = session.execute(
        select(
            TrainingSession.state,
            TrainingSession.committee_id,
            TrainingSession.organisation_id,
            Team.organisation_id.label("unit_of"),
        )
        .outerjoin(Team, Team.id == TrainingSession.team_id)
        .where(TrainingSession.id == session_id)
    ).first()
    return None if row is None else SessionFacts(row.state, row.committee_id, row.organisation_id, row.unit_of)


def first_block() -> Any:
    """When a session's first block that takes place begins, as a scalar of `TrainingSession`."""
    held = (Block.session_id == TrainingSession.id) & Block.cancelled_at.is_(None)
    return select(func.min(Block.starts_at)).where(held).correlate(TrainingSession).scalar_subquery()


def last_block() -> Any:
    """When its last one ends."""
    held = (Block.session_id == TrainingSession.id) & Block.cancelled_at.is_(None)
    return select(func.max(Block.ends_at)).where(held).correlate(TrainingSession).scalar_subquery()


def counted(state: str) -> Any:
    """How many registrations of a session are in that state, as a scalar of `TrainingSession`."""
    there = (Registration.session_id == TrainingSession.id) & (Registration.state == state)
    return select(func.count()).select_from(Registration).where(there).correlate(TrainingSession).scalar_subquery()


def next_sessions(session: Session, course_id: UUID, now: datetime, limit: int = 3) -> tuple[NextSession, ...]:
    """Open sessions of a course that everybody may join and that have not begun, soonest first. One statement."""
    starts = first_block()
    rows = session.execute(
        select(
            TrainingSession.id,
            TrainingSession.code,
            TrainingSession.version_id,
            Version.course_id,
            Version.title,
            Version.title_en,
            starts.label("starts_at"),
            TrainingSession.capacity,
            (TrainingSession.capacity - counted("registered")).label("left"),
            TrainingSession.language,
        )
        .join(Version, Version.id == TrainingSession.version_id)
        .where(
            Version.course_id == course_id,
            TrainingSession.state == "open",
            TrainingSession.team_id.is_(None),
            starts > now,
        )
        .order_by(starts, TrainingSession.id)
        .limit(limit)
    )
    return tuple(NextSession(**{**row._mapping, "left": max(0, row.left)}) for row in rows)
