"""The portrait of the region: reads the lines that `services.readiness` keeps, never the people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core.api import homes_of

from ..models import Readiness
from ..rules.readiness import Count, Group


@dataclass(frozen=True)
class OrganisationLine:
    """One organisation's own figures. `share` None: nobody."""

    name: str
    type: str
    mrc: str
    people: int
    valid: int
    share: int | None


def portrait(session: Session, course_id: UUID, own: UUID | None) -> tuple[Group, ...]:
    """The groups (MRC × type) of a course, `own` being the reader's organisation. One statement."""
    mine: Any = Readiness.organisation_id == own if own is not None else Readiness.organisation_id.is_(None)
    rows = session.execute(
        select(
            Readiness.mrc,
            Readiness.type,
            func.sum(Readiness.people).label("people"),
            func.sum(Readiness.valid).label("valid"),
            func.count().label("organisations"),
            func.sum(case((mine, Readiness.people), else_=0)).label("own_people"),
            func.sum(case((mine, Readiness.valid), else_=0)).label("own_valid"),
            func.sum(case((mine, 1), else_=0)).label("own"),
        )
        .where(Readiness.course_id == course_id)
        .group_by(Readiness.mrc, Readiness.type)
    ).all()
    return tuple(
        Group(
            row.mrc,
            row.type,
            Count(int(row.people), int(row.valid), row.organisations),
            Count(int(row.own_people), int(row.own_valid), int(row.own)),
        )
        for row in rows
    )


def lines(
    session: Session, course_id: UUID, *, page: int, size: int, only: UUID | None = None
) -> tuple[tuple[OrganisationLine, ...], int]:
    """Organisations of a course, holes first, a page at a time, and how many there are. Four statements."""
    wanted = Readiness.course_id == course_id
    if only is not None:
        wanted &= Readiness.organisation_id == only
    total = session.scalar(select(func.count()).select_from(Readiness).where(wanted)) or 0
    columns = (
        Readiness.organisation_id,
        Readiness.type,
        Readiness.mrc,
        Readiness.people,
        Readiness.valid,
        Readiness.share,
    )
    rows = session.execute(
        select(*columns)
        .where(wanted)
        .order_by(Readiness.share, (Readiness.people - Readiness.valid).desc(), Readiness.id)
        .limit(size)
        .offset((page - 1) * size)
    ).all()
    homes = homes_of(session, [row.organisation_id for row in rows])
    found = tuple(
        OrganisationLine(
            homes[row.organisation_id].name if row.organisation_id in homes else "–",
            row.type,
            row.mrc,
            row.people,
            row.valid,
            row.share if row.people else None,
        )
        for row in rows
    )
    return found, total
