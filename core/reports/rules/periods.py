"""Fiscal years and quarters, from April 1 (the year of the annual reports of the network's centres).

Only closed periods are published: an open one would be published again the next day, and the difference between the two
would show one person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

FIRST_MONTH = 4
_YEAR = re.compile(r"(2[01]\d\d)-(2[01]\d\d)")
_QUARTER = re.compile(r"(2[01]\d\d)T([1-4])")


@dataclass(frozen=True, order=True)
class FiscalYear:
    """The year that begins on April 1 of `start`. `str()` is its name, `2023-2024`."""

    start: int

    def __str__(self) -> str:
        return f"{self.start}-{self.start + 1}"

    @property
    def first_day(self) -> date:
        """April 1."""
        return date(self.start, FIRST_MONTH, 1)

    @property
    def last_day(self) -> date:
        """March 31."""
        return date(self.start + 1, FIRST_MONTH, 1) - timedelta(days=1)

    @property
    def quarters(self) -> tuple[Quarter, Quarter, Quarter, Quarter]:
        """April-June, July-September, October-December, January-March."""
        return (Quarter(self.start, 1), Quarter(self.start, 2), Quarter(self.start, 3), Quarter(self.start, 4))

    @property
    def before(self) -> FiscalYear:
        """The year before."""
        return FiscalYear(self.start - 1)


@dataclass(frozen=True, order=True)
class Quarter:
    """A fiscal quarter: `number` 1 is April to June of `start`. `code` is what a fact keeps: `2023T1`."""

    start: int
    number: int

    @property
    def code(self) -> str:
        """`2023T1`: the calendar year in which the fiscal year begins, then the quarter."""
        return f"{self.start}T{self.number}"

    @property
    def year(self) -> FiscalYear:
        """The fiscal year it belongs to."""
        return FiscalYear(self.start)

    @property
    def first_day(self) -> date:
        """First day of its first month."""
        month = FIRST_MONTH + 3 * (self.number - 1)
        return date(self.start + (month > 12), (month - 1) % 12 + 1, 1)

    @property
    def last_day(self) -> date:
        """Last day of its third month."""
        return self.next.first_day - timedelta(days=1)

    @property
    def next(self) -> Quarter:
        """The quarter after this one."""
        return Quarter(self.start + 1, 1) if self.number == 4 else Quarter(self.start, self.number + 1)


Standing = Literal["closed", "open", "future"]


def year_of(day: date) -> FiscalYear:
    """The fiscal year of a day."""
    return FiscalYear(day.year if day.month >= FIRST_MONTH else day.year - 1)


def quarter_of(day: date) -> Quarter:
    """The fiscal quarter of a day."""
    return Quarter(year_of(day).start, (day.month - FIRST_MONTH) % 12 // 3 + 1)


def standing(period: FiscalYear | Quarter, today: date) -> Standing:
    """Whether a period is over, under way, or still to come, on the day `today` of the users' zone."""
    if today > period.last_day:
        return "closed"
    return "open" if today >= period.first_day else "future"


def closed_quarters(year: FiscalYear, today: date) -> tuple[Quarter, ...]:
    """The quarters of the year that may be published."""
    return tuple(quarter for quarter in year.quarters if standing(quarter, today) == "closed")


def parse_year(text: str) -> FiscalYear | None:
    """`2023-2024`, or None: two years in a row."""
    found = _YEAR.fullmatch(text)
    if found is None or int(found[2]) != int(found[1]) + 1:
        return None
    return FiscalYear(int(found[1]))


def parse_quarter(text: str) -> Quarter | None:
    """`2023T1`, or None."""
    found = _QUARTER.fullmatch(text)
    return Quarter(int(found[1]), int(found[2])) if found else None
