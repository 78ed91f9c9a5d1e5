"""Printed figures as the pages and the report show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import format_duration

from ..models import PublishedEvaluation, PublishedLine
from ..rules.published import Line, Statement, Totals, totals


@dataclass(frozen=True)
class PublishedRow:
    """A printed line. `counted` false: it may be line `same_as` told twice."""

    id: UUID
    line: Line
    counted: bool
    same_as: UUID | None

    @property
    def hours(self) -> str:
        """`4 h`."""
        return format_duration(self.line.quarter_hours)


@dataclass(frozen=True)
class Meeting:
    """A printed evaluation: its statements, in the order of the file."""

    period: str
    number: int
    theme: str
    respondents: int
    statements: tuple[Statement, ...]


def published_lines(
    session: Session, kind: str, first_day: date | None = None, last_day: date | None = None
) -> tuple[PublishedRow, ...]:
    """Printed lines of a kind, those that lie inside the days when given. One statement."""
    wanted = select(PublishedLine).where(PublishedLine.kind == kind)
    if first_day is not None and last_day is not None:
        wanted = wanted.where(PublishedLine.first_day >= first_day, PublishedLine.last_day <= last_day)
    wanted = wanted.order_by(PublishedLine.at.desc(), PublishedLine.number)
    return tuple(PublishedRow(row.id, _line(row), row.counted, row.same_as) for row in session.scalars(wanted))


def totals_of(rows: tuple[PublishedRow, ...]) -> Totals:
    """Sums of the counted lines."""
    return totals((row.line, row.counted) for row in rows)


def printed_total(rows: tuple[PublishedRow, ...]) -> Line | None:
    """What the source prints below its lines."""
    return next((row.line for row in rows if row.line.printed_total), None)


def published_meetings(session: Session, period: str | None = None) -> tuple[Meeting, ...]:
    """Printed evaluations, by meeting. One statement."""
    wanted = select(PublishedEvaluation)
    if period is not None:
        wanted = wanted.where(PublishedEvaluation.period == period)
    meetings: dict[tuple[str, int, str, int], list[Statement]] = {}
    order = (PublishedEvaluation.period.desc(), PublishedEvaluation.meeting, PublishedEvaluation.position)
    for row in session.scalars(wanted.order_by(*order)):
        statement = Statement(
            row.position, row.period, row.meeting, row.theme, row.respondents, row.position, row.question,
            (row.t0, row.t1, row.t2, row.t3),
        )  # fmt: skip
        meetings.setdefault((row.period, row.meeting, row.theme, row.respondents), []).append(statement)
    return tuple(Meeting(*key, tuple(lines)) for key, lines in meetings.items())


def _line(row: PublishedLine) -> Line:
    return Line(
        row.number, row.kind, row.period, row.first_day, row.last_day, row.title, row.quarter_hours, row.audience,
        row.organisation, row.sessions, row.people, row.young, row.adults, row.groups, row.printed_total,
    )  # fmt: skip
