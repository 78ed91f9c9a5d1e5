"""Readiness is counted when something happens and by the hour, so that the page reads one line per organisation.

Two grouped statements count everything asked for; only the lines that changed are written.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from core.api import homes_of, new_id

from ..models import AttestationRow, Course, Learner, Readiness, Version
from ..queries.attestations import local_day
from ..rules.readiness import share

#: Sorts organisations without people last.
NOBODY = 101


def standing(today: date) -> ColumnElement[bool]:
    """Attestations that are valid that day: `rules.attestations.status` in SQL."""
    return and_(
        AttestationRow.revoked_at.is_(None),
        AttestationRow.issued_on <= today,
        or_(AttestationRow.expires_on.is_(None), AttestationRow.expires_on >= today),
    )


def refresh(
    session: Session,
    now: datetime,
    *,
    courses: Collection[UUID] | None = None,
    organisations: Collection[UUID] | None = None,
) -> int:
    """Count again these organisations in these courses (None: all); how many lines changed. Nine statements at most."""
    today = local_day(now)
    offered = _offered(session, courses)
    people = _people(session, organisations)
    valid = _valid(session, today, organisations)
    homes = homes_of(session, None if organisations is None else people.keys())
    wanted: dict[tuple[UUID, UUID], dict[str, Any]] = {}
    for organisation_id, count in people.items():
        home = homes.get(organisation_id)
        if home is None:
            continue
        for course_id in offered:
            held = valid.get((organisation_id, course_id), 0)
            found = share(held, count)
            wanted[course_id, organisation_id] = {
                "type": home.type,
                "mrc": home.mrc,
                "people": count,
                "valid": held,
                "share": NOBODY if found is None else found,
            }
    return _keep(session, wanted, offered, courses, organisations, now)


def _offered(session: Session, courses: Collection[UUID] | None) -> list[UUID]:
    published = (
        select(Course.id)
        .join(Version, Version.course_id == Course.id)
        .where(Version.state == "published", Course.retired_at.is_(None))
        .distinct()
    )
    if courses is not None:
        published = published.where(Course.id.in_(list(courses)))
    return list(session.scalars(published))


def _there(organisations: Collection[UUID] | None) -> ColumnElement[bool]:
    present = and_(Learner.left_at.is_(None), Learner.erased_at.is_(None))
    return present if organisations is None else and_(present, Learner.organisation_id.in_(list(organisations)))


def _people(session: Session, organisations: Collection[UUID] | None) -> dict[UUID, int]:
    counted = select(Learner.organisation_id, func.count().label("people")).where(_there(organisations))
    rows = session.execute(counted.group_by(Learner.organisation_id))
    return {row.organisation_id: row.people for row in rows}


def _valid(session: Session, today: date, organisations: Collection[UUID] | None) -> dict[tuple[UUID, UUID], int]:
    """People with a valid training by organisation and course."""
    rows = session.execute(
        select(
            Learner.organisation_id,
            AttestationRow.course_id,
            func.count(AttestationRow.learner_id.distinct()).label("people"),
        )
        .join(Learner, Learner.id == AttestationRow.learner_id)
        .where(_there(organisations), standing(today))
        .group_by(Learner.organisation_id, AttestationRow.course_id)
    )
    return {(row.organisation_id, row.course_id): row.people for row in rows}


#: Lines that one statement names.
AT_ONCE = 5_000
_KEPT = ("type", "mrc", "people", "valid", "share")


def _keep(
    session: Session,
    wanted: dict[tuple[UUID, UUID], dict[str, Any]],
    offered: Collection[UUID],
    courses: Collection[UUID] | None,
    organisations: Collection[UUID] | None,
    now: datetime,
) -> int:
    columns = [getattr(Readiness, name) for name in _KEPT]
    there = select(Readiness.id, Readiness.course_id, Readiness.organisation_id, *columns)
    if courses is not None:
        there = there.where(Readiness.course_id.in_(list(courses)))
    if organisations is not None:
        there = there.where(Readiness.organisation_id.in_(list(organisations)))
    changed: list[dict[str, Any]] = []
    gone: list[UUID] = []
    known = set()
    for row in session.execute(there):
        key = (row.course_id, row.organisation_id)
        known.add(key)
        new = wanted.get(key)
        if new is None:
            gone.append(row.id)
        elif any(getattr(row, name) != value for name, value in new.items()):
            changed.append({"row": row.id, **{f"new_{name}": value for name, value in new.items()}})
    fresh = [
        {"id": new_id(), "course_id": key[0], "organisation_id": key[1], "at": now, **new}
        for key, new in wanted.items()
        if key not in known
    ]
    for start in range(0, len(gone), AT_ONCE):
        session.execute(delete(Readiness).where(Readiness.id.in_(gone[start : start + AT_ONCE])))
    if changed:
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _KEPT}
        table: Any = Readiness.__table__
        session.connection().execute(
            update(table).where(table.c.id == bindparam("row")).values(at=now, **values),
            changed,
        )
    if fresh:
        session.execute(insert(Readiness), fresh)
    return len(gone) + len(changed) + len(fresh)
