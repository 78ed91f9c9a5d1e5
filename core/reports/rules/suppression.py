"""Small counts: which numbers of a report are hidden so that none under five can be worked out (network rules §4).

The rule, in order (`EXPLANATION` says it on the page):

1. A count under five is hidden, and so is one that leaves less than five beside it. Zero is under five: « nobody » is
   said of few people too. Only a period before the platform's first reference stays at zero (structural zero).
2. In a table, hidden numbers add up to what the shown ones leave of the total. So at least two are hidden, and together
   they hold at least five: each could then be anything from zero to that sum.
3. A quarter is published before its year. The year's column therefore hides, row by row, whatever would let one
   subtract the quarters: a number is safe once, with everything published, its largest and smallest possible values
   are at least `LEAST` apart. The range is exact: the unknowns of a table and its quarters are a flow network, and
   moving counts along its cycles reaches every table that fits what is shown.
4. Totals follow rule 1 by themselves; a quarter whose total is hidden shows nothing, and a year whose total could be
   subtracted shows nothing either.

Tables are only published side by side when no row of one is, by definition, part of a row of the other; where it is
(`fringe`), what the difference would show is treated as a count of its own.

What this does not do: somebody who knows the exact figures of one organisation, its own, can subtract them from a shown
count and learn what is left for the others. Hiding every count that leaves under five beside its largest holder would
hide nearly all of a network of two CALACS with a territory each; the page says so instead (network rules §4), and only
administrations, chairs and the coordination open the report.

Everything is deterministic: the same counts hide the same cells, whatever was asked first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LEAST = 5
#: Index of the year's column beside those of its quarters.
YEAR = -1

EXPLANATION = (
    "Les nombres de moins de 5, zéro compris, sont masqués. D’autres le sont avec eux, pour qu’aucune soustraction ne "
    "les retrouve, ni d’un tableau à l’autre, ni d’un trimestre à son année. Un nombre masqué peut être grand ou "
    "petit. Limite connue : un organisme qui soustrait ses propres chiffres apprend ce qui revient aux autres ; ce "
    "rapport reste donc entre les personnes du réseau qui peuvent l’ouvrir."
)

Cell = tuple[int, int]
"""Row, then column: 0 to 3 for a quarter, `YEAR` for the year."""


@dataclass(frozen=True)
class Totals:
    """References ended in each closed quarter, in order. `before` marks those that precede the platform's first one."""

    counts: tuple[int, ...]
    before: frozenset[int] = frozenset()
    #: The four quarters are closed: the year is published too.
    whole: bool = True

    @property
    def year(self) -> int:
        """The sum of the quarters."""
        return sum(self.counts)


@dataclass(frozen=True)
class Shown:
    """What may be shown: columns whose total is hidden, and the hidden cells of each table."""

    hidden_columns: frozenset[int]
    hidden_cells: Mapping[str, frozenset[Cell]] = field(default_factory=dict)

    def shows(self, table: str, row: int, column: int) -> bool:
        """Whether this count is published."""
        return column not in self.hidden_columns and (row, column) not in self.hidden_cells[table]

    def shows_total(self, column: int) -> bool:
        """Whether the total of this column is published."""
        return column not in self.hidden_columns


def protect(totals: Totals, tables: Mapping[str, Sequence[Sequence[int]]]) -> Shown:
    """Decide for the quarters and the year of one report. `tables`: key → rows → one count per quarter.

    The rows of a table share out the total of each quarter. Raises ValueError when they don't.
    """
    for key, rows in tables.items():
        sums = tuple(sum(row[quarter] for row in rows) for quarter in range(len(totals.counts)))
        if sums != totals.counts:
            raise ValueError(f"{key}: the rows do not add up to the totals")
    columns = _hidden_columns(totals)
    return Shown(columns, {key: _hidden_cells(totals, columns, rows) for key, rows in tables.items()})


def protect_column(
    counts: Sequence[int], small: frozenset[int] = frozenset(), prefer: frozenset[int] = frozenset()
) -> frozenset[int]:
    """Rows hidden in one table whose total is published. `small`: rows to hide for another reason (`fringe`).

    What joins them is the smallest shown count, those of `prefer` first: rows hidden in earlier quarters already.
    """
    hidden = {row for row, count in enumerate(counts) if count < LEAST} | small
    shown = sorted((row not in prefer, count, row) for row, count in enumerate(counts) if row not in hidden)
    while hidden and shown and (len(hidden) < 2 or sum(counts[row] for row in hidden) < LEAST):
        hidden.add(shown.pop(0)[2])
    return frozenset(hidden)


def fringe(inner: int, outer: int) -> bool:
    """Whether `inner`, published beside the `outer` it is part of, would show a small difference."""
    return outer - inner < LEAST


def protect_crossing(whole: int, row: int, column: int, both: int) -> bool:
    """Whether a crossing (`both`, inside `row` and `column` of a `whole`) may be shown beside them: its four cells are
    all at least five. When it is hidden, what is shown leaves it a range of at least five, as `row`, `column` and what
    is outside each hold five or more."""
    return min(both, row - both, column - both, whole - row - column + both) >= LEAST


