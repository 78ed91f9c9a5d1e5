"""The dispatcher: takes committed events out of the outbox and brings them to this process's hub.

Each process runs one. The one that leads (advisory lock, or lease on SQLite) also gives the sequence numbers, tells
the others, and runs the subscribers. Every one keeps its hub up to date, from its own work or by reading the stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from core.kernel.clock import Clock
from core.kernel.db import Database
from core.kernel.events import OUTBOX, EventRegistry
from core.kernel.live.deliveries import deliver_due
from core.kernel.live.hub import Hub
from core.kernel.live.links import Link, link_for
from core.kernel.live.signals import close_on_signals
from core.kernel.live.stream import BATCH, StreamEvent, ensure_head, events_after, publish_batch
from core.kernel.log import get_logger

if TYPE_CHECKING:
    from core.kernel.web.house import House

_RECONNECT = 0.5
_DELIVERY_POLL = 1.0
_log = get_logger("live")


class Dispatcher:
    """One per process. `start` before the first request is served; `stop` also closes the hub."""

    def __init__(self, database: Database, hub: Hub, registry: EventRegistry, clock: Clock) -> None:
        self._database, self._hub, self._registry, self._clock = database, hub, registry, clock
        self.leading = False
        self._wake = asyncio.Event()
        self._owed = asyncio.Event()
        self._committed = False
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._link: Link | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._undo_signals: Callable[[], None] = lambda: None
        database.on_commit(self._on_commit)

    async def start(self, house: House) -> None:
        """Set the hub at the end of the stream and begin. Raises what the database raises when it can't be reached."""
        self._loop = asyncio.get_running_loop()
        self._stopping = False
        self._undo_signals = close_on_signals(self._hub, self._loop)
        self._hub.start(await self._database.run(ensure_head, "write"))
        link = link_for(self._database, self._clock.now)
        await link.open(self._wake.set)
        self._tasks = [
            self._loop.create_task(self._run(link), name="live-dispatcher"),
            self._loop.create_task(self._deliver(house), name="event-subscribers"),
        ]

    async def stop(self) -> None:
        """End the streams, finish what is being done, give up the publisher's place."""
        self._undo_signals()
        await self._hub.close()
        self._stopping = True
        self._wake.set()
        self._owed.set()
        for task in self._tasks:
            try:
                await asyncio.wait_for(task, 5)
            except TimeoutError:
                _log.warning("dispatcher_stop_timeout")
        self._tasks = []
        self._loop = None

    def _on_commit(self, tags: frozenset[str]) -> None:
        """Called from whichever thread committed."""
        loop = self._loop
        if OUTBOX in tags and loop is not None:
            with suppress(RuntimeError):  # the loop closed meanwhile
                loop.call_soon_threadsafe(self._note_commit)

    def _note_commit(self) -> None:
        self._committed = True
        self._wake.set()

    async def _run(self, link: Link) -> None:
        self._link = link
        connected = True
        while not self._stopping:
            try:
                if not connected:
                    await link.open(self._wake.set)
                    connected = True
                await self._turn(link)
                await _wait(self._wake, link.poll)
            except asyncio.CancelledError:
                raise
            except (
                Exception
            ) as error:  # the database restarts, a connection breaks: say so, come back, read what was missed
                _log.warning("live_link_lost", error=type(error).__name__)
                connected = self.leading = False
                await link.close()
                await _wait(self._wake, _RECONNECT)
        self.leading = False
        await link.close()

    async def _turn(self, link: Link) -> None:
        self._wake.clear()
        committed, self._committed = self._committed, False
        self.leading = await link.lead()
        if committed and not self.leading:
            await link.wake_leader()
        look = await link.look()
        if look.last_seq > self._hub.last_seq:
            await self._read_on()
        if look.waiting and self.leading:
            await self._publish()

    async def _publish(self) -> None:
        while True:
            events = await self._database.run(
                lambda session: publish_batch(session, self._registry, self._clock.now()), "write"
            )
            if not events:
                return
            await self._hand_over(events)
            self._owed.set()
            if len(events) < BATCH:
                return

    async def _hand_over(self, events: list[StreamEvent]) -> None:
        if events[0].seq > self._hub.last_seq + 1:
            await self._read_on()
        await self._hub.feed(events)

    async def _read_on(self) -> None:
        while True:
            after = self._hub.last_seq
            events = await self._database.run(partial(events_after, seq=after), "read")
            if not events:
                return
            await self._hub.feed(events)

    async def _deliver(self, house: House) -> None:
        while not self._stopping:
            self._owed.clear()
            try:
                if self.leading:
                    await deliver_due(self._database, self._registry, house, self._clock.now)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                _log.warning("deliveries_interrupted", error=type(error).__name__)
            await _wait(self._owed, _DELIVERY_POLL)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
