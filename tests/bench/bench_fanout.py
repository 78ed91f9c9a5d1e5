"""Fan-out: from a publication to the last of N live connections. Prints JSON lines; ratios in one run are what counts.

Compared: our hub, a plain `EventSourceResponse` per client, and nginx with nchan (in C) when `NGINX_BINARY` and
`NCHAN_MODULE` name them. Rounds are interleaved, so that a busy moment of the machine falls on all.

    .venv/bin/python tests/bench/bench_fanout.py [connections] [rounds]
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

TOPIC = "org:00000000-0000-7000-8000-000000000000"
EVENTS, WARM = 12, 3
BURST = 200
NCHAN = """load_module {module}; daemon off; worker_processes 1; pid nginx.pid; error_log nginx.err warn;
worker_rlimit_nofile 20000;
events {{ worker_connections 12000; use epoll; multi_accept on; }}
http {{ access_log off; tcp_nodelay on; keepalive_requests 1000000; client_body_temp_path {folder}/body;
 proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
 uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
 server {{ listen 127.0.0.1:{port} backlog=8192;
  location = /live {{ nchan_subscriber eventsource; nchan_channel_id t; nchan_subscriber_first_message newest; }}
  location = /pub {{ nchan_publisher; nchan_channel_id t; nchan_message_buffer_length 0; nchan_store_messages off; }}
}} }}
"""


@dataclass(frozen=True)
class Round:
    """Medians of one round: milliseconds to the last subscriber, KiB of server memory per connection."""

    last_ms: float
    kib: float


async def _body(receive: Any) -> str:
    chunks, more = b"", True
    while more:
        message = await receive()
        chunks, more = chunks + message.get("body", b""), message.get("more_body", False)
    return chunks.decode()


async def _lifespan(receive: Any, send: Any, started: Callable[[], None]) -> None:
    await receive()
    started()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _accepted(send: Any) -> None:
    await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def hub_server() -> Any:
    """Our hub behind its real endpoint."""
    from core.kernel.db import Database
    from core.kernel.live import Hub, LiveEndpoint, LiveViewer
    from core.kernel.live.stream import StreamEvent

    hub = Hub(bytes(32), heartbeat=3600)
    database = Database(f"sqlite:///{tempfile.mkdtemp()}/bench.sqlite")

    async def always() -> bool:
        return True

    viewer = LiveViewer(frozenset({TOPIC}), None, None, None, always)

    async def authenticate(_scope: Any) -> LiveViewer:
        return viewer

    endpoint = LiveEndpoint(hub, database, authenticate)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send, lambda: hub.start(0))
        elif scope["path"] == "/live":
            await endpoint(scope, receive, send)
        else:
            token = await _body(receive)
            await hub.feed([StreamEvent(hub.last_seq + 1, "bench.event", token, (TOPIC,))])
            await _accepted(send)

    return app


def plain_server() -> Any:
    """One `EventSourceResponse` and one queue per client, as the library's documentation shows."""
    from sse_starlette import EventSourceResponse, ServerSentEvent

    queues: set[asyncio.Queue[str]] = set()

    async def events() -> AsyncIterator[ServerSentEvent]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        queues.add(queue)
        try:
            while True:
                token = await queue.get()
                yield ServerSentEvent(json.dumps({"kind": "bench.event", "ref": token}), id=token)
        finally:
            queues.discard(queue)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send, lambda: None)
        elif scope["path"] == "/live":
            await EventSourceResponse(events(), ping=3600)(scope, receive, send)
        else:
            token = await _body(receive)
            for queue in queues:
                queue.put_nowait(token)
            await _accepted(send)

    return app


def serve(which: str, port: int) -> None:
    """Run one of the servers in this process."""
    import uvicorn

    app = hub_server() if which == "hub" else plain_server()
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", backlog=8192, access_log=False)
    uvicorn.Server(config).run()


def start(which: str, port: int) -> subprocess.Popen[bytes]:
    """Start one of the servers in a process of its own."""
    if which != "nchan":
        return subprocess.Popen([sys.executable, __file__, "--serve", which, str(port)])
    folder = Path(tempfile.mkdtemp())
    (folder / "nginx.conf").write_text(NCHAN.format(module=os.environ["NCHAN_MODULE"], port=port, folder=folder))
    command = [
        os.environ["NGINX_BINARY"],
        "-p",
        str(folder),
        "-c",
        str(folder / "nginx.conf"),
        "-e",
        str(folder / "err"),
    ]
    return subprocess.Popen(command)


def memory_kib(pid: int) -> float:
    """Proportional memory of a process and its children."""
    total = 0.0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            total += float(line.split()[1])
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += sum(memory_kib(int(child)) for child in (task / "children").read_text().split())
    return total