def _hidden_columns(totals: Totals) -> frozenset[int]:
    counts = totals.counts
    hidden = {column for column, count in enumerate(counts) if count < LEAST and column not in totals.before}
    if not totals.whole:
        return frozenset(hidden)
    if totals.before == frozenset(range(len(counts))):
        return frozenset()

    def subtracted() -> bool:
        return bool(hidden) and (len(hidden) < 2 or sum(counts[column] for column in hidden) < LEAST)

    last = len(counts) - 1
    if subtracted() and last not in totals.before:
        hidden.add(last)  # published on the same day as the year: the only quarter that can still be kept back
    if subtracted() or totals.year < LEAST:
        hidden.add(YEAR)
    return frozenset(hidden)


def _hidden_cells(totals: Totals, columns: frozenset[int], rows: Sequence[Sequence[int]]) -> frozenset[Cell]:
    quarters = range(len(totals.counts))
    hidden: set[Cell] = set()
    for quarter in quarters:
        if quarter in totals.before:
            continue
        if quarter in columns:
            hidden |= {(row, quarter) for row in range(len(rows))}
        else:
            earlier = frozenset(row for row, _ in hidden)
            column = protect_column([counts[quarter] for counts in rows], prefer=earlier)
            hidden |= {(row, quarter) for row in column}
    if not totals.whole or totals.before == frozenset(quarters):
        return frozenset(hidden)
    if YEAR in columns:
        return frozenset(hidden | {(row, YEAR) for row in range(len(rows))})
    return frozenset(hidden | {(row, YEAR) for row in _hidden_year(columns, rows, hidden)})


def _hidden_year(columns: frozenset[int], rows: Sequence[Sequence[int]], hidden: set[Cell]) -> set[int]:
    """Rows whose year is hidden, given what the quarters already show."""
    years = [sum(row) for row in rows]
    kept_back = {row for row, count in enumerate(years) if count < LEAST or sum(years) - count < LEAST}
    order = sorted((count, row) for row, count in enumerate(years))
    while True:
        network = _Network(columns, rows, hidden, kept_back)
        loose = next((cell for cell in network.targets() if network.width(cell) < LEAST), None)
        if loose is None:
            return kept_back
        if len(kept_back) == len(rows):
            # Nothing of the year is left to hide: the quarters alone protect each cell (rule 2).
            return kept_back
        if loose[0] not in kept_back:
            kept_back.add(loose[0])
        else:
            kept_back.add(next(row for _, row in order if row not in kept_back))


class _Network:
    """The hidden counts of one table as a flow: from each quarter to the rows, from each hidden year out of its row.

    What a node receives and gives is published, or follows from what is. Quarters whose total is hidden are one node:
    only their sum is known. Moving counts around a cycle gives another table that fits everything shown.
    """

    def __init__(
        self, columns: frozenset[int], rows: Sequence[Sequence[int]], hidden: set[Cell], years: set[int]
    ) -> None:
        self.arcs: dict[Cell, tuple[str, str, int]] = {}
        for row, column in sorted(hidden):
            source = "hidden quarters" if column in columns else f"quarter {column}"
            self.arcs[row, column] = (source, f"row {row}", rows[row][column])
        for row in sorted(years):
            self.arcs[row, YEAR] = (f"row {row}", "year", sum(rows[row]))
        self.column_sums = {quarter: sum(row[quarter] for row in rows) for quarter in range(len(rows[0]))}
        self.column_sums[YEAR] = sum(self.column_sums.values())
        self.near: dict[str, list[Cell]] = {}
        for cell, (tail, head, _) in self.arcs.items():
            self.near.setdefault(tail, []).append(cell)
            self.near.setdefault(head, []).append(cell)

    def targets(self) -> list[Cell]:
        """Hidden cells that must keep a range: the small ones, and those that leave a small number beside them."""
        return sorted(
            cell
            for cell, (_, _, count) in self.arcs.items()
            if count < LEAST or self.column_sums[cell[1]] - count < LEAST
        )

    def width(self, cell: Cell) -> int:
        """How far the count may be from its smallest possible value to its largest, up to `LEAST`."""
        tail, head, count = self.arcs[cell]
        up = self._flow(head, tail, cell, LEAST)
        if up >= LEAST:
            return up
        return up + self._flow(tail, head, cell, min(count, LEAST - up))

    def _flow(self, start: str, end: str, without: Cell, wanted: int) -> int:
        """Largest flow from `start` to `end`, up to `wanted`: along an arc freely, against it up to its count."""
        counts = {cell: arc[2] for cell, arc in self.arcs.items()}
        total = 0
        while total < wanted:
            path = self._path(start, end, without, counts)
            if path is None:
                break
            step = min([wanted - total, *(counts[cell] for cell, along in path if not along)])
            for cell, along in path:
                counts[cell] += step if along else -step
            total += step
        return total

    def _path(self, start: str, end: str, without: Cell, counts: Mapping[Cell, int]) -> list[tuple[Cell, bool]] | None:
        came: dict[str, tuple[str, Cell, bool] | None] = {start: None}
        waiting = deque([start])
        while waiting:
            node = waiting.popleft()
            if node == end:
                path: list[tuple[Cell, bool]] = []
                while (step := came[node]) is not None:
                    node = step[0]
                    path.append(step[1:])
                return path
            for cell in self.near.get(node, ()):
                tail, head, _ = self.arcs[cell]
                along = tail == node
                other = head if along else tail
                if cell != without and other not in came and (along or counts[cell] > 0):
                    came[other] = (node, cell, along)
                    waiting.append(other)
        return None
