"""A report as templates read it: every cell in words, every chart drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from core.kernel.i18n import N_
from core.reports import charts
from core.reports.exports.words import Words
from core.reports.rules.cells import Cell, Chart, Report, Section, Table

DRAWN = N_("Les mêmes chiffres sont dans le tableau à côté.")


@dataclass(frozen=True)
class TableView:
    """`rows` and `foot`: cells in words. `chart`: SVG, or None; `drawn`: the column that its bars are of."""

    key: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    foot: tuple[str, ...] | None
    notes: tuple[str, ...]
    chart: Markup | None
    drawn: str = ""


@dataclass(frozen=True)
class SectionView:
    """A section in words. `text`: paragraphs of its adopted words."""

    key: str
    title: str
    paragraphs: tuple[str, ...]
    notes: tuple[str, ...]
    tables: tuple[TableView, ...]
    available: bool


def section_views(report: Report, words: Words) -> tuple[SectionView, ...]:
    """Every section of the report in the language of `words`."""
    return tuple(_section(section, words) for section in report.sections)


def _section(section: Section, words: Words) -> SectionView:
    return SectionView(
        section.key,
        words.cell(section.title),
        tuple(line for line in section.text.splitlines() if line.strip()),
        _all(section.notes, words),
        tuple(_table(table, words) for table in section.tables),
        section.available,
    )


def _table(table: Table, words: Words) -> TableView:
    chart = _chart(table, table.chart, words) if table.chart is not None and table.rows else None
    return TableView(
        table.key,
        words.cell(table.caption),
        _all(table.columns, words),
        tuple(_all(row, words) for row in table.rows),
        _all(table.foot, words) if table.foot else None,
        _all(table.notes, words),
        chart,
        words.cell(table.columns[table.chart.column]) if table.chart is not None and table.chart.kind == "bars" else "",
    )


def _chart(table: Table, chart: Chart, words: Words) -> Markup | None:
    identifier = f"graph-{table.key.replace('.', '-')}"
    title, description = words.cell(table.caption), words.say(DRAWN)
    if chart.kind == "shares":
        rows = [
            charts.Stack(words.cell(row[0]), tuple(_number(cell) or 0.0 for cell in row[chart.column :]))
            for row in table.rows
        ]
        return charts.shares(identifier, title, description, _all(table.columns[chart.column :], words), rows)
    # Shares written under counts are not bars of the same scale.
    drawn = [row for row in table.rows if row[chart.column].kind in {"count", "hidden", "hours", "number"}]
    if not any(_number(row[chart.column]) for row in drawn):
        return None
    items = [charts.Bar(words.cell(row[0]), _number(row[chart.column]), words.cell(row[chart.column])) for row in drawn]
    return charts.bars(identifier, title, description, items)


def _number(cell: Cell) -> float | None:
    return float(cell.value) if isinstance(cell.value, int | float) else None


def _all(cells: Sequence[Cell], words: Words) -> tuple[str, ...]:
    return tuple(words.cell(cell) for cell in cells)
