"""The catalogue as its pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session

from core.api import Viewer

from ..models import Course, Learner, Material, Module, Prerequisite, Registration, Trainer, TrainingSession, Version
from ..models.attendance import Credit
from ..rules.catalogue import Reach, VersionState
from .training import ModuleView, VersionView, first_block, modules_of, version_view, versions

_NEWER = Version.__table__.alias("newer")


@dataclass(frozen=True)
class CourseLine:
    """A course in the list: its version in force, else its draft. `minutes` in all; `next_at`: next open session."""

    version: VersionView
    modules: int
    minutes: int
    next_at: datetime | None


@dataclass(frozen=True)
class MaterialView:
    """A link or a file. `open`: whether this viewer may open it."""

    id: UUID
    title: str
    url: str | None
    file: bool
    reach: str
    open: bool


@dataclass(frozen=True)
class CourseView:
    """A version with all it is made of. `done`: how many people have done each lineage; `others`: numbers and states of
    the course's versions."""

    version: VersionView
    modules: tuple[ModuleView, ...]
    prerequisites: tuple[tuple[UUID, str, str], ...]
    materials: tuple[MaterialView, ...]
    others: tuple[tuple[int, str], ...]
    done: dict[UUID, int]

    @property
    def minutes(self) -> int:
        """Its whole length."""
        return sum(one.minutes for one in self.modules)


def list_courses(session: Session, now: datetime, *, drafts: bool) -> tuple[CourseLine, ...]:
    """Courses that are offered, by kind then title; with `drafts` those that are not published yet. Two statements."""
    shown = [VersionState.PUBLISHED.value, *([VersionState.DRAFT.value] if drafts else [])]
    better = exists().where(
        _NEWER.c.course_id == Version.course_id,
        _NEWER.c.state == VersionState.PUBLISHED.value,
        _NEWER.c.id != Version.id,
    )
    rows = session.execute(
        versions()
        .where(Version.state.in_(shown), Course.retired_at.is_(None))
        .where((Version.state == VersionState.PUBLISHED.value) | ~better)
        .order_by(Course.kind.desc(), Version.title)
    ).all()
    ids = [row.id for row in rows]
    lengths = {
        row.version_id: (row.modules, row.minutes)
        for row in session.execute(
            select(Module.version_id, func.count().label("modules"), func.sum(Module.minutes).label("minutes"))
            .where(Module.version_id.in_(ids))
            .group_by(Module.version_id)
        )
    }
    starts = first_block()
    coming: dict[UUID, datetime] = {}
    for row in session.execute(
        select(Version.course_id, starts.label("starts_at"))
        .select_from(TrainingSession)
        .join(Version, Version.id == TrainingSession.version_id)
        .where(TrainingSession.state == "open", TrainingSession.team_id.is_(None), starts > now)
        .order_by(starts)
    ):
        coming.setdefault(row.course_id, row.starts_at)
    return tuple(CourseLine(version_view(row), *lengths.get(row.id, (0, 0)), coming.get(row.course_id)) for row in rows)


def course_view(session: Session, viewer: Viewer, code: str, number: int | None, *, manages: bool) -> CourseView | None:
    """One version of a course: the one asked for, else the one in force, else (for who keeps the catalogue) the draft.

    None for what this viewer may not know of. Six statements."""
    rows = session.execute(versions().where(Course.code == code).order_by(Version.number)).all()
    seen = [row for row in rows if manages or row.state != VersionState.DRAFT]
    if not seen:
        return None
    in_force = [row for row in seen if row.state == VersionState.PUBLISHED]
    chosen = next((row for row in seen if row.number == number), None) if number else (in_force or seen)[-1]
    if chosen is None:
        return None
    modules = modules_of(session, chosen.id)
    before = session.execute(
        select(Prerequisite.course_id, Course.code)
        .join(Course, Course.id == Prerequisite.course_id)
        .where(Prerequisite.version_id == chosen.id)
    ).all()
    titles: dict[UUID, str] = {
        row.course_id: row.title
        for row in session.execute(
            select(Version.course_id, Version.title)
            .where(Version.course_id.in_([one.course_id for one in before]))
            .order_by(Version.number)
        )
    }
    done = {
        row.lineage_id: row.people
        for row in session.execute(
            select(Credit.lineage_id, func.count(Credit.learner_id.distinct()).label("people"))
            .where(Credit.lineage_id.in_([one.lineage_id for one in modules]))
            .group_by(Credit.lineage_id)
        )
    }
    return CourseView(
        version_view(chosen),
        modules,
        tuple((one.course_id, one.code, titles.get(one.course_id, "")) for one in before),
        materials_of(session, viewer, chosen.id, manages=manages),
        tuple((row.number, row.state) for row in seen),
        done,
    )


def materials_of(session: Session, viewer: Viewer, version_id: UUID, *, manages: bool) -> tuple[MaterialView, ...]:
    """Links and files of a version; those this viewer may not open are named all the same. Two statements."""
    here = TrainingSession.version_id == version_id
    registered = exists(
        select(Registration.id)
        .join(Learner, Learner.id == Registration.learner_id)
        .join(TrainingSession, TrainingSession.id == Registration.session_id)
        .where(here, Learner.user_id == viewer.user_id, Registration.state == "registered")
    )
    gives = exists(
        select(Trainer.id)
        .join(TrainingSession, TrainingSession.id == Trainer.session_id)
        .where(here, and_(Trainer.user_id == viewer.user_id, Trainer.user_id.is_not(None)))
    )
    rights = session.execute(select(registered.label("registered"), gives.label("gives"))).one()
    reaches = {Reach.NETWORK.value}
    if manages or rights.gives:
        reaches |= {Reach.REGISTERED.value, Reach.TRAINERS.value}
    elif rights.registered:
        reaches.add(Reach.REGISTERED.value)
    rows = session.execute(
        select(Material.id, Material.title, Material.url, Material.file_id, Material.reach)
        .where(Material.version_id == version_id)
        .order_by(Material.title, Material.id)
    )
    return tuple(
        MaterialView(row.id, row.title, row.url, row.file_id is not None, row.reach, row.reach in reaches)
        for row in rows
    )


def file_of(session: Session, viewer: Viewer, material_id: UUID, *, manages: bool) -> UUID | None:
    """The stored file of a material that this viewer may open, else None."""
    row = session.execute(
        select(Material.version_id, Material.file_id, Version.state)
        .join(Version, Version.id == Material.version_id)
        .where(Material.id == material_id)
    ).first()
    if row is None or row.file_id is None or (row.state == VersionState.DRAFT and not manages):
        return None
    known = materials_of(session, viewer, row.version_id, manages=manages)
    return UUID(str(row.file_id)) if any(one.id == material_id and one.open for one in known) else None
