"""Rules of a request: amounts, bands, states, deadlines, the urgent track, figures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.api import TORONTO, new_id

from ..rules.figures import percentile
from ..rules.pauses import pause_ends, pause_stands
from ..rules.requests import (
    ENDED,
    TABLE,
    Act,
    Lafu,
    State,
    band_of,
    closes_at,
    lafu_since_refusal,
    needed_by_refusal,
    next_state,
    read_amount,
)
from ..rules.urgent import granted, over_cap, sign_refusal
from ..settings import BANDS, Settings


@pytest.mark.parametrize(
    ("typed", "cents", "code"),
    [
        ("420", 42_000, None),
        ("420,50 $", 42_050, None),
        ("1 234.56", 123_456, None),
        ("420,123456789012", None, "decimals"),
        ("0,000000000001", None, "decimals"),
        ("-20", None, "negative"),
        ("\u2212420,00 $", None, "negative"),
        ("0", None, "zero"),
        ("0,00 $", None, "zero"),
        ("5000,01", None, "too_high"),
        ("99999999999999999999", None, "too_high"),
        ("beaucoup", None, "unclear"),
        ("1e3", None, "unclear"),
        ("", None, "unclear"),
    ],
)
def test_an_amount_is_read_to_the_cent_or_refused_for_its_own_reason(
    typed: str, cents: int | None, code: str | None
) -> None:
    assert read_amount(typed, 500_000) == (cents, code)


@given(st.integers(min_value=1, max_value=500_000))
def test_what_is_written_is_what_is_read(cents: int) -> None:
    assert read_amount(f"{cents // 100},{cents % 100:02d} $", 500_000) == (cents, None)


@pytest.mark.parametrize(
    ("cents", "approvals", "hours"),
    [(1, 2, 24), (20_000, 2, 24), (20_001, 3, 72), (100_000, 3, 72), (100_001, 5, 168), (500_000, 5, 168)],
)
def test_an_amount_says_its_approvals_and_its_hours(cents: int, approvals: int, hours: int) -> None:
    band = band_of(BANDS, cents)
    assert (band.approvals, band.hours) == (approvals, hours)


@pytest.mark.parametrize(
    "bands",
    [
        [],
        [{"up_to": 100, "approvals": 2, "hours": 1}],
        [{"approvals": 2, "hours": 1}, {"up_to": 100, "approvals": 2, "hours": 1}],
        [
            {"up_to": 200, "approvals": 2, "hours": 1},
            {"up_to": 100, "approvals": 2, "hours": 1},
            {"approvals": 2, "hours": 1},
        ],
        [{"approvals": 1, "hours": 1}],
    ],
)
def test_bands_that_leave_a_hole_or_let_one_decide_stop_the_start(bands: list[dict[str, int]]) -> None:
    with pytest.raises(ValidationError):
        Settings(bands=bands)


@pytest.mark.parametrize(
    ("opened", "local"),
    [
        # The night of 1 November 2026 has 25 hours, that of 14 March 2027 has 23.
        (datetime(2026, 10, 31, 22, 0, tzinfo=UTC), "2026-11-01 17:00"),
        (datetime(2027, 3, 13, 22, 0, tzinfo=UTC), "2027-03-14 18:00"),
    ],
)
def test_a_day_to_vote_is_24_real_hours_when_the_clocks_change(opened: datetime, local: str) -> None:
    ends = closes_at(BANDS[0], opened)
    assert ends - opened == timedelta(hours=24)
    assert ends.astimezone(TORONTO).strftime("%Y-%m-%d %H:%M") == local


def test_every_pair_of_state_and_act_is_listed_or_refused() -> None:
    for state in State:
        for act in Act:
            assert next_state(state, act) == TABLE.get((state, act))
    for state in (State.REFUSED, State.WITHDRAWN, State.CLOSED):
        assert state in ENDED
        assert all(next_state(state, act) is None for act in Act)
    assert all(next_state(State.PAUSED, act) is None for act in set(Act) - {Act.RESUME, Act.WITHDRAW, Act.CLOSE})


def test_a_pause_lasts_the_same_whatever_began_it_and_longer_than_she_has_to_undo() -> None:
    began = datetime(2026, 10, 29, 19, 0, tzinfo=UTC)
    # The clocks change in between: seven times 24 real hours all the same.
    assert pause_ends(began, 7) - began == timedelta(hours=168)
    assert pause_stands(began, 7, began + timedelta(hours=167, minutes=59)) == "waits"
    assert pause_stands(began, 7, began + timedelta(hours=168)) == "over"
    assert next_state(State.PAUSED, Act.CLOSE) is State.CLOSED
    with pytest.raises(ValidationError):  # 72 hours to undo her own withdrawal
        Settings(pause_days=3)


def test_days_that_make_no_sense_are_refused() -> None:
    today = date(2026, 11, 24)
    assert needed_by_refusal(today, today) is None
    assert needed_by_refusal(today - timedelta(days=1), today)
    assert needed_by_refusal(today + timedelta(days=366), today)
    assert lafu_since_refusal(Lafu.SILENT, None, today)
    assert lafu_since_refusal(Lafu.SILENT, today + timedelta(days=1), today)
    assert lafu_since_refusal(Lafu.REFUSED, None, today) is None


def test_who_signs_in_urgency() -> None:
    now, own, other = datetime(2026, 11, 24, 19, 0, tzinfo=UTC), new_id(), new_id()
    fine = {
        "open_until": now + timedelta(hours=1),
        "now": now,
        "seated": True,
        "organisation": other,
        "requester": own,
        "aside": False,
        "signed": (),
    }
    assert sign_refusal(**fine) is None
    for change, code in (
        ({"open_until": None}, "not_urgent"),
        ({"open_until": now}, "late"),
        ({"seated": False}, "no_seat"),
        ({"organisation": own}, "own"),
        ({"aside": True}, "aside"),
        ({"signed": (other,)}, "signed"),
    ):
        assert sign_refusal(**{**fine, **change}) == code
    assert not granted((other,))
    assert not granted((other, other))
    assert granted((other, own))
    assert over_cap(50_001, 50_000)
    assert not over_cap(50_000, 50_000)


def test_percentiles_are_values_that_occurred() -> None:
    assert percentile([], 50) is None
    assert percentile([3, 1, 2], 50) == 2
    assert percentile(list(range(1, 11)), 90) == 9
    assert percentile([5], 90) == 5
