"""Credits: minutes of a module that somebody has done, from blocks that are over or from a capsule's quiz."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from core.api import TORONTO, emit, new_id

from ..attendance_events import CREDITED, TAKEN_BACK, UNHEARD
from ..models import Block, Course, Credit, Learner, Module, Presence, Version
from ..rules.attendance import of_module

#: Identifiers in one statement.
AT_ONCE = 500


def settle(session: Session, module_id: UUID, learners: Iterable[UUID], now: datetime) -> int:
    """Make the credits of these people for a module what their presences say; how many changed.

    Blocks that are over are added, at most the module's duration. A capsule passed by its quiz stays whole.
    """
    chosen = sorted(set(learners), key=str)
    changed = 0
    for start in range(0, len(chosen), AT_ONCE):
        changed += _settle(session, module_id, chosen[start : start + AT_ONCE], now)
    return changed


def credit_capsule(session: Session, learner_id: UUID, module_id: UUID, now: datetime) -> bool:
    """Credit a self-paced capsule whole, today; False when it was already."""
    module = _module(session, module_id)
    there = session.execute(
        select(Credit.id, Credit.minutes).where(Credit.learner_id == learner_id, Credit.module_id == module_id)
    ).first()
    if there is not None and there.minutes >= module.minutes:
        return False
    values = {"minutes": module.minutes, "on_day": day_of(now), "source": "self_paced", "at": now}
    if there is not None:
        session.execute(update(Credit).where(Credit.id == there.id).values(values))
    else:
        session.execute(insert(Credit).values(_new(module, learner_id) | values))
    _told(session, module, [learner_id], now)
    return True


def day_of(moment: datetime) -> date:
    """The users' day of an instant."""
    return moment.astimezone(TORONTO).date()


def _settle(session: Session, module_id: UUID, learners: list[UUID], now: datetime) -> int:
    module = _module(session, module_id)
    done: dict[UUID, tuple[list[int], datetime]] = {}
    for learner_id, minutes, ends_at in session.execute(
        select(Presence.learner_id, Presence.minutes, Block.ends_at)
        .join(Block, Block.id == Presence.block_id)
        .where(
            Presence.learner_id.in_(learners),
            Presence.minutes > 0,
            Block.module_id == module_id,
            Block.ends_at <= now,
            Block.cancelled_at.is_(None),
        )
        .order_by(Block.ends_at)
    ):
        done.setdefault(learner_id, ([], ends_at))[0].append(minutes)
        done[learner_id] = (done[learner_id][0], ends_at)
    there = {
        row.learner_id: row
        for row in session.execute(
            select(Credit.id, Credit.learner_id, Credit.minutes, Credit.on_day, Credit.source).where(
                Credit.module_id == module_id, Credit.learner_id.in_(learners)
            )
        )
    }
    new, changed, gone = [], [], []
    less = False
    for learner_id in learners:
        row = there.get(learner_id)
        if row is not None and row.source != "session":
            continue
        if learner_id not in done:
            if row is not None:
                gone.append(row)
            continue
        blocks, last = done[learner_id]
        values = {"minutes": of_module(blocks, module.minutes), "on_day": day_of(last)}
        if row is None:
            new.append(_new(module, learner_id) | values | {"source": "session", "at": now})
        elif (row.minutes, row.on_day) != (values["minutes"], values["on_day"]):
            changed.append({"id": row.id, **values, "at": now})
            less = less or values["minutes"] < row.minutes or values["on_day"] < row.on_day
    if new:
        session.execute(insert(Credit), new)
    if changed:
        session.execute(update(Credit), changed)
    if gone:
        session.execute(delete(Credit).where(Credit.id.in_([row.id for row in gone])))
    touched = {row["learner_id"] for row in new} | {row.learner_id for row in gone}
    ids = {row["id"] for row in changed}
    touched |= {row.learner_id for row in there.values() if row.id in ids}
    _told(session, module, sorted(touched, key=str), now)
    if gone or less:
        emit(session, TAKEN_BACK, f"{module.code}:{module_id}", topics=[UNHEARD], now=now)
    return len(touched)


def _module(session: Session, module_id: UUID) -> Any:
    return session.execute(
        select(Module.id, Module.lineage_id, Module.minutes, Version.course_id, Course.code)
        .join(Version, Version.id == Module.version_id)
        .join(Course, Course.id == Version.course_id)
        .where(Module.id == module_id)
    ).one()


def _new(module: Any, learner_id: UUID) -> dict[str, Any]:
    return {
        "id": new_id(),
        "learner_id": learner_id,
        "course_id": module.course_id,
        "module_id": module.id,
        "lineage_id": module.lineage_id,
    }


def _told(session: Session, module: Any, learners: list[UUID], now: datetime) -> None:
    if not learners:
        return
    owners = session.scalars(
        select(Learner.organisation_id).where(Learner.id.in_(learners)).group_by(Learner.organisation_id)
    )
    emit(session, CREDITED, module.code, topics={f"org:{owner}" for owner in owners}, now=now)
