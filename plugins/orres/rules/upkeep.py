"""Upkeep of the tool: twice a year each partner says that its sheets are exact, or corrects them.

A sheet counts once its organisation said that it is exact on the campaign's first day or later, wherever it said so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final


class Progress(StrEnum):
    """Where an organisation stands in a campaign."""

    NOTHING = "nothing"
    BEGUN = "begun"
    DONE = "done"


PROGRESS: Final[Mapping[Progress, str]] = {
    Progress.NOTHING: "Pas commencé",
    Progress.BEGUN: "Commencé",
    Progress.DONE: "Terminé",
}
SIGNS: Final[Mapping[Progress, str]] = {Progress.NOTHING: "", Progress.BEGUN: "wait", Progress.DONE: "done"}


@dataclass(frozen=True)
class Share:
    """How many of how many."""

    confirmed: int
    total: int

    @property
    def percent(self) -> int | None:
        """Rounded down, so that 100 means all; None of nothing."""
        return None if self.total == 0 else self.confirmed * 100 // self.total

    @property
    def progress(self) -> Progress:
        """The word for it."""
        if self.confirmed >= self.total:
            return Progress.DONE
        return Progress.BEGUN if self.confirmed else Progress.NOTHING


def said_since(verified_on: date | None, first_day: date) -> bool:
    """Whether a sheet was said to be exact on that day or later."""
    return verified_on is not None and verified_on >= first_day


def share_of(days: Iterable[date | None], first_day: date) -> Share:
    """How many of these days of verification are on that day or later."""
    every = [said_since(one, first_day) for one in days]
    return Share(sum(every), len(every))


#: A sheet is fresh for a year (the yearly update of information and referral services).
FRESH_DAYS: Final = 365


def fresh_share(days: Iterable[date | None], today: date) -> Share:
    """How many sheets were said to be exact within a year."""
    return share_of(days, today - timedelta(days=FRESH_DAYS))


def next_dates(starts: Sequence[str], days: int, after: date) -> tuple[date, date]:
    """First and last day of the next campaign that begins after that day. `starts`: `MM-DD`, in any order."""
    dates = sorted(
        date(year, int(start[:2]), int(start[3:])) for year in (after.year, after.year + 1) for start in starts
    )
    first = next(one for one in dates if one > after)
    return first, first + timedelta(days=days - 1)


def step_due(opened_on: date, last_day: date, steps: Sequence[int], today: date) -> int:
    """How many reminders are due by then: none before the first of `steps` (days since the opening), none after the
    last day."""
    if today > last_day:
        return 0
    gone = (today - opened_on).days
    return sum(1 for step in steps if gone >= step)


DATE_REFUSALS: Final[Mapping[str, str]] = {
    "past": "Choisissez une date à venir.",
    "order": "La fin vient après le début.",
    "opened": "La campagne est ouverte : son début ne change plus.",
    "long": "Une campagne dure 180 jours au plus.",
}
MOST_DAYS: Final = 180


def dates_refusal(first: date, last: date, today: date, *, opened_on: date | None) -> str | None:
    """Why these days cannot be a campaign's, a code of `DATE_REFUSALS`."""
    if opened_on is not None and first != opened_on:
        return "opened"
    if (opened_on is None and first < today) or last < today:
        return "past"
    if last <= first:
        return "order"
    return "long" if (last - first).days > MOST_DAYS else None
