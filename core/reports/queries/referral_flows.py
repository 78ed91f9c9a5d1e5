"""References that ended, in codes, for a plugin that draws where they go; and what may be said of their lengths.

The counts are exact: a plugin never shows them, it hands them to the report as counted columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.directory.models import Organisation
from core.kernel.clock import TORONTO
from core.kernel.hooks.contributions import ReportPeriod
from core.reports.models import ReportFact
from core.reports.queries.tallies import areas, first_quarter, tallies
from core.reports.rules.delays import lengths
from core.reports.rules.dimensions import DECLINES, origin_line
from core.reports.rules.flows import YEAR
from core.reports.rules.network import publish
from core.reports.rules.periods import closed_quarters, year_of
from core.reports.rules.suppression import Totals


@dataclass(frozen=True)
class FlowFact:
    """So many references alike. `origin`: a line of the report's origins; `recipient`: an organisation's type;
    `holder`: who received them, and reads its own exactly; `minutes`: to a first answer, coarse, None without any."""

    origin: str
    recipient: str
    holder: UUID
    area: str
    needs: tuple[str, ...]
    taken: bool
    minutes: int | None
    number: int


def report_quarters(report: ReportPeriod) -> tuple[str, ...]:
    """Codes of the fiscal quarters that lie within the days of a report."""
    quarters = (*year_of(report.first_day).quarters, *year_of(report.last_day).quarters)
    inside = (one for one in quarters if report.first_day <= one.first_day and one.last_day <= report.last_day)
    return tuple(sorted({one.code for one in inside}))


def referral_flows(session: Session, report: ReportPeriod) -> tuple[FlowFact, ...]:
    """The references that ended in the quarters of a report. One statement."""
    columns = (
        ReportFact.origin_type,
        Organisation.type,
        ReportFact.recipient_id,
        ReportFact.area_code,
        ReportFact.needs,
        ReportFact.outcome,
        ReportFact.answer_minutes,
    )
    rows = session.execute(
        select(*columns, func.count())
        .join(Organisation, Organisation.id == ReportFact.recipient_id)
        .where(ReportFact.ended_quarter.in_(report_quarters(report)))
        .group_by(*columns)
        .order_by(*columns)
    )
    return tuple(
        FlowFact(
            origin_line(origin),
            recipient,
            holder,
            area,
            tuple(one for one in needs.split(",") if one),
            outcome not in DECLINES,
            minutes,
            number,
        )
        for origin, recipient, holder, area, needs, outcome, minutes, number in rows
    )


def areas_told(session: Session, last_day: date, now: datetime) -> frozenset[str]:
    """Codes of the territories whose number the network's report shows for the closed year that ends that day. A length
    told of another one would say that it is not small."""
    year = year_of(last_day)
    places = tuple(dict.fromkeys(area.code for area in areas(session)))
    closed = closed_quarters(year, now.astimezone(TORONTO).date())
    if len(closed) < len(year.quarters):
        return frozenset()
    tally, first = tallies(session, (year,))[year], first_quarter(session)
    before = frozenset(index for index, one in enumerate(closed) if first is None or one.code < first)
    shown = publish(Totals(tally.totals, before, whole=True), tally, places)
    return frozenset(
        line.code for row, line in enumerate(shown.tables["area"]) if shown.count("area", row, YEAR) is not None
    )


def told_lengths(measured: Mapping[int, int], held: Iterable[Mapping[int, int]]) -> tuple[int | None, int | None]:
    """Median and ninth tenth in minutes, each None where it would tell of few, to anybody who subtracts her own.

    `measured`: length in minutes → how many; `held`: the same of each organisation that received some.
    """
    found = [
        int(cell.value) if cell.kind == "minutes" and cell.value is not None else None
        for cell in lengths(measured, held)
    ]
    return found[0], found[1]
