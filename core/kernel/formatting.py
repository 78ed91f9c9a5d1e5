"""Dates, hours, clocks, money and numbers as people in Québec write them, and in Canadian English.

Every instant is an aware UTC datetime; it is shown in America/Toronto. Every duration is in whole seconds. Nothing here
reads a clock: `now` is passed in. Spaces inside a value are no-break spaces, so « il reste 5 h » never ends a line on
« 5 ».
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from jinja2 import pass_context
from jinja2.runtime import Context

from core.kernel.clock import TORONTO
from core.kernel.i18n import NBSP, language, typeset

_MONTHS: Final[Mapping[str, tuple[str, ...]]] = {
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
        "décembre",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
}  # fmt: skip
_DAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# Below this a clock speaks in hours (« il reste 31 h »), from here on in days (« il reste 3 jours »).
_IN_DAYS: Final = 3 * _DAY
# A day's worth of hours carries its minutes; beyond, minutes are noise.
_WITH_MINUTES: Final = _DAY

ClockState = Literal["calm", "soon", "late"]


@dataclass(frozen=True)
class ClockWords:
    """A deadline in words, and how it should look: `calm`, `soon` (under 6 h) or `late`."""

    text: str
    state: ClockState


def format_date(value: date, locale: str, *, weekday: bool = False) -> str:
    """« 21 novembre 2026 », « 1er mai 2026 »; “November 21, 2026”. A datetime is put in the users' zone first."""
    day = _local(value).date() if isinstance(value, datetime) else value
    short = language(locale)
    name = _DAYS[short][day.weekday()]
    month = _MONTHS[short][day.month - 1]
    if short == "fr":
        number = "1er" if day.day == 1 else str(day.day)
        return (f"{name}{NBSP}" if weekday else "") + f"{number}{NBSP}{month}{NBSP}{day.year}"
    return (f"{name}, " if weekday else "") + f"{month}{NBSP}{day.day}, {day.year}"


def format_time(value: datetime, locale: str) -> str:
    """« 14 h 30 », « 9 h »; “2:30 p.m.”."""
    local = _local(value)
    if language(locale) == "fr":
        return f"{local.hour}{NBSP}h" + (f"{NBSP}{local.minute:02d}" if local.minute else "")
    half = "a.m." if local.hour < 12 else "p.m."
    return f"{local.hour % 12 or 12}:{local.minute:02d}{NBSP}{half}"


def format_datetime(value: datetime, locale: str) -> str:
    """« 21 novembre 2026 à 14 h 30 »; “November 21, 2026 at 2:30 p.m.”."""
    joint = "à" if language(locale) == "fr" else "at"
    return f"{format_date(value, locale)} {joint}{NBSP}{format_time(value, locale)}"


def format_moment(value: datetime, locale: str, now: datetime) -> str:
    """The shortest words that stay exact: « aujourd’hui à 14 h 41 », « hier à 9 h », « lundi à 9 h » when it comes
    within the six days ahead, else the date with the hour."""
    days = (_local(value).date() - _local(now).date()).days
    french = language(locale) == "fr"
    names = ("hier", "aujourd’hui", "demain") if french else ("yesterday", "today", "tomorrow")
    if 1 < days < 7:
        name = _DAYS[language(locale)][_local(value).weekday()]
    elif abs(days) > 1:
        return format_datetime(value, locale)
    else:
        name = names[days + 1]
    return f"{name} {'à' if french else 'at'}{NBSP}{format_time(value, locale)}"


def format_duration(seconds: int, locale: str) -> str:
    """A length of time, rounded down: « 25 min », « 5 h », « 22 h 40 », « 31 h », « 3 jours »; never « 0 min »."""
    seconds = abs(seconds)
    french = language(locale) == "fr"
    if seconds < _MINUTE:
        return f"moins d’une{NBSP}minute" if french else f"less than a{NBSP}minute"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}{NBSP}min"
    if seconds >= _IN_DAYS:
        return f"{seconds // _DAY}{NBSP}{'jours' if french else 'days'}"
    hours, minutes = seconds // _HOUR, seconds % _HOUR // _MINUTE
    if not minutes or seconds >= _WITH_MINUTES:
        return f"{hours}{NBSP}h"
    return f"{hours}{NBSP}h{NBSP}{minutes:02d}" + ("" if french else f"{NBSP}min")


def format_clock(due: datetime, locale: str, now: datetime) -> ClockWords:
    """A deadline: « il reste 5 h », « dépassé de 1 h 10 »; “5 h left”, “overdue by 1 h 10 min”."""
    left = int((due - now).total_seconds())
    words = format_duration(left, locale)
    french = language(locale) == "fr"
    if left <= 0:
        return ClockWords(f"dépassé de {words}" if french else f"overdue by {words}", "late")
    text = f"il reste {words}" if french else f"{words} left"
    return ClockWords(text, "soon" if left < 6 * _HOUR else "calm")


