"""Counting facts: one statement groups every line of every table, quarter by quarter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, String, and_, bindparam, case, cast, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from core.directory.models import Municipality, Organisation
from core.kernel.clock import TORONTO
from core.referrals.models import Referral
from core.referrals.rules import vocabulary
from core.reports.models import ReportFact
from core.reports.rules import dimensions
from core.reports.rules.facts import WITHIN_24, WITHIN_48
from core.reports.rules.periods import FiscalYear
from core.reports.rules.tally import Tally


@dataclass(frozen=True)
class Area:
    """A line of the territory table: the MRC, or the wider area that stands for small places."""

    code: str
    label: str
    label_en: str


_CONTACT = case(
    (ReportFact.contact_minutes.is_(None), "never"),
    (ReportFact.contact_minutes <= WITHIN_24, "within_24"),
    (ReportFact.contact_minutes <= WITHIN_48, "within_48"),
    else_="later",
)
_UNMET = ReportFact.outcome.in_(sorted(dimensions.DECLINES))
_NAMES = (
    "origin",
    "area",
    "age",
    "urgency",
    "contact",
    "issue",
    "decline",
    "priority",
    "needs",
    "unmet",
)
_LINED: Mapping[str, Callable[[str], str]] = dict.fromkeys(_NAMES, str) | {
    "origin": dimensions.origin_line,
    "age": dimensions.age_line,
    "issue": dimensions.issue_line,
    "priority": dimensions.priority_line,
}


def tallies(session: Session, years: Iterable[FiscalYear], recipient: UUID | None = None) -> dict[FiscalYear, Tally]:
    """The counts of several years, of one recipient or of all. One statement, which reads each fact once."""
    wanted = tuple(years)
    asked = {"quarters": [quarter.code for year in wanted for quarter in year.quarters], "recipient": recipient}
    rows = session.execute(_counting(recipient is not None), asked).all()
    everybody = _Found()
    each: dict[UUID, _Found] = defaultdict(_Found)
    for name, line, quarter, holder, minutes, number in rows:
        if name in _LINED:
            key = (name, _LINED[name](line), quarter)
            everybody.counts[key] += number
            each[holder].counts[key] += number
        else:
            for found in (everybody, each[holder]):
                found.measure(name, line, quarter, minutes, number)
    return {
        year: replace(
            everybody.tally(year),
            held={holder: each[holder].tally(year) for holder in sorted(each)} if recipient is None else {},
        )
        for year in wanted
    }


@cache
def _counting(of_one: bool) -> CompoundSelect[*tuple[Any, ...]]:
    """The statement, built once for everybody and once for one `recipient`: 15 ms each time otherwise."""
    facts = (
        select(
            ReportFact.ended_quarter.label("quarter"),
            ReportFact.origin_type.label("origin"),
            ReportFact.area_code.label("area"),
            ReportFact.age_band.label("age"),
            case((ReportFact.urgent, "urgent"), else_="standard").label("urgency"),
            _CONTACT.label("contact"),
            ReportFact.outcome.label("issue"),
            case((_UNMET, ReportFact.outcome), else_="-").label("decline"),
            cast(ReportFact.priority, String).label("priority"),
            ReportFact.needs.label("needs"),
            case((_UNMET, ReportFact.needs), else_="-").label("unmet"),
            Organisation.type.label("recipient"),
            ReportFact.recipient_id.label("holder"),
            ReportFact.answer_minutes.label("answer_minutes"),
            ReportFact.contact_minutes.label("contact_minutes"),
        )
        .join(Organisation, Organisation.id == ReportFact.recipient_id)
        .where(ReportFact.ended_quarter.in_(bindparam("quarters")))
    )
    if of_one:
        facts = facts.where(ReportFact.recipient_id == bindparam("recipient"))
    # Used several times, it is read once and kept aside by both engines.
    read = facts.cte("facts").c
    parts = [
        select(
            literal(name).label("name"),
            read[name].label("line"),
            read.quarter,
            read.holder,
            literal(0).label("at"),
            func.count(),
        ).group_by(read[name], read.quarter, read.holder)
        for name in _NAMES
    ]
    parts += [
        select(literal(name), read.recipient, read.quarter, read.holder, measured, func.count())
        .where(measured.is_not(None))
        .group_by(read.recipient, read.quarter, read.holder, measured)
        for name, measured in (("answers", read.answer_minutes), ("contacts", read.contact_minutes))
    ]
    return union_all(*parts)


class _Found:
    """What one reader's facts add up to, while the rows come."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str, str], int] = defaultdict(int)
        self.lengths: dict[tuple[str, str, str], dict[int, int]] = defaultdict(dict)

    def measure(self, name: str, line: str, quarter: str, minutes: int, number: int) -> None:
        """So many references of a length in minutes."""
        histogram = self.lengths[name, quarter, dimensions.origin_line(line)]
        histogram[minutes] = histogram.get(minutes, 0) + number

    def tally(self, year: FiscalYear) -> Tally:
        """The counts of one year."""
        codes = [quarter.code for quarter in year.quarters]
        counts: dict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
        for name, line in sorted({(name, line) for name, line, quarter in self.counts if quarter in codes}):
            counts[name][line] = tuple(self.counts.get((name, line, code), 0) for code in codes)
        urgency = counts.get("urgency", {}).values()
        unmet = _by_need(counts.pop("unmet", {}))
        histograms: dict[str, dict[str, dict[int, int]]] = {"answers": {}, "contacts": {}}
        for (measure, quarter, kind), histogram in sorted(self.lengths.items()):
            if quarter in codes:
                own = histograms[measure].setdefault(kind, {})
                for minutes, number in histogram.items():
                    own[minutes] = own.get(minutes, 0) + number
        return Tally(
            year,
            tuple(sum(line[index] for line in urgency) for index in range(len(codes))),
            counts,
            _by_need(counts.pop("needs", {})),
            {need: sum(number) for need, number in unmet.items()},
            histograms["answers"],
            histograms["contacts"],
        )


