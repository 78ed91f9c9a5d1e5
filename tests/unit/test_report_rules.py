"""Periods, what a fact keeps, charts, cells of spreadsheets."""

import csv
import io
import xml.etree.ElementTree as ElementTree
import zipfile
from datetime import date, timedelta

import openpyxl
import pytest

from core.kernel.sheets import neutral
from core.reports import charts
from core.reports.exports.archive import as_zip, files
from core.reports.exports.tables import as_csv, as_xlsx
from core.reports.exports.words import Words
from core.reports.queries.published import published
from core.reports.rules.cells import Cell, Report, Section, Table, count, said, text
from core.reports.rules.facts import coarse, contact_band, percentile
from core.reports.rules.periods import (
    FiscalYear,
    Quarter,
    closed_quarters,
    parse_quarter,
    parse_year,
    quarter_of,
    standing,
    year_of,
)
from tests.support.formulas import formulas

FRENCH = Words("fr", lambda words, **values: words % values if values else words)


def test_every_day_has_one_quarter_and_quarters_make_the_year():
    day = date(2023, 4, 1)
    while day < date(2025, 4, 2):
        quarter = quarter_of(day)
        assert quarter.first_day <= day <= quarter.last_day
        assert quarter in year_of(day).quarters
        assert parse_quarter(quarter.code) == quarter
        day += timedelta(days=1)
    year = FiscalYear(2023)
    assert (year.first_day, year.last_day, str(year)) == (date(2023, 4, 1), date(2024, 3, 31), "2023-2024")
    assert Quarter(2023, 4).first_day == date(2024, 1, 1)
    assert parse_year("2023-2024") == year
    assert [parse_year(wrong) for wrong in ("2023-2025", "2023", "1999-2000", "2023-2024x")] == [None] * 4
    assert parse_quarter("2023T5") is None


def test_only_what_is_over_is_closed():
    year = FiscalYear(2026)
    assert standing(year, date(2027, 3, 31)) == "open"
    assert standing(year, date(2027, 4, 1)) == "closed"
    assert standing(Quarter(2026, 3), date(2026, 9, 30)) == "future"
    assert [quarter.number for quarter in closed_quarters(year, date(2026, 11, 24))] == [1, 2]


def test_lengths_are_coarse_and_the_limits_of_24_and_48_hours_stay_exact():
    for minutes in range(0, 6 * 24 * 60, 7):
        rounded = coarse(minutes)
        assert minutes <= rounded
        for limit in (24 * 60, 48 * 60):
            assert (minutes <= limit) == (rounded <= limit)
        assert contact_band(minutes) == contact_band(rounded)
    assert len({coarse(minutes) for minutes in range(60 * 24 * 60)}) < 160
    with pytest.raises(ValueError):
        coarse(-1)
    assert percentile({60: 3, 120: 1}, 0.5) == 60
    assert percentile({60: 8, 120: 2}, 0.9) == 120
    with pytest.raises(ValueError):
        percentile({}, 0.5)


def test_a_chart_says_everything_in_words_and_needs_neither_style_nor_colour():
    bars = charts.bars(
        "a", "Titre <b>", "Voir", [charts.Bar("Un & deux", 12, "12"), charts.Bar("Trois", None, "masqué")]
    )
    root = ElementTree.fromstring(str(bars))
    space = "{http://www.w3.org/2000/svg}" if root.tag.startswith("{") else ""
    assert root.attrib["role"] == "img"
    assert root.find(f"{space}title").text == "Titre <b>"
    assert root.attrib["aria-labelledby"].split() == ["a-title", "a-desc"]
    assert {"Un & deux", "12", "Trois", "masqué"} <= {node.text for node in root.iter(f"{space}text")}
    rectangles = [node.attrib for node in root.iter(f"{space}rect")]
    assert rectangles[1]["fill"] == "url(#a-hidden)"
    assert "style=" not in bars
    stack = charts.shares("b", "T", "D", ("Non", "Peu", "Oui", "Très"), [charts.Stack("Q", (0, 13, 38, 49.5))])
    drawn = [node.attrib for node in ElementTree.fromstring(str(stack)).iter() if node.tag.endswith("rect")][4:]
    assert len({(one["fill"], one["fill-opacity"]) for one in drawn}) == len(drawn) == 3
    assert sum(float(one["width"]) for one in drawn) == pytest.approx(charts.WIDTH, abs=0.3)


def test_no_cell_is_a_formula_for_any_of_500_payloads():
    hostile = formulas()
    for words in hostile:
        assert neutral(words).startswith("'"), repr(words)
    harmless = ["Rejointe", "14 à 17 ans", "1re demande", "« = »", "Soutien (a+b)"]
    assert [neutral(words) for words in harmless] == harmless
    table = Table("t", said("Essai"), (said("A"), said("B")), tuple((text(words), count(-3)) for words in hostile))
    report = Report("2023-2024", "", (Section("s", text("=1+1"), (table,), text="=cmd()"),))
    lines = list(csv.reader(io.StringIO(as_csv(table, FRENCH).decode("utf-8-sig"), newline="")))
    assert len(lines) == 501
    assert all(line[0].startswith("'") for line in lines[1:])
    assert all(line[1] == "-3" for line in lines[1:])
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(report, FRENCH)))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not [cell.value for cell in cells if cell.data_type == "s" and str(cell.value).startswith(("=", "+", "@"))]


def test_files_are_the_same_twice():
    section = published(FiscalYear(2023))
    report = Report("2023-2024", "", (section,))
    first, again = (as_zip(files(report, FRENCH, None)) for _ in range(2))
    assert first == again
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        assert archive.read("csv/01-workshops.csv").startswith(b"\xef\xbb\xbf")
        assert len(archive.namelist()) == 8


def test_the_published_files_are_reproduced_line_by_line_with_right_sums():
    section = published(FiscalYear(2023))
    workshops, *evaluations = section.tables
    rows = {row[0].value: tuple(cell.value for cell in row[1:]) for row in workshops.rows}
    assert len(rows) == 11
    assert rows["École secondaire des Chutes"] == (90, 3, 5, 98)
    assert rows["Maison des jeunes de Joliette"] == (9, 2, None, 10)
    assert tuple(cell.value for cell in workshops.foot[1:]) == (533, 17, 25, 466)
    assert workshops.foot[4] == Cell("hours", 466)
    notes = [FRENCH.cell(note) for note in workshops.notes]
    assert "Le rapport imprimé donne 18 pour « Adultes » ; la somme des lignes est 17." in notes
    assert len(notes) == 2, "young people and hours are printed right"
    assert sum(len(table.rows) for table in evaluations) == 42
    few = [table.key for table in evaluations if any("peu de réponses" in FRENCH.cell(note) for note in table.notes)]
    assert few == ["evaluation-3", "evaluation-4", "evaluation-5", "evaluation-6"]
    assert evaluations[3].rows[0][4] == Cell("number", 49.5)
    assert published(FiscalYear(2022)) is None
