"""Opening hours: whether a place is open at a moment, until when, and when it opens next. Local wall-clock minutes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

HORIZON_DAYS = 21


@dataclass(frozen=True)
class Interval:
    """`opens` and `closes` in minutes after midnight; a closing minute not after the opening one is the next day's."""

    weekday: int
    opens: int
    closes: int
    open_on_holidays: bool = False


@dataclass(frozen=True)
class DayException:
    """A day that differs from its week; closed when `opens` is None."""

    day: date
    opens: int | None = None
    closes: int | None = None
    note: str = ""


@dataclass(frozen=True)
class OpeningHours:
    weekly: tuple[Interval, ...] = ()
    exceptions: tuple[DayException, ...] = ()

    @property
    def known(self) -> bool:
        return bool(self.weekly)


@dataclass(frozen=True)
class OpenState:
    """`until`: when it closes (None: stays open beyond the horizon). `opens_at`: next opening when closed (None: not
    known). `holiday`: the name of the holiday that closes it now. Datetimes are aware UTC."""

    known: bool
    open: bool
    until: datetime | None = None
    opens_at: datetime | None = None
    holiday: str | None = None


UNKNOWN = OpenState(known=False, open=False)


def state_at(hours: OpeningHours, at: datetime, zone: tzinfo, holidays: Mapping[date, str]) -> OpenState:
    """The state at an aware datetime. `holidays` are the days the week does not apply to (exceptions still do)."""
    if not hours.known:
        return UNKNOWN
    moment = at.astimezone(UTC)
    today = at.astimezone(zone).date()
    spans = _spans(hours, today - timedelta(days=1), zone, holidays)
    for start, end in spans:
        if start <= moment < end:
            beyond = end - moment >= timedelta(days=HORIZON_DAYS - 3)
            return OpenState(known=True, open=True, until=None if beyond else end)
    following = next((start for start, _ in spans if start > moment), None)
    return OpenState(known=True, open=False, opens_at=following, holiday=holidays.get(today))


def _spans(
    hours: OpeningHours, first: date, zone: tzinfo, holidays: Mapping[date, str]
) -> list[tuple[datetime, datetime]]:
    """Open spans in UTC from `first` on, merged when they touch: midnight does not close what stays open."""
    exceptions = {exception.day: exception for exception in hours.exceptions}
    found: list[tuple[datetime, datetime]] = []
    for offset in range(HORIZON_DAYS + 1):
        day = first + timedelta(days=offset)
        for opens, closes in _minutes(hours, day, exceptions.get(day), day in holidays):
            end_day = day if closes > opens else day + timedelta(days=1)
            found.append((_moment(day, opens, zone), _moment(end_day, closes, zone)))
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _minutes(hours: OpeningHours, day: date, exception: DayException | None, holiday: bool) -> list[tuple[int, int]]:
    if exception is not None:
        if exception.opens is None or exception.closes is None:
            return []
        return [(exception.opens, exception.closes)]
    return [
        (interval.opens, interval.closes)
        for interval in hours.weekly
        if interval.weekday == day.weekday() and (interval.open_on_holidays or not holiday)
    ]


def _moment(day: date, minutes: int, zone: tzinfo) -> datetime:
    """Wall clock to UTC, so that a night when clocks change lasts what it really lasts."""
    day, minutes = (day + timedelta(days=1), 0) if minutes == 1440 else (day, minutes)
    return datetime.combine(day, time(minutes // 60, minutes % 60), tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True)
class DayLine:
    """One weekday of a printed week: its intervals in minutes, in order."""

    weekday: int
    intervals: tuple[tuple[int, int], ...] = field(default_factory=tuple)


def week(hours: OpeningHours) -> tuple[DayLine, ...]:
    """The seven days, Monday first."""
    return tuple(
        DayLine(day, tuple(sorted((i.opens, i.closes) for i in hours.weekly if i.weekday == day))) for day in range(7)
    )


@dataclass(frozen=True)
class DayRange:
    """Consecutive days that share the same hours, as people say them."""

    first: int
    last: int
    intervals: tuple[tuple[int, int], ...]


def ranges(hours: OpeningHours) -> tuple[DayRange, ...]:
    """The week in as few lines as it takes, closed days left out."""
    found: list[DayRange] = []
    for line in week(hours):
        if found and found[-1].last == line.weekday - 1 and found[-1].intervals == line.intervals:
            found[-1] = DayRange(found[-1].first, line.weekday, line.intervals)
        elif line.intervals:
            found.append(DayRange(line.weekday, line.weekday, line.intervals))
    return tuple(found)
