"""Lines of plugins' tables that are hidden, decided for all the tables of a plugin together. Pure.

A plugin declares which columns count people, nothing of what links its numbers. So a link is assumed wherever the
figures allow one, and the rule is the strictest:

- A line shows all its counts or none, in every table that has a line of that name (the same cell twice, two years side
  by side, a line of the core's own tables). It shows none when one of its counts is small, or the difference of two.
- The whole of a table is taken for known: hidden lines are at least two and at least five together, in each column, so
  that each may be anything from zero to their sum. Small lines that could be sums of others don't count for that.
- A line of five or more that could be the sum of those before or after it is a total: beside a hidden line, such a
  table shows nothing.
- Two tables whose wholes differ by less than five don't both let their whole be known.

A line that the core shows with the same count cannot hide another: it is known anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from operator import add

from core.reports.rules.flows import LEAST


@dataclass(frozen=True)
class Grid:
    """The counted columns of one table: `heads` their names, `labels` the first cell of each line."""

    heads: tuple[str, ...]
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Known:
    """What the core's own tables say: lines with a hidden count, the counts shown of each line, totals shown."""

    hidden: frozenset[str] = frozenset()
    shown: Mapping[str, frozenset[int]] = field(default_factory=dict)
    totals: frozenset[int] = frozenset()


NOTHING = Known()
#: Ways to add lines up that are tried before a table is taken to hold a total.
_TRIED = 4_000


def hidden_labels(grids: Sequence[Grid], known: Known = NOTHING) -> frozenset[str]:
    """Names of the lines whose counts are hidden in every table of these."""
    hidden = {label for grid in grids for label in grid.labels if _small(label, grids) or _masked(label, grids, known)}
    sums = [_sums(grid) for grid in grids]
    while True:
        more = [
            label
            for number, grid in enumerate(grids)
            if not _safe(grid, sums[number], hidden, known) or _near(number, grids, sums, hidden, known)
            for label in _next(grid, sums[number], hidden, known)
        ]
        if not more:
            return frozenset(hidden)
        hidden.add(more[0])


def _small(label: str, grids: Sequence[Grid]) -> bool:
    cells = [
        (number, head, count)
        for number, grid in enumerate(grids)
        for name, counts in zip(grid.labels, grid.counts, strict=True)
        if name == label
        for head, count in zip(grid.heads, counts, strict=True)
    ]
    if any(count < LEAST for _, _, count in cells):
        return True
    return any(
        abs(one - other) < LEAST
        for (table, head, one), (beside, under, other) in combinations(cells, 2)
        # The same count of two tables: one cell shown twice.
        if not (one == other and table != beside and head == under)
    )


def _masked(label: str, grids: Sequence[Grid], known: Known) -> bool:
    """A line that the core hides somewhere, unless all that it would show is shown there already."""
    told = known.shown.get(label, frozenset())
    return label in known.hidden and any(
        count not in told
        for grid in grids
        for name, counts in zip(grid.labels, grid.counts, strict=True)
        if name == label
        for count in counts
    )


def _sums(grid: Grid) -> frozenset[int]:
    """Lines that could be the sum of a run of lines just before or after them, sums among these left out or not."""
    size, found = len(grid.counts), set[int]()
    for row in range(size):
        before = [range(first, row) for first in range(row)]
        after = [range(row + 1, last) for last in range(row + 2, size + 1)]
        if any(grid.counts[row]) and any(_adds_up(grid, row, run, found) for run in before + after):
            found.add(row)
    return frozenset(found)


def _adds_up(grid: Grid, row: int, run: range, sums: set[int]) -> bool:
    over = tuple(sum(grid.counts[one][column] for one in run) - count for column, count in enumerate(grid.counts[row]))
    left_out = {(0,) * len(over)}
    for one in sums.intersection(run):
        left_out |= {tuple(map(add, so_far, grid.counts[one])) for so_far in left_out}
        if len(left_out) > _TRIED:
            return True
    return over in left_out


def _safe(grid: Grid, sums: frozenset[int], hidden: set[str], known: Known) -> bool:
    """Whether the hidden lines of a table hide one another."""
    lines = [row for row, label in enumerate(grid.labels) if label in hidden]
    if not lines:
        return True
    if any(min(grid.counts[row]) >= LEAST for row in sums):
        return len(lines) == len(grid.labels)
    for column in range(len(grid.heads)):
        counts = [
            grid.counts[row][column]
            for row in lines
            if row not in sums and grid.counts[row][column] not in known.shown.get(grid.labels[row], ())
        ]
        if len(counts) < 2 or sum(counts) < LEAST:
            return False
    return True


def _next(grid: Grid, sums: frozenset[int], hidden: set[str], known: Known) -> list[str]:
    """The line to hide next, if one is left: the smallest, those that the core tells last."""
    left = sorted(
        (_told(grid, row, known), row in sums, sum(counts), row)
        for row, counts in enumerate(grid.counts)
        if grid.labels[row] not in hidden
    )
    return [grid.labels[left[0][3]]] if left else []


def _told(grid: Grid, row: int, known: Known) -> bool:
    return any(count in known.shown.get(grid.labels[row], ()) for count in grid.counts[row])


def _near(number: int, grids: Sequence[Grid], sums: Sequence[frozenset[int]], hidden: set[str], known: Known) -> bool:
    """Whether the whole of this table follows from what it shows, as that of another does, a few apart from it."""
    mine = _wholes(grids[number], sums[number], hidden)
    theirs = set(known.totals)
    for other, grid in enumerate(grids):
        if other != number:
            theirs |= _wholes(grid, sums[other], hidden)
    return any(0 < other - whole < LEAST for whole, other in product(mine, theirs))


def _wholes(grid: Grid, sums: frozenset[int], hidden: set[str]) -> set[int]:
    """Wholes of the columns that one may read: totals shown, and what shown lines add up to."""
    totals = {count for row in sums if grid.labels[row] not in hidden for count in grid.counts[row]}
    leaves = [row for row in range(len(grid.counts)) if row not in sums]
    if not hidden.intersection(grid.labels) and leaves:
        totals |= {sum(grid.counts[row][column] for row in leaves) for column in range(len(grid.heads))}
    return totals
