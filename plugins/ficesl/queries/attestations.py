"""What is done and what is missing, attestations by code, by person and by organisation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from core.api import TORONTO, Viewer

from ..models import AttestationRow, Course, Credit, Learner, Module, Prerequisite, Version
from ..rules import attestations as rules
from ..rules.attestations import Completion, Issued, Needed, Part, Status
from ..rules.badges import LIST_BITS
from .names import keeps_people


@dataclass(frozen=True)
class AttestationView:
    """An attestation and what it is of. `status` today."""

    id: UUID
    code: str
    learner_id: UUID
    organisation_id: UUID
    course_id: UUID
    course: str
    version_id: UUID
    revision: int
    title: str
    title_en: str
    summary: str
    minutes: int
    issued_on: date
    expires_on: date | None
    revoked_reason: str | None
    status_index: int
    status: Status

    @property
    def valid(self) -> bool:
        """Whether it stands today."""
        return self.status is Status.VALID


@dataclass(frozen=True)
class Progress:
    """Where a person stands in a course: the version she completed, or else the one in force."""

    course_id: UUID
    code: str
    title: str
    title_en: str
    version_id: UUID
    done: Completion


def local_day(now: datetime) -> date:
    """The network's day."""
    return now.astimezone(TORONTO).date()


_COLUMNS = (
    AttestationRow.id,
    AttestationRow.code,
    AttestationRow.learner_id,
    AttestationRow.organisation_id,
    AttestationRow.course_id,
    Course.code.label("course"),
    AttestationRow.version_id,
    Version.number.label("revision"),
    Version.title,
    Version.title_en,
    Version.summary,
    AttestationRow.minutes,
    AttestationRow.issued_on,
    AttestationRow.expires_on,
    AttestationRow.revoked_reason,
    AttestationRow.status_index,
)


def _select() -> Select[Any]:
    columns: tuple[Any, ...] = _COLUMNS
    statement: Select[Any] = select(*columns)
    return statement.join(Course, Course.id == AttestationRow.course_id).join(
        Version, Version.id == AttestationRow.version_id
    )


def _view(row: Any, today: date) -> AttestationView:
    state = rules.status(row.revoked_reason is not None, row.expires_on, today)
    return AttestationView(**row._mapping, status=state)


def by_code(session: Session, code: str, now: datetime) -> AttestationView | None:
    """The attestation of a code as it is kept. One statement. Who may read it: `readable_by`."""
    row = session.execute(_select().where(AttestationRow.code == code)).first()
    return None if row is None else _view(row, local_day(now))


def check(session: Session, typed: str, now: datetime) -> Status:
    """What the public page says of a typed code. One statement whatever was typed, and nothing but the answer."""
    code = rules.normal_check_code(typed) or ""
    columns = (AttestationRow.revoked_at, AttestationRow.expires_on)
    row = session.execute(select(*columns).where(AttestationRow.code == code)).first()
    if row is None:
        return Status.UNKNOWN
    return rules.status(row.revoked_at is not None, row.expires_on, local_day(now))


def of_person(session: Session, user_id: UUID, now: datetime) -> tuple[AttestationView, ...]:
    """A person's own, newest first. One statement."""
    mine = _select().join(Learner, Learner.id == AttestationRow.learner_id).where(Learner.user_id == user_id)
    rows = session.execute(mine.order_by(AttestationRow.issued_on.desc(), AttestationRow.id))
    return tuple(_view(row, local_day(now)) for row in rows)


