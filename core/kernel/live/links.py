"""How processes of one network wake each other and agree on who publishes, on each engine.

PostgreSQL: one connection per process listens for published sequences and holds the advisory lock of the publisher.
SQLite: processes of one machine watch the file's `data_version`, and the publisher's lease is a row.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

import asyncpg
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.kernel.db import Database, lock_row
from core.kernel.events import StreamHead
from core.kernel.live.stream import CHANNEL

WAKE_CHANNEL = "arrimage_wake"
_PUBLISHER_LOCK = 0x4152_5249_4D41_4745 >> 1  # one number for this use; advisory locks are per database already
_HEAD = StreamHead.name == "live"
_LOOK = """SELECT EXISTS (SELECT 1 FROM outbox_events WHERE published_at IS NULL),
    (SELECT last_seq FROM stream_heads WHERE name = 'live')"""


class Look(NamedTuple):
    """Whether an event waits to be published, and the last published sequence."""

    waiting: bool
    last_seq: int


class Link(Protocol):
    """What the dispatcher needs from its engine. `poll` is the longest sleep in seconds between two looks."""

    poll: float

    async def open(self, wake: Callable[[], None]) -> None:
        """Connect; `wake()` is called, on the loop, whenever something may have been written."""

    async def lead(self) -> bool:
        """Take or keep the publisher's place; False when another process has it."""

    async def look(self) -> Look:
        """What there is to do, in one round trip."""

    async def wake_leader(self) -> None:
        """Tell the publishing process that this one committed events."""

    async def close(self) -> None:
        """Give up the place and disconnect."""


class PostgresLink:
    """LISTEN, NOTIFY and the advisory lock on one asyncpg connection: lost and taken again together."""

    poll = 0.1  # a lost NOTIFY delays a withdrawal's purge by this much at most, well under its 250 ms

    def __init__(self, database: Database) -> None:
        self._dsn = database.url.render_as_string(hide_password=False)
        self._connection: asyncpg.Connection[Any] | None = None
        self._leading = False
        self._next_try = 0.0

    async def open(self, wake: Callable[[], None]) -> None:
        connection = await asyncpg.connect(self._dsn, server_settings={"application_name": "arrimage-live"})
        self._connection = connection
        self._leading, self._next_try = False, 0.0
        connection.add_termination_listener(lambda _connection: wake())
        for channel in (CHANNEL, WAKE_CHANNEL):
            await connection.add_listener(channel, lambda *_: wake())

    async def lead(self) -> bool:
        connection = self._alive()
        now = asyncio.get_running_loop().time()
        if not self._leading and now >= self._next_try:
            self._leading = bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", _PUBLISHER_LOCK))
            self._next_try = now + 0.5
        return self._leading

    async def look(self) -> Look:
        row = await self._alive().fetchrow(_LOOK)
        assert row is not None
        return Look(row[0], row[1] or 0)

    async def wake_leader(self) -> None:
        await self._alive().execute(f"NOTIFY {WAKE_CHANNEL}")

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        self._leading = False
        if connection is not None and not connection.is_closed():
            with suppress(Exception):
                await connection.close(timeout=2)

    def _alive(self) -> asyncpg.Connection[Any]:
        if self._connection is None or self._connection.is_closed():
            raise ConnectionError("the live connection to PostgreSQL is lost")
        return self._connection


class SqliteLink:
    """`PRAGMA data_version` every 20 ms (a few microseconds), and a lease row naming the publishing process."""

    poll = 1.0
    WATCH = 0.02
    LEASE = timedelta(seconds=30)

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._holder = f"{os.getpid()}:{secrets.token_hex(8)}"
        self._held_until: datetime | None = None
        self._watching: sqlite3.Connection | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._version = 0

    async def open(self, wake: Callable[[], None]) -> None:
        self._watching = sqlite3.connect(f"file:{self._database.url.database}?mode=ro", uri=True, isolation_level=None)
        self._version = self._data_version()
        self._watch(asyncio.get_running_loop(), wake)

    def _watch(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
        version = self._data_version()
        if version != self._version:
            self._version = version
            wake()
        self._timer = loop.call_later(self.WATCH, self._watch, loop, wake)

    def _data_version(self) -> int:
        assert self._watching is not None
        return int(self._watching.execute("PRAGMA data_version").fetchone()[0])

    async def lead(self) -> bool:
        now = self._now()
        if self._held_until is not None and now < self._held_until - self.LEASE / 2:
            return True
        if self._held_until is None and not await self._database.run(lambda session: self._free(session, now), "read"):
            return False
        taken = await self._database.run(lambda session: self._take(session, now), "write")
        self._held_until = now + self.LEASE if taken else None
        return taken

    def _free(self, session: Session, now: datetime) -> bool:
        head = session.execute(select(StreamHead.holder, StreamHead.held_until).where(_HEAD)).one()
        return (
            head.holder in ("", self._holder)
            or head.held_until is None
            or head.held_until <= now
            or not _runs(head.holder)
        )

    def _take(self, session: Session, now: datetime) -> bool:
        if lock_row(session, select(StreamHead.name).where(_HEAD)) is None or not self._free(session, now):
            return False
        session.execute(update(StreamHead).where(_HEAD).values(holder=self._holder, held_until=now + self.LEASE))
        return True

    async def look(self) -> Look:
        assert self._watching is not None
        row = self._watching.execute(_LOOK).fetchone()
        return Look(bool(row[0]), row[1] or 0)

    async def wake_leader(self) -> None:
        """Nothing to do: the publisher sees the file change."""

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._watching is not None:
            self._watching.close()
            self._watching = None
        if self._held_until is not None:
            self._held_until = None
            with suppress(Exception):
                await self._database.run(self._release, "write")

    def _release(self, session: Session) -> None:
        session.execute(
            update(StreamHead).where(_HEAD, StreamHead.holder == self._holder).values(holder="", held_until=None)
        )


def _runs(holder: str) -> bool:
    """Whether the process that holds the lease still exists: after a crash its place is free at once."""
    pid = holder.partition(":")[0]
    if not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def link_for(database: Database, now: Callable[[], datetime]) -> Link:
    """The link of this database's engine."""
    return PostgresLink(database) if database.dialect == "postgresql" else SqliteLink(database, now)