def _by_need(combined: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Sums by need of what was counted by combination of needs."""
    sums = {need: [0, 0, 0, 0] for need in vocabulary.NEEDS}
    for joined, numbers in combined.items():
        for need in joined.split(","):
            if need in sums:
                sums[need] = [before + more for before, more in zip(sums[need], numbers, strict=True)]
    return {need: tuple(numbers) for need, numbers in sums.items()}


def areas(session: Session) -> tuple[Area, ...]:
    """The lines of the territory table, in the order of their names."""
    rows = session.execute(
        select(Municipality.preview_code, Municipality.preview_label, Municipality.preview_label_en).distinct()
    )
    return tuple(sorted((Area(*row) for row in rows), key=lambda area: (area.label, area.code)))


def first_quarter(session: Session) -> str | None:
    """The quarter of the platform's first fact: before it, zero means that nothing was counted yet."""
    return session.execute(select(func.min(ReportFact.ended_quarter))).scalar()


def years_with_facts(session: Session) -> tuple[int, ...]:
    """First calendar years of the fiscal years that have facts, latest first."""
    codes = session.execute(select(ReportFact.ended_quarter).distinct()).scalars()
    return tuple(sorted({int(code[:4]) for code in codes}, reverse=True))


def open_at(session: Session, last_day: date, recipient: UUID | None = None) -> dict[UUID, int]:
    """References sent by the end of that day and not ended by then, by who received them: from the live table, without
    any content. One statement."""
    end = datetime.combine(last_day + timedelta(days=1), time.min, TORONTO).astimezone(UTC)
    condition = and_(Referral.submitted_at < end, or_(Referral.ended_at.is_(None), Referral.ended_at >= end))
    if recipient is not None:
        condition = and_(condition, Referral.recipient_id == recipient)
    rows = session.execute(select(Referral.recipient_id, func.count()).where(condition).group_by(Referral.recipient_id))
    return {holder: number for holder, number in rows if holder is not None}
