"""The dispatcher and the job runner as they run beside the requests, on both engines."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.kernel.clock import SystemClock
from core.kernel.db import Database
from core.kernel.events import Event, EventDelivery, EventRegistry, OutboxEvent, StreamHead, emit
from core.kernel.jobs import Job, JobLease, JobRunner
from core.kernel.live import Dispatcher, Hub
from core.testing import in_loop
from tests.support.live import KEY

ORG = f"org:{uuid4()}"
HOUSE: Any = object()


async def until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)


def write(database: Database, ref: str) -> None:
    with database.transaction() as session:
        emit(session, "referral.submitted", ref, topics=[ORG], now=datetime.now(UTC))


def states(database: Database) -> list[str]:
    with database.transaction(write=False) as session:
        return list(session.scalars(select(EventDelivery.state).order_by(EventDelivery.subscriber)))


def test_subscribers_are_given_their_events_and_a_long_one_holds_up_nothing(database: Database) -> None:
    registry = EventRegistry()
    given: list[str] = []
    slow_events: list[str] = []
    begun, went_on = threading.Event(), threading.Event()
    free: list[bool] = []

    @registry.subscribe("referral.submitted", "a.quick")
    def quick(session: Session, event: Event, house: Any) -> None:
        assert house is HOUSE
        emit(session, "referral.noted", event.ref, topics=event.topics, now=event.at)
        given.append(event.ref)

    @registry.subscribe("referral.submitted", "b.broken")
    def broken(_session: Session, _event: Event, _house: Any) -> None:
        raise RuntimeError

    @registry.subscribe("referral.noted", "slow")
    def slow(_session: Session, event: Event, _house: Any) -> None:
        begun.set()
        # Set by the loop: not before the end of this one, if it stopped it
        free.append(went_on.wait(20))
        slow_events.append(event.ref)

    async def main() -> None:
        dispatcher = Dispatcher(database, Hub(KEY), registry, SystemClock())
        await dispatcher.start(HOUSE)
        await until(lambda: dispatcher.leading)
        await asyncio.to_thread(write, database, "R-1")
        await until(begun.is_set)
        went_on.set()
        await until(lambda: states(database) == ["done", "pending", "done"])
        await dispatcher.stop()

    in_loop(database, main)
    assert given == slow_events == ["R-1"]
    assert free == [True], "a long subscriber stopped the loop"


def test_what_was_committed_while_nothing_ran_is_published_at_the_start(database: Database) -> None:
    write(database, "R-1")
    hub = Hub(KEY)

    async def main() -> None:
        dispatcher = Dispatcher(database, hub, EventRegistry(), SystemClock())
        await dispatcher.start(HOUSE)
        await until(lambda: hub.last_seq == 1)
        await dispatcher.stop()

    in_loop(database, main)
    with database.transaction(write=False) as session:
        assert session.scalar(select(OutboxEvent.stream_seq)) == 1
        assert session.scalar(select(StreamHead.holder)) == "", "a publisher that stops gives its place up"


def test_a_running_job_that_fails_is_noted_and_the_others_run(database: Database) -> None:
    runs: list[datetime] = []

    def broken(session: Session, _house: Any, now: datetime) -> None:
        emit(session, "job.ran", "", topics=[ORG], now=now)
        raise RuntimeError

    def good(_session: Session, _house: Any, now: datetime) -> None:
        runs.append(now)

    async def main() -> None:
        jobs = [Job("test.broken", timedelta(hours=1), broken), Job("test.good", timedelta(hours=1), good)]
        runner = JobRunner(database, jobs, SystemClock(), tick=0.02)
        await runner.start(HOUSE)
        await until(lambda: runs)
        await asyncio.sleep(0.1)
        await runner.stop()

    in_loop(database, main)
    assert len(runs) == 1
    with database.transaction(write=False) as session:
        assert session.scalars(select(OutboxEvent.id)).all() == []
        lease = session.get(JobLease, "test.broken")
        assert lease is not None
        assert (lease.failures, lease.last_run, lease.holder) == (1, None, "")
        assert lease.retry_at is not None
