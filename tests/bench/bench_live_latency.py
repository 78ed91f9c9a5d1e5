"""From the commit of a submission to the receiving organisation's screen, 100 other streams idle. Prints JSON lines.

SQLite: one process. PostgreSQL: one process, then two (one commits, the other holds the streams).

    .venv/bin/python tests/bench/bench_live_latency.py [events]
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from core.kernel.db import Database  # noqa: E402 (a script finds the project first)
from core.kernel.events import emit  # noqa: E402
from core.testing import databases, free_port, postgres  # noqa: E402
from tests.support.live import LiveApp, stream  # noqa: E402

ORG = "org:00000000-0000-7000-8000-000000000000"
IDLE = 100
TARGET_MS = 25.0


class WritingApp(LiveApp):
    """`/write` commits an event and answers when it was committed (seconds)."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/write":
            await self.database.run(self._write, "write")
            body = repr(time.time()).encode()
            headers = [(b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        else:
            await super().__call__(scope, receive, send)

    @staticmethod
    def _write(session: Any) -> None:
        emit(session, "referral.submitted", "R-1", topics=[ORG], now=datetime.now(UTC))


def serve(url: str, port: int) -> None:
    """One server process."""
    import uvicorn

    app = WritingApp(Database(url))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


@contextmanager
def servers(url: str, count: int) -> Iterator[list[int]]:
    """That many processes on one database."""
    ports = [free_port() for _ in range(count)]
    running = [subprocess.Popen([sys.executable, __file__, "--serve", url, str(port)]) for port in ports]
    try:
        yield ports
    finally:
        for one in running:
            one.kill()
            one.wait()


async def commit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
    """Have one event committed; when that was."""
    writer.write(b"POST /write HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    return float(await reader.readexactly(length))


async def latencies(ports: list[int], events: int) -> list[float]:
    """Milliseconds from each commit to the subscriber, sorted."""
    for port in ports:
        async with asyncio.timeout(20):
            while True:
                try:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    break
                except OSError:
                    await asyncio.sleep(0.05)
        if port == ports[0]:
            publisher = reader, writer
        else:
            writer.close()
    await asyncio.sleep(1.0)
    async with AsyncExitStack() as stack:
        for place in range(IDLE):
            idle = f"org:00000000-0000-7000-8000-{place + 1:012d}"
            await stack.enter_async_context(stream(ports[-1], idle))
        client = await stack.enter_async_context(stream(ports[-1], ORG))
        offset = time.time() - time.perf_counter()
        found = []
        for place in range(events):
            at = await commit(*publisher)
            frames = await client.until(place + 1)
            found.append((frames[place].at + offset - at) * 1000)
            await asyncio.sleep(0.01)
    publisher[1].close()
    return sorted(found[events // 10 :])


def report(name: str, url: str, processes: int, events: int) -> bool:
    """Measure and print one line."""
    with servers(url, processes) as ports:
        found = asyncio.run(latencies(ports, events))
    p99, median = found[int(len(found) * 0.99)], found[len(found) // 2]
    line = {
        "name": name,
        "value": round(p99, 2),
        "unit": "ms p99",
        "ratio": round(p99 / median, 2),
        "against": "median",
    }
    sys.stdout.write(json.dumps({**line, "target": f"< {TARGET_MS}", "ok": p99 < TARGET_MS}) + "\n")
    sys.stdout.flush()
    return p99 < TARGET_MS


def main() -> None:
    """SQLite, then PostgreSQL with one and two processes."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    run = postgres.begin_run()
    try:
        good = [report("live.sqlite", databases.fresh_sqlite(Path(tempfile.mkdtemp())), 1, events)]
        for processes in (1, 2):
            with databases.fresh_postgresql() as url:
                good.append(report(f"live.postgresql.{processes}", url, processes, events))
    finally:
        postgres.end_run(run)
    line = {
        "name": "live.summary",
        "value": sum(good),
        "unit": "ok",
        "ratio": sum(good) / len(good),
        "against": "targets",
    }
    sys.stdout.write(json.dumps({**line, "target": str(len(good)), "ok": all(good)}) + "\n")


if __name__ == "__main__":
    if "--serve" in sys.argv:
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        main()
