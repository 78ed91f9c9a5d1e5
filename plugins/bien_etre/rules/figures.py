"""Figures of oversight: how long decisions take."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil


def percentile(values: Sequence[float], share: int) -> float | None:
    """The nearest-rank percentile (`share` in percent), a value that really occurred; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(1, ceil(len(ordered) * share / 100)) - 1]
