"""Figures of oversight: exact, for those who sit or keep the accounts. Outside the committee the yearly report gives
the same ones, where the core hides small counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.api import TORONTO

from .. import models
from ..rules.figures import Why, median, percentile, share
from ..rules.money import FIRST_MONTH, Ratification
from ..rules.requests import Lafu, State

#: Where a request stands when LAFU was asked before the fund.
ASKED_LAFU = frozenset({Lafu.REFUSED.value, Lafu.SILENT.value, Lafu.OUTSIDE.value})
#: A refusal whose reason nobody has coded yet.
UNCODED = ""


@dataclass(frozen=True)
class Delay:
    """How many took how long, in seconds; None where there is none."""

    count: int
    median: int | None
    ninetieth: int | None


@dataclass(frozen=True)
class Figures:
    """Requests made in a period. `lafu_share` in percent; `refusals`: code of `WHYS`, or "" uncoded → how many."""

    requests: int
    decided: Delay
    paid: Delay
    lafu_first: int
    lafu_share: int | None
    categories: Mapping[str, int]
    states: Mapping[str, int]
    lafu: Mapping[str, int]
    refusals: Mapping[str, int]


@dataclass(frozen=True)
class Late:
    """What is not ratified in time: a request (`code`), or cards handed at night ("")."""

    code: str
    cents: int
    since: datetime


@dataclass(frozen=True)
class Refused:
    """A request that was not accepted and whose reason is not coded."""

    id: UUID
    code: str
    category: str
    cents: int
    decided_at: datetime


def of_year(session: Session, year: int) -> Figures:
    """Figures of a fiscal year of the fund, April 1 to March 31. One statement."""
    return of_days(session, date(year, FIRST_MONTH, 1), date(year + 1, FIRST_MONTH, 1) - timedelta(days=1))


def of_days(session: Session, first: date, last: date) -> Figures:
    """Figures of requests made from `first` to `last`, local days, both included. One statement."""
    table, reason = models.AidRequest, models.RefusalReason
    start, end = (datetime.combine(one, time(), TORONTO) for one in (first, last + timedelta(days=1)))
    columns = (
        table.category,
        table.state,
        table.lafu,
        table.created_at,
        table.decided_at,
        table.paid_at,
        func.coalesce(reason.reason, UNCODED).label("reason"),
    )
    rows = session.execute(
        select(*columns)
        .outerjoin(reason, reason.request_id == table.id)
        .where(table.created_at >= start, table.created_at < end)
    ).all()
    refused = [row.reason for row in rows if row.state == State.REFUSED.value]
    first_lafu = sum(row.lafu in ASKED_LAFU for row in rows)
    return Figures(
        requests=len(rows),
        decided=_delay(rows, "decided_at"),
        paid=_delay(rows, "paid_at"),
        lafu_first=first_lafu,
        lafu_share=share(first_lafu, len(rows)),
        categories=_counts([row.category for row in rows]),
        states=_counts([row.state for row in rows]),
        lafu=_counts([row.lafu for row in rows]),
        refusals={one: refused.count(one) for one in (*Why, UNCODED) if one in refused},
    )


def _delay(rows: Sequence[Any], until: str) -> Delay:
    """What was withdrawn is left out: nobody decided it."""
    spent = [
        int((getattr(row, until) - row.created_at).total_seconds())
        for row in rows
        if getattr(row, until) is not None and row.state != State.WITHDRAWN.value
    ]
    return Delay(len(spent), median(spent), percentile(spent, 90))


def _counts(values: Sequence[str]) -> Mapping[str, int]:
    return {one: values.count(one) for one in sorted(set(values))}


def late(session: Session, before: datetime) -> tuple[Late, ...]:
    """What was granted or handed before that moment (UTC) and is not ratified, or was not, the oldest first. Two
    statements."""
    table, handing = models.AidRequest, models.CardHanding
    waits = (table.ratification == "waiting") & (table.decided_at < before)
    asked = session.execute(
        select(table.code, func.coalesce(table.granted_cents, table.amount_cents), table.decided_at)
        .where(waits)
        .order_by(table.decided_at)
        .limit(50)
    )
    handed = session.execute(
        select(handing.amount_cents, handing.at)
        .where(handing.ratification == Ratification.WAITING.value, handing.at < before)
        .order_by(handing.at)
        .limit(50)
    )
    found = [*_late(asked), *(Late("", row[0], row[1]) for row in handed)]
    return tuple(sorted(found, key=lambda one: one.since))


def _late(rows: Iterable[Any]) -> Iterator[Late]:
    return (Late(row[0], row[1], row[2]) for row in rows)


def not_ratified(session: Session) -> tuple[Late, ...]:
    """Aid that two signatures granted and that the committee did not ratify, the latest first. One statement."""
    table = models.AidRequest
    rows = session.execute(
        select(table.code, func.coalesce(table.granted_cents, table.amount_cents), table.decided_at)
        .where(table.ratification == "not_ratified", table.decided_at.is_not(None))
        .order_by(table.decided_at.desc())
        .limit(50)
    )
    return tuple(_late(rows))


def uncoded_refusals(session: Session) -> tuple[Refused, ...]:
    """Requests that were not accepted, without a coded reason, the oldest first. One statement."""
    table, reason = models.AidRequest, models.RefusalReason
    rows = session.execute(
        select(table.id, table.code, table.category, table.amount_cents, table.decided_at)
        .outerjoin(reason, reason.request_id == table.id)
        .where(table.state == State.REFUSED.value, reason.id.is_(None), table.decided_at.is_not(None))
        .order_by(table.decided_at)
        .limit(50)
    )
    return tuple(Refused(row[0], row[1], row[2], row[3], at) for row in rows if (at := row[4]) is not None)


def years_of(session: Session, current: int) -> tuple[int, ...]:
    """Fiscal years that hold requests or envelopes, the latest first; always the current one. Two statements."""
    first = session.scalar(select(func.min(models.AidRequest.created_at)))
    oldest = session.scalar(select(func.min(models.Envelope.fiscal_year)))
    known = [current]
    if first is not None:
        local = first.astimezone(TORONTO).date()
        known.append(local.year if local.month >= FIRST_MONTH else local.year - 1)
    if oldest is not None:
        known.append(min(oldest, current))
    return tuple(range(current, min(known) - 1, -1))
