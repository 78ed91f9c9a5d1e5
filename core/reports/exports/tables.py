"""CSV and XLSX. A cell that a spreadsheet could take for a formula is written so that it stays text (security S31)."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from datetime import UTC, datetime

import xlsxwriter

from core.kernel.sheets import neutral
from core.reports.exports.words import Words
from core.reports.rules.cells import Cell, Report, Section, Table

BOM = "\ufeff"
#: Properties and archive entries bear this moment, so that the same report gives the same bytes.
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def as_csv(table: Table, words: Words) -> bytes:
    """UTF-8 with its mark, so that Excel reads the accents; commas, and CRLF as RFC 4180 says."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    for row in _rows(table):
        writer.writerow([_written(words.value(cell)) for cell in row])
    for note in table.notes:
        writer.writerow([neutral(words.cell(note))])
    return (BOM + lines.getvalue()).encode()


def as_xlsx(report: Report, words: Words) -> bytes:
    """One sheet per section, one table under the other. Every text is written as text, never as a formula."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"created": EPOCH.replace(tzinfo=None), "title": f"Arrimage {report.period}"})
    formats = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True}),
        "note": book.add_format({"italic": True}),
        "share": book.add_format({"num_format": "0 %"}),
        "hours": book.add_format({"num_format": "0.00"}),
    }
    taken: set[str] = set()
    for section in report.sections:
        _sheet(book.add_worksheet(_sheet_name(words.cell(section.title), taken)), section, words, formats)
    book.close()
    return buffer.getvalue()


def _sheet(sheet: object, section: Section, words: Words, formats: dict[str, object]) -> None:
    put = _Put(sheet, formats)
    put.text(words.cell(section.title), "title")
    for paragraph in section.text.splitlines():
        put.text(paragraph)
    for note in section.notes:
        put.text(words.cell(note), "note")
    for table in section.tables:
        put.row += 1
        put.text(words.cell(table.caption), "head")
        for number, row in enumerate(_rows(table)):
            put.cells(row, words, head=number == 0)
        for note in table.notes:
            put.text(words.cell(note), "note")
    sheet.set_column(0, 0, 52)  # type: ignore[attr-defined]
    sheet.set_column(1, 12, 16)  # type: ignore[attr-defined]


class _Put:
    def __init__(self, sheet: object, formats: dict[str, object]) -> None:
        self.sheet, self.formats, self.row = sheet, formats, 0

    def text(self, words: str, style: str | None = None) -> None:
        self._string(0, words, style)
        self.row += 1

    def cells(self, row: tuple[Cell, ...], words: Words, *, head: bool) -> None:
        for column, cell in enumerate(row):
            value = words.value(cell)
            if isinstance(value, int | float):
                style = self.formats.get(cell.kind)
                self.sheet.write_number(self.row, column, value, style)  # type: ignore[attr-defined]
            elif value is not None:
                self._string(column, value, "head" if head else None)
        self.row += 1

    def _string(self, column: int, words: str, style: str | None = None) -> None:
        given = self.formats[style] if style else None
        self.sheet.write_string(self.row, column, neutral(words), given)  # type: ignore[attr-defined]


def _rows(table: Table) -> list[tuple[Cell, ...]]:
    return [table.columns, *table.rows, *([table.foot] if table.foot else [])]


def _written(value: str | int | float | None) -> str | int | float:
    if value is None:
        return ""
    return neutral(value) if isinstance(value, str) else value


def _sheet_name(title: str, taken: set[str]) -> str:
    """At most 31 characters, none that Excel refuses, never the same twice."""
    clean = re.sub(r"[\[\]:*?/\\']", " ", title).strip()[:28] or "Section"
    name, number = clean, 2
    while name.casefold() in taken:
        name, number = f"{clean} {number}", number + 1
    taken.add(name.casefold())
    return name


def file_name(words: str) -> str:
    """A short name for a file: letters without accents, digits and hyphens."""
    folded = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-") or "tableau"
