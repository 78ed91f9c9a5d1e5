"""The gate at work: its restrictions, the facts they read, the check of settings, and what is noted of urgent ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, literal, select
from sqlalchemy.orm import Session

from core.api import (
    ALLOWED,
    ANONYMOUS,
    Decision,
    Event,
    House,
    Restriction,
    StartupError,
    Viewer,
    ViewerFact,
    acceptance_of,
    deny,
    new_id,
    record,
)

from ..models import Course, GateWarning
from ..queries import gate as queries
from ..rules.gate import BY_REFERRAL, REFUSED, Gate, verdict
from ..settings import ACCESS, NAME, UNKNOWN_COURSE, Settings


def gates_of(settings: Settings) -> tuple[Gate, ...]:
    """The gates of plugins.toml."""
    return tuple(one.gate for one in settings.gates)


def restrictions(settings: Settings) -> Sequence[Restriction]:
    """One restriction per gate: its rule, and for permissions used in lists, its SQL form."""
    return tuple(
        Restriction(
            gate.permission,
            partial(may_pass, gate),
            # Decided one referral at a time: such a permission has no list of its own
            None if gate.permission in BY_REFERRAL else partial(rows_passed, gate),
        )
        for gate in gates_of(settings)
    )


def viewer_facts(settings: Settings) -> Sequence[ViewerFact]:
    """What a session knows: the gates its holder passes today."""
    return tuple(ViewerFact(gate.fact, partial(queries.passing, gate)) for gate in gates_of(settings))


def may_pass(gate: Gate, viewer: Viewer, facts: Any) -> Decision:
    """Whether the gate leaves the permission to the viewer. An urgent referral always passes, and is noted."""
    if gate.permission in BY_REFERRAL and (facts is None or facts.urgent):
        return ALLOWED
    return ALLOWED if gate.fact in viewer.known else deny(REFUSED, remedy=ACCESS)


def rows_passed(gate: Gate, viewer: Viewer) -> ColumnElement[bool]:
    """`may_pass` for a list: the same for every row."""
    return literal(gate.fact in viewer.known)


def check_courses(session: Session, settings: Settings) -> None:
    """Refuse to start with a gate on a course that does not exist: nobody could ever pass it."""
    for gate in queries.unknown_courses(session, gates_of(settings)):
        raise StartupError(UNKNOWN_COURSE.format(gate.course))


def note_urgent(session: Session, event: Event, house: House) -> None:
    """Subscriber of a referral's acceptance: note, once, that an urgent one was accepted without the training."""
    gates = [gate for gate in gates_of(house.hooks.settings(NAME, Settings)) if gate.permission in BY_REFERRAL]
    if not gates:
        return
    found = acceptance_of(session, event.ref)
    if found is None or not found.urgent:
        return
    held = queries.held_by(session, [found.user_id], [gate.course for gate in gates])
    day, since = queries.local(found.at), queries.local(found.account_opened_at)
    lacking = [
        gate for gate in gates if not verdict(gate, since, held.get((found.user_id, gate.course), []), day).passes
    ]
    for gate in lacking:
        _note(session, event, gate, found.user_id, found.organisation_id, found.at)


def _note(session: Session, event: Event, gate: Gate, user_id: Any, organisation_id: Any, at: datetime) -> None:
    course_id = session.scalar(select(Course.id).where(Course.code == gate.course))
    mine = (GateWarning.event_id == event.id) & (GateWarning.permission == gate.permission)
    if course_id is None or session.scalar(select(GateWarning.id).where(mine, GateWarning.course_id == course_id)):
        return
    session.execute(
        insert(GateWarning).values(
            id=new_id(),
            event_id=event.id,
            user_id=user_id,
            organisation_id=organisation_id,
            permission=gate.permission,
            course_id=course_id,
            at=at,
        )
    )
    record(
        session,
        case_id=None,
        organisation_id=organisation_id,
        actor=ANONYMOUS,
        action="ficesl.gate_passed_urgent",
        subject=f"course:{gate.course}",
        facts={"permission": gate.permission},
        now=at,
    )


def forget_warnings(session: Session, before: datetime) -> int:
    """Retention: what was noted of urgent acceptances before that moment (UTC). Returns how many."""
    gone = session.execute(
        delete(GateWarning).where(GateWarning.at < before), execution_options={"synchronize_session": False}
    )
    return int(getattr(gone, "rowcount", 0))
