"""Figures of oversight: how long things take, and why the committee says no."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import ceil
from typing import Final

#: Under this many, figures leave the committee hidden (network rules §4).
LEAST: Final = 5


class Why(StrEnum):
    """Why the committee did not accept a request."""

    OUTSIDE = "outside"
    ELSEWHERE = "elsewhere"
    UNCLEAR = "unclear"
    PRIORITY = "priority"
    OTHER = "other"


WHYS: Final[dict[Why, str]] = {
    Why.OUTSIDE: "Hors de ce que le fonds couvre",
    Why.ELSEWHERE: "Une autre ressource y répond",
    Why.UNCLEAR: "Pas assez d’information pour décider",
    Why.PRIORITY: "L’argent va à d’autres urgences",
    Why.OTHER: "Autre raison",
}


def median(values: Sequence[int]) -> int | None:
    """The middle value, the mean of the two middle ones rounded down; None without a value."""
    ordered, half = sorted(values), len(values) // 2
    if not ordered:
        return None
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) // 2


def percentile(values: Sequence[int], share: int) -> int | None:
    """Nearest-rank percentile (share in percent), a value that really occurred; None without a value."""
    ordered = sorted(values)
    return ordered[max(ceil(len(ordered) * share / 100), 1) - 1] if ordered else None


def hours(seconds: int | None) -> int | None:
    """Whole hours, rounded to the nearest."""
    return None if seconds is None else (seconds + 1800) // 3600


def share(part: int, whole: int) -> int | None:
    """Percent, rounded to the nearest; None of nothing."""
    return (200 * part + whole) // (2 * whole) if whole else None
