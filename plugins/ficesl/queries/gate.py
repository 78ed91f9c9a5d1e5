"""Who passes the gates: the SQL twin of `rules.gate.verdict`, a person's own state, an organisation's list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select, true
from sqlalchemy.orm import Session

from core.api import (
    TORONTO,
    PermissionHolder,
    Viewer,
    holders_of,
)

from ..models import AttestationRow, Course, GateWarning, Learner, Version
from ..rules.badges import start_of
from ..rules.gate import Gate, Held, Passage, Verdict, verdict
from .attestations import local_day
from .training import NextSession, next_sessions


@dataclass(frozen=True)
class GateView:
    """A gate with its course in words; `course_id` None: no course bears the code."""

    gate: Gate
    course_id: UUID | None
    title: str
    title_en: str


@dataclass(frozen=True)
class OwnGate:
    """A gate in front of one person."""

    view: GateView
    verdict: Verdict
    sessions: tuple[NextSession, ...] = ()


@dataclass(frozen=True)
class Losing:
    """Somebody of the organisation who would lose a permission. `user_id` leads to her name for who may read it."""

    user_id: UUID
    view: GateView
    verdict: Verdict


def passing(gate: Gate, person: Any, now: datetime) -> ColumnElement[bool]:
    """Whether somebody passes, on the columns of her account: `rules.gate.verdict` in SQL. Once the gate is closed to
    those who never trained, one indexed look-up."""
    today = local_day(now)
    grace = timedelta(days=gate.grace_days)
    if today < gate.starts_on + grace:
        return true()
    held = exists(
        select(AttestationRow.id)
        .join(Learner, Learner.id == AttestationRow.learner_id)
        .join(Course, Course.id == AttestationRow.course_id)
        .where(
            Learner.user_id == person.id,
            Course.code == gate.course,
            AttestationRow.revoked_at.is_(None),
            AttestationRow.issued_on <= today,
            or_(AttestationRow.expires_on.is_(None), AttestationRow.expires_on >= today - grace),
        )
    )
    if not gate.grace_days:
        return held
    return or_(person.created_at >= start_of(today - grace + timedelta(days=1)), held)


def gates_in_words(session: Session, gates: Sequence[Gate]) -> tuple[GateView, ...]:
    """Each gate with the title of its course. One statement."""
    if not gates:
        return ()
    rows = session.execute(
        select(Course.id, Course.code, Version.title, Version.title_en)
        .join(Version, and_(Version.course_id == Course.id, Version.state == "published"))
        .where(Course.code.in_([gate.course for gate in gates]))
        .order_by(Version.number)
    )
    known = {row.code: row for row in rows}
    found = []
    for gate in gates:
        row = known.get(gate.course)
        found.append(
            GateView(gate, row.id if row else None, row.title if row else gate.course, row.title_en if row else "")
        )
    return tuple(found)


def unknown_courses(session: Session, gates: Sequence[Gate]) -> tuple[Gate, ...]:
    """Gates whose course does not exist. One statement."""
    if not gates:
        return ()
    known = set(session.scalars(select(Course.code).where(Course.code.in_([gate.course for gate in gates]))))
    return tuple(gate for gate in gates if gate.course not in known)


def held_by(session: Session, user_ids: Sequence[UUID], codes: Sequence[str]) -> dict[tuple[UUID, str], list[Held]]:
    """Attestations by person and course. One statement."""
    found: dict[tuple[UUID, str], list[Held]] = {}
    rows = session.execute(
        select(
            Learner.user_id, Course.code, AttestationRow.issued_on, AttestationRow.expires_on, AttestationRow.revoked_at
        )
        .join(Learner, Learner.id == AttestationRow.learner_id)
        .join(Course, Course.id == AttestationRow.course_id)
        .where(Learner.user_id.in_(list(user_ids)), Course.code.in_(list(codes)))
    )
    for row in rows:
        one = Held(row.issued_on, row.expires_on, row.revoked_at is not None)
        found.setdefault((row.user_id, row.code), []).append(one)
    return found


def local(moment: datetime) -> date:
    """The network's day of an instant."""
    return moment.astimezone(TORONTO).date()


def own_gates(session: Session, viewer: Viewer, gates: Sequence[Gate], now: datetime) -> tuple[OwnGate, ...]:
    """The gates on permissions that the viewer's roles carry, her state and, where it is not valid, the next sessions.

    Three statements, and one for each course she lacks.
    """
    mine = holders_of(session, [gate.permission for gate in gates], people=[viewer.user_id])
    found = _verdicts(session, mine, gates, now)
    return tuple(OwnGate(view, one, _sessions(session, view, one, now)) for _, view, one in found)


def _sessions(session: Session, view: GateView, found: Verdict, now: datetime) -> tuple[NextSession, ...]:
    if view.course_id is None or (found.passage is Passage.VALID and found.until is None):
        return ()
    return next_sessions(session, view.course_id, now, 3)


def losing_in(session: Session, organisation_id: UUID, gates: Sequence[Gate], now: datetime) -> tuple[Losing, ...]:
    """People of an organisation whose passage ends or has ended, the first to lose it at the top. Three statements."""
    people = holders_of(session, [gate.permission for gate in gates], organisations=[organisation_id])
    found = _verdicts(session, people, gates, now)
    ending = [Losing(person.user_id, view, one) for person, view, one in found if one.until is not None]
    return tuple(sorted(ending, key=lambda one: (one.verdict.until or date.max, str(one.user_id))))


def _verdicts(
    session: Session, people: Sequence[PermissionHolder], gates: Sequence[Gate], now: datetime
) -> list[tuple[PermissionHolder, GateView, Verdict]]:
    if not people or not gates:
        return []
    views = gates_in_words(session, gates)
    held = held_by(session, [one.user_id for one in people], [gate.course for gate in gates])
    today = local_day(now)
    return [
        (one, view, verdict(view.gate, local(one.since), held.get((one.user_id, view.gate.course), []), today))
        for one in people
        for view in views
        if view.gate.permission in one.permissions
    ]


def warnings_of(session: Session, organisation_id: UUID, since: datetime) -> int:
    """How many urgent referrals were accepted without the training since then. One statement."""
    rows = session.scalars(
        select(GateWarning.event_id)
        .where(GateWarning.organisation_id == organisation_id, GateWarning.at >= since)
        .distinct()
    )
    return len(rows.all())
