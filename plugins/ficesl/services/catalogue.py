"""The catalogue, written by whoever sits in the committee. A published version never changes; a new one follows it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from core.api import CleanFile, Missing, committee_by_slug, emit, new_id, shred_file, store_file

from .. import access, events
from ..models import Course, Material, Module, Prerequisite, Version
from ..models.attendance import Credit
from ..rules.catalogue import (
    PUBLISH_PROBLEMS,
    ModuleFacts,
    VersionState,
    loops,
    moved,
    publish_problems,
)
from ..rules.names import tidy
from ..settings import SLUG
from .copying import copy_contents
from .desk import COURSE, Desk, Refused, free_code, note

_NO_SYNC = {"synchronize_session": False}


@dataclass(frozen=True)
class CourseText:
    """What a version says of itself. `validity_months` None: it never ends."""

    title: str
    title_en: str
    summary: str
    audience: str
    validity_months: int | None


@dataclass(frozen=True)
class NewModule:
    """A part or a capsule as typed. `minutes`: its duration."""

    title: str
    title_en: str
    minutes: int
    form: str
    video_url: str | None = None
    quiz_pass_percent: int | None = None
    quiz_attempts: int | None = None


def committee_of(session: Session, desk: Desk) -> UUID:
    """The committee, for whoever sits in it. Raises Missing."""
    committee = committee_by_slug(session, SLUG)
    if committee is None or not access.sits(desk.viewer, committee.id):
        raise Missing
    return committee.id


def add_course(session: Session, desk: Desk, kind: str, text: CourseText) -> str:
    """A course and the draft of its first version; its code. Raises Missing for whoever doesn't sit."""
    committee_of(session, desk)
    course = Course(id=new_id(), code=free_code(session, COURSE), kind=kind, created_at=desk.now)
    session.add(course)
    session.flush()
    session.add(Version(id=new_id(), course_id=course.id, number=1, state=VersionState.DRAFT.value, **_text(text)))
    session.flush()
    note(session, desk, "course_added", f"course:{course.code}", None)
    return course.code


def change_text(session: Session, desk: Desk, version_id: UUID, text: CourseText) -> None:
    """Other words of a draft. Raises Refused once it is published."""
    version = _draft(session, desk, version_id)
    session.execute(update(Version).where(Version.id == version.id).values(**_text(text)), execution_options=_NO_SYNC)


def add_module(session: Session, desk: Desk, version_id: UUID, new: NewModule) -> UUID:
    """One more part, the last."""
    version = _draft(session, desk, version_id)
    last = session.scalar(select(func.max(Module.position)).where(Module.version_id == version.id)) or 0
    module = Module(id=new_id(), version_id=version.id, lineage_id=new_id(), position=last + 1, **_module(new))
    session.add(module)
    session.flush()
    return module.id


def change_module(session: Session, desk: Desk, module_id: UUID, new: NewModule) -> None:
    """Another title, duration or form of a part of a draft."""
    _draft(session, desk, _version_of(session, module_id))
    session.execute(update(Module).where(Module.id == module_id).values(**_module(new)), execution_options=_NO_SYNC)


def move_module(session: Session, desk: Desk, module_id: UUID, step: int) -> None:
    """One place earlier (-1) or later (+1) in a draft."""
    version = _draft(session, desk, _version_of(session, module_id))
    order = tuple(
        session.scalars(select(Module.id).where(Module.version_id == version.id).order_by(Module.position, Module.id))
    )
    for place, one in enumerate(moved(order, module_id, step), 1):
        session.execute(update(Module).where(Module.id == one).values(position=place), execution_options=_NO_SYNC)


@dataclass(frozen=True)
class Removal:
    """What removing a part did: in which version it is gone, and how many people had done it."""

    version_id: UUID
    number: int
    new_version: bool
    people: int


