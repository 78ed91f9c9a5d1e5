"""Subscribers: each event owed to one is given in a transaction of its own, once, with retries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.kernel.db import Database, Mode, lock_row
from core.kernel.events import Event, EventDelivery, EventRegistry, OutboxEvent
from core.kernel.log import get_logger

if TYPE_CHECKING:
    from core.kernel.web.house import House

MAX_ATTEMPTS = 8
"""Then the delivery is dead: logged, and kept for someone to look."""

FIRST_BACKOFF = timedelta(seconds=2)
"""Wait after the first failure; doubled each time (the eighth attempt comes about four minutes after the first)."""

_PAGE = 50
_log = get_logger("events")


@dataclass(frozen=True, slots=True)
class Owed:
    """One delivery that is due."""

    event_id: UUID
    subscriber: str


def due_deliveries(session: Session, now: datetime) -> list[Owed]:
    """Pending deliveries whose time has come, oldest first."""
    statement = (
        select(EventDelivery.event_id, EventDelivery.subscriber)
        .where(EventDelivery.state == "pending", EventDelivery.next_attempt_at <= now)
        .order_by(EventDelivery.next_attempt_at, EventDelivery.event_id, EventDelivery.subscriber)
        .limit(_PAGE)
    )
    return [Owed(row.event_id, row.subscriber) for row in session.execute(statement)]


def deliver(session: Session, owed: Owed, registry: EventRegistry, house: House, now: datetime) -> bool:
    """Run the subscriber and mark the delivery done in the same transaction; False when there was nothing left to do.

    The delivery's row is locked first, so two dispatchers never run one delivery twice, and what the subscriber writes
    commits with the mark or not at all.
    """
    mine = (EventDelivery.event_id == owed.event_id) & (EventDelivery.subscriber == owed.subscriber)
    if lock_row(session, select(EventDelivery.event_id).where(mine, EventDelivery.state == "pending")) is None:
        return False
    row = session.execute(
        select(OutboxEvent.kind, OutboxEvent.ref, OutboxEvent.topics, OutboxEvent.created_at).where(
            OutboxEvent.id == owed.event_id
        )
    ).one()
    subscriber = registry.subscriber(row.kind, owed.subscriber)
    if subscriber is None:  # a plugin was removed while it was owed something
        _finish(session, owed, "dead", now)
        _log.warning(
            "delivery_dead",
            event_id=str(owed.event_id),
            subscriber=owed.subscriber,
            kind=row.kind,
            reason="not_installed",
        )
        return True
    subscriber(session, Event(owed.event_id, row.kind, row.ref, tuple(row.topics), row.created_at), house)
    _finish(session, owed, "done", now)
    return True


def fail_delivery(session: Session, owed: Owed, error: type[BaseException], now: datetime) -> None:
    """Count a failed attempt: later again, or dead after the last. Only the error's type is logged, never its text."""
    mine = (EventDelivery.event_id == owed.event_id) & (EventDelivery.subscriber == owed.subscriber)
    row = lock_row(session, select(EventDelivery.attempts).where(mine, EventDelivery.state == "pending"))
    if row is None:
        return
    attempts = row.attempts + 1
    if attempts >= MAX_ATTEMPTS:
        _finish(session, owed, "dead", now, attempts)
        _log.error(
            "delivery_dead",
            event_id=str(owed.event_id),
            subscriber=owed.subscriber,
            attempts=attempts,
            error=error.__name__,
        )
        return
    later = now + FIRST_BACKOFF * 2 ** (attempts - 1)
    session.execute(update(EventDelivery).where(mine).values(attempts=attempts, next_attempt_at=later))
    _log.warning(
        "delivery_failed",
        event_id=str(owed.event_id),
        subscriber=owed.subscriber,
        attempts=attempts,
        error=error.__name__,
    )


def _finish(session: Session, owed: Owed, state: str, now: datetime, attempts: int | None = None) -> None:
    values: dict[str, object] = {"state": state, "finished_at": now}
    values["attempts"] = EventDelivery.attempts + 1 if attempts is None else attempts
    session.execute(
        update(EventDelivery)
        .where(EventDelivery.event_id == owed.event_id, EventDelivery.subscriber == owed.subscriber)
        .values(values)
    )


async def deliver_due(database: Database, registry: EventRegistry, house: House, now: Callable[[], datetime]) -> int:
    """Give everything that is due; how many deliveries succeeded."""
    given = 0
    while owed_now := await database.run(lambda session: due_deliveries(session, now()), "read"):
        for owed in owed_now:
            given += await _deliver_one(database, owed, registry, house, now)
    return given


async def _deliver_one(
    database: Database, owed: Owed, registry: EventRegistry, house: House, now: Callable[[], datetime]
) -> bool:
    try:
        work = partial(deliver, owed=owed, registry=registry, house=house, now=now())
        return await database.run(work, beside_the_loop(database))
    except Exception as error:
        kind = type(error)
        await database.run(lambda session: fail_delivery(session, owed, kind, now()), "write")
        return False


def beside_the_loop(database: Database) -> Mode:
    """The mode for work of unknown length: SQLite’s writer is a thread already, PostgreSQL’s would hold the loop."""
    return "write" if database.dialect == "sqlite" else "slow"


def deliver_due_now(database: Database, registry: EventRegistry, house: House, now: datetime) -> int:
    """The same without an event loop, for commands, tests and the virtual clock."""
    given = 0
    while True:
        with database.transaction(write=False) as session:
            owed_now = due_deliveries(session, now)
        if not owed_now:
            return given
        for owed in owed_now:
            try:
                with database.transaction() as session:
                    given += deliver(session, owed, registry, house, now)
            except Exception as error:
                with database.transaction() as session:
                    fail_delivery(session, owed, type(error), now)
