"""The watch of what must happen within a second: it tells the time, and stands still while nobody could run."""

from __future__ import annotations

import time

import pytest

from tests.support.fair import Watch


def test_a_late_tick_counts_for_three_hundredths_and_one_in_time_for_what_it_took() -> None:
    watch = Watch()
    start = watch._ticks[0]
    watch._ticks += [start + 0.01, start + 0.03, start + 1.03, start + 1.04]
    assert watch.between(start, start + 0.03) == pytest.approx(0.03)
    assert watch.between(start, start + 1.04) == pytest.approx(0.07)
    assert watch.between(start + 0.53, start + 1.04) == pytest.approx(0.025)
    assert watch.between(start + 1.04, start + 1.04) == 0


def test_whoever_sleeps_is_not_forgiven() -> None:
    with Watch() as watch:
        begun = time.perf_counter()
        time.sleep(0.1)
        asleep = watch.between(begun)
        wall = time.perf_counter() - begun
    assert 0.03 <= asleep <= wall