def remove_module(session: Session, desk: Desk, module_id: UUID) -> Removal:
    """Remove a part: from the draft where it is; of a published version, from a draft that follows it.

    What people have done stays done: nothing is removed from a version that was given.
    """
    version_id = _version_of(session, module_id)
    version = _version(session, desk, version_id)
    lineage = session.scalar(select(Module.lineage_id).where(Module.id == module_id))
    people = done_by(session, lineage) if lineage is not None else 0
    if version.state == VersionState.DRAFT:
        session.execute(delete(Module).where(Module.id == module_id), execution_options=_NO_SYNC)
        _renumber(session, version.id)
        return Removal(version.id, version.number, False, people)
    draft = new_version(session, desk, version.course_id)
    gone = (Module.version_id == draft) & (Module.lineage_id == lineage)
    session.execute(delete(Module).where(gone), execution_options=_NO_SYNC)
    _renumber(session, draft)
    number = session.scalar(select(Version.number).where(Version.id == draft)) or 0
    return Removal(draft, number, True, people)


def done_by(session: Session, lineage_id: UUID) -> int:
    """How many people have done that part, in any version."""
    counted = select(func.count(Credit.learner_id.distinct())).where(Credit.lineage_id == lineage_id)
    return session.scalar(counted) or 0


def new_version(session: Session, desk: Desk, course_id: UUID) -> UUID:
    """The draft that follows the last version, with all it is made of; the one that is there already, if there is
    one."""
    committee_of(session, desk)
    last = session.scalars(
        select(Version).where(Version.course_id == course_id).order_by(Version.number.desc()).limit(1)
    ).first()
    if last is None:
        raise Missing
    if last.state == VersionState.DRAFT:
        return last.id
    version = Version(
        id=new_id(),
        course_id=course_id,
        number=last.number + 1,
        state=VersionState.DRAFT.value,
        title=last.title,
        title_en=last.title_en,
        summary=last.summary,
        audience=last.audience,
        validity_months=last.validity_months,
    )
    session.add(version)
    session.flush()
    copy_contents(session, desk, last.id, version.id)
    session.flush()
    note(session, desk, "version_added", f"course:{_code(session, course_id)}", None, number=version.number)
    return version.id


def publish_version(session: Session, desk: Desk, version_id: UUID) -> None:
    """Publish a draft: it never changes any more, and replaces the one before. Raises Refused with what it lacks."""
    version = _draft(session, desk, version_id)
    modules = session.execute(select(Module.form, Module.video_url).where(Module.version_id == version.id))
    problems = publish_problems(version.summary, (ModuleFacts(row.form, row.video_url) for row in modules))
    if problems:
        raise Refused(PUBLISH_PROBLEMS[problems[0]])
    before = (Version.course_id == version.course_id) & (Version.state == VersionState.PUBLISHED.value)
    session.execute(update(Version).where(before).values(state=VersionState.RETIRED.value), execution_options=_NO_SYNC)
    published = {"state": VersionState.PUBLISHED.value, "published_at": desk.now}
    session.execute(update(Version).where(Version.id == version.id).values(**published), execution_options=_NO_SYNC)
    _tell(session, desk, version.course_id, "version_published", version.number)


def retire_course(session: Session, desk: Desk, course_id: UUID, *, undo: bool = False) -> None:
    """A course that is offered no more, or is again; what was done stays."""
    committee_of(session, desk)
    retired: datetime | None = None if undo else desk.now
    session.execute(update(Course).where(Course.id == course_id).values(retired_at=retired), execution_options=_NO_SYNC)
    _tell(session, desk, course_id, "course_back" if undo else "course_retired", 0)


def set_prerequisites(session: Session, desk: Desk, version_id: UUID, courses: list[UUID]) -> None:
    """What must be valid before. Raises Refused when a course would come before itself."""
    version = _draft(session, desk, version_id)
    asked: dict[UUID, list[UUID]] = defaultdict(list)
    rows = session.execute(
        select(Version.course_id, Prerequisite.course_id.label("before"))
        .join(Version, Version.id == Prerequisite.version_id)
        .where(Version.state == VersionState.PUBLISHED.value)
    )
    for row in rows:
        asked[row.course_id].append(row.before)
    if any(loops(version.course_id, one, asked) for one in courses):
        raise Refused(PUBLISH_PROBLEMS["prerequisite_itself"], "prerequisites")
    known = set(session.scalars(select(Course.id).where(Course.id.in_(courses))))
    if known != set(courses):
        raise Missing
    session.execute(delete(Prerequisite).where(Prerequisite.version_id == version.id), execution_options=_NO_SYNC)
    session.add_all(Prerequisite(id=new_id(), version_id=version.id, course_id=one) for one in sorted(known, key=str))
    session.flush()


