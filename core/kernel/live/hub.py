"""The hub: one per process, it hands each event to the connections that may hear it.

An event is encoded once, then stepped straight into each connection's ASGI `send`: for a ready socket that finishes
at once, with no task and no queue. A `send` that has to wait is a slow reader: it is finished aside, the reader is
marked behind, its further events are dropped and one `reload` is sent when it is ready again. So a stalled reader
holds at most the server's write buffer and delays nobody.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from uuid import UUID

from sse_starlette.event import ServerSentEvent

from core.kernel.events import CONTROL_CLOSE
from core.kernel.live.connection import Connection, LiveViewer, Message, Rest, Send, State, body
from core.kernel.live.cursor import CursorCodec
from core.kernel.live.stream import REPLAY_LIMIT, StreamEvent

RELOAD = "reload"
"""Kind sent alone (empty reference) when the page must fetch itself again."""

LOCKED = "locked.news"
"""All that a locked session hears, whatever came: it counts again."""

BEAT = "beat"
"""Kind and name of the heartbeat."""

YIELD_EVERY = 256
HELD_LIMIT = 64
_END: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class Hub:
    """Connections of this process, by topic. Used from one event loop only.

    `key`: 32 bytes sealing cursors. Times are seconds: `heartbeat` between comments that keep proxies from closing,
    `life` of a connection before it must come back and be authorised anew (at most ten minutes), `recheck` between
    two checks of a right, `patience` for a reader that stays behind.
    """

    def __init__(
        self,
        key: bytes,
        *,
        heartbeat: float = 15.0,
        life: float = 600.0,
        recheck: float = 30.0,
        patience: float = 60.0,
        max_connections: int = 10_000,
        max_per_session: int = 8,
    ) -> None:
        self._codec = CursorCodec(key)
        self.heartbeat, self.life, self.recheck, self.patience = heartbeat, min(life, 600.0), recheck, patience
        self.max_connections, self.max_per_session = max_connections, max_per_session
        self.last_seq = 0
        self._settled = 0
        self.closing = False
        self._connections: dict[Connection, None] = {}
        self._by_topic: dict[str, dict[Connection, None]] = {}
        self._recent: deque[StreamEvent] = deque()
        self._floor = 0
        self._order = asyncio.Lock()
        self._timer: asyncio.Task[None] | None = None
        self._checking: asyncio.Task[None] | None = None

    # cursors and encoding

    def encode_cursor(self, seq: int) -> str:
        """The opaque cursor of a sequence, for a page."""
        return self._codec.encode(seq)

    def decode_cursor(self, cursor: str) -> int | None:
        """The sequence of a cursor, or None when it isn't ours."""
        return self._codec.decode(cursor)

    def encode(self, kind: str, ref: str, seq: int) -> Message:
        """One server-sent event as an ASGI message: an opaque id, a kind and a reference."""
        data = json.dumps({"kind": kind, "ref": ref}, separators=(",", ":"))
        return body(ServerSentEvent(data, id=self._codec.encode(seq)).encode())

    def encode_for(self, viewer: LiveViewer, event: StreamEvent) -> Message:
        """The event as this viewer may hear it: a locked session learns neither its kind nor its reference."""
        return self.encode(LOCKED, "", event.seq) if viewer.locked else self.encode(event.kind, event.ref, event.seq)

    def _beat(self) -> Message:
        """A heartbeat: an event of another name, which pages that only listen to messages ignore.

        A page can watch for it: a connection lost without a word is invisible to it otherwise, and personal content
        must blank. It carries a fresh cursor, so that a quiet stream that comes back isn’t too old: the cursor of
        what every connection already has, since an event may be half way through its audience.
        """
        data = json.dumps({"kind": BEAT, "ref": ""}, separators=(",", ":"))
        return body(ServerSentEvent(data, event=BEAT, id=self._codec.encode(self._settled)).encode())

    # life of the hub

    def start(self, last_seq: int) -> None:
        """Begin at a sequence: what was published before is replayed from the database, not from memory."""
        self.last_seq = self._floor = self._settled = last_seq
        self._recent.clear()
        self._timer = asyncio.get_running_loop().create_task(self._keep_time(), name="live-hub-timer")

    async def close(self) -> None:
        """End every stream and refuse new ones. Called first when the process stops: a server waits for its streams."""
        self.close_all()
        for task in (self._timer, self._checking):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        self._timer = self._checking = None

    def close_all(self) -> None:
        """The same at once, from a signal's callback on the loop."""
        self.closing = True
        for connection in list(self._connections):
            self._end(connection)

    def __len__(self) -> int:
        return len(self._connections)

    @property
    def behind(self) -> int:
        """How many readers are behind."""
        return sum(connection.state is State.BEHIND for connection in self._connections)

    # connections

    def attach(self, viewer: LiveViewer, send: Send) -> Connection | None:
        """Register a stream, held until its replay is done; None when this process is full or stopping.

        A session that opens more streams than allowed loses its oldest one.
        """
        if self.closing or len(self._connections) >= self.max_connections:
            return None
        if viewer.session_id is not None:
            mine = [
                one
                for one in self._by_topic.get(f"session:{viewer.session_id}", ())
                if one.viewer.session_id == viewer.session_id
            ]
            for oldest in mine[: max(0, len(mine) + 1 - self.max_per_session)]:
                self._end(oldest)
        connection = Connection(viewer, send, asyncio.current_task())
        now = asyncio.get_running_loop().time()
        # Spread, so that streams opened together after a restart don't all come back together.
        life = self.life * random.uniform(0.8, 1.0)
        connection.expires = now + (life if viewer.lasts is None else min(life, viewer.lasts))
        connection.rechecked = now
        self._connections[connection] = None
        for topic in viewer.topics:
            self._by_topic.setdefault(topic, {})[connection] = None
        return connection

    def detach(self, connection: Connection) -> None:
        """Forget a stream."""
        if connection.pending is not None:
            connection.pending.cancel()
            connection.pending = None
        connection.state = State.CLOSED
        connection.held = None
        if self._connections.pop(connection, True) is None:
            for topic in connection.viewer.topics:
                subscribers = self._by_topic.get(topic)
                if subscribers is not None:
                    subscribers.pop(connection, None)
                    if not subscribers:
                        del self._by_topic[topic]

    def recent_after(self, seq: int) -> list[StreamEvent] | None:
        """What this process published after `seq`; None when its memory doesn't go back that far."""
        if seq < self._floor:
            return None
        return [event for event in self._recent if event.seq > seq]

    def may_hear(self, viewer: LiveViewer, event: StreamEvent) -> bool:
        """Whether a replayed event is for this viewer, with the topics she has now."""
        if event.kind.startswith("control.") or viewer.topics.isdisjoint(event.topics):
            return False
        return viewer.hears(event)

    def closed_since(self, seq: int, viewer: LiveViewer) -> bool:
        """Whether streams of this viewer were ordered closed after `seq`."""
        events = [event for event in self._recent if event.seq > seq and event.kind == CONTROL_CLOSE]
        return any(not viewer.topics.isdisjoint(event.topics) for event in events)

    def close_where(
        self,
        predicate: Callable[[LiveViewer], bool] | None = None,
        *,
        session_ids: Collection[UUID] = (),
        user_ids: Collection[UUID] = (),
        organisation_ids: Collection[UUID] = (),
    ) -> int:
        """End at once the streams of this process that match any criterion; how many."""
        ended = 0
        for connection in list(self._connections):
            viewer = connection.viewer
            if (
                (predicate is not None and predicate(viewer))
                or viewer.session_id in session_ids
                or viewer.user_id in user_ids
                or viewer.organisation_id in organisation_ids
            ):
                self._end(connection)
                ended += 1
        return ended

    # events

    async def feed(self, events: Iterable[StreamEvent]) -> None:
        """Hand over published events, in order and without a gap after `last_seq`; those already known are skipped."""
        async with self._order:
            for event in events:
                if event.seq <= self.last_seq:
                    continue
                self.last_seq = event.seq
                self._recent.append(event)
                if len(self._recent) > REPLAY_LIMIT:
                    self._floor = self._recent.popleft().seq
                if event.kind == CONTROL_CLOSE:  # control events go to no browser
                    self._close_topics(event.topics)
                else:
                    await self._broadcast(event)
                self._settled = event.seq

    async def _broadcast(self, event: StreamEvent) -> None:
        targets = self._audience(event.topics)
        if not targets:
            return
        message = self.encode(event.kind, event.ref, event.seq)
        seq = event.seq
        now = asyncio.get_running_loop().time()
        for count, connection in enumerate(targets, start=1):
            state, viewer = connection.state, connection.viewer
            if (viewer.deaf or viewer.locked) and not viewer.hears(event):
                continue
            if connection.expires <= now:  # the session may have locked meanwhile: it comes back as what it is
                self._end(connection)
                continue
            if state is State.LIVE:
                if connection.seen < seq:
                    connection.seen = seq
                    self._step(connection, self.encode_for(viewer, event) if viewer.locked else message)
            elif state is State.BEHIND:
                connection.missed = True
            elif state is State.HELD:
                self._hold(connection, event)
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)

    def _audience(self, topics: tuple[str, ...]) -> list[Connection]:
        if len(topics) == 1:
            return list(self._by_topic.get(topics[0], ()))
        union: dict[Connection, None] = {}
        for topic in topics:
            union.update(self._by_topic.get(topic, {}))
        return list(union)

    def _hold(self, connection: Connection, event: StreamEvent) -> None:
        if connection.held is None or len(connection.held) >= HELD_LIMIT:
            connection.missed = True
        else:
            connection.held.append(event)

    def release(self, connection: Connection) -> None:
        """The replay is sent: hand over what came meanwhile, then let events through."""
        if connection.state is not State.HELD:
            return
        held, connection.held = connection.held or [], None
        connection.state = State.LIVE
        if connection.missed:
            connection.missed = False
            self._reload(connection)
            return
        for event in held:
            if event.seq <= connection.seen:
                continue
            if connection.state is not State.LIVE:
                connection.missed = True
                return
            connection.seen = event.seq
            self._step(connection, self.encode_for(connection.viewer, event))

    def _reload(self, connection: Connection) -> None:
        connection.seen = max(connection.seen, self.last_seq)
        self._step(connection, self.encode(RELOAD, "", connection.seen))

    def _step(self, connection: Connection, message: Message) -> None:
        steps = connection.send(message).__await__()
        try:
            waiting = next(steps)
        except StopIteration:
            return
        except Exception:  # the socket is gone: whatever the server calls that, the stream is over
            self._end(connection)
            return
        connection.state = State.BEHIND
        loop = asyncio.get_running_loop()
        connection.behind_since = loop.time()
        connection.pending = loop.create_task(self._catch_up(connection, Rest(waiting, steps)))

    async def _catch_up(self, connection: Connection, rest: Rest) -> None:
        try:
            await rest
        except Exception:
            connection.pending = None
            self._end(connection)
            return
        connection.pending = None
        if connection.state is State.BEHIND:
            connection.state = State.LIVE
            if connection.missed:
                connection.missed = False
                self._reload(connection)

    # ends

    def _close_topics(self, topics: tuple[str, ...]) -> None:
        for connection in self._audience(topics):
            self._end(connection)

    def _end(self, connection: Connection) -> None:
        if connection.state is State.CLOSED:
            return
        ready = connection.state is State.LIVE
        self.detach(connection)
        if ready:
            with suppress(Exception):
                steps = connection.send(_END).__await__()
                try:
                    next(steps)
                except StopIteration:
                    pass
                else:
                    steps.close()
        connection.ended = True
        if connection.task is not None:
            connection.task.cancel()

    async def _keep_time(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.heartbeat)
            now = loop.time()
            beat = self._beat()
            for count, connection in enumerate(list(self._connections), start=1):
                if connection.expires <= now or (
                    connection.state is State.BEHIND and now - connection.behind_since > self.patience
                ):
                    self._end(connection)
                elif connection.state is State.LIVE:
                    self._step(connection, beat)
                if count % YIELD_EVERY == 0:
                    await asyncio.sleep(0)
            if self._checking is None or self._checking.done():
                due = [one for one in self._connections if now - one.rechecked >= self.recheck]
                self._checking = loop.create_task(self._check(due))

    async def _check(self, due: list[Connection]) -> None:
        loop = asyncio.get_running_loop()
        for connection in due:
            if connection.state is State.CLOSED:
                continue
            connection.rechecked = loop.time()
            try:
                allowed = await connection.viewer.recheck()
            except Exception:  # a right that can't be checked isn't a right
                allowed = False
            if not allowed:
                self._end(connection)
            await asyncio.sleep(0)
