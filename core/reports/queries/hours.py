"""Hours and meetings of a period, for the report."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.committees.models.structure import Committee
from core.committees.queries.hours_sums import hours_by, import_notes
from core.committees.queries.meeting_figures import meetings_by
from core.committees.rules.hours import Period
from core.kernel.clock import TORONTO
from core.reports.rules.cells import Section
from core.reports.rules.hours import Attendance, Contradiction, Sum, hours_section


def hours(
    session: Session, first_day: date, last_day: date, before: tuple[date, date] | None, organisation: UUID | None
) -> Section | None:
    """Hours, what their printed source says against itself, and meetings (the network's only). Seven statements."""
    rows = session.execute(
        select(Committee.slug, Committee.title, Committee.position).order_by(Committee.position)
    ).all()
    titles = {slug: title for slug, title, _ in rows}
    order = {title: place for place, title in enumerate(titles.values())}
    sums = _sums(session, first_day, last_day, titles, organisation)
    sums.sort(key=lambda one: (order.get(one.line, len(order)), one.line, one.kind))
    earlier: dict[str, int] = {}
    if before is not None:
        for one in _sums(session, *before, titles, organisation):
            earlier[one.line] = earlier.get(one.line, 0) + one.quarter_hours
    notes = [
        Contradiction(
            note.quarter_hours,
            note.printed,
            tuple((one.activity, one.quarter_hours, one.other) for one in note.differing),
            note.other_sum,
        )
        for note in import_notes(session, Period(first_day, last_day), organisation_id=organisation)
        if note.worth_saying
    ]
    meetings = []
    if organisation is None:
        start, end = _start(first_day), _start(last_day + timedelta(days=1))
        meetings = [
            Attendance(titles.get(one.committee, one.committee), one.meetings, one.seats, one.represented, one.persons)
            for one in meetings_by(session, start, end)
        ]
        meetings.sort(key=lambda one: (order.get(one.line, len(order)), one.line))
    return hours_section(sums, earlier or None, notes, meetings)


def _sums(
    session: Session, first_day: date, last_day: date, titles: dict[str, str], organisation: UUID | None
) -> list[Sum]:
    """Activities of a committee are added up; outside committees each keeps its line, as in the printed report."""
    return [
        Sum(titles.get(row.committee, row.committee) if row.committee else row.activity, row.kind, row.quarter_hours)
        for row in hours_by(session, first_day, last_day, organisation_id=organisation)
    ]


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, TORONTO).astimezone(UTC)
