"""Cells in words: what a page prints, and the plain values of a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.kernel.formatting import format_duration, format_hours, format_number, format_percent
from core.kernel.i18n import NBSP
from core.reports.rules.cells import Cell

MASKED = "masqué"
Translate = Callable[..., str]


@dataclass(frozen=True)
class Words:
    """Writes cells in one language. `translate(text, **values)` puts French source text in it."""

    locale: str
    translate: Translate

    def say(self, text: str, **values: object) -> str:
        """A French source text in the reader's language."""
        return self.translate(text, **values)

    def cell(self, cell: Cell) -> str:
        """The cell as people read it."""
        value = cell.value
        match cell.kind:
            case "said":
                return self.translate(str(value), **{name: self.cell(one) for name, one in cell.values})
            case "hidden":
                return self.translate(MASKED)
            case "count" | "number":
                assert isinstance(value, int | float)
                return format_number(value, self.locale)
            case "hours":
                assert isinstance(value, int)
                return format_hours(value * 15, self.locale)
            case "minutes":
                assert isinstance(value, int)
                return format_duration(value * 60, self.locale) if value else f"0{NBSP}min"
            case "share":
                assert isinstance(value, int | float)
                return format_percent(value, self.locale)
            case "none":
                return ""
        return str(value)

    def value(self, cell: Cell) -> str | int | float | None:
        """The cell as a spreadsheet computes with it: hours as decimal hours, lengths as hours, shares as ratios."""
        value = cell.value
        match cell.kind:
            case "count" | "number":
                return value
            case "share":
                assert isinstance(value, int | float)
                return round(value, 4)
            case "hours":
                assert isinstance(value, int)
                return value / 4
            case "minutes":
                assert isinstance(value, int)
                return round(value / 60, 2)
            case "none":
                return None
        return self.cell(cell)
