"""How much processor some tests take on a core that is theirs, told while other processes make every core slower.

Two processes that share a core, or its caches, count up to three times the seconds for the same work. A yardstick is
measured between the tests, so at the same moments: by how much it is slow, they were slowed.
"""

from __future__ import annotations

import ast
import sys
import time
from collections.abc import Iterator
from statistics import median

import pytest

#: Seconds of processor of one yardstick on a quiet core (AMD EPYC, Python 3.11).
QUIET = 0.0016
#: One for so many tests: a thirtieth of what they take.
EVERY = 20
#: What pytest loads for other tests than those.
WITHOUT = ("xdist", "cacheprovider", "anyio", "time_machine", "logging", "hypothesispytest")

_SOURCE = "\n".join(f"def f{n}(a, b={n}): return [a[i] + b for i in range({n}) if i != a.get('x')]" for n in range(30))


def yardstick() -> float:
    """Seconds of processor of a piece of work that is always the same, in Python like that of the tests."""
    began = time.process_time()
    ast.dump(ast.parse(_SOURCE))
    return time.process_time() - began


class Clock:
    """A plugin of pytest: what running the tests took, their collection left out, and what the yardsticks did."""

    def __init__(self) -> None:
        self.ran = 0
        self.took = 0.0
        self.measured: list[float] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        if self.ran % EVERY == 0:
            self.measured.append(yardstick())
        self.ran += 1
        began = time.process_time()
        try:
            return (yield)
        finally:
            self.took += time.process_time() - began


def main() -> None:
    """Run the files of the arguments; the last words said are the seconds they would have taken on a quiet core."""
    clock = Clock()
    # Forked from a process that has imported what pytest would look into for the words of failures
    known = ("-W", "ignore:Module already imported so cannot be rewritten")
    code = pytest.main(["-q", *known, *(f"-pno:{name}" for name in WITHOUT), *sys.argv[1:]], plugins=[clock])
    slowed = max(1.0, median(clock.measured) / QUIET)
    sys.stdout.write(f"took {clock.took:.2f} s, slowed {slowed:.2f} times: {clock.took / slowed}")
    sys.exit(code)
