"""Seconds that the machine gave: what must happen within one is timed by a watch that stands still while nobody runs.

A page or a server beside three others waits for its turn, sometimes for a second, and has done nothing slow. The watch
is a thread that wants to run every hundredth of a second: of a tick that comes later, three hundredths count. On a
quiet machine it tells the time; whatever sleeps, waits or asks again later costs what it costs.
"""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from types import TracebackType
from typing import Self

#: Seconds between two ticks, and the most that one counts for.
TICK, MOST = 0.01, 0.03


class Watch:
    """`with Watch() as watch:`, then `watch.between(begun, ended)` for two moments of `time.perf_counter` since."""

    def __init__(self) -> None:
        self._ticks = [time.perf_counter()]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fair-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(TICK):
            self._ticks.append(time.perf_counter())

    def between(self, begun: float, ended: float | None = None) -> float:
        """Seconds of that time in which this process could run; never more than the wall's."""
        ended = time.perf_counter() if ended is None else ended
        ticks = [*self._ticks, max(ended, time.perf_counter())]
        given = 0.0
        for before, after in pairwise(ticks):
            length = after - before
            within = min(ended, after) - max(begun, before)
            if within > 0:
                given += within * min(1.0, MOST / length)
        return given
