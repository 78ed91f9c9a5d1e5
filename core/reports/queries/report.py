"""One whole report: read, protected, laid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.kernel.clock import TORONTO
from core.kernel.hooks.contributions import ReportPeriod
from core.kernel.hooks.manager import Hooks
from core.reports.queries.contributed import contributed_sections
from core.reports.queries.freshness import directory_freshness
from core.reports.queries.hours import hours
from core.reports.queries.published import published, published_years
from core.reports.queries.tallies import Area, areas, first_quarter, open_at, tallies, years_with_facts
from core.reports.queries.texts import words_of
from core.reports.rules.cells import Report, Section
from core.reports.rules.delays import delay_table, own_delay_table
from core.reports.rules.layout import columns_of, sections
from core.reports.rules.network import Published, publish
from core.reports.rules.periods import FiscalYear, Quarter, closed_quarters, standing, year_of
from core.reports.rules.suppression import Totals, few
from core.reports.rules.tally import Tally

#: Years offered before the first one that has anything.
_OLDEST = 2023


@dataclass(frozen=True)
class Scope:
    """Whose figures: an organisation's own (exact), or with `organisation` None the network's (small counts hidden)."""

    organisation: UUID | None = None
    name: str = ""


NETWORK = Scope()


@dataclass(frozen=True)
class Choice:
    """A year one may ask for. `closed`: its quarters that are over, in order."""

    year: FiscalYear
    closed: tuple[Quarter, ...]
    whole: bool


def choices(session: Session, today: date) -> tuple[Choice, ...]:
    """The years that have a closed quarter, latest first, back to the first one with figures. One statement."""
    current = year_of(today)
    first = min([*years_with_facts(session), *published_years(), current.start - 1, _OLDEST])
    offered = []
    for start in range(current.start, first - 1, -1):
        year = FiscalYear(start)
        closed = closed_quarters(year, today)
        if closed:
            offered.append(Choice(year, closed, standing(year, today) == "closed"))
    return tuple(offered)


def build_report(
    session: Session,
    hooks: Hooks | None,
    viewer: Viewer,
    period: FiscalYear | Quarter,
    scope: Scope,
    now: datetime,
    *,
    locale: str = "fr",
) -> Report:
    """The report of a period that has at least one closed quarter. About twenty statements, whatever it counts."""
    today = now.astimezone(TORONTO).date()
    year = period if isinstance(period, FiscalYear) else period.year
    closed = closed_quarters(year, today)
    last_day = min(period.last_day, closed[-1].last_day)
    earlier = (year.before.first_day, year.before.last_day) if isinstance(period, FiscalYear) else None
    parts: list[Section | None] = [hours(session, period.first_day, last_day, earlier, scope.organisation)]
    parts += _references(session, period, year, closed, scope, today, locale)
    parts.append(directory_freshness(session, last_day, scope.organisation))
    if scope.organisation is None:
        if isinstance(period, FiscalYear):
            parts.append(published(period))
        core = [part for part in parts if part is not None]
        parts += _contributed(session, hooks, viewer, period, last_day, now, core)
    words = words_of(session, year) if scope.organisation is None and isinstance(period, FiscalYear) else {}
    told = [
        replace(part, text=words[part.key].adopted) if part.key in words else part for part in parts if part is not None
    ]
    return Report(str(year) if isinstance(period, FiscalYear) else period.code, scope.name, tuple(told))


def _references(
    session: Session,
    period: FiscalYear | Quarter,
    year: FiscalYear,
    closed: Sequence[Quarter],
    scope: Scope,
    today: date,
    locale: str,
) -> Sequence[Section]:
    counted = tallies(session, (year, year.before), scope.organisation)
    places = areas(session)
    first = first_quarter(session)
    own = _published(counted[year], len(closed), first, places, scope)
    before = _published(counted[year.before], 4, first, places, scope)
    columns = columns_of(period, closed, own, before)
    last_day = closed[-1].last_day if isinstance(period, FiscalYear) else period.last_day
    delay = None
    if any(column.index < 0 for column in columns):
        delay = own_delay_table(counted[year]) if scope.organisation else delay_table(own, counted[year])
    names = {area.code: area.label_en if locale == "en" else area.label for area in places}
    return sections(columns, names, delay, _waiting(session, last_day, scope))


def _waiting(session: Session, last_day: date, scope: Scope) -> int | None:
    """The references still open that day: a count like another, which each holder may subtract hers from: hidden
    when under five, or when it leaves one of them from one to four of the others."""
    held = open_at(session, last_day, scope.organisation)
    whole = sum(held.values())
    hidden = scope.organisation is None and few(whole - own for own in (0, *held.values()))
    return None if hidden else whole


def _published(tally: Tally, closed: int, first: str | None, places: Sequence[Area], scope: Scope) -> Published:
    quarters = tally.year.quarters[:closed]
    before = frozenset(index for index, quarter in enumerate(quarters) if first is None or quarter.code < first)
    totals = Totals(tally.totals[:closed], before, whole=closed == len(tally.year.quarters))
    codes = tuple(dict.fromkeys(area.code for area in places))
    return publish(totals, tally, codes, exact=scope.organisation is not None)


def _contributed(
    session: Session,
    hooks: Hooks | None,
    viewer: Viewer,
    period: FiscalYear | Quarter,
    last_day: date,
    now: datetime,
    core: Sequence[Section],
) -> list[Section]:
    if hooks is None:
        return []
    whole = isinstance(period, FiscalYear) and last_day == period.last_day
    asked = ReportPeriod("year" if isinstance(period, FiscalYear) else "quarter", period.first_day, last_day)
    return contributed_sections(hooks.report_sections(asked, viewer, session, now), core, whole_year=whole)
