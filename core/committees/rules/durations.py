"""Durations as people write them, counted in whole quarter hours: `131h45`, `131 h 45 min`, `1,5`, `2:30`.

Nothing is rounded: a duration that is not a whole number of quarter hours is refused with the two nearest ones, since
a rounding that nobody sees is how printed totals stop being the sum of their lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

NBSP: Final = "\u00a0"
QUARTER_MINUTES: Final = 15
QUARTERS_A_DAY: Final = 96
#: Nobody writes more in one line: a year of fifty people full time.
LARGEST: Final = 400_000

NEGATIVE: Final = "Une durée ne peut pas être négative."
NOTHING: Final = "Entrez une durée d’au moins 15 minutes."
UNREADABLE: Final = "Écrivez la durée en heures et minutes, par exemple 2 h 30."
MINUTES_OVER: Final = "Les minutes vont de 0 à 59."
TOO_LONG: Final = "Cette durée est trop longue pour une seule ligne."
NOT_QUARTERS: Final = "Les heures se comptent au quart d’heure : écrivez %(below)s ou %(above)s."
NOT_A_QUARTER: Final = "Les heures se comptent au quart d’heure : écrivez au moins %(above)s."

_SPACES = re.compile(r"[\s\u00a0\u202f\u2009]+")
_GROUPED = re.compile(r"(?<![\d.,:])(\d{1,3})((?: \d{3})+)(?!\d)")
_HOURS = re.compile(r"(\d{1,7}) ?(?:h|hrs?|heures?) ?(?:(\d{1,2}) ?(?:m|min|minutes?)?\.?)?")
_MINUTES = re.compile(r"(\d{1,7}) ?(?:m|min|minutes?)\.?")
_CLOCK = re.compile(r"(\d{1,7}):(\d{1,2})(?::00(?:\.0+)?)?")
_DECIMAL = re.compile(r"(\d{1,7})(?:[.,](\d{1,9}))? ?(?:h|hrs?|heures?)?")


class Refused(ValueError):
    """What a rule refuses, in French source text whose %(name)s are filled by `values`."""

    def __init__(self, message: str, values: Mapping[str, object] | None = None) -> None:
        self.message = message
        self.values: Mapping[str, object] = values or {}
        super().__init__(message % dict(self.values) if self.values else message)


def parse_duration(text: str) -> int:
    """Quarter hours, at least 1. Raises Refused with the sentence to show."""
    plain = _SPACES.sub(" ", text).strip().lower().replace("−", "-").replace("–", "-")
    if plain.startswith("-"):
        raise Refused(NEGATIVE)
    plain = _GROUPED.sub(lambda found: found.group().replace(" ", ""), plain)
    return _whole(_minutes(plain))


def _minutes(plain: str) -> Fraction:
    if found := _CLOCK.fullmatch(plain) or _HOURS.fullmatch(plain):
        hours, minutes = int(found.group(1)), int(found.group(2) or 0)
        if minutes > 59:
            raise Refused(MINUTES_OVER)
        return Fraction(hours * 60 + minutes)
    if found := _MINUTES.fullmatch(plain):
        return Fraction(int(found.group(1)))
    if found := _DECIMAL.fullmatch(plain):
        decimals = found.group(2) or "0"
        return (int(found.group(1)) + Fraction(int(decimals), 10 ** len(decimals))) * 60
    raise Refused(UNREADABLE)


def _whole(minutes: Fraction) -> int:
    if minutes == 0:
        raise Refused(NOTHING)
    below = int(minutes // QUARTER_MINUTES)
    if below > LARGEST:
        raise Refused(TOO_LONG)
    if minutes % QUARTER_MINUTES == 0:
        return below
    above = format_duration(below + 1)
    if below == 0:
        raise Refused(NOT_A_QUARTER, {"above": above})
    raise Refused(NOT_QUARTERS, {"below": format_duration(below), "above": above})


def format_duration(quarter_hours: int) -> str:
    """`131 h 45`, `0 h 15`, `461 h`, its spaces unbreakable; never days, never decimals."""
    minutes = quarter_hours * QUARTER_MINUTES
    sign, minutes = ("-", -minutes) if minutes < 0 else ("", minutes)
    hours, rest = divmod(minutes, 60)
    return f"{sign}{hours}{NBSP}h" + (f"{NBSP}{rest:02d}" if rest else "")


def plain_duration(quarter_hours: int) -> str:
    """`131:45`: what a spreadsheet and a program both read."""
    hours, rest = divmod(quarter_hours * QUARTER_MINUTES, 60)
    return f"{hours}:{rest:02d}"
