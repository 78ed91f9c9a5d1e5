"""`GET /live`: the event stream, as plain ASGI, outside middlewares that wrap responses (they cost four times more)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from core.kernel.db import Database
from core.kernel.live.connection import Connection, LiveViewer, body
from core.kernel.live.hub import RELOAD, Hub
from core.kernel.live.stream import StreamEvent, replay_after
from core.kernel.log import get_logger

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Authenticate = Callable[[Scope], Awaitable[LiveViewer | None]]

_log = get_logger("live")

RETRY = 1000
"""Milliseconds a browser waits before it comes back."""

_STREAM_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
)


class LiveEndpoint:
    """The ASGI application behind `/live`.

    `authenticate(scope)` reads the session cookie and answers who listens, or None (401: the browser stops and asks
    for a page). The cursor is `Last-Event-ID` when the browser comes back by itself, else `?cursor=` of the page.
    `headers` are added to every answer (the security headers of the site).
    """

    def __init__(
        self, hub: Hub, database: Database, authenticate: Authenticate, *, headers: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        self.hub = hub
        self.database = database
        self.authenticate = authenticate
        taken = {name for name, _ in _STREAM_HEADERS}
        self._headers = [*_STREAM_HEADERS, *((name, value) for name, value in headers if name.lower() not in taken)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if scope["method"] != "GET":
            await self._refuse(send, 405, (b"allow", b"GET"))
        elif headers.get(b"sec-fetch-site", b"same-origin") not in (b"same-origin", b"none"):
            await self._refuse(send, 403)
        else:
            before = self.hub.last_seq
            try:
                viewer = await self.authenticate(scope)
            except Exception as error:  # the database is away: the browser comes back
                _log.warning("live_refused", error=type(error).__name__)
                await self._refuse(send, 503, (b"retry-after", b"5"))
                return
            # A session ended while it was being read: its closing event came before the stream was there to be closed.
            if viewer is None or self.hub.closed_since(before, viewer):
                await self._refuse(send, 401)
            else:
                await self._stream(viewer, self._cursor(scope, headers), receive, send)

    async def _stream(self, viewer: LiveViewer, cursor: str | None, receive: Receive, send: Send) -> None:
        connection = self.hub.attach(viewer, send)
        if connection is None:
            await self._refuse(send, 503, (b"retry-after", b"5"))
            return
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self._headers})
            await send(body(f"retry: {RETRY}\r\n\r\n".encode()))
            await self._replay(connection, cursor, send)
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            # The hub ends a stream by cancelling its task; anybody else's cancellation goes on.
            task = asyncio.current_task()
            if not connection.ended or task is None or task.uncancel() > 0:
                raise
        finally:
            self.hub.detach(connection)

    async def _replay(self, connection: Connection, cursor: str | None, send: Send) -> None:
        """Send what the page missed since its snapshot, then let live events through.

        The connection was attached first: what is published while we read is held, so nothing falls between.
        """
        hub = self.hub
        seq = hub.last_seq if cursor is None else hub.decode_cursor(cursor)
        missed: list[StreamEvent] | tuple[StreamEvent, ...] | None = None
        too_old = seq is None
        if seq is not None:
            connection.seen = seq
            missed = hub.recent_after(seq)
            if missed is None:
                wanted = seq
                replay = await self.database.run(lambda session: replay_after(session, wanted), "read")
                missed, too_old = replay.events, replay.too_old
                if too_old:
                    connection.seen = max(seq, replay.last_seq)
        if too_old:
            connection.seen = max(connection.seen, hub.last_seq)
            await send(hub.encode(RELOAD, "", connection.seen))
        for event in missed or ():
            connection.seen = max(connection.seen, event.seq)
            if hub.may_hear(connection.viewer, event):
                await send(hub.encode_for(connection.viewer, event))
        hub.release(connection)

    def _cursor(self, scope: Scope, headers: dict[bytes, bytes]) -> str | None:
        last = headers.get(b"last-event-id")
        if last:
            return last.decode("latin-1")
        values = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("cursor")
        return values[0] if values else None

    async def _refuse(self, send: Send, status: int, *extra: tuple[bytes, bytes]) -> None:
        headers = [pair for pair in self._headers if pair[0] != b"content-type"]
        headers += [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"0"), *extra]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
