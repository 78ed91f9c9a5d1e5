"""Jobs on both engines: at their interval, one at a time, across restarts, processes and failures."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.kernel.clock import FixedClock, SystemClock
from core.kernel.db import Database
from core.kernel.events import OutboxEvent, emit
from core.kernel.jobs import LEASE, Job, JobLease, JobRunner, claim, run_due
from core.testing import in_loop

NOW = datetime(2026, 3, 13, 15, 0, tzinfo=UTC)
HOUSE: Any = object()
ORG = f"org:{uuid4()}"


def counting(every: timedelta = timedelta(minutes=1)) -> tuple[Job, list[datetime]]:
    runs: list[datetime] = []

    def run(session: Session, house: Any, now: datetime) -> None:
        assert house is HOUSE
        emit(session, "job.ran", "", topics=[ORG], now=now)
        runs.append(now)

    return Job("test.count", every, run), runs


def written(database: Database) -> int:
    with database.transaction(write=False) as session:
        return len(session.scalars(select(OutboxEvent.id)).all())


def test_a_job_runs_at_its_interval_even_across_restarts(database: Database) -> None:
    job, runs = counting()
    clock = FixedClock(NOW)
    for _ in range(10):
        run_due(database, [job], HOUSE, clock.now())
        clock.advance(timedelta(seconds=20))
    assert runs == [NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=2), NOW + timedelta(minutes=3)]
    again = Database(database.url.render_as_string(hide_password=False))
    assert run_due(again, [job], HOUSE, clock.now()) == 0
    assert run_due(again, [job], HOUSE, clock.now() + timedelta(hours=5)) == 1
    again.dispose()


def test_a_failing_job_writes_nothing_spares_the_others_and_is_tried_later(database: Database) -> None:
    tries: list[datetime] = []

    def broken(session: Session, _house: Any, now: datetime) -> None:
        tries.append(now)
        emit(session, "job.ran", "", topics=[ORG], now=now)
        raise RuntimeError

    good, runs = counting()
    jobs = [Job("test.broken", timedelta(hours=1), broken), good]
    for second in range(61):
        run_due(database, jobs, HOUSE, NOW + timedelta(seconds=second))
    assert [(one - NOW).total_seconds() for one in tries] == [0, 10, 30]
    assert len(runs) == written(database) == 2


def test_a_held_lease_keeps_others_away_until_it_expires(database: Database) -> None:
    job, runs = counting()
    with database.transaction() as session:
        assert claim(session, job, "a process that will die", NOW)
    assert run_due(database, [job], HOUSE, NOW + LEASE - timedelta(seconds=1)) == 0
    assert run_due(database, [job], HOUSE, NOW + LEASE) == 1
    assert runs == [NOW + LEASE]


def test_a_process_that_lost_its_lease_meanwhile_writes_nothing(database: Database) -> None:
    taken_over = []

    def stolen(session: Session, _house: Any, now: datetime) -> None:
        emit(session, "job.ran", "", topics=[ORG], now=now)

    job = Job("test.stolen", timedelta(minutes=1), stolen)
    original = database.transaction
    calls = 0

    def transaction(*, write: bool = True) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:  # the look, the claim, then this: after the claim, before the run
            with original() as session:
                lease = session.scalars(select(JobLease)).one()
                lease.holder = "somebody else"
                taken_over.append(lease.name)
        return original(write=write)

    database.transaction = transaction  # type: ignore[method-assign]
    assert run_due(database, [job], HOUSE, NOW) == 0
    assert taken_over == ["test.stolen"]
    assert written(database) == 0


def test_four_runners_at_once_run_a_job_once(database: Database) -> None:
    job, runs = counting()
    barrier = threading.Barrier(4)

    def runner() -> None:
        barrier.wait()
        run_due(database, [job], HOUSE, NOW)

    threads = [threading.Thread(target=runner) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert runs == [NOW]
    assert written(database) == 1


def test_the_runner_runs_what_became_due_and_stops(database: Database) -> None:
    job, runs = counting(timedelta(milliseconds=50))

    async def main() -> None:
        runner = JobRunner(database, [job], SystemClock(), tick=0.02)
        await runner.start(HOUSE)
        async with asyncio.timeout(60):
            while len(runs) < 3:
                await asyncio.sleep(0.01)
        await runner.stop()
        stopped = len(runs)
        await asyncio.sleep(0.15)
        assert len(runs) == stopped

    in_loop(database, main)
    assert written(database) == len(runs)


def test_two_jobs_of_one_name_are_refused(database: Database) -> None:
    job, _ = counting()
    with pytest.raises(ValueError, match="same name"):
        JobRunner(database, [job, job], SystemClock())
