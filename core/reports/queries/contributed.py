"""Tables that plugins contribute: their counted columns go through suppression as well (`rules.contributed`).

Quarters are left out: a year and its quarters could be subtracted.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.kernel.hooks.contributions import Part, ReportTable
from core.reports.rules.cells import HIDDEN, NONE, Cell, Row, Section, Table, count, said, text
from core.reports.rules.contributed import NOTHING, Grid, Known, hidden_labels
from core.reports.rules.layout import NOTES


def contributed_sections(parts: Sequence[Part], core: Sequence[Section], *, whole_year: bool) -> list[Section]:
    """The plugins' sections as the report shows them, each plugin's tables protected together, beside the core's."""
    known = known_of(core)
    hidden = {
        plugin: hidden_labels(
            [grid_of(table) for part in parts if part.plugin == plugin for table in part.tables if table.counted], known
        )
        for plugin in {part.plugin for part in parts}
    }
    found = []
    for part in parts:
        key = f"{part.plugin}-{part.key}"
        labels = hidden[part.plugin] if whole_year else None
        tables = tuple(_table(key, table, labels) for table in part.tables)
        found.append(Section(key, said(part.title), tables, available=part.available))
    return found


def known_of(core: Sequence[Section]) -> Known:
    """What the core's tables already say, and hide, of lines and totals."""
    hidden: set[str] = set()
    shown: dict[str, frozenset[int]] = {}
    totals: set[int] = set()
    for table in (table for section in core for table in section.tables):
        for label, *cells in table.rows:
            counts = frozenset(cell.value for cell in cells if cell.kind == "count" and isinstance(cell.value, int))
            shown[str(label.value)] = shown.get(str(label.value), frozenset()) | counts
            if HIDDEN in cells:
                hidden.add(str(label.value))
        totals |= {cell.value for cell in table.foot or () if cell.kind == "count" and isinstance(cell.value, int)}
    return Known(frozenset(hidden), shown, frozenset(totals)) if shown else NOTHING


def grid_of(table: ReportTable) -> Grid:
    """The counted columns of a table; a cell without a count is nothing, which is few."""
    counted = _counted(table)
    return Grid(
        tuple(table.columns[index] for index in counted),
        tuple(str(row[0]) for row in table.rows),
        tuple(tuple(_number(row[index]) for index in counted) for row in table.rows),
    )


def _table(prefix: str, table: ReportTable, hidden: frozenset[str] | None) -> Table:
    """`prefix` keeps the key apart from those of other plugins. `hidden` None: every line is."""
    counted = _counted(table)
    masked = [hidden is None or str(row[0]) in hidden for row in table.rows]
    rows: list[Row] = [
        tuple(
            HIDDEN if mask and (index in counted or table.columns[index] in table.beside) else _cell(value, index)
            for index, value in enumerate(row)
        )
        for row, mask in zip(table.rows, masked, strict=True)
    ]
    return Table(
        f"{prefix}-{table.key}",
        said(table.caption),
        tuple(said(column) for column in table.columns),
        tuple(rows),
        notes=(said(NOTES["masked"]),) if counted and any(masked) else (),
    )


def _counted(table: ReportTable) -> list[int]:
    return [index for index, column in enumerate(table.columns) if column in table.counted]


def _number(value: str | int | None) -> int:
    return value if isinstance(value, int) else 0


def _cell(value: str | int | None, index: int) -> Cell:
    if value is None:
        return NONE
    if isinstance(value, int):
        return count(value)
    return said(value) if index == 0 else text(value)
