"""What a table of a report holds: typed cells, so that page, CSV and XLSX each write them their own way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["said", "text", "count", "hidden", "hours", "minutes", "share", "number", "none"]


@dataclass(frozen=True)
class Cell:
    """`said`: French source text. `hours`: quarter hours. `minutes`: a length of time. `share`: 0 to 1. `number`: a
    published figure that may have decimals. `hidden`: a count that is not told."""

    kind: Kind
    value: str | int | float | None = None
    #: For `said`: what fills its places `%(name)s`.
    values: tuple[tuple[str, Cell], ...] = ()


HIDDEN = Cell("hidden")
NONE = Cell("none")


def said(text: str, **values: Cell) -> Cell:
    """A label in French source text, its places filled with other cells."""
    return Cell("said", text, tuple(values.items()))


def text(words: str) -> Cell:
    """A label that is data: a name, never translated."""
    return Cell("text", words)


def count(number: int, *, shown: bool = True) -> Cell:
    """A count, or that it is hidden."""
    return Cell("count", number) if shown else HIDDEN


def share(part: int, whole: int) -> Cell:
    """`part` of `whole`; nothing when the whole is nothing."""
    return Cell("share", part / whole) if whole else NONE


Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Chart:
    """How to draw a table: `bars` of the column `column`, or `shares`: each row's columns from `column` on."""

    kind: Literal["bars", "shares"]
    column: int = 1


@dataclass(frozen=True)
class Table:
    """`caption`, `columns` and `notes`: cells of words. Counted columns have been through suppression already."""

    key: str
    caption: Cell
    columns: tuple[Cell, ...]
    rows: tuple[Row, ...]
    foot: Row | None = None
    notes: tuple[Cell, ...] = ()
    chart: Chart | None = None


@dataclass(frozen=True)
class Section:
    """A part of the report. `text`: its adopted words. Not `available`: a plugin failed, the page says so."""

    key: str
    title: Cell
    tables: tuple[Table, ...] = ()
    notes: tuple[Cell, ...] = ()
    text: str = ""
    available: bool = True


@dataclass(frozen=True)
class Report:
    """A whole report. `period`: `2023-2024` or `2023T1`; `scope`: whose figures, a name; empty for the network's."""

    period: str
    scope: str
    sections: tuple[Section, ...]

    def tables(self) -> Sequence[Table]:
        """Every table in order."""
        return [table for section in self.sections for table in section.tables]
