"""Grants that nobody pays, and when they end: shown in oversight and to those who pay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ..models import AidRequest, Commitment, LedgerEntry
from ..rules.requests import State
from ..settings import Settings


@dataclass(frozen=True)
class Unpaid:
    """A grant with something left to pay, or that waits for funds. `cents`: what is left; `since`: the last movement of
    its money, else its decision; `ends_at`: when the rule gives it back (UTC)."""

    request_id: UUID
    code: str
    cents: int
    waits_funds: bool
    since: datetime
    ends_at: datetime
    told: bool


def unpaid(session: Session, settings: Settings, now: datetime) -> tuple[Unpaid, ...]:
    """What has not moved for `unpaid_remind_days`, the oldest first, at most 200. One statement."""
    table, grant, line = AidRequest, Commitment, LedgerEntry
    moved = select(func.max(line.at)).where(line.commitment_id == grant.id).scalar_subquery()
    since = func.coalesce(moved, table.decided_at)
    left = grant.amount_cents - grant.paid_cents - grant.released_cents
    waits = table.state == State.WAITING_FUNDS.value
    rows = session.execute(
        select(table.id, table.code, func.coalesce(left, table.granted_cents, 0), waits, since, table.unpaid_told_at)
        .outerjoin(grant, grant.request_id == table.id)
        .where(or_(waits, (table.state == State.ACCEPTED.value) & (left > 0)))
        .where(since <= now - timedelta(days=settings.unpaid_remind_days))
        .order_by(since, table.id)
        .limit(200)
    )
    ends = timedelta(days=settings.unpaid_days)
    return tuple(
        Unpaid(row[0], row[1], int(row[2]), bool(row[3]), row[4], row[4] + ends, row[5] is not None) for row in rows
    )