def wait_for(port: int) -> None:
    """Until the port answers."""
    for _ in range(400):
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.025)
    raise RuntimeError("the server did not start")


def open_streams(port: int, count: int) -> dict[int, socket.socket]:
    """That many streams, each past its response's head."""
    streams: dict[int, socket.socket] = {}
    request = b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"
    while len(streams) < count:
        batch = []
        for _ in range(min(BURST, count - len(streams))):
            one = socket.create_connection(("127.0.0.1", port))
            one.sendall(request)
            batch.append(one)
        for one in batch:
            head = b""
            while b"\r\n\r\n" not in head:
                head += one.recv(65536)
            if b" 200 " not in head[:20]:
                raise RuntimeError(head[:200])
            one.setblocking(False)
            streams[one.fileno()] = one
    return streams


def publish(publisher: socket.socket) -> bytes:
    """Send one publication and return its token, without waiting for the answer."""
    token = uuid.uuid4().hex.encode()
    publisher.sendall(b"POST /pub HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 32\r\n\r\n" + token)
    return token


def one_event(poll: select.epoll, publisher: socket.socket, count: int) -> float:
    """Milliseconds from just before the publication is written to the last subscriber's reception."""
    begun = time.perf_counter()
    token = publish(publisher)
    left = count
    partial: dict[int, bytes] = {}
    while left:
        ready = poll.poll(20, 1024)
        if not ready:
            raise RuntimeError(f"{left} connections heard nothing")
        for descriptor, _ in ready:
            data = partial.get(descriptor, b"") + os.read(descriptor, 8192)
            if token in data:
                left -= 1
                partial[descriptor] = b""
            else:
                partial[descriptor] = data[-64:]
    last = (time.perf_counter() - begun) * 1000
    publisher.recv(65536)
    time.sleep(0.05)
    for descriptor, _ in poll.poll(0, count):  # what follows the token in a frame
        os.read(descriptor, 8192)
    return last


def measure(which: str, count: int) -> Round:
    """One round against one server."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = start(which, port)
    try:
        wait_for(port)
        before = memory_kib(server.pid)
        streams = open_streams(port, count)
        time.sleep(0.5)
        kib = (memory_kib(server.pid) - before) / count
        with closing(socket.create_connection(("127.0.0.1", port))) as publisher, closing(select.epoll()) as poll:
            publisher.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for descriptor in streams:
                poll.register(descriptor, select.EPOLLIN)
            for descriptor, _ in poll.poll(0.2, count):
                os.read(descriptor, 8192)
            times = [one_event(poll, publisher, count) for _ in range(WARM + EVENTS)][WARM:]
        for one in streams.values():
            one.close()
        return Round(statistics.median(times), kib)
    finally:
        server.kill()
        server.wait()


def report(name: str, value: float, unit: str, ratio: float, against: str, target: str, ok: bool) -> bool:
    """One line of the benchmark's language."""
    line = {"name": name, "value": round(value, 2), "unit": unit, "ratio": round(ratio, 2), "against": against}
    sys.stdout.write(json.dumps({**line, "target": target, "ok": ok}) + "\n")
    sys.stdout.flush()
    return ok


def main() -> None:
    """Interleaved rounds, then the lines."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    servers = ["hub", "plain", *(["nchan"] if "NGINX_BINARY" in os.environ else [])]
    found: dict[str, list[Round]] = {which: [] for which in servers}
    for _ in range(rounds):
        for which in servers:
            found[which].append(measure(which, count))
    last = {which: statistics.median(one.last_ms for one in found[which]) for which in servers}
    kib = {which: statistics.median(one.kib for one in found[which]) for which in servers}
    prefix = f"fanout.{count}"
    ratio = last["plain"] / last["hub"]
    good = [report(f"{prefix}.last", last["hub"], "ms", ratio, "EventSourceResponse", ">= 3", ratio >= 3)]
    if "nchan" in last:
        ratio = last["nchan"] / last["hub"]
        good.append(report(f"{prefix}.last", last["hub"], "ms", ratio, "nginx + nchan", ">= 0.75", ratio >= 0.75))
    ratio = kib["hub"] / kib["plain"]
    good.append(
        report(f"{prefix}.memory", kib["hub"], "KiB", ratio, "EventSourceResponse", "<= 16 KiB", kib["hub"] <= 16)
    )
    report(f"{prefix}.summary", sum(good), "ok", sum(good) / len(good), "targets", f"{len(good)}", all(good))


if __name__ == "__main__":
    if "--serve" in sys.argv:
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        main()