def format_since(start: datetime, locale: str, now: datetime) -> str:
    """How long something has lasted: « depuis 3 jours », « depuis 2 h 05 »; “for 3 days”."""
    words = format_duration(int((now - start).total_seconds()), locale)
    return f"{'depuis' if language(locale) == 'fr' else 'for'} {words}"


def format_ago(value: datetime, locale: str, now: datetime) -> str:
    """« à l’instant », « il y a 5 min », « il y a 3 jours »; in the future « dans 2 h »."""
    seconds = int((now - value).total_seconds())
    french = language(locale) == "fr"
    if abs(seconds) < _MINUTE:
        return "à l’instant" if french else "just now"
    words = format_duration(seconds, locale)
    if seconds < 0:
        return f"dans {words}" if french else f"in {words}"
    return f"il y a {words}" if french else f"{words} ago"


def format_number(value: int | float, locale: str, decimals: int | None = None) -> str:
    """« 12 500 », « 3,5 »; “12,500”, “3.5”. `decimals` fixes how many are shown; without it, only those needed."""
    if decimals is None:
        text = f"{value:,}" if isinstance(value, int) else f"{round(value, 6):,}".removesuffix(".0")
    else:
        text = f"{value:,.{decimals}f}"
    if language(locale) == "en":
        return text
    return text.replace(",", NBSP).replace(".", ",")


def format_money(cents: int, locale: str, *, short: bool = False) -> str:
    """Canadian dollars from whole cents: « 12 500,00 $ », “$12,500.00”; `short` drops zero cents: « 500 $ »."""
    decimals = 0 if short and cents % 100 == 0 else 2
    number = format_number(abs(cents) / 100, locale, decimals)
    sign = "-" if cents < 0 else ""
    return f"{sign}{number}{NBSP}$" if language(locale) == "fr" else f"{sign}${number}"


def format_percent(ratio: float, locale: str, decimals: int = 0) -> str:
    """A share between 0 and 1: « 68 % », “68%”."""
    number = format_number(ratio * 100, locale, decimals)
    return f"{number}{NBSP}%" if language(locale) == "fr" else f"{number}%"


def format_hours(minutes: int, locale: str) -> str:
    """Worked hours from minutes, never turned into days: « 499 h 30 », « 461 h »; “499 h 30 min”."""
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else ""
    text = f"{sign}{format_number(hours, locale)}{NBSP}h"
    if not rest:
        return text
    return f"{text}{NBSP}{rest:02d}" + ("" if language(locale) == "fr" else f"{NBSP}min")


def tel_link(number: str) -> str:
    """The `tel:` address of a Canadian number: `tel:+14505550143`, `tel:911`; a comma pauses before an extension."""
    main, _, extension = number.lower().replace("poste", ",").replace("ext.", ",").partition(",")
    digits = "".join(sign for sign in main if sign.isdigit())
    if len(digits) == 10:
        digits = "+1" + digits
    elif len(digits) == 11:
        digits = "+" + digits
    tail = "".join(sign for sign in extension if sign.isdigit())
    return f"tel:{digits}" + (f",{tail}" if tail else "")


def iso(value: date) -> str:
    """The machine's form for `<time datetime>`: the date, or the UTC instant with a Z."""
    if isinstance(value, datetime):
        return _aware(value).astimezone(TORONTO).isoformat(timespec="seconds")
    return value.isoformat()


def template_filters() -> dict[str, Callable[..., Any]]:
    """The filters of every template. They read `locale`, and `now` unless it is given, from the page's context."""
    return {
        "date": _localised(format_date),
        "time": _localised(format_time),
        "datetime": _localised(format_datetime),
        "number": _localised(format_number),
        "money": _localised(format_money),
        "percent": _localised(format_percent),
        "hours": _localised(format_hours),
        "duration": _localised(format_duration),
        "moment": _timed(format_moment),
        "clock": _timed(format_clock),
        "since": _timed(format_since),
        "ago": _timed(format_ago),
        "tel": tel_link,
        "iso": iso,
        "typeset": typeset,
    }


def _localised(function: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    def filter_(context: Context, value: Any, *arguments: Any, **options: Any) -> Any:
        return function(value, context["locale"], *arguments, **options)

    return filter_


def _timed(function: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    def filter_(context: Context, value: Any, now: datetime | None = None) -> Any:
        return function(value, context["locale"], now if now is not None else context["now"])

    return filter_


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a datetime without a zone cannot be shown: pass an aware UTC datetime")
    return value


def _local(value: date) -> datetime:
    if not isinstance(value, datetime):
        raise ValueError("expected a datetime")
    return _aware(value).astimezone(TORONTO)
