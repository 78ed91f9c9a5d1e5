"""Servers that are killed: one process imports the application once, then each server is a fork of it.

`python -m tests.support.killed_server URL KEY`, one command a line on standard input: `serve PORT` forks a server and
prints its process id; the test kills it itself with SIGKILL. End of input ends the parent and its last server.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from core.app import create_app
from core.kernel.clock import FixedClock
from core.kernel.crypto import Keyring
from core.serving import make_server
from core.settings import Settings
from core.testing.databases import NOW


def serve(url: str, key: Path, port: int) -> None:
    """A whole server, jobs and dispatcher included, until it is killed."""
    settings = Settings(mode="demo", database_url=url, master_key_file=key, allowed_hosts=("127.0.0.1",))
    app = create_app(settings, clock=FixedClock(NOW), keyring=Keyring.from_file(key))
    make_server(app, "127.0.0.1", port, loop="asyncio", http="h11").run()


def main() -> None:
    """Obey the test."""
    url, key = sys.argv[1], Path(sys.argv[2])
    child = 0
    for line in sys.stdin:
        if child:
            os.waitpid(child, 0)
        child = os.fork()
        if child == 0:
            serve(url, key, int(line.split()[1]))
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
    if child:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