def add_material(
    session: Session, desk: Desk, version_id: UUID, *, title: str, reach: str, url: str | None, file: CleanFile | None
) -> UUID:
    """A link, or a file already cleaned. Materials may be added to a published version: they are not what it asks."""
    version = _version(session, desk, version_id)
    material_id = new_id()
    file_id = None
    if file is not None:
        file_id = store_file(session, desk.keyring, file, desk.now)
    session.add(
        Material(id=material_id, version_id=version.id, title=tidy(title)[:160], url=url, file_id=file_id, reach=reach)
    )
    session.flush()
    _tell(session, desk, version.course_id, "material_added", version.number)
    return material_id


def remove_material(session: Session, desk: Desk, material_id: UUID) -> None:
    """Remove a link, or shred a file."""
    row = session.execute(
        select(Material.id, Material.version_id, Material.file_id).where(Material.id == material_id)
    ).first()
    if row is None:
        raise Missing
    version = _version(session, desk, row.version_id)
    session.execute(delete(Material).where(Material.id == material_id), execution_options=_NO_SYNC)
    if row.file_id is not None:
        shred_file(session, row.file_id)
    _tell(session, desk, version.course_id, "material_removed", version.number)


def _text(text: CourseText) -> dict[str, object]:
    return {
        "title": tidy(text.title)[:160],
        "title_en": tidy(text.title_en)[:160],
        "summary": text.summary.strip()[:600],
        "audience": text.audience,
        "validity_months": text.validity_months,
    }


def _module(new: NewModule) -> dict[str, object]:
    return {
        "title": tidy(new.title)[:160],
        "title_en": tidy(new.title_en)[:160],
        "minutes": new.minutes,
        "form": new.form,
        "video_url": new.video_url,
        "quiz_pass_percent": new.quiz_pass_percent,
        "quiz_attempts": new.quiz_attempts,
    }


def _version(session: Session, desk: Desk, version_id: UUID) -> Version:
    committee_of(session, desk)
    found = session.scalars(select(Version).where(Version.id == version_id).with_for_update()).first()
    if found is None:
        raise Missing
    session.refresh(found)
    return found


def _draft(session: Session, desk: Desk, version_id: UUID) -> Version:
    version = _version(session, desk, version_id)
    if version.state != VersionState.DRAFT:
        raise Refused(PUBLISH_PROBLEMS["not_draft"])
    return version


def _version_of(session: Session, module_id: UUID) -> UUID:
    found = session.scalar(select(Module.version_id).where(Module.id == module_id))
    if found is None:
        raise Missing
    return found


def _renumber(session: Session, version_id: UUID) -> None:
    order = session.scalars(
        select(Module.id).where(Module.version_id == version_id).order_by(Module.position, Module.id)
    ).all()
    for place, one in enumerate(order, 1):
        session.execute(update(Module).where(Module.id == one).values(position=place), execution_options=_NO_SYNC)


def _code(session: Session, course_id: UUID) -> str:
    return session.scalar(select(Course.code).where(Course.id == course_id)) or ""


def _tell(session: Session, desk: Desk, course_id: UUID, action: str, number: int) -> None:
    code = _code(session, course_id)
    if not session.scalar(select(exists().where(Course.id == course_id))):
        raise Missing
    committee = committee_of(session, desk)
    note(session, desk, action, f"course:{code}", None, number=number)
    emit(session, events.COURSE_CHANGED, code, topics={f"committee:{committee}", "network"}, now=desk.now)
