"""Meetings: what may be done in which state, what a meeting may be, when people are reminded of what was decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from core.committees.rules.durations import QUARTERS_A_DAY


class MeetingState(StrEnum):
    """Where a meeting stands. A cancelled one is kept: calendars must learn that it does not take place."""

    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


class MinutesState(StrEnum):
    """Minutes are a draft until the committee adopts them; adopted, they change no more."""

    NONE = "none"
    DRAFT = "draft"
    ADOPTED = "adopted"


class Presence(StrEnum):
    """What became of one seat, or one guest organisation."""

    PRESENT = "present"
    SUBSTITUTE = "substitute"
    EXCUSED = "excused"
    ABSENT = "absent"


class Command(StrEnum):
    """What somebody may do to a meeting."""

    CHANGE = "change"
    CANCEL = "cancel"
    TAKE_ATTENDANCE = "take_attendance"
    WRITE_MINUTES = "write_minutes"
    ADOPT_MINUTES = "adopt_minutes"
    ATTACH = "attach"


MEETING_STATES: dict[MeetingState, str] = {
    MeetingState.PLANNED: "prévue",
    MeetingState.HELD: "tenue",
    MeetingState.CANCELLED: "annulée",
}
MINUTES_STATES: dict[MinutesState, str] = {
    MinutesState.NONE: "à rédiger",
    MinutesState.DRAFT: "projet",
    MinutesState.ADOPTED: "adopté",
}
PRESENCES: dict[Presence, str] = {
    Presence.PRESENT: "présence",
    Presence.SUBSTITUTE: "suppléance",
    Presence.EXCUSED: "absence prévue",
    Presence.ABSENT: "absence",
}

#: State → commands; a pair that is not here is refused, by pages and services alike.
ALLOWED: dict[MeetingState, frozenset[Command]] = {
    MeetingState.PLANNED: frozenset(
        {Command.CHANGE, Command.CANCEL, Command.TAKE_ATTENDANCE, Command.ATTACH, Command.WRITE_MINUTES}
    ),
    MeetingState.HELD: frozenset(
        {Command.TAKE_ATTENDANCE, Command.ATTACH, Command.WRITE_MINUTES, Command.ADOPT_MINUTES}
    ),
    MeetingState.CANCELLED: frozenset(),
}

#: Code of a refusal → the field it belongs to, and the sentence.
MEETING_REFUSALS: dict[str, tuple[str, str]] = {
    "cancelled": ("", "Cette rencontre est annulée."),
    "held": ("", "Cette rencontre a eu lieu : ses dates ne changent plus."),
    "missing_hour": ("starts", "Cette heure n’existe pas : ce jour-là, on avance l’heure."),
    "backwards": ("ends", "La fin vient après le début."),
    "too_long": ("ends", "Une rencontre dure au plus douze heures. Faites-en deux."),
    "too_far": ("day", "Choisissez une date d’ici deux ans."),
    "too_old": ("day", "Choisissez une date des deux dernières années."),
    "not_begun": ("", "La rencontre n’a pas commencé : la présence se note à partir de son heure."),
    "no_minutes": ("", "Rédigez d’abord le procès-verbal."),
    "adopted": ("", "Ce procès-verbal est adopté : il ne change plus. Notez une correction à la prochaine rencontre."),
    "agenda_time": ("agenda", "L’ordre du jour dure plus longtemps que la rencontre."),
}

LONGEST = timedelta(hours=12)
FURTHEST = timedelta(days=731)
#: Days before the due day at which whoever is responsible is reminded; afterwards, every seven days.
FOLLOW_UP_REMINDERS = (7, 1)


def refusal(state: MeetingState, minutes: MinutesState, command: Command) -> str | None:
    """Code of `MEETING_REFUSALS`, or None when the command is allowed."""
    if command not in ALLOWED[state]:
        if state is MeetingState.CANCELLED:
            return "cancelled"
        return "no_minutes" if command is Command.ADOPT_MINUTES else "held"
    if minutes is MinutesState.ADOPTED and command in (Command.WRITE_MINUTES, Command.ADOPT_MINUTES):
        return "adopted"
    if command is Command.ADOPT_MINUTES and minutes is MinutesState.NONE:
        return "no_minutes"
    return None


def times_refusal(starts_at: datetime, ends_at: datetime, now: datetime) -> str | None:
    """Code of `MEETING_REFUSALS`, or None. Instants, so that a change of clock lengthens or shortens nothing."""
    if ends_at <= starts_at:
        return "backwards"
    if ends_at - starts_at > LONGEST:
        return "too_long"
    if starts_at - now > FURTHEST:
        return "too_far"
    return "too_old" if now - starts_at > FURTHEST else None


def quarter_hours(starts_at: datetime, ends_at: datetime) -> int:
    """The length of a meeting in whole quarter hours, at least one: what its attendance enters as hours."""
    minutes = int((ends_at - starts_at).total_seconds()) // 60
    return min(max((minutes + 7) // 15, 1), QUARTERS_A_DAY)


@dataclass(frozen=True)
class Participation:
    """How many of the seats were represented. `share`: whole percent, None without any seat."""

    seats: int
    represented: int
    guests: int

    @property
    def share(self) -> int | None:
        """Represented seats among all, in percent, rounded."""
        return None if not self.seats else round(100 * self.represented / self.seats)


def participation(marks: Iterable[tuple[bool, Presence]]) -> Participation:
    """`marks`: for each organisation, whether it holds a seat and what became of it."""
    known = list(marks)
    there = (Presence.PRESENT, Presence.SUBSTITUTE)
    return Participation(
        sum(seat for seat, _ in known),
        sum(seat and mark in there for seat, mark in known),
        sum(not seat and mark in there for seat, mark in known),
    )


def follow_up_due(due_on: date, today: date, reminded_on: date | None) -> bool:
    """Whether whoever is responsible is reminded today: 7 days before, the day before, then weekly once late."""
    if reminded_on is not None and reminded_on >= today:
        return False
    days = (due_on - today).days
    if days < 0:
        return reminded_on is None or (today - reminded_on).days >= 7
    passed = [share for share in FOLLOW_UP_REMINDERS if days <= share]
    if not passed:
        return False
    return reminded_on is None or (due_on - reminded_on).days > min(passed)
