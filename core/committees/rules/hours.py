"""Hours given to committees: their kinds, states and limits, and the fiscal periods in which they are added up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from core.committees.rules.durations import QUARTERS_A_DAY, Refused, format_duration

#: Length of an activity's few words: a subject, never an account of what was said.
ACTIVITY_LENGTH: Final = 120
REASON_LENGTH: Final = 200
#: An act may be undone by who did it while nothing else has happened to the entry (seconds).
UNDO_SECONDS: Final = 600
FIRST_YEAR: Final = 2000


class Kind(StrEnum):
    """What the time went to."""

    MEETING = "meeting"
    PREPARATION = "preparation"
    TRAVEL = "travel"
    WORK = "work"
    FACILITATION = "facilitation"
    FOLLOW_UP = "follow_up"
    SEVERAL = "several"


KINDS: Final[Mapping[Kind, str]] = {
    Kind.MEETING: "Rencontre",
    Kind.PREPARATION: "Préparation",
    Kind.TRAVEL: "Transport",
    Kind.WORK: "Travaux",
    Kind.FACILITATION: "Animation",
    Kind.FOLLOW_UP: "Retour et suivi",
    Kind.SEVERAL: "Plusieurs natures",
}
#: What one entry may be; several kinds in one is for the sum of a period.
ENTERED_KINDS: Final = tuple(kind for kind in Kind if kind is not Kind.SEVERAL)


class State(StrEnum):
    """Where an entry stands between who entered it and the organisation."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


STATES: Final[Mapping[State, str]] = {
    State.SUBMITTED: "À approuver",
    State.APPROVED: "Approuvée",
    State.RETURNED: "Retournée",
    State.WITHDRAWN: "Retirée",
}
#: What totals add up: an hour given counts before somebody has had time to approve it, a returned one does not.
COUNTED: Final = (State.SUBMITTED, State.APPROVED)


class Source(StrEnum):
    """How an entry came."""

    MANUAL = "manual"
    MEETING = "meeting"
    IMPORT = "import"


class Act(StrEnum):
    """What may be done to an entry."""

    CORRECT = "correct"
    APPROVE = "approve"
    RETURN = "return"
    WITHDRAW = "withdraw"
    RESTORE = "restore"
    UNDO = "undo"


ACTS: Final[Mapping[Act, str]] = {
    Act.CORRECT: "Correction",
    Act.APPROVE: "Approbation",
    Act.RETURN: "Retour avec un motif",
    Act.WITHDRAW: "Retrait",
    Act.RESTORE: "Rétablissement",
    Act.UNDO: "Annulation du dernier geste",
}

#: (state, act) -> next state. Every pair not listed is refused. Who: see `may`.
TRANSITIONS: Final[Mapping[tuple[State, Act], State]] = {
    (State.SUBMITTED, Act.APPROVE): State.APPROVED,
    (State.SUBMITTED, Act.RETURN): State.RETURNED,
    (State.APPROVED, Act.RETURN): State.RETURNED,
    (State.SUBMITTED, Act.CORRECT): State.SUBMITTED,
    (State.APPROVED, Act.CORRECT): State.SUBMITTED,
    (State.RETURNED, Act.CORRECT): State.SUBMITTED,
    (State.SUBMITTED, Act.WITHDRAW): State.WITHDRAWN,
    (State.APPROVED, Act.WITHDRAW): State.WITHDRAWN,
    (State.RETURNED, Act.WITHDRAW): State.WITHDRAWN,
    (State.WITHDRAWN, Act.RESTORE): State.SUBMITTED,
}


def may(act: Act, state: State, *, author: bool, approver: bool) -> bool:
    """Whether someone may do it. `author`: entered it, or it is her or his time; `approver`: for the organisation.

    What the organisation has approved is withdrawn by the organisation alone; its author may correct it, which sends
    it back for approval.
    """
    if (state, act) not in TRANSITIONS:
        return False
    if act in {Act.APPROVE, Act.RETURN}:
        return approver
    if act is Act.WITHDRAW and state is State.APPROVED:
        return approver
    return author or approver


