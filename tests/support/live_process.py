"""A process of its own with a dispatcher and a hub: `main()` with the arguments URL [serve PORT].

Without `serve` it prints one JSON line per event it hears, and `leading` whenever that changes. With `serve` it is a
real server of `/live`, to be stopped by a signal.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import uvicorn

from core.kernel.clock import SystemClock
from core.kernel.db import Database
from core.kernel.events import EventRegistry
from core.kernel.live import Dispatcher, Hub
from core.kernel.live.stream import StreamEvent
from tests.support.live import KEY, LiveApp


def say(**words: object) -> None:
    """One line for the test that reads us."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


class PrintingHub(Hub):
    """Says what it is fed."""

    async def _broadcast(self, event: StreamEvent) -> None:
        say(seq=event.seq, ref=event.ref)


async def listen(url: str) -> None:
    database = Database(url)
    dispatcher = Dispatcher(database, PrintingHub(KEY), EventRegistry(), SystemClock())
    house: Any = None
    await dispatcher.start(house)
    say(ready=True)
    leading = False
    while True:
        if dispatcher.leading != leading:
            leading = dispatcher.leading
            say(leading=leading)
        await asyncio.sleep(0.01)


def main() -> None:
    """Obey the test."""
    if "serve" in sys.argv:
        app = LiveApp(Database(sys.argv[1]))
        uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[3]), log_level="error", timeout_graceful_shutdown=30)
    else:
        asyncio.run(listen(sys.argv[1]))
