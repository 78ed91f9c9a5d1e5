"""Tables in files: CSV as Excel opens and saves it in Québec, and XLSX. No cell we write is ever a formula.

Reading accepts UTF-8 with or without its mark, UTF-16 with its mark and Windows-1252; comma, semicolon or tab. Nothing
is written to disk: everything happens in memory, on contents whose size the caller has bounded.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | None

#: An XLSX file is a zip: what it holds once opened is bounded too (bytes).
MAX_UNPACKED: Final = 30_000_000
MAX_COLUMNS: Final = 60
#: What makes Excel, LibreOffice or Google Sheets read a formula, whatever blank precedes it; full-width signs too.
_FORMULA: Final = re.compile(r"^[\s\u00a0\u200b\ufeff\x00-\x1f]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ZIP: Final = b"PK\x03\x04"


class UnreadableSheet(ValueError):
    """The content is neither CSV nor XLSX that can be read."""


def neutral(text: str) -> str:
    """The text so that a spreadsheet shows it and never computes it (security S31): an apostrophe goes before a risky
    beginning, and no control character is kept."""
    cleaned = _CONTROL.sub("", text)
    return f"'{cleaned}" if _FORMULA.match(text) or cleaned[:1] in {"\t", "\r", "\n"} else cleaned


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]], *, delimiter: str = ";") -> bytes:
    """UTF-8 with its mark and semicolons: what Excel in French opens in columns with its accents."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([neutral(name) for name in header])
    writer.writerows([_shown(cell) for cell in row] for row in rows)
    return codecs.BOM_UTF8 + out.getvalue().encode("utf-8", errors="replace")


def write_xlsx(title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """One sheet, its headings kept in sight. Texts are texts and numbers numbers; nothing is a formula or a link.

    The same rows give the same bytes.
    """
    import xlsxwriter  # here and not above: the first page does not wait for it

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": title, "created": datetime(2000, 1, 1)})  # noqa: DTZ001 (the library takes naive ones)
    sheet = book.add_worksheet(title[:31])
    bold = book.add_format({"bold": True})
    widths = [len(name) for name in header]
    for column, name in enumerate(header):
        sheet.write_string(0, column, neutral(name), bold)
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(number, column, cell)
            elif cell:
                sheet.write_string(number, column, neutral(cell))
            widths[column] = max(widths[column], min(len(str(cell or "")), 60))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width + 2)
    sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()


def read_sheet(content: bytes) -> list[list[str]]:
    """Rows of texts. Raises UnreadableSheet for anything that is not a table."""
    if content.startswith(_ZIP):
        return _read_xlsx(content)
    text = _decoded(content)
    if "\x00" in text:
        raise UnreadableSheet
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    except csv.Error as failure:
        raise UnreadableSheet from failure
    return [row[:MAX_COLUMNS] for row in rows]


def _shown(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return neutral(cell)
    return "" if cell is None else cell


def _decoded(content: bytes) -> str:
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "cp1252"]:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableSheet


def _delimiter(text: str) -> str:
    """The separator of the first line that has one, outside quotes."""
    for line in text.splitlines()[:10]:
        bare = "".join(part for part in line.split('"')[::2])
        counts = {sign: bare.count(sign) for sign in ";\t,"}
        if any(counts.values()):
            return max(counts, key=lambda sign: counts[sign])
    return ","


def _read_xlsx(content: bytes) -> list[list[str]]:
    import openpyxl  # here and not above: it takes a tenth of a second to load

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
                raise UnreadableSheet
            for part in archive.infolist():
                # Entities and external parts begin with a document type; a spreadsheet has none.
                if part.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in archive.read(part)[:2000].upper():
                    raise UnreadableSheet
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            return [
                [_text(cell) for cell in row]
                for row in sheet.iter_rows(max_col=MAX_COLUMNS, max_row=50_000, values_only=True)
            ]
        finally:
            book.close()
    except UnreadableSheet:
        raise
    except Exception as failure:  # whatever a broken or hostile file makes the libraries raise, it is not a table
        raise UnreadableSheet from failure


def _text(value: object) -> str:
    """A cell as somebody would have typed it: a duration `131:45`, a day `2026-11-24`, a number without its zero."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}" if not seconds else f"{value.total_seconds() / 3600}"
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0").rstrip(".")
    return str(value)
