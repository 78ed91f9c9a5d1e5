"""What the pages of hours share: the filter of an address, choices, names, and a correction in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy.orm import Session

from core.committees.queries.hours import NO_COMMITTEE, EntryRow, HoursFilter, Revision
from core.committees.rules.durations import format_duration
from core.committees.rules.hours import (
    ENTERED_KINDS,
    KINDS,
    STATES,
    Kind,
    Period,
    State,
    fiscal_name,
    fiscal_start,
    fiscal_year,
    fiscal_year_of,
)
from core.journal.queries.people import people
from core.kernel.clock import TORONTO
from core.kernel.i18n import N_
from core.kernel.web.routes import PageRequest

KIND_CHOICES: Final = tuple((kind.value, KINDS[kind]) for kind in ENTERED_KINDS)
#: How each state looks (macros/parts.html).
STATE_KINDS: Final = {
    State.SUBMITTED: "wait",
    State.APPROVED: "done",
    State.RETURNED: "urgent",
    State.WITHDRAWN: "closed",
}
WORDS: Final[Mapping[str, Any]] = {
    "KINDS": {kind.value: label for kind, label in KINDS.items()},
    "STATES": {state.value: label for state, label in STATES.items()},
    "STATE_KINDS": {state.value: kind for state, kind in STATE_KINDS.items()},
    "NO_COMMITTEE": NO_COMMITTEE,
}
FIELDS: Final[Mapping[str, str]] = {
    "first_day": N_("Jour"),
    "last_day": N_("Dernier jour"),
    "quarter_hours": N_("Durée"),
    "committee": N_("Comité"),
    "kind": N_("Nature"),
    "activity": N_("Activité"),
    "persons": N_("Personnes présentes"),
    "user_id": N_("À qui est ce temps"),
    "state": N_("État"),
}
#: First fiscal year offered: that of the oldest figures the network has published.
FIRST_FISCAL_YEAR: Final = 2023


@dataclass(frozen=True)
class Change:
    """One field of a correction: French source texts when `translated`, else what was typed."""

    label: str
    old: str
    new: str
    translated: bool = False


@dataclass(frozen=True)
class Filter:
    """What an address asks for, to query with, to show again and to keep in links."""

    wanted: HoursFilter
    period: Period | None
    chosen: str
    typed: Mapping[str, str]
    years: tuple[str, ...]
    errors: tuple[str, ...] = ()

    @property
    def query(self) -> str:
        """The filter as it stands in an address, without the page's number."""
        return urlencode({name: value for name, value in self.typed.items() if value})

    @property
    def narrowed(self) -> bool:
        """Whether something beside the period is asked."""
        return any(value for name, value in self.typed.items() if name != "periode")

    def bounded(self, now: datetime) -> Period:
        """The period, or the fiscal year in course when the address asks for all of it."""
        return self.period or fiscal_year(fiscal_year_of(now.astimezone(TORONTO).date()))


def read_filter(request: PageRequest) -> Filter:
    """The filter of the address; what can't be read filters nothing. Without a period: the fiscal year in course."""
    today = request.now.astimezone(TORONTO).date()
    current = fiscal_year_of(today)
    names = ("periode", "du", "au", "comite", "nature", "etat", "qui")
    typed = {name: request.query.get(name, "").strip()[:60] for name in names}
    first, last = _day(typed["du"]), _day(typed["au"])
    chosen = typed["periode"]
    period: Period | None
    if first or last:
        period = Period(first or date(2000, 1, 1), last or today)
        chosen = "dates"
    elif chosen == "tout":
        period = None
    else:
        start = fiscal_start(chosen)
        chosen = fiscal_name(start if start is not None else current)
        period = fiscal_year(start if start is not None else current)
    wanted = HoursFilter(
        period.first_day if period else None,
        period.last_day if period else None,
        typed["comite"],
        typed["nature"] if typed["nature"] in set(Kind) else "",
        typed["etat"] if typed["etat"] in set(State) else "",
        {"moi": "mine", "organisme": "shared"}.get(typed["qui"], ""),
    )
    years = tuple(fiscal_name(year) for year in range(current, FIRST_FISCAL_YEAR - 1, -1))
    return Filter(wanted, period, chosen, typed, years)


def names_of(
    session: Session, request: PageRequest, rows: Iterable[EntryRow], *more: UUID | None
) -> dict[UUID | None, str]:
    """Names of the people of these entries, and of others. One statement at most."""
    wanted = frozenset(one for one in (*(row.user_id for row in rows), *more) if one is not None)
    found = people(session, request.house.keyring, wanted)
    return {user_id: person.name for user_id, person in found.items()}


def changed_words(revision: Revision, titles: Mapping[str, str]) -> tuple[Change, ...]:
    """What a revision changed, field by field, in words."""
    changes = []
    for name, label in FIELDS.items():
        if name not in revision.old and name not in revision.new:
            continue
        old, new = revision.old.get(name), revision.new.get(name)
        if name in {"kind", "state", "user_id"}:
            changes.append(Change(label, _coded(name, old), _coded(name, new), translated=True))
        else:
            changes.append(Change(label, _said(name, old, titles), _said(name, new, titles)))
    return tuple(changes)


def _coded(name: str, value: Any) -> str:
    if name == "user_id":
        return N_("Une personne") if value else N_("L’organisme")
    return KINDS[Kind(value)] if name == "kind" else STATES[State(value)]


def _said(name: str, value: Any, titles: Mapping[str, str]) -> str:
    if value is None or value == "":
        return "—"
    if name == "quarter_hours":
        return format_duration(value)
    return titles.get(value, value) if name == "committee" else str(value)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
