"""Hours added up for reports: by committee, activity and kind, by month and quarter, by organisation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from core.committees.models.hours import HoursEntry, HoursImport
from core.committees.rules.hours import COUNTED, Kind, Period, State, months, quarters
from core.directory.models import Organisation

_COUNTED = tuple(state.value for state in COUNTED)
_SUM = func.coalesce(func.sum(HoursEntry.quarter_hours), 0)


@dataclass(frozen=True)
class HoursRow:
    """A sum, in quarter hours. `persons` adds the persons present where they are known; `approved` is the part of
    `quarter_hours` that organisations have approved. `committee`: slug, or None."""

    committee: str | None
    activity: str
    kind: Kind
    quarter_hours: int
    persons: int
    entries: int
    approved: int


@dataclass(frozen=True)
class PeriodSum:
    """Quarter hours of the entries that lie inside the days."""

    period: Period
    quarter_hours: int
    entries: int


@dataclass(frozen=True)
class PeriodSums:
    """`parts` in order; `spread`: entries of the whole period that no single part holds (a line for a year).

    The sum of the parts and of `spread` is the sum of the period.
    """

    parts: tuple[PeriodSum, ...]
    spread: PeriodSum


@dataclass(frozen=True)
class OrganisationHours:
    """What one organisation gave to one committee, in quarter hours."""

    organisation: str
    committee: str | None
    quarter_hours: int
    approved: int
    entries: int


@dataclass(frozen=True)
class Differing:
    """A line for which another page of its source prints another figure (quarter hours)."""

    activity: str
    quarter_hours: int
    other: int


@dataclass(frozen=True)
class ImportNote:
    """What is said beside imported lines: their sum, the total their source prints, and the sum with its other figures.

    Quarter hours; `printed` and `other_sum` are None when the source has no such figure.
    """

    import_id: UUID
    organisation_id: UUID
    period: Period
    lines: int
    quarter_hours: int
    printed: int | None
    other_sum: int | None
    differing: tuple[Differing, ...]

    @property
    def worth_saying(self) -> bool:
        """Whether the source contradicts the sum of its own lines."""
        return (self.printed is not None and self.printed != self.quarter_hours) or bool(self.differing)


def hours_by(
    session: Session,
    first_day: date,
    last_day: date,
    *,
    by_activity: bool = True,
    approved_only: bool = False,
    organisation_id: UUID | None = None,
) -> tuple[HoursRow, ...]:
    """Sums of the entries whose days all lie in the period, by committee, activity and kind. One statement.

    Returned and withdrawn entries are left out. `by_activity` False: activities together, told as "".
    """
    approved = func.coalesce(func.sum(case((HoursEntry.state == State.APPROVED.value, HoursEntry.quarter_hours))), 0)
    keys = [HoursEntry.committee, HoursEntry.activity, HoursEntry.kind]
    grouped = keys if by_activity else [keys[0], keys[2]]
    statement = (
        select(*grouped, _SUM, func.coalesce(func.sum(HoursEntry.persons), 0), func.count(), approved)
        .where(_inside(Period(first_day, last_day), organisation_id, approved_only=approved_only))
        .group_by(*grouped)
    )
    rows = []
    for row in session.execute(statement):
        told: tuple[Any, ...] = tuple(row)
        committee, *between, kind = told[: len(grouped)]
        sums = (int(number) for number in told[len(grouped) :])
        rows.append(HoursRow(committee, between[0] if between else "", Kind(kind), *sums))
    # Sorted here: the two engines order texts and empty values differently.
    return tuple(sorted(rows, key=lambda row: (row.committee is None, row.committee or "", row.activity, row.kind)))


def monthly(session: Session, period: Period, *, organisation_id: UUID | None = None) -> PeriodSums:
    """Sums by calendar month. One statement."""
    return _period_sums(session, period, months, organisation_id)


def quarterly(session: Session, period: Period, *, organisation_id: UUID | None = None) -> PeriodSums:
    """Sums by fiscal quarter (years begin on April 1). One statement."""
    return _period_sums(session, period, quarters, organisation_id)


def hours_by_organisation(session: Session, period: Period) -> tuple[OrganisationHours, ...]:
    """What each organisation gave to each committee, no activity told: for coordination. One statement."""
    approved = func.coalesce(func.sum(case((HoursEntry.state == State.APPROVED.value, HoursEntry.quarter_hours))), 0)
    statement = (
        select(Organisation.name, HoursEntry.committee, _SUM, approved, func.count())
        .join(Organisation, Organisation.id == HoursEntry.organisation_id)
        .where(_inside(period, None))
        .group_by(Organisation.id, Organisation.name, HoursEntry.committee)
    )
    rows = (
        OrganisationHours(row[0], row[1], *(int(number) for number in row[2:])) for row in session.execute(statement)
    )
    return tuple(sorted(rows, key=lambda row: (row.organisation, row.committee is None, row.committee or "")))


def import_notes(session: Session, period: Period, *, organisation_id: UUID | None = None) -> tuple[ImportNote, ...]:
    """What must be said beside the lines imported for the period, from what the lines are now. Two statements.

    A printed total is only told when every line of its file was written: it would compare with nothing else.
    """
    source, other = HoursImport, aliased(HoursEntry)
    told = exists().where(other.import_id == source.id, other.other_figure != other.quarter_hours)
    chosen = and_(
        source.first_day >= period.first_day,
        source.last_day <= period.last_day,
        or_(source.printed_total.is_not(None), told),
    )
    if organisation_id is not None:
        chosen = and_(chosen, source.organisation_id == organisation_id)
    return _notes(session, chosen)


def import_note(session: Session, import_id: UUID) -> ImportNote | None:
    """The same for one import; None when it wrote nothing. Two statements."""
    return next(iter(_notes(session, HoursImport.id == import_id)), None)


def _notes(session: Session, chosen: ColumnElement[bool]) -> tuple[ImportNote, ...]:
    source, line = HoursImport, HoursEntry
    whole = case((and_(source.wrong == 0, source.known == 0), source.printed_total))
    shown = (source.id, source.organisation_id, source.first_day, source.last_day, whole)
    imports = session.execute(
        select(*shown, func.count(), func.sum(line.quarter_hours))
        .join(line, line.import_id == source.id)
        .where(chosen, source.state == "done", line.state.in_(_COUNTED))
        .group_by(source.id)
        .order_by(source.first_day, source.id)
    ).all()
    if not imports:
        return ()
    differing: dict[UUID, list[Differing]] = {}
    for import_id, activity, quarter_hours, other in session.execute(
        select(line.import_id, line.activity, line.quarter_hours, line.other_figure)
        .where(line.import_id.in_([row[0] for row in imports]), line.state.in_(_COUNTED))
        .where(line.other_figure != line.quarter_hours)
        .order_by(line.id)
    ):
        if import_id is not None and other is not None:
            differing.setdefault(import_id, []).append(Differing(activity, quarter_hours, other))
    notes = []
    for import_id, owner, first_day, last_day, printed, lines, total in imports:
        others = tuple(differing.get(import_id, ()))
        other_sum = int(total) + sum(one.other - one.quarter_hours for one in others) if others else None
        days = Period(first_day, last_day)
        notes.append(ImportNote(import_id, owner, days, int(lines), int(total), printed, other_sum, others))
    return tuple(notes)


def _inside(period: Period, organisation_id: UUID | None, *, approved_only: bool = False) -> ColumnElement[bool]:
    states = (State.APPROVED.value,) if approved_only else _COUNTED
    inside = and_(
        HoursEntry.first_day >= period.first_day,
        HoursEntry.first_day <= period.last_day,
        HoursEntry.last_day <= period.last_day,
        HoursEntry.state.in_(states),
    )
    return inside if organisation_id is None else and_(inside, HoursEntry.organisation_id == organisation_id)


def _period_sums(
    session: Session,
    period: Period,
    cut: Callable[[Period], tuple[Period, ...]],
    organisation_id: UUID | None,
) -> PeriodSums:
    days = session.execute(
        select(HoursEntry.first_day, HoursEntry.last_day, _SUM, func.count())
        .where(_inside(period, organisation_id))
        .group_by(HoursEntry.first_day, HoursEntry.last_day)
    ).all()
    parts = []
    for part in cut(period):
        own = [row for row in days if part.holds(row[0], row[1])]
        parts.append(PeriodSum(part, sum(int(row[2]) for row in own), sum(int(row[3]) for row in own)))
    spread = [row for row in days if not any(part.period.holds(row[0], row[1]) for part in parts)]
    rest = PeriodSum(period, sum(int(row[2]) for row in spread), sum(int(row[3]) for row in spread))
    return PeriodSums(tuple(parts), rest)
