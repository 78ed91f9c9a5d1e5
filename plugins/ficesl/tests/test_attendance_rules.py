"""Rules of attendance, the code of the screen, quizzes, evaluations and printed figures: no database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.api import read_sheet

from ..rules import attendance, checkin, credits, evaluations, published
from ..rules.attendance import Mark, credited, minutes_between

TORONTO = ZoneInfo("America/Toronto")
DATA = Path(__file__).resolve().parents[1] / "data"
NINE = datetime(2026, 11, 20, 14, tzinfo=UTC)


def test_a_block_that_crosses_a_change_of_clock_counts_the_time_that_passed() -> None:
    """The night of November 1, 2026, clocks go back: from 23 h to 3 h, five hours pass; in March, three."""
    back = datetime(2026, 10, 31, 23, tzinfo=TORONTO), datetime(2026, 11, 1, 3, tzinfo=TORONTO)
    forward = datetime(2027, 3, 13, 23, tzinfo=TORONTO), datetime(2027, 3, 14, 3, tzinfo=TORONTO)
    assert minutes_between(*back) == 300
    assert minutes_between(*forward) == 180
    late = Mark(True, late=150)
    arrived, left = attendance.instants(back[0].astimezone(UTC), back[1].astimezone(UTC), late)
    assert arrived == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # the first of the two 1 h 30
    assert left is None
    assert credited(300, late).minutes == 150
    assert attendance.mark_of(back[0], back[1], 150, arrived, None) == late
    with pytest.raises(ValueError, match="aware"):
        minutes_between(datetime(2026, 11, 1), NINE)  # noqa: DTZ001
    with pytest.raises(ValueError, match="before"):
        minutes_between(NINE, NINE - timedelta(minutes=1))


@pytest.mark.parametrize(
    ("mark", "minutes", "why"),
    [
        (Mark(True), 60, attendance.WHOLE),
        (Mark(True, late=10), 60, attendance.TOLERATED),
        (Mark(True, late=6, early=4), 60, attendance.TOLERATED),
        (Mark(True, late=11), 49, attendance.PARTIAL),
        (Mark(True, late=15, early=30), 15, attendance.PARTIAL),
        (Mark(False, late=500), 0, attendance.ABSENT),
    ],
)
def test_minutes_are_credited_with_their_reason(mark: Mark, minutes: int, why: str) -> None:
    found = credited(60, mark)
    assert (found.minutes, found.why) == (minutes, why)
    assert str(minutes) in found.why % found.values or minutes == 0


@pytest.mark.parametrize("mark", [Mark(True, late=61), Mark(True, late=-1), Mark(True, early=60), Mark(True, 30, 30)])
def test_minutes_over_the_block_are_refused(mark: Mark) -> None:
    with pytest.raises(attendance.Refused) as refused:
        credited(60, mark)
    assert refused.value.message % refused.value.values


@given(st.integers(1, 1440), st.integers(0, 1440), st.integers(0, 1440))
def test_no_mark_credits_more_than_the_block(block: int, late: int, early: int) -> None:
    try:
        found = credited(block, Mark(True, late, early))
    except attendance.Refused:
        return
    assert 0 < found.minutes <= block


def test_arriving_is_late_only_after_the_beginning() -> None:
    end = NINE + timedelta(hours=1)
    assert attendance.arriving(NINE, end, NINE - timedelta(minutes=20)) == Mark(True)
    assert attendance.arriving(NINE, end, NINE + timedelta(minutes=14, seconds=59)) == Mark(True, 14)
    assert credited(60, attendance.arriving(NINE, end, end + timedelta(hours=1))).minutes == 1
    assert attendance.choices(60) == (5, 10, 15, 20, 30, 45)
    assert attendance.of_module([50, 50], 60) == 60


def test_a_code_lives_two_steps_and_yesterdays_is_nobodys() -> None:
    secret, other = b"s" * 32, b"t" * 32
    code = checkin.code_at(secret, checkin.step_at(NINE))
    assert checkin.read_code(f" {code[:3]} {code[3:]}") == code
    at = [NINE + timedelta(seconds=seconds) for seconds in (0, 29, 30, 59)]
    assert all(checkin.accepts(secret, code, moment) for moment in at)
    for moment in (NINE + timedelta(seconds=60), NINE - timedelta(seconds=1), NINE + timedelta(days=1)):
        assert not checkin.accepts(secret, code, moment)
    assert not checkin.accepts(other, code, NINE)
    assert [checkin.seconds_left(moment) for moment in at] == [30, 1, 30, 1]
    codes = {checkin.code_at(secret, step) for step in range(500)}
    assert len(codes) > 490
    assert {len(one) for one in codes} == {6}
    for typed in ("12345", "1234567", "12345a", "", "١٢٣٤٥٦"):
        assert checkin.read_code(typed) is None
    end = NINE + timedelta(hours=1)
    moments = [checkin.moment(NINE, end, NINE + timedelta(minutes=m)) for m in (-31, -30, 59, 60)]
    assert moments == [checkin.Moment.BEFORE, checkin.Moment.OPEN, checkin.Moment.OPEN, checkin.Moment.OVER]


def test_attempts_are_used_up_then_come_back() -> None:
    made = [NINE, NINE + timedelta(hours=1)]
    assert credits.chances([], 2, NINE).values == {"left": 2, "most": 2}
    assert credits.chances(made[:1], 2, NINE).may
    closed = credits.chances(made, 2, made[-1] + timedelta(days=7, seconds=-1))
    assert (closed.may, closed.why, closed.opens_at) == (False, credits.USED_UP, made[-1] + timedelta(days=7))
    again = credits.chances(made, 2, made[-1] + timedelta(days=7))
    assert (again.may, again.number) == (True, 3)
    assert credits.chances(made * 9, None, NINE).may
    questions = [credits.Question("?", ("a", "b"), answer) for answer in (0, 1, 1)]
    assert [credits.score(questions, said) for said in ([0, 1, 1], [0, 1, 0], [1, 0, 0])] == [100, 66, 0]
    with pytest.raises(ValueError, match="per question"):
        credits.score(questions, [0])
    assert credits.read_choices("Oui\n* Non\n") == (("Oui", "Non"), 1)
    for wrong in ("Oui\nNon", "*Oui\n*Non", "*Seule", "*Oui\nOui", "*\nNon", ""):
        assert credits.read_choices(wrong) is None
    assert credits.written_choices(credits.Question("?", ("Oui", "Non"), 1)) == "Oui\n*Non"
    assert [credits.quarter_hours(minutes) for minutes in (45, 50, 60)] == [3, 4, 4]


def test_results_wait_for_the_closing_and_for_five() -> None:
    end = NINE + timedelta(hours=4)
    state = [evaluations.standing(NINE, end, None, at) for at in (NINE - timedelta(1), NINE, end + timedelta(14))]
    assert state == [evaluations.Standing.BEFORE, evaluations.Standing.OPEN, evaluations.Standing.CLOSED]
    assert evaluations.standing(NINE, end, end, end) is evaluations.Standing.CLOSED
    # Nothing between n and n + 1 answers: while it is open, no number of them shows anything.
    assert not any(evaluations.reading(evaluations.Standing.OPEN, sent).may for sent in range(50))
    assert [evaluations.reading(evaluations.Standing.CLOSED, sent).may for sent in (4, 5)] == [False, True]
    assert evaluations.line("?", (1, 1, 1, 1)).shares is None
    assert evaluations.line("?", (0, 1, 3, 6)).shares == (0, 10, 30, 60)


@given(st.lists(st.integers(0, 400), min_size=4, max_size=4).filter(any))
def test_percentages_add_up_and_keep_their_order(counts: list[int]) -> None:
    shares = evaluations.percentages(counts)
    assert sum(shares) == 100
    for (count, share), (other, least) in pairwise(sorted(zip(counts, shares, strict=True))):
        assert count <= other
        assert share <= least + 1
    assert all(share == 0 for count, share in zip(counts, shares, strict=True) if count == 0)


def read(name: str, year: str | None = "2023-2024") -> published.FileRead:
    return published.read_file(read_sheet((DATA / name).read_bytes()), year)


def test_the_trainings_of_the_printed_report_come_out_right() -> None:
    """4 h once, 1 h four times, 14 h for two days; the second 14 h may be the same training: shown, not added."""
    found = read("formations_ficesl_2023_2024.csv", None)
    assert found.problems == ()
    assert [line.quarter_hours for line in found.lines] == [16, 16, 56, 56]
    repeats = published.told_twice((one.key, one.period, one.title, one.quarter_hours) for one in found.lines)
    assert repeats == {found.lines[3].key: found.lines[2].key}
    sums = published.totals((line, line.key not in repeats) for line in found.lines)
    assert (sums.sessions, sums.quarter_hours, sums.people, sums.aside) == (7, 88, 0, 56)
    assert found.lines[0].first_day == date(2023, 4, 1)
    assert found.lines[0].last_day == date(2023, 4, 30)
    assert found.lines[1].last_day == date(2024, 3, 31)


def test_the_bad_lines_of_a_file_are_told_one_by_one() -> None:
    head = list(published.HEADINGS[published.TRAINING])
    good = ["2023-04", "Une formation", "patrouilles", "Un poste", "1", "4h00", "12"]
    rows = [
        head, good, [*good], ["avril", *good[1:]], ["2023-13", *good[1:]], [*good[:4], "-1", "4h00", ""],
        [*good[:5], "4h10", ""], ["2023-05", "", *good[2:]], ["", "", ""], ["2023-06", "x" * 201, *good[2:]],
    ]  # fmt: skip
    found = published.read_file(rows, None)
    assert [line.number for line in found.lines] == [2]
    assert {(one.number, one.message) for one in found.problems} == {
        (3, published.TWICE), (4, published.NOT_A_PERIOD), (5, published.NOT_A_PERIOD), (6, published.NOT_A_NUMBER),
        (7, published.NOT_A_DURATION), (8, published.NO_TITLE), (10, published.TOO_LONG),
    }  # fmt: skip
    workshop = [list(published.HEADINGS[published.WORKSHOP]), ["x", "1", "1", "1", "1h00"]]
    for bad, year in (([], "2023-2024"), ([["a", "b"]], "2023-2024"), ([head], None), (workshop, None)):
        with pytest.raises(published.Unreadable):
            published.read_file(bad, year)
    for wrong in ("101", "-1", "1.25", "", "١"):
        with pytest.raises(ValueError):
            published.tenths(wrong)
    assert published.tenths("49,5") == 495
