"""Servers that are killed: one process makes the application ready once, then each server is a fork of it.

`PARENT` is that process, for `forking.start`, with the arguments URL KEY. One command a line on its standard input:
`serve PORT` forks a server and prints its process id; the test kills it itself with SIGKILL before the next. `beside
PORT` forks one more, that runs with those there are. End of input ends the parent and its servers.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import httpx2

from core.app import create_app
from core.kernel.clock import FixedClock
from core.kernel.crypto import Keyring
from core.kernel.db import Database
from core.serving import make_server
from core.settings import Settings
from core.testing.databases import NOW

PARENT = "from tests.support.killed_server import main; main()"


def serve(url: str, key: Path, port: int) -> None:
    """A whole server, jobs and dispatcher included, until it is killed."""
    settings = Settings(mode="demo", database_url=url, master_key_file=key, allowed_hosts=("127.0.0.1",))
    app = create_app(settings, clock=FixedClock(NOW), keyring=Keyring.from_file(key))
    make_server(app, "127.0.0.1", port, loop="asyncio", http="h11").run()


async def prepare(url: str, key: Path) -> None:
    """What every server of this code does first, once for all: plugins are read, the frame's templates compiled."""
    settings = Settings(mode="demo", database_url=url, master_key_file=key, allowed_hosts=("127.0.0.1",))
    database = Database(url)
    app = create_app(settings, clock=FixedClock(NOW), keyring=Keyring.from_file(key), database=database)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1") as client:
        (await client.get("/connexion")).raise_for_status()
    # A fork keeps no connection of ours
    await database.close()


def main() -> None:
    """Obey the test."""
    url, key = sys.argv[1], Path(sys.argv[2])
    asyncio.run(prepare(url, key))
    children: list[int] = []
    for line in sys.stdin:
        command, port = line.split()
        if command == "serve":
            _end(children, waiting=True)
        child = os.fork()
        if child == 0:
            serve(url, key, int(port))
            os._exit(0)
        children.append(child)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
    _end(children, waiting=False)


def _end(children: list[int], *, waiting: bool) -> None:
    """See the servers off: those that the test kills (`waiting`), or all that are left."""
    while children:
        child = children.pop()
        if not waiting:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
