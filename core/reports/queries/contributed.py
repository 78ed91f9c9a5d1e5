"""Tables that plugins contribute: their counted columns go through suppression as well.

What links the columns of a plugin is not known here, so the rule is the strictest: a line shows all its counts or none;
it shows none when one of them, or the difference between two of them, is small; and lines are added until what is
hidden adds up to five at least in each counted column. Quarters are left out: a year and its quarters could be
subtracted.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from core.kernel.hooks.contributions import ReportTable
from core.reports.rules.cells import HIDDEN, NONE, Cell, Row, Table, count, said, text
from core.reports.rules.layout import NOTES
from core.reports.rules.suppression import LEAST


def contributed_table(prefix: str, table: ReportTable, *, whole_year: bool) -> Table:
    """A plugin's table as the report shows it; `prefix` keeps its key apart from those of other plugins."""
    counted = [index for index, column in enumerate(table.columns) if column in table.counted]
    hidden = hidden_rows(table.rows, counted) if whole_year else frozenset(range(len(table.rows)))
    rows: list[Row] = [
        tuple(
            HIDDEN if index in counted and number in hidden else _cell(value, first=index == 0)
            for index, value in enumerate(row)
        )
        for number, row in enumerate(table.rows)
    ]
    return Table(
        f"{prefix}-{table.key}",
        said(table.caption),
        tuple(said(column) for column in table.columns),
        tuple(rows),
        notes=(said(NOTES["masked"]),) if counted and hidden else (),
    )


def hidden_rows(rows: Sequence[Sequence[str | int | None]], counted: Sequence[int]) -> frozenset[int]:
    """Lines whose counts are hidden."""
    if not counted:
        return frozenset()
    counts = [[_number(row[index]) for index in counted] for row in rows]
    hidden = {number for number, row in enumerate(counts) if _small(row)}
    shown = sorted((sum(row), number) for number, row in enumerate(counts) if number not in hidden)
    while hidden and shown and (len(hidden) < 2 or min(_sums(counts, hidden)) < LEAST):
        hidden.add(shown.pop(0)[1])
    return frozenset(hidden)


def _small(row: Sequence[int]) -> bool:
    return any(number < LEAST for number in row) or any(abs(a - b) < LEAST for a, b in combinations(row, 2))


def _sums(counts: Sequence[Sequence[int]], rows: set[int]) -> list[int]:
    return [sum(counts[row][index] for row in rows) for index in range(len(counts[0]))]


def _number(value: str | int | None) -> int:
    return value if isinstance(value, int) else 0


def _cell(value: str | int | None, *, first: bool) -> Cell:
    if value is None:
        return NONE
    if isinstance(value, int):
        return count(value)
    return said(value) if first else text(value)
