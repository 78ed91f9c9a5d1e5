"""Whether a report takes long enough for the page to say so first."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.committees.models.hours import HoursEntry
from core.reports.models import ReportFact
from core.reports.rules.periods import FiscalYear

#: References and hours entries that are counted in well under a second.
LIGHT = 20_000


def heavy(session: Session, year: FiscalYear) -> bool:
    """More than `LIGHT` rows in the year and the one before. One statement over two indexes."""
    quarters = [quarter.code for one in (year, year.before) for quarter in one.quarters]
    facts = select(func.count()).select_from(ReportFact).where(ReportFact.ended_quarter.in_(quarters))
    entries = (
        select(func.count())
        .select_from(HoursEntry)
        .where(HoursEntry.first_day >= year.before.first_day, HoursEntry.first_day <= year.last_day)
    )
    found = session.execute(select(facts.scalar_subquery() + entries.scalar_subquery())).scalar_one()
    return bool(found > LIGHT)
