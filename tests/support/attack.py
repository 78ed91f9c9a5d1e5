"""What somebody can work out of a report: exact elimination, and intervals by whole-number propagation.

A reader knows sums: `(unknown → factor, value)`. A holder knows besides what is hers, so that she reads the same report
of what is left: the attack is then played on the residual.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from core.reports.rules.flows import LEAST, YEAR
from core.reports.rules.suppression import Shown, Totals

Unknown = tuple[Any, ...]
Equation = tuple[dict[Unknown, int], int]
Tables = Mapping[str, Sequence[Sequence[int]]]
#: Elimination over the whole numbers modulo a large prime: factors are ±1, so that nothing is lost but time.
_PRIME = 2**61 - 1


def without(totals: Totals, tables: Tables, own: Tables) -> tuple[Totals, Tables]:
    """What is left when a holder takes hers away."""
    left = {
        key: [tuple(a - b for a, b in zip(row, part, strict=True)) for row, part in zip(rows, own[key], strict=True)]
        for key, rows in tables.items()
    }
    first = next(iter(left.values()))
    counts = tuple(sum(row[quarter] for row in first) for quarter in range(len(totals.counts)))
    return Totals(counts, totals.before, totals.whole), left


def published(totals: Totals, tables: Tables, shown: Shown) -> list[Equation]:
    """Every number an outsider reads. Unknowns are `(table, row, quarter)`."""
    quarters, known = range(len(totals.counts)), list[Equation]()
    for key, rows in tables.items():
        every = range(len(rows))
        for row, counts in enumerate(rows):
            for quarter in quarters:
                if quarter in totals.before or shown.shows(key, row, quarter):
                    known.append(({(key, row, quarter): 1}, counts[quarter]))
            if totals.whole and shown.shows(key, row, YEAR):
                known.append(({(key, row, quarter): 1 for quarter in quarters}, sum(counts)))
        for quarter in quarters:
            if shown.shows_total(quarter):
                known.append(({(key, row, quarter): 1 for row in every}, totals.counts[quarter]))
        if totals.whole and shown.shows_total(YEAR):
            known.append(({(key, row, quarter): 1 for row in every for quarter in quarters}, totals.year))
    # The same women are in every table: their totals are equal, whether shown or not.
    keys = list(tables)
    for left, right in pairwise(keys):
        for quarter in quarters:
            terms: dict[Unknown, int] = {(left, row, quarter): 1 for row in range(len(tables[left]))}
            known.append((terms | {(right, row, quarter): -1 for row in range(len(tables[right]))}, 0))
    return known


def small_cells(totals: Totals, tables: Tables, lowest: int = 0) -> Iterable[tuple[dict[Unknown, int], int]]:
    """What nobody may learn: each small count, per quarter and per year, outside the time before the platform.
    `lowest`: one when the tables are what a holder is left with, since a remainder of zero is nobody's secret."""
    quarters = [quarter for quarter in range(len(totals.counts)) if quarter not in totals.before]
    for key, rows in tables.items():
        for row, counts in enumerate(rows):
            for quarter in quarters:
                if lowest <= counts[quarter] < LEAST:
                    yield {(key, row, quarter): 1}, counts[quarter]
            if totals.whole and quarters and lowest <= sum(counts) < LEAST:
                yield {(key, row, quarter): 1 for quarter in quarters}, sum(counts)


class Elimination:
    """The space of what follows from known sums."""

    def __init__(self, known: Iterable[Equation]) -> None:
        self.basis: list[tuple[Unknown, dict[Unknown, int]]] = []
        for terms, _ in known:
            vector = self._reduce(dict(terms))
            if vector:
                pivot = min(vector, key=repr)
                inverse = pow(vector[pivot], -1, _PRIME)
                self.basis.append((pivot, {cell: factor * inverse % _PRIME for cell, factor in vector.items()}))

    def gives(self, target: Mapping[Unknown, int]) -> bool:
        """Whether the sum `target` follows: by one subtraction of two numbers, or by any chain of them."""
        return not self._reduce(dict(target))

    def _reduce(self, vector: dict[Unknown, int]) -> dict[Unknown, int]:
        for pivot, base in self.basis:
            factor = vector.get(pivot)
            if factor:
                for cell, amount in base.items():
                    rest = (vector.get(cell, 0) - factor * amount) % _PRIME
                    if rest:
                        vector[cell] = rest
                    else:
                        vector.pop(cell, None)
        return vector


def intervals(known: Sequence[Equation]) -> tuple[dict[Unknown, int], dict[Unknown, int]]:
    """Smallest and largest value of each unknown that propagation leaves: nothing is negative, each sum holds."""
    cells = {cell for terms, _ in known for cell in terms}
    low, high = dict.fromkeys(cells, 0), dict.fromkeys(cells, 10**6)
    moved = True
    for _ in range(30):
        if not moved:
            break
        moved = False
        for terms, value in known:
            least = sum(low[cell] if factor > 0 else -high[cell] for cell, factor in terms.items())
            most = sum(high[cell] if factor > 0 else -low[cell] for cell, factor in terms.items())
            for cell, factor in terms.items():
                # What the others leave of the value, seen from this one's side.
                if factor > 0:
                    down, up = value - (most - high[cell]), value - (least - low[cell])
                else:
                    down, up = (least + high[cell]) - value, (most + low[cell]) - value
                down, up = max(low[cell], down), min(high[cell], up)
                if (down, up) != (low[cell], high[cell]):
                    least += (down - low[cell]) if factor > 0 else (high[cell] - up)
                    most += (up - high[cell]) if factor > 0 else (low[cell] - down)
                    low[cell], high[cell], moved = down, up, True
    return low, high


def recover(known: Sequence[Equation], targets: Iterable[tuple[dict[Unknown, int], int]]) -> list[object]:
    """The small counts that follow from what is known, or are bounded within less than `LEAST`; empty: none."""
    follows, (low, high) = Elimination(known), intervals(known)
    found: list[object] = []
    for target, value in targets:
        width = sum(high.get(cell, 10**6) - low.get(cell, 0) for cell in target)
        if follows.gives(target) or width < LEAST:
            found.append((sorted(target, key=repr), value, width))
    return found
