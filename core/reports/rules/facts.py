"""What a fact keeps of an ending: coarse enough that no length of time points back to one referral."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: Under four hours: a quarter of an hour. Under three days: an hour. Then whole days. 24 h and 48 h stay exact limits,
#: since lengths are rounded up and both are multiples of their step.
_STEPS: tuple[tuple[int, int], ...] = ((4 * 60, 15), (72 * 60, 60))
_DAY = 24 * 60

#: « Rejointe » within these (network rules §2: 24 h urgent, 48 h Centre désigné), in minutes.
WITHIN_24, WITHIN_48 = 24 * 60, 48 * 60

NO_PRIORITY = 0


def coarse(minutes: int) -> int:
    """A length of time in minutes, rounded up to its step. Raises ValueError for a negative one."""
    if minutes < 0:
        raise ValueError("a length of time is never negative")
    step = next((step for below, step in _STEPS if minutes <= below), _DAY)
    return -(-minutes // step) * step


def contact_band(minutes: int | None) -> str:
    """When she was first reached: `within_24`, `within_48`, `later`, or `never`."""
    if minutes is None:
        return "never"
    if minutes <= WITHIN_24:
        return "within_24"
    return "within_48" if minutes <= WITHIN_48 else "later"


def percentile(histogram: Mapping[int, int], share: float) -> int:
    """Smallest length such that at least `share` (0 to 1] of the counted ones are no longer. ValueError if empty.

    `histogram`: length in minutes → how many.
    """
    wanted = share * sum(histogram.values())
    seen = 0
    for minutes in sorted(histogram):
        seen += histogram[minutes]
        if seen >= wanted and seen:
            return minutes
    raise ValueError("no length of time was given")


def merged(histograms: Sequence[Mapping[int, int]]) -> dict[int, int]:
    """Several histograms as one."""
    total: dict[int, int] = {}
    for histogram in histograms:
        for minutes, count in histogram.items():
            total[minutes] = total.get(minutes, 0) + count
    return total
