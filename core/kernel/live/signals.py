"""Close the streams as soon as the process is told to stop.

A server waits for its open responses before it tells the application that it stops: without this, every deployment
would hang on the streams until its time limit.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from core.kernel.live.hub import Hub

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def close_on_signals(hub: Hub, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    """On SIGTERM or SIGINT end the hub's streams, then do what was done before; returns how to undo it.

    Only the main thread receives signals; elsewhere (tests) this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    before: dict[signal.Signals, Any] = {}

    def stop(number: int, frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(hub.close_all)
        previous = before.get(signal.Signals(number))
        if callable(previous):
            previous(number, frame)

    def undo() -> None:
        for number, previous in before.items():
            if signal.getsignal(number) is stop:
                signal.signal(number, previous)

    for number in _SIGNALS:
        previous = signal.getsignal(number)
        # A process nobody taught to stop gently dies of the signal: there is nothing to close first
        if callable(previous):
            before[number] = previous
            signal.signal(number, stop)
    return undo
