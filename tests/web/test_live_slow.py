"""A stalled reader on real sockets: its memory is bounded, the others are on time, and it is told to reload."""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
import tracemalloc
from contextlib import closing
from uuid import uuid4

from core.kernel.db import Database
from core.kernel.live.hub import RELOAD
from core.kernel.live.stream import StreamEvent
from core.testing.server import serving
from tests.support.live import Client, LiveApp, stream

ORG = f"org:{uuid4()}"
LARGE = "x" * 4000  # larger than any real reference, to fill the sockets' buffers sooner
STEP = 20


class Scene:
    """A server, one reader on time, and events fed to the hub on the server's own loop."""

    def __init__(self, app: LiveApp, quick: Client) -> None:
        self.app, self.quick = app, quick
        self.sent = 0

    async def feed(self, count: int) -> float:
        """Feed events in small steps; what one of them took to reach the reader on time, in seconds: the median, since
        a busy machine makes some late, and a reader that is waited for makes all."""
        loop, took = self.app.dispatcher._loop, []
        assert loop is not None
        for _ in range(0, count, STEP):
            self.quick.frames.clear()
            events = [StreamEvent(self.sent + one, "referral.submitted", LARGE, (ORG,)) for one in range(1, STEP + 1)]
            self.sent += STEP
            begun = time.perf_counter()
            asyncio.run_coroutine_threadsafe(self.app.hub.feed(events), loop)
            frames = await self.quick.until(STEP, 60)
            assert [one.kind for one in frames] == ["referral.submitted"] * STEP
            took.append(frames[-1].at - begun)
        self.quick.frames.clear()
        return statistics.median(took)


def stalled(port: int) -> socket.socket:
    """A browser that asked for the stream and reads nothing, behind a small receive buffer."""
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall(f"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Who: {ORG}\r\n\r\n".encode())
    return client


async def drain(client: socket.socket, app: LiveApp) -> bytes:
    """Read again, until the server counts nobody behind and the reload has come."""
    client.setblocking(False)
    loop, received = asyncio.get_running_loop(), bytearray()
    async with asyncio.timeout(60):
        while app.hub.behind or RELOAD.encode() not in received:
            received += await loop.sock_recv(client, 1 << 16)
    return bytes(received)


def test_a_stalled_reader_is_bounded_delays_nobody_and_reloads(sqlite_url: str) -> None:
    app = LiveApp(Database(sqlite_url), max_connections=3)

    async def scenario(port: int) -> None:
        with closing(stalled(port)) as slow:
            async with stream(port, ORG) as quick:
                async with asyncio.timeout(60):
                    while len(app.hub) < 2:
                        await asyncio.sleep(0.005)
                scene = Scene(app, quick)
                while not app.hub.behind:
                    await scene.feed(STEP)
                    assert scene.sent < 20_000, "a reader that does not read was never noticed"
                await scene.feed(600)  # more than the hub remembers, so that its memory is full before we measure
                tracemalloc.start()
                before = tracemalloc.get_traced_memory()[0]
                took = await scene.feed(3000)
                grown = tracemalloc.get_traced_memory()[0] - before
                tracemalloc.stop()
                assert grown < 512 * 1024, "12 MB went by a reader that does not read"
                assert took < 0.5
                assert app.hub.behind == 1
                late = await drain(slow, app)
                assert late.count(f'"kind":"{RELOAD}"'.encode()) == 1
                assert await scene.feed(5 * STEP) < 0.5

    with serving(app) as server:
        asyncio.run(scenario(server.port))
    app.database.dispose()
