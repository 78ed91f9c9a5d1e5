"""Jobs: work that comes back at an interval, done by one process at a time, whatever restarts.

A job is a plain function of a session. Its last run is in the database, so a restart neither forgets nor repeats it
(escalation timers survive), and its lease lets another process take over from one that died.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Integer, String, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session

from core.kernel.clock import Clock
from core.kernel.db import Base, Database, Mode, UtcDateTime, add_row, internal, lock_row
from core.kernel.log import get_logger

if TYPE_CHECKING:
    from core.kernel.web.house import House

__all__ = ["Job", "JobLease", "JobRunner", "run_due"]

LEASE = timedelta(minutes=5)
"""How long a process may run one job before another may take it over; a late one then rolls back."""

FIRST_BACKOFF = timedelta(seconds=10)
"""Wait after a failed run, doubled each time up to an hour, and never longer than the job's own interval."""

_MAX_BACKOFF = timedelta(hours=1)
_log = get_logger("jobs")


@dataclass(frozen=True, slots=True)
class Job:
    """`run(session, house, now)` at most once per `every`; what it writes commits with the note that it ran.

    `name` is stored: it never changes. A plugin's job bears its prefix.
    """

    name: str
    every: timedelta
    run: Callable[[Session, House, datetime], None]


class JobLease(Base):
    """One job: who runs it until when, and when it last succeeded."""

    __tablename__ = "job_leases"
    name: Mapped[str] = internal(String(120), primary_key=True)
    holder: Mapped[str] = internal(String(64), default="")
    until: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    last_run: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    retry_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    failures: Mapped[int] = internal(Integer, default=0)


class _LeaseLost(Exception):
    """Another process took the job over: what this one did must not commit."""


def new_holder() -> str:
    """A name for this runner, different in each process and each start."""
    return f"{os.getpid()}:{secrets.token_hex(8)}"


def due_jobs(session: Session, jobs: Iterable[Job], now: datetime) -> list[Job]:
    """The jobs that should run now, in order: one read, to spare the locks."""
    columns = (JobLease.name, JobLease.until, JobLease.last_run, JobLease.retry_at)
    leases = {row.name: row for row in session.execute(select(*columns))}
    return [
        job
        for job in jobs
        if (row := leases.get(job.name)) is None or _due(row.until, row.last_run, row.retry_at, job, now)
    ]


def _due(until: datetime | None, last: datetime | None, retry: datetime | None, job: Job, now: datetime) -> bool:
    free = until is None or until <= now
    return free and (last is None or last + job.every <= now) and (retry is None or retry <= now)


def claim(session: Session, job: Job, holder: str, now: datetime) -> bool:
    """Take the job's lease; False when it isn't due or another holds it."""
    columns = (JobLease.until, JobLease.last_run, JobLease.retry_at)
    statement = select(*columns).where(JobLease.name == job.name)
    row = lock_row(session, statement)
    if row is None:
        with suppress(IntegrityError), session.begin_nested():  # another process may have just inserted it
            add_row(session, JobLease, name=job.name, holder="", failures=0)
        row = lock_row(session, statement)
    if row is None or not _due(row.until, row.last_run, row.retry_at, job, now):
        return False
    session.execute(update(JobLease).where(JobLease.name == job.name).values(holder=holder, until=now + LEASE))
    return True


def run_claimed(session: Session, job: Job, holder: str, house: House, now: datetime) -> None:
    """Run the job and note it, in one transaction, the lease locked so that nobody takes it over meanwhile."""
    row = lock_row(session, select(JobLease.holder).where(JobLease.name == job.name))
    if row is None or row.holder != holder:
        raise _LeaseLost
    job.run(session, house, now)
    done = {"holder": "", "until": None, "last_run": now, "retry_at": None, "failures": 0}
    session.execute(update(JobLease).where(JobLease.name == job.name).values(done))


def note_failure(session: Session, job: Job, holder: str, error: type[BaseException], now: datetime) -> None:
    """Give the lease back and try later. The log says the job and the error's type, never its text."""
    row = lock_row(session, select(JobLease.holder, JobLease.failures).where(JobLease.name == job.name))
    if row is None or row.holder != holder:
        return
    wait = min(FIRST_BACKOFF * 2 ** min(row.failures, 10), _MAX_BACKOFF, job.every)
    later = {"holder": "", "until": None, "retry_at": now + wait, "failures": row.failures + 1}
    session.execute(update(JobLease).where(JobLease.name == job.name).values(later))
    _log.error("job_failed", job=job.name, error=error.__name__, attempts=row.failures + 1)


def run_due(database: Database, jobs: Iterable[Job], house: House, now: datetime, *, holder: str | None = None) -> int:
    """Run every job that is due, in order, each in its own transaction; how many succeeded. It blocks."""
    holder = holder or new_holder()
    ran = 0
    with database.transaction(write=False) as session:
        due = due_jobs(session, jobs, now)
    for job in due:
        with database.transaction() as session:
            if not claim(session, job, holder, now):
                continue
        try:
            with database.transaction() as session:
                run_claimed(session, job, holder, house, now)
            ran += 1
        except _LeaseLost:
            _log.warning("job_lease_lost", job=job.name)
        except Exception as error:
            with database.transaction() as session:
                note_failure(session, job, holder, type(error), now)
    return ran


class JobRunner:
    """Looks every `tick` seconds for jobs that are due; several processes may each have one."""

    def __init__(self, database: Database, jobs: Iterable[Job], clock: Clock, *, tick: float = 1.0) -> None:
        self._database, self._jobs, self._clock, self._tick = database, tuple(jobs), clock, tick
        names = [job.name for job in self._jobs]
        if len(set(names)) != len(names):
            raise ValueError("two jobs have the same name")
        self._holder = new_holder()
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self, house: House) -> None:
        """Begin; jobs that became due while nothing ran are run now. Without any job, nothing looks for what is due."""
        self._stop.clear()
        if not self._jobs:
            return
        self._task = asyncio.get_running_loop().create_task(self._run(house), name="jobs")

    async def stop(self) -> None:
        """Let the running job finish, then stop."""
        self._stop.set()
        if self._task is not None:
            await self._task
            self._task = None

    async def _run(self, house: House) -> None:
        while not self._stop.is_set():
            try:
                now = self._clock.now()
                for job in await self._database.run(partial(due_jobs, jobs=self._jobs, now=now), "read"):
                    if not self._stop.is_set():
                        await self._run_one(job, house)
            except Exception as error:  # the database is away: jobs wait for it
                _log.warning("jobs_interrupted", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._tick):
                    await self._stop.wait()

    async def _run_one(self, job: Job, house: House) -> None:
        now, holder, database = self._clock.now(), self._holder, self._database
        if not await database.run(partial(claim, job=job, holder=holder, now=now), "write"):
            return
        # A job may be long and the loop also carries pages and streams: SQLite's writer is a thread already
        mode: Mode = "write" if database.dialect == "sqlite" else "slow"
        try:
            await database.run(partial(run_claimed, job=job, holder=holder, house=house, now=now), mode)
        except _LeaseLost:
            _log.warning("job_lease_lost", job=job.name)
        except Exception as error:
            failed = partial(note_failure, job=job, holder=holder, error=type(error), now=now)
            await database.run(failed, "write")