def of_organisation(
    session: Session, organisation_id: UUID, now: datetime, *, page: int, size: int
) -> tuple[tuple[AttestationView, ...], int]:
    """A page of those of an organisation's people today, the first to end at the top, and how many there are. Two
    statements."""
    hers = select(Learner.id).where(Learner.organisation_id == organisation_id, Learner.erased_at.is_(None))
    mine = AttestationRow.learner_id.in_(hers)
    total = session.scalar(select(func.count()).select_from(AttestationRow).where(mine)) or 0
    today = local_day(now)
    ended = or_(AttestationRow.revoked_at.is_not(None), AttestationRow.expires_on < today)
    rows = session.execute(
        _select()
        .where(mine)
        .order_by(ended, AttestationRow.expires_on.is_(None), AttestationRow.expires_on, AttestationRow.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    return tuple(_view(row, today) for row in rows), total


def readable_by(session: Session, viewer: Viewer, found: AttestationView) -> bool:
    """Whether the viewer may read who it is of: her own, or somebody's of the organisation whose people she keeps. One
    statement."""
    row = session.execute(
        select(Learner.user_id, Learner.organisation_id, Learner.erased_at).where(Learner.id == found.learner_id)
    ).one()
    if viewer.is_anonymous or row.erased_at is not None:
        return False
    return bool(
        row.user_id == viewer.user_id or (keeps_people(viewer) and row.organisation_id == viewer.organisation_id)
    )


def revoked_indices(session: Session, number: int) -> tuple[int, ...]:
    """Bits set in the list `number`. One statement."""
    first = number * LIST_BITS
    found = session.scalars(
        select(AttestationRow.status_index).where(
            AttestationRow.revoked_at.is_not(None),
            AttestationRow.status_index >= first,
            AttestationRow.status_index < first + LIST_BITS,
        )
    )
    return tuple(sorted(index - first for index in found))


def last_list(session: Session) -> int:
    """The number of the last list of revocations in use. One statement."""
    return (session.scalar(select(func.max(AttestationRow.status_index))) or 0) // LIST_BITS


# -- what is done, for one person or for many


@dataclass(frozen=True)
class CourseParts:
    """A version that was ever published, newest first in lists: its parts and its prerequisites (course → title)."""

    id: UUID
    course_id: UUID
    code: str
    number: int
    title: str
    title_en: str
    state: str
    validity_months: int | None
    parts: tuple[Part, ...]
    prerequisites: tuple[tuple[UUID, str], ...] = ()


def parts_of_courses(session: Session, course_ids: Collection[UUID]) -> dict[UUID, tuple[CourseParts, ...]]:
    """Versions ever published of these courses, newest first, by course. Three statements."""
    wanted = sorted(set(course_ids), key=str)
    versions = session.execute(
        select(
            Version.id,
            Version.course_id,
            Course.code,
            Version.number,
            Version.title,
            Version.title_en,
            Version.state,
            Version.validity_months,
        )
        .join(Course, Course.id == Version.course_id)
        .where(Version.course_id.in_(wanted), Version.state != "draft")
        .order_by(Version.course_id, Version.number.desc())
    ).all()
    ids = [row.id for row in versions]
    parts: dict[UUID, list[Part]] = defaultdict(list)
    modules = select(Module.version_id, Module.lineage_id, Module.title, Module.minutes)
    for row in session.execute(modules.where(Module.version_id.in_(ids)).order_by(Module.position, Module.id)):
        parts[row.version_id].append(Part(row.lineage_id, row.title, row.minutes))
    before: dict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    title = (
        select(func.max(Version.title))
        .where(Version.course_id == Prerequisite.course_id, Version.state == "published")
        .correlate(Prerequisite)
        .scalar_subquery()
    )
    asked = select(Prerequisite.version_id, Prerequisite.course_id, title.label("title"))
    for row in session.execute(asked.where(Prerequisite.version_id.in_(ids)).order_by(Prerequisite.id)):
        before[row.version_id].append((row.course_id, row.title or ""))
    found: dict[UUID, list[CourseParts]] = defaultdict(list)
    for each in versions:
        one = CourseParts(**each._mapping, parts=tuple(parts[each.id]), prerequisites=tuple(before[each.id]))
        found[each.course_id].append(one)
    return {course_id: tuple(ones) for course_id, ones in found.items()}


def credits_of(
    session: Session, learner_ids: Collection[UUID], course_ids: Collection[UUID]
) -> dict[tuple[UUID, UUID], tuple[rules.Credit, ...]]:
    """Credits by learner and course. One statement."""
    found: dict[tuple[UUID, UUID], list[rules.Credit]] = defaultdict(list)
    columns = (Credit.learner_id, Credit.course_id, Credit.lineage_id, Credit.minutes, Credit.on_day)
    for row in session.execute(
        select(*columns).where(Credit.learner_id.in_(list(learner_ids)), Credit.course_id.in_(list(course_ids)))
    ):
        found[row.learner_id, row.course_id].append(rules.Credit(row.lineage_id, row.minutes, row.on_day))
    return {key: tuple(ones) for key, ones in found.items()}


@dataclass(frozen=True)
class Earlier:
    """Attestations a learner has had in a course."""

    issued: tuple[Issued, ...]
    valid: bool


def earlier_of(session: Session, learner_ids: Collection[UUID], today: date) -> dict[tuple[UUID, UUID], Earlier]:
    """Earlier attestations by learner and course, and whether one stands today. One statement."""
    found: dict[tuple[UUID, UUID], list[Any]] = defaultdict(list)
    columns = (
        AttestationRow.learner_id,
        AttestationRow.course_id,
        AttestationRow.version_id,
        AttestationRow.issued_on,
        AttestationRow.expires_on,
        AttestationRow.revoked_reason,
    )
    for row in session.execute(select(*columns).where(AttestationRow.learner_id.in_(list(learner_ids)))):
        found[row.learner_id, row.course_id].append(row)
    return {
        key: Earlier(
            tuple(Issued(row.version_id, row.issued_on, row.revoked_reason) for row in rows),
            any(
                rules.status(row.revoked_reason is not None, row.expires_on, today) is Status.VALID
                and row.issued_on <= today
                for row in rows
            ),
        )
        for key, rows in found.items()
    }


def best_version(
    versions: tuple[CourseParts, ...],
    credits: tuple[rules.Credit, ...],
    learner_id: UUID,
    earlier: Mapping[tuple[UUID, UUID], Earlier],
) -> tuple[CourseParts, Completion] | None:
    """The newest version that is complete, else the newest one with what it lacks; None without any version."""
    first: tuple[CourseParts, Completion] | None = None
    for version in versions:
        needed = [
            Needed(title, (found := earlier.get((learner_id, course_id))) is not None and found.valid)
            for course_id, title in version.prerequisites
        ]
        done = rules.completion(version.parts, credits, needed)
        if done.complete:
            return version, done
        first = first or (version, done)
    return first


def progress_of_person(session: Session, user_id: UUID, now: datetime) -> tuple[UUID | None, tuple[Progress, ...]]:
    """Who she is as a learner, and where she stands in each course she began. Seven statements at most."""
    learner_id = session.scalar(select(Learner.id).where(Learner.user_id == user_id))
    if learner_id is None:
        return None, ()
    courses = session.scalars(select(Credit.course_id).where(Credit.learner_id == learner_id).distinct()).all()
    versions = parts_of_courses(session, courses)
    credits = credits_of(session, [learner_id], courses)
    earlier = earlier_of(session, [learner_id], local_day(now))
    found = []
    for course_id, ones in versions.items():
        best = best_version(ones, credits.get((learner_id, course_id), ()), learner_id, earlier)
        if best is not None:
            version, done = best
            found.append(Progress(course_id, version.code, version.title, version.title_en, version.id, done))
    return learner_id, tuple(sorted(found, key=lambda one: (one.title, one.code)))
