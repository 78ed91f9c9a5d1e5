"""Durations in quarter hours, who may do what to an entry, fiscal periods, lines of a file."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.committees.rules.durations import LARGEST, Refused, format_duration, parse_duration, plain_duration
from core.committees.rules.hours import (
    TRANSITIONS,
    Act,
    Period,
    State,
    fiscal_name,
    fiscal_start,
    fiscal_year,
    fiscal_year_of,
    may,
    months,
    next_state,
    quarters,
)
from core.committees.rules.hours_file import Reading, committee_names, read_day, read_lines

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "quarter_hours"),
    [
        ("131h45", 527), ("131 h 45", 527), ("131 h 45 min", 527), ("131\u00a0h\u202f45", 527), ("131:45", 527),
        ("131:45:00", 527), ("1,5", 6), ("1.5 h", 6), ("1,25 heure", 5), ("0 h 15", 1), ("2:30", 10), ("90 min", 6),
        ("2H", 8), ("2 heures 30 minutes", 10), ("1 234 h 30", 4938), ("1\u00a0234\u00a0h", 4936), ("24", 96),
    ],
)  # fmt: skip
def test_durations_are_read_as_people_write_them(text: str, quarter_hours: int) -> None:
    assert parse_duration(text) == quarter_hours


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,33", "écrivez 1\u00a0h\u00a015 ou 1\u00a0h\u00a030"),
        ("1 h 05", "écrivez 1\u00a0h ou 1\u00a0h\u00a015"),
        ("0:05", "écrivez au moins 0\u00a0h\u00a015"),
        ("-1 h", "ne peut pas être négative"),
        ("−0,5", "ne peut pas être négative"),
        ("0", "au moins 15 minutes"),
        ("2 h 75", "de 0 à 59"),
        ("999999 h", "trop longue"),
        ("", "heures et minutes"),
        ("deux heures", "heures et minutes"),
        ("1 h 30 h", "heures et minutes"),
        ("12 34", "heures et minutes"),
        ("1e3", "heures et minutes"),
    ],
)
def test_a_duration_that_is_not_whole_quarters_says_the_two_nearest(text: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_duration(text)
    assert said in str(refused.value)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, LARGEST))
def test_a_duration_written_is_the_duration_read(quarter_hours: int) -> None:
    """However it is shown: in words, for a spreadsheet, in decimals, packed as reports print it."""
    words = format_duration(quarter_hours)
    shown = (
        words,
        words.replace("\u00a0", ""),
        plain_duration(quarter_hours),
        f"{quarter_hours / 4}".replace(".", ","),
    )
    assert {parse_duration(text) for text in shown} == {quarter_hours}


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=20))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    try:
        read = parse_duration(text)
    except Refused:
        return
    assert 0 < read <= LARGEST


def test_who_may_do_what_to_an_entry() -> None:
    """The whole table: the organisation alone answers, and alone takes away what it approved."""
    allowed = {
        (act, state, who)
        for act in Act
        for state in State
        for who in ("author", "approver", "colleague")
        if may(act, state, author=who == "author", approver=who == "approver")
    }
    assert {(act, state) for act, state, who in allowed if who == "colleague"} == set()
    assert {(act, state) for act, state, who in allowed if who == "approver"} == {
        (act, state) for state, act in TRANSITIONS
    }
    only_approver = {(act, state) for act, state, who in allowed if who == "approver"} - {
        (act, state) for act, state, who in allowed if who == "author"
    }
    assert only_approver == {
        (Act.APPROVE, State.SUBMITTED),
        (Act.RETURN, State.SUBMITTED),
        (Act.RETURN, State.APPROVED),
        (Act.WITHDRAW, State.APPROVED),
    }
    assert next_state(Act.CORRECT, State.APPROVED, approver=False) is State.SUBMITTED
    assert next_state(Act.CORRECT, State.APPROVED, approver=True) is State.APPROVED
    assert next_state(Act.CORRECT, State.RETURNED, approver=True) is State.SUBMITTED


def test_fiscal_years_begin_on_april_1() -> None:
    assert [fiscal_year_of(date(2024, 3, 31)), fiscal_year_of(date(2024, 4, 1))] == [2023, 2024]
    assert (fiscal_name(2023), fiscal_start("2023-2024"), fiscal_start(" 2023–2024 ")) == ("2023-2024", 2023, 2023)
    assert [fiscal_start(wrong) for wrong in ("2023", "2023-2025", "x-y", "1899-1900")] == [None] * 4
    assert [part.first_day.month for part in quarters(fiscal_year(2023))] == [4, 7, 10, 1]
    for start in range(2019, 2026):
        year = fiscal_year(start)
        for parts in (quarters(year), months(year)):
            assert sum(part.days for part in parts) == year.days
            assert all(a.last_day + timedelta(1) == b.first_day for a, b in pairwise(parts))
    assert months(Period(date(2024, 1, 15), date(2024, 2, 3)))[0] == Period(date(2024, 1, 15), date(2024, 1, 31))


@pytest.mark.parametrize("text", ["2026-11-24", "2026/11/24", "2026-11-24 00:00", "24 novembre 2026"])
def test_days_are_read_without_guessing(text: str) -> None:
    assert read_day(text) == TODAY
    for wrong in ("24/11/2026", "11-24-2026", "2026-02-30", "1er brumaire 2026", ""):
        with pytest.raises(Refused):
            read_day(wrong)


def test_committees_are_known_by_the_names_people_write() -> None:
    names = committee_names([("bien-etre", "Sous-comité Bien-être"), ("orres", "ORRES, outil de références")])
    reading = Reading(names, TODAY)
    written = ("Bien-être", "SOUS-COMITÉ BIEN-ÊTRE", "bien etre", "Orres", "")
    rows = [["Jour", "Comité", "Nature", "Heures"], *(["2026-11-02", name, "Rencontre", "1 h"] for name in written)]
    read = read_lines(rows, reading)
    assert [line.committee for line in read.lines] == ["bien-etre", "bien-etre", "bien-etre", "orres", None]
    assert [line.problems for line in read.lines] == [()] * 5