def next_state(act: Act, state: State, *, approver: bool) -> State:
    """The state after an allowed act: what an approver corrects stays or becomes approved."""
    if act is Act.CORRECT and approver and state is not State.RETURNED:
        return state
    return TRANSITIONS[state, act]


DAY_OVER: Final = "Cela ferait %(total)s dans la même journée : une journée a 24 heures."
PERIOD_OVER: Final = "Cela dépasse 24 heures par jour pour la période et le nombre de personnes."
DAYS_REVERSED: Final = "Le dernier jour vient avant le premier."
DAY_AHEAD: Final = "Ce jour est à venir : inscrivez ce qui a été fait."
DAY_OLD: Final = "Vérifiez l’année."
SEVERAL_ONE_DAY: Final = "« Plusieurs natures » ne sert qu’à la somme d’une période. Choisissez une nature."


def check_days(first_day: date, last_day: date, today: date) -> None:
    """Raises Refused when the days are reversed, to come or too old. Days are those of the users' zone."""
    if last_day < first_day:
        raise Refused(DAYS_REVERSED)
    if last_day > today:
        raise Refused(DAY_AHEAD)
    if first_day.year < FIRST_YEAR:
        raise Refused(DAY_OLD)


def check_day_total(already: int, quarter_hours: int, days: int = 1) -> None:
    """One person's time over `days` days, what is there already included. Raises Refused above 24 h a day."""
    if already + quarter_hours > QUARTERS_A_DAY * days:
        if days == 1:
            raise Refused(DAY_OVER, {"total": format_duration(already + quarter_hours)})
        raise Refused(PERIOD_OVER)


def check_shared(quarter_hours: int, days: int, persons: int | None) -> None:
    """An organisation's time: 24 h a day for each person present; a period of unknown persons has no limit."""
    if persons is None and days > 1:
        return
    if quarter_hours > QUARTERS_A_DAY * days * max(persons or 1, 1):
        raise Refused(PERIOD_OVER)


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """Days, both included."""

    first_day: date
    last_day: date

    @property
    def days(self) -> int:
        """How many days it holds."""
        return (self.last_day - self.first_day).days + 1

    def holds(self, first_day: date, last_day: date) -> bool:
        """Whether these days are all inside: what overlaps an edge belongs to no part."""
        return self.first_day <= first_day and last_day <= self.last_day


def fiscal_year_of(day: date) -> int:
    """The calendar year in which the day's fiscal year begins, on April 1."""
    return day.year if day.month >= 4 else day.year - 1


def fiscal_year(start: int) -> Period:
    """April 1 of `start` to March 31 of the next year."""
    return Period(date(start, 4, 1), date(start + 1, 3, 31))


def fiscal_name(start: int) -> str:
    """`2023-2024`."""
    return f"{start}-{start + 1}"


def fiscal_start(name: str) -> int | None:
    """The first year of `2023-2024`; None for anything else."""
    first, separator, second = name.strip().replace("–", "-").partition("-")
    if separator and first.isdecimal() and second.isdecimal() and len(first) == len(second) == 4:
        return int(first) if int(second) == int(first) + 1 and int(first) >= FIRST_YEAR else None
    return None


def months(period: Period) -> tuple[Period, ...]:
    """The calendar months of a period, cut at its edges."""
    return _cut(period, 1)


def quarters(period: Period) -> tuple[Period, ...]:
    """The fiscal quarters of a period (April, July, October, January), cut at its edges."""
    return _cut(period, 3)


def _cut(period: Period, size: int) -> tuple[Period, ...]:
    parts, day = [], period.first_day
    while day <= period.last_day:
        # Quarters begin in January, April, July and October, fiscal year or not: April 1 falls on one of them.
        month = day.month - 1 - (day.month - 1) % size + size
        following = date(day.year + month // 12, month % 12 + 1, 1)
        parts.append(Period(day, min(following - timedelta(days=1), period.last_day)))
        day = following
    return tuple(parts)
