"""The counts of one fiscal year, of everybody and of each organisation that received. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from core.reports.rules.periods import FiscalYear

#: Dimension → line → one count per quarter of the year.
Counts = Mapping[str, Mapping[str, tuple[int, ...]]]
#: Length of time in minutes → how many.
Histogram = Mapping[int, int]


@dataclass(frozen=True)
class Tally:
    """The counts of one fiscal year. `needs`: code → those that named it. `unmet`: the same among those that ended
    without being taken. Histograms: recipient's type → length in minutes → how many, over the year.

    `held`: the same of each organisation that received some of them, which reads its own exactly."""

    year: FiscalYear
    totals: tuple[int, ...]
    counts: Counts
    needs: Mapping[str, tuple[int, ...]]
    unmet: Mapping[str, int]
    answers: Mapping[str, Histogram] = field(default_factory=dict)
    contacts: Mapping[str, Histogram] = field(default_factory=dict)
    held: Mapping[UUID, Tally] = field(default_factory=dict)
