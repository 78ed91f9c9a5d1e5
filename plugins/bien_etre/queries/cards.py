"""Reads of gift cards: the holder's stock, partners' reserves, what was handed at night."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import models
from ..rules.money import Ratification


@dataclass(frozen=True)
class StockLine:
    """Cards the holder keeps."""

    id: UUID
    label: str
    face_cents: int
    left_count: int


@dataclass(frozen=True)
class ReserveLine:
    """Cards a partner keeps for the night."""

    id: UUID
    organisation_id: UUID
    label: str
    face_cents: int
    left_count: int
    cap_cents: int
    waiting_cents: int
    until: date


@dataclass(frozen=True)
class HandingLine:
    """Cards handed at night; `late`: not ratified in time."""

    id: UUID
    organisation_id: UUID
    cards: int
    amount_cents: int
    at: datetime
    ratification: str
    late: bool


def list_stocks(session: Session) -> tuple[StockLine, ...]:
    """The holder's cards. One statement."""
    table = models.CardStock
    rows = session.execute(
        select(table.id, table.label, table.face_cents, table.left_count).order_by(table.label, table.face_cents)
    )
    return tuple(StockLine(*row) for row in rows)


def list_reserves(session: Session, organisation_id: UUID | None = None) -> tuple[ReserveLine, ...]:
    """Partners' reserves, or one partner's. One statement."""
    table, stock = models.CardReserve, models.CardStock
    columns = (
        table.id,
        table.organisation_id,
        stock.label,
        stock.face_cents,
        table.left_count,
        table.cap_cents,
        table.waiting_cents,
        table.until,
    )
    statement = select(*columns).join(stock, stock.id == table.stock_id).order_by(table.created_at, table.id)
    if organisation_id is not None:
        statement = statement.where(table.organisation_id == organisation_id)
    return tuple(ReserveLine(*row) for row in session.execute(statement.limit(200)))


def list_handings(
    session: Session, late_before: datetime, *, organisation_id: UUID | None = None, waiting: bool = False
) -> tuple[HandingLine, ...]:
    """Handings, those to ratify first, then the latest. One statement."""
    table = models.CardHanding
    columns = (table.id, table.organisation_id, table.cards, table.amount_cents, table.at, table.ratification)
    unsaid = table.ratification == Ratification.WAITING.value
    statement = select(*columns).order_by(unsaid.desc(), table.at.desc(), table.id.desc()).limit(100)
    if organisation_id is not None:
        statement = statement.where(table.organisation_id == organisation_id)
    if waiting:
        statement = statement.where(unsaid)
    return tuple(
        HandingLine(*row, late=row.ratification == Ratification.WAITING.value and row.at < late_before)
        for row in session.execute(statement)
    )
