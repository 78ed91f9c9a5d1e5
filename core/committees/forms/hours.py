"""Forms of hours. A duration is hours and a choice of minutes; the hours' box also takes `1,5` or `2:30`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from core.committees.rules.durations import Refused, parse_duration
from core.committees.rules.hours import ACTIVITY_LENGTH, REASON_LENGTH, Kind
from core.committees.services.hours import HoursGiven
from core.kernel.i18n import N_
from core.kernel.web.forms import FieldError, Form, Parsed

BOTH_DURATIONS = N_("Écrivez la durée au complet dans « Heures », ou choisissez les minutes, pas les deux.")


class HoursForm(Form):
    """One entry. `last_day` blank: a single day."""

    hours: Annotated[str, Field(max_length=20)] = ""
    minutes: Literal["0", "15", "30", "45"] = "0"
    kind: Kind
    committee: Annotated[str, Field(max_length=60)] = ""
    activity: Annotated[str, Field(max_length=ACTIVITY_LENGTH)] = ""
    day: date
    last_day: date | None = None
    persons: Annotated[int, Field(ge=1, le=10_000)] | None = None
    whose: Literal["mine", "shared"] = "mine"


class CorrectForm(HoursForm):
    """What an entry says now, why, and which version the person saw."""

    version: int
    reason: Annotated[str, Field(max_length=REASON_LENGTH)] = ""


class ActForm(Form):
    """One act on one entry."""

    act: Literal["approve", "return", "withdraw", "restore"]
    version: int
    reason: Annotated[str, Field(max_length=REASON_LENGTH)] = ""


class RepeatForm(Form):
    """Which entry to enter again."""

    entry: UUID


class BatchForm(Form):
    """Which gesture to undo."""

    batch: UUID


class DecisionForm(Form):
    """What to do with chosen entries, each `identifier:version`. `everything`: all that wait, `expected` of them."""

    act: Literal["approve", "return"]
    entries: tuple[Annotated[str, Field(max_length=60)], ...] = ()
    everything: bool = False
    expected: int = 0
    reason: Annotated[str, Field(max_length=REASON_LENGTH)] = ""


class ImportForm(Form):
    """What goes with a file, read beside. `year`: first year of the fiscal year of a table that tells no day."""

    whose: Literal["mine", "shared"] = "shared"
    year: Annotated[int, Field(ge=2000, le=2200)] | None = None


class ConfirmForm(Form):
    """`wrong`: how many lines the person agrees to leave out."""

    wrong: Annotated[int, Field(ge=0)]


def given_of(parsed: Parsed[HoursForm] | Parsed[CorrectForm]) -> HoursGiven | FieldError:
    """What a form without errors says, or why its duration can't be read."""
    form = parsed.value
    assert form is not None
    duration = duration_of(form.hours, form.minutes)
    if isinstance(duration, FieldError):
        return duration
    return HoursGiven(
        form.day,
        form.last_day or form.day,
        duration,
        form.kind,
        form.committee or None,
        form.activity,
        form.persons,
        form.whose == "shared",
    )


def duration_of(hours: str, minutes: str) -> int | FieldError:
    """Quarter hours of the two boxes, or the error of the first one."""
    typed = hours.strip()
    try:
        if not typed or (typed.isascii() and typed.isdecimal()):
            return parse_duration(f"{typed or '0'} h {int(minutes):02d}")
        if minutes != "0":
            return FieldError("hours", BOTH_DURATIONS)
        return parse_duration(typed)
    except Refused as refused:
        return FieldError("hours", refused.message, refused.values)
