"""A small live server and a raw client for the tests of the event stream."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from core.kernel.clock import SystemClock
from core.kernel.db import Database
from core.kernel.events import EventRegistry
from core.kernel.live import Dispatcher, Hub, LiveEndpoint, LiveViewer
from core.kernel.live.links import PostgresLink, SqliteLink

KEY = bytes(range(32))


def only_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing comes by looking now and then, which would be in time by chance: what arrives was told by its commit."""
    for link in (PostgresLink, SqliteLink):
        monkeypatch.setattr(link, "poll", 3600.0)


@dataclass(frozen=True)
class Frame:
    """One server-sent event as a browser sees it, and when (`time.perf_counter`)."""

    kind: str
    ref: str
    id: str
    raw: bytes
    at: float


class LiveApp:
    """`/live` over a database. The viewer is the header `x-who`: `topic,topic[;session-uuid[;user[;org]]]`."""

    def __init__(self, database: Database, registry: EventRegistry | None = None, **hub_options: Any) -> None:
        self.database = database
        self.hub = Hub(KEY, **hub_options)
        self.dispatcher = Dispatcher(database, self.hub, registry or EventRegistry(), SystemClock())
        self.endpoint = LiveEndpoint(self.hub, database, self.authenticate)
        self.denied: set[str] = set()
        self.house: Any = None

    async def authenticate(self, scope: Any) -> LiveViewer | None:
        who = dict(scope["headers"]).get(b"x-who", b"").decode()
        if not who or who in self.denied:
            return None
        topics, *identifiers = who.split(";")
        found: list[UUID | None] = [UUID(one) if one else None for one in identifiers] + [None] * 3

        async def recheck() -> bool:
            return who not in self.denied

        return LiveViewer(frozenset(topics.split(",")), found[0], found[1], found[2], recheck)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self.endpoint(scope, receive, send)
            return
        await receive()
        await self.dispatcher.start(self.house)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.dispatcher.stop()
        if self.database.dialect == "postgresql":
            await self.database.leave_loop()
        await send({"type": "lifespan.shutdown.complete"})


@dataclass
class Client:
    """One open stream read to its end by a task."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    beats: int = 0
    last_id: str = ""
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    closed_at: float = 0.0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, count: int, seconds: float = 60.0) -> list[Frame]:
        """Wait for that many events."""
        async with asyncio.timeout(seconds):
            while len(self.frames) < count:
                self.news.clear()
                await self.news.wait()
        return self.frames

    async def until_closed(self, seconds: float = 20.0) -> None:
        """Wait until the server ends the stream: `closed_at` says when."""
        async with asyncio.timeout(seconds):
            await self.closed.wait()

    async def read(self) -> None:
        pending = b""
        try:
            while True:
                length = int((await self.reader.readline()).strip() or b"0", 16)
                if length == 0:
                    break
                pending += (await self.reader.readexactly(length + 2))[:-2]
                *whole, pending = pending.split(b"\r\n\r\n")
                for block in whole:
                    self._note(block)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        self.closed_at = time.perf_counter()
        self.closed.set()

    def _note(self, block: bytes) -> None:
        fields = dict(line.partition(": ")[::2] for line in block.decode().split("\r\n"))
        self.last_id = fields.get("id", self.last_id)
        if fields.get("event") == "beat":
            assert fields["data"] == '{"kind":"beat","ref":""}'
            self.beats += 1
        elif "data" in fields:
            data = json.loads(fields["data"])
            assert set(data) == {"kind", "ref"}, "a browser is told a kind and a reference, nothing else"
            assert set(fields) == {"id", "data"}
            self.frames.append(Frame(data["kind"], data["ref"], fields["id"], block, time.perf_counter()))
            self.news.set()


@asynccontextmanager
async def stream(
    port: int, who: str, *, cursor: str = "", last_event_id: str = "", headers: str = "", method: str = "GET"
) -> AsyncIterator[Client]:
    """An open `/live` stream on loopback; check `.status` before reading on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    query = f"?cursor={cursor}" if cursor else ""
    last = f"Last-Event-ID: {last_event_id}\r\n" if last_event_id else ""
    identity = f"X-Who: {who}\r\n" if who else ""
    writer.write(f"{method} /live{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n{identity}{last}{headers}\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    status = int(re.match(r"HTTP/1.1 (\d+)", head).group(1))  # type: ignore[union-attr]
    lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
    client = Client(reader, writer, status, {name.lower(): value for name, _, value in lines})
    task = asyncio.create_task(client.read()) if status == 200 else None
    try:
        yield client
    finally:
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        writer.close()
