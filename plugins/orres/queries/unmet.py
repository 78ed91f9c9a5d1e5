"""Needs left without an answer, in figures: an organisation's own, exact, and the tables of the yearly report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from core.api import N_, NEEDS, TORONTO, ReportPeriod, ReportTable, areas, fiscal_quarter

from ..models import UnmetRow
from ..rules.guide import UNMET_REASONS

COUNT = N_("Fois où le guide n’a trouvé personne")
#: Counts below this are few (network rules §3 (11)).
FEW = 5
UNSAID = N_("Territoire non précisé")


@dataclass(frozen=True)
class OwnLine:
    """What one organisation counted in a quarter, exactly. Codes."""

    quarter: str
    need: str
    area: str
    reason: str
    count: int


def own_unmet(session: Session, organisation_id: UUID, now: datetime) -> tuple[OwnLine, ...]:
    """The organisation's own counts of the quarter of `now` and the seven before it, newest first. One statement."""
    year, number = fiscal_quarter(now).split("T")
    oldest = f"{int(year) - 2}T{int(number)}"
    columns = (UnmetRow.quarter, UnmetRow.need, UnmetRow.area, UnmetRow.reason)
    rows = session.execute(
        select(*columns, func.count())
        .where(UnmetRow.organisation_id == organisation_id, UnmetRow.quarter > oldest)
        .group_by(*columns)
        .order_by(UnmetRow.quarter.desc(), func.count().desc(), *columns[1:])
    )
    return tuple(OwnLine(*row) for row in rows)


def report_tables(session: Session, report: ReportPeriod) -> Sequence[ReportTable]:
    """By need, by territory, by reason; the core hides small counts, and what would give them back. Two statements.

    Each organisation reads its own counts exactly (`own_unmet`) and may subtract them: a line whose others have one to
    four for somebody goes to the core without its count, which hides it.
    """
    codes = (UnmetRow.need, UnmetRow.area, UnmetRow.reason)
    rows = session.execute(
        select(*codes, UnmetRow.organisation_id, func.count())
        .where(within(report.first_day, report.last_day))
        .group_by(*codes, UnmetRow.organisation_id)
    ).all()
    if not rows:
        return ()
    counts: dict[int, dict[str, Counter[UUID]]] = {0: {}, 1: {}, 2: {}}
    for *said, organisation_id, count in rows:
        for place, code in enumerate(said):
            counts[place].setdefault(code, Counter())[organisation_id] += count
    places = {**{area.code: area.label for area in areas(session)}, "": UNSAID}
    return (
        _table("unmet_by_need", N_("Besoins sans réponse au guide, par besoin"), N_("Besoin"), NEEDS, counts[0]),
        _table(
            "unmet_by_area", N_("Besoins sans réponse au guide, par territoire"), N_("Territoire"), places, counts[1]
        ),
        _table(
            "unmet_by_reason",
            N_("Besoins sans réponse au guide, par raison"),
            N_("Raison"),
            UNMET_REASONS,
            counts[2],
        ),
    )


def within(first_day: date, last_day: date) -> ColumnElement[bool]:
    """The quarters of a period of whole fiscal quarters, both days included."""
    first, last = (fiscal_quarter(datetime.combine(day, time(12), TORONTO)) for day in (first_day, last_day))
    return UnmetRow.quarter.between(first, last)


def told(held: Mapping[UUID, int]) -> int | None:
    """The count of a line by organisation, added up; None when a holder would find one to four of the others."""
    whole = sum(held.values())
    return None if any(0 < whole - own < FEW for own in held.values()) else whole


def _table(
    key: str, caption: str, head: str, labels: Mapping[str, str], counts: Mapping[str, Mapping[UUID, int]]
) -> ReportTable:
    """Every line of the closed list: one that is not there would say zero."""
    rows = tuple((label, told(counts.get(code, {}))) for code, label in labels.items())
    return ReportTable(key, caption, (head, COUNT), rows, frozenset({COUNT}))
