"""A real uvicorn on a free loopback port, in a thread of the test's process."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvicorn

from core.app import Application
from core.serving import make_server


@dataclass(frozen=True)
class LiveServer:
    """A running server: `url` without a final slash, `app` the Starlette application it serves."""

    url: str
    port: int
    app: Any


#: Below those that Linux (32768 up) and others hand out by themselves, to a client of any process as well.
_FIRST, _EACH, _WORKERS = 20_000, 600, 20
_turns = itertools.count(os.getpid())


def free_port() -> int:
    """A loopback port nobody listens on, and that no other worker of the run is given meanwhile.

    A server takes it seconds later, when its process has started: a port of the system's own choice may be somebody
    else's by then.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % _WORKERS
    for turn in itertools.islice(_turns, _EACH):
        port = _FIRST + worker * _EACH + turn % _EACH
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"no free port from {_FIRST + worker * _EACH}")


@contextmanager
def serving(app: Any, *, port: int | None = None, seconds: float = 60.0) -> Iterator[LiveServer]:
    """Serve `app` until the context ends; raises `RuntimeError` if it does not start within `seconds`."""
    chosen = port or free_port()
    server: uvicorn.Server
    if isinstance(app, Application):
        server = make_server(app, "127.0.0.1", chosen, loop="asyncio", timeout_graceful_shutdown=2)
    else:
        config = uvicorn.Config(
            app, host="127.0.0.1", port=chosen, log_level="warning", log_config=None, timeout_graceful_shutdown=2
        )
        server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="live-server", daemon=True)
    thread.start()
    deadline = time.monotonic() + seconds
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the live server did not start; its log says why")
        time.sleep(0.01)
    try:
        yield LiveServer(f"http://127.0.0.1:{chosen}", chosen, app)
    finally:
        server.should_exit = True
        thread.join(timeout=seconds)
