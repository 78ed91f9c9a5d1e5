"""Meetings: every state and command, lengths across a change of clock, participation, reminders."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from icalendar import Calendar

from core.committees.ics import FeedEvent, calendar_bytes
from core.committees.rules.deadlines import local_instant
from core.committees.rules.meetings import (
    Command,
    MeetingState,
    MinutesState,
    Participation,
    Presence,
    follow_up_due,
    participation,
    quarter_hours,
    refusal,
    times_refusal,
)
from core.kernel.clock import TORONTO

NOW = datetime(2026, 11, 24, 19, tzinfo=UTC)
ALL = list(product(MeetingState, MinutesState, Command))
POSSIBLE = {
    (MeetingState.PLANNED, MinutesState.NONE): {"change", "cancel", "take_attendance", "attach", "write_minutes"},
    (MeetingState.PLANNED, MinutesState.DRAFT): {"change", "cancel", "take_attendance", "attach", "write_minutes"},
    (MeetingState.PLANNED, MinutesState.ADOPTED): {"change", "cancel", "take_attendance", "attach"},
    (MeetingState.HELD, MinutesState.NONE): {"take_attendance", "attach", "write_minutes"},
    (MeetingState.HELD, MinutesState.DRAFT): {"take_attendance", "attach", "write_minutes", "adopt_minutes"},
    (MeetingState.HELD, MinutesState.ADOPTED): {"take_attendance", "attach"},
}


@pytest.mark.parametrize(("state", "minutes", "command"), ALL)
def test_each_pair_is_allowed_or_refused_as_listed(
    state: MeetingState, minutes: MinutesState, command: Command
) -> None:
    allowed = command.value in POSSIBLE.get((state, minutes), set())
    assert (refusal(state, minutes, command) is None) is allowed


def at(hour: str, day: str = "2026-11-25") -> datetime:
    found = local_instant(datetime.fromisoformat(f"{day}T{hour}"), TORONTO)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("starts", "ends", "code"),
    [
        (at("13:00"), at("16:00"), None),
        (at("13:00"), at("13:00"), "backwards"),
        (at("13:00"), at("12:00"), "backwards"),
        (at("08:00"), at("20:00"), None),
        (at("08:00"), at("20:01"), "too_long"),
        (at("13:00", "2029-01-10"), at("16:00", "2029-01-10"), "too_far"),
        (at("13:00", "2024-01-10"), at("16:00", "2024-01-10"), "too_old"),
    ],
)
def test_times(starts: datetime, ends: datetime, code: str | None) -> None:
    assert times_refusal(starts, ends, NOW) == code


def test_a_meeting_across_a_change_of_clock_lasts_what_it_lasts() -> None:
    night = at("00:30", "2026-11-01"), at("03:30", "2026-11-01")
    assert quarter_hours(*night) == 16, "clocks go back: three hours on the wall are four"
    spring = at("00:30", "2027-03-14"), at("03:30", "2027-03-14")
    assert quarter_hours(*spring) == 8
    assert quarter_hours(NOW, NOW + timedelta(minutes=2)) == 1
    assert quarter_hours(NOW, NOW + timedelta(minutes=98)) == 7


def test_participation_counts_seats_and_guests_apart() -> None:
    marks = [
        (True, Presence.PRESENT),
        (True, Presence.SUBSTITUTE),
        (True, Presence.EXCUSED),
        (False, Presence.PRESENT),
        (False, Presence.ABSENT),
    ]
    assert participation(marks) == Participation(3, 2, 1)
    assert participation(marks).share == 67
    assert participation([]).share is None


def test_reminders_come_a_week_before_the_day_before_then_weekly() -> None:
    due, told, reminded = date(2026, 12, 10), [], None
    for offset in range(40):
        today = date(2026, 11, 25) + timedelta(days=offset)
        if follow_up_due(due, today, reminded):
            told.append(today)
            reminded = today
    assert told == [
        date(2026, 12, 3),
        date(2026, 12, 9),
        date(2026, 12, 16),
        date(2026, 12, 23),
        date(2026, 12, 30),
    ]


def event(**changes: object) -> FeedEvent:
    given: dict[str, object] = {
        "id": UUID(int=7),
        "starts_at": at("13:30", "2026-11-25"),
        "ends_at": at("16:00", "2026-11-25"),
        "sequence": 0,
        "cancelled": False,
        "changed_at": NOW,
        **changes,
    }
    return FeedEvent(**given)  # type: ignore[arg-type]


def test_the_calendar_says_when_and_nothing_else() -> None:
    raw = calendar_bytes([event()], home="https://arrimage.example/")
    calendar = Calendar.from_ical(raw)
    (one,) = calendar.walk("VEVENT")
    assert one["summary"] == "Rencontre"
    assert {"LOCATION", "DESCRIPTION", "ORGANIZER", "ATTENDEE", "CATEGORIES"} & set(one) == set()
    assert one["url"] == "https://arrimage.example/"
    assert b"DTSTART;TZID=America/Toronto:20261125T133000" in raw
    (zone,) = calendar.walk("VTIMEZONE")
    assert zone["tzid"] == "America/Toronto"
    assert {part.name for part in zone.subcomponents} == {"STANDARD", "DAYLIGHT"}


def test_a_change_keeps_the_identifier_and_counts_a_cancellation_is_kept() -> None:
    before = Calendar.from_ical(calendar_bytes([event()], home="h")).walk("VEVENT")[0]
    after = Calendar.from_ical(calendar_bytes([event(sequence=1, cancelled=True)], home="h")).walk("VEVENT")[0]
    assert before["uid"] == after["uid"]
    assert (before["sequence"], after["sequence"]) == (0, 1)
    assert (before["status"], after["status"]) == ("CONFIRMED", "CANCELLED")


def test_the_calendar_is_the_same_twice() -> None:
    assert calendar_bytes([event()], home="h") == calendar_bytes([event()], home="h")
