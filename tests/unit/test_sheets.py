"""Tables in files: what people's programs save is read, what attacks is refused, nothing written is a formula."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest

from core.committees.rules.hours import Kind
from core.committees.rules.hours_file import Reading, read_lines
from core.kernel.sheets import MAX_UNPACKED, UnreadableSheet, read_sheet, write_csv, write_xlsx
from tests.support.formulas import formulas


def test_no_cell_of_a_file_is_a_formula_for_any_of_500_payloads() -> None:
    """The writers of the hours' exports and of every plugin's."""
    rows = [(words, -3) for words in formulas()]
    header = ["=1+1", "Heures"]
    lines = list(csv.reader(io.StringIO(write_csv(header, rows).decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len(lines) == 501
    assert all(line[0].startswith("'") for line in lines)
    assert {line[1] for line in lines[1:]} == {"-3"}
    sheet = openpyxl.load_workbook(io.BytesIO(write_xlsx("Heures", header, rows))).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert len(cells) == 1002
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert all(str(cell.value).startswith("'") for cell in cells if cell.column == 1)


def test_what_excel_saves_as_days_and_durations_becomes_hours() -> None:
    """Cells that hold a date, a moment, a duration beyond a day, a time or a number, and not their text."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Jour", "Nature", "Heures", "Personnes"])
    for day, length, persons in (
        (date(2026, 11, 2), timedelta(hours=131, minutes=45), 6),
        (datetime(2026, 11, 3), time(2, 30), 6.0),  # noqa: DTZ001 (a spreadsheet has no zone)
        ("2026-11-04", 1.25, None),
        ("4 novembre 2026", "0 h 45", None),
    ):
        sheet.append([day, "Rencontre", length, persons])
    saved = io.BytesIO()
    book.save(saved)
    read = read_lines(read_sheet(saved.getvalue()), Reading({}, date(2026, 11, 24), None, shared=True))
    told = [(line.first_day, line.kind, line.quarter_hours, line.persons, line.problems) for line in read.lines]
    # 131 h 45 in one day by six persons is possible; every other cell is read as somebody would have typed it.
    assert told == [
        (date(2026, 11, 2), Kind.MEETING, 527, 6, ()),
        (date(2026, 11, 3), Kind.MEETING, 10, 6, ()),
        (date(2026, 11, 4), Kind.MEETING, 5, None, ()),
        (date(2026, 11, 4), Kind.MEETING, 3, None, ()),
    ]


def bomb(part: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(part, content)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(bomb("xl/worksheets/sheet1.xml", b" " * (MAX_UNPACKED + 1)), id="unpacks to more than is allowed"),
        pytest.param(bomb("xl/workbook.xml", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'), id="entities"),
        pytest.param(bomb("autre.txt", b"rien"), id="a zip that is no workbook"),
    ],
)
def test_a_workbook_that_attacks_is_refused_without_being_unpacked(content: bytes) -> None:
    assert len(content) < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableSheet):
            read_sheet(content)
        assert tracemalloc.get_traced_memory()[1] < MAX_UNPACKED / 2
    finally:
        tracemalloc.stop()


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    """The directory says ten bytes; the part holds far more."""
    content = bomb("xl/worksheets/sheet1.xml", b" " * 5_000_000)
    size = (5_000_000).to_bytes(4, "little")
    assert content.count(size) == 2
    with pytest.raises(UnreadableSheet):
        read_sheet(content.replace(size, (10).to_bytes(4, "little")))
