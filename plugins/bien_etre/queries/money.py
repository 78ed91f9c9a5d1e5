"""Reads of the money: what is left, what waits, the ledger and its sums. Cents; instants are aware UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from core.api import N_, TORONTO, PersonalData, Viewer

from .. import models
from ..rules.money import CarryState, Entry, PaymentState, Ratification, effect, fiscal_year, year_name

_UNDONE = aliased(models.LedgerEntry)
PAGE = 50


@dataclass(frozen=True)
class EnvelopeLine:
    """One envelope; `caps`: (category, cap, used)."""

    id: UUID
    fiscal_year: int
    funder: str
    amount_cents: int
    held_cents: int
    paid_cents: int
    caps: tuple[tuple[str, int, int], ...] = ()

    @property
    def left_cents(self) -> int:
        """Neither committed nor paid."""
        return self.amount_cents - self.held_cents - self.paid_cents

    @property
    def year(self) -> str:
        """`2026-2027`."""
        return year_name(self.fiscal_year)


@dataclass(frozen=True)
class ToPay:
    """A grant with something left to pay."""

    code: str
    category: str
    waiting_cents: int
    committed_at: datetime


@dataclass(frozen=True)
class PaymentLine:
    """One payment; `code` empty for a purchase of cards. `mine`: the viewer prepared it."""

    id: UUID
    code: str
    route: str
    amount_cents: int
    state: str
    cards: int | None
    label: str
    prepared_at: datetime
    confirmed_at: datetime | None
    mine: bool
    receipts_cents: int = 0


@dataclass(frozen=True)
class LedgerLine:
    """A line of the ledger."""

    id: UUID
    at: datetime
    kind: str
    amount_cents: int
    fiscal_year: int
    funder: str
    code: str
    category: str
    decision: str
    effect_cents: int


@dataclass(frozen=True)
class Carry:
    """A balance that somebody proposed to carry over; `mine`: the viewer did."""

    id: UUID
    envelope_id: UUID
    decision: str
    prepared_at: datetime
    mine: bool


@dataclass(frozen=True)
class Left:
    """What members see: the year's envelopes together."""

    year: str
    amount_cents: int
    held_cents: int
    paid_cents: int

    @property
    def left_cents(self) -> int:
        """Neither committed nor paid."""
        return self.amount_cents - self.held_cents - self.paid_cents


def left_of_year(session: Session, now: datetime) -> Left:
    """The envelopes of the year together. One statement."""
    year, table = fiscal_year(now.astimezone(TORONTO).date()), models.Envelope
    sums = (func.coalesce(func.sum(one), 0) for one in (table.amount_cents, table.held_cents, table.paid_cents))
    row = session.execute(select(*sums).where(table.fiscal_year == year)).one()
    return Left(year_name(year), *(int(one) for one in row))


def of_card(session: Session, now: datetime, late_before: datetime) -> tuple[Left, int]:
    """What is left of the year, and how many ratifications are late. One statement."""
    table, asked, handing = models.Envelope, models.AidRequest, models.CardHanding
    year = fiscal_year(now.astimezone(TORONTO).date())
    sums = [func.coalesce(func.sum(one), 0) for one in (table.amount_cents, table.held_cents, table.paid_cents)]
    waits = (asked.ratification == Ratification.WAITING.value) & (asked.decided_at < late_before)
    handed = (handing.ratification == Ratification.WAITING.value) & (handing.at < late_before)
    late = [
        select(func.count()).select_from(asked).where(waits),
        select(func.count()).select_from(handing).where(handed),
    ]
    counts = [one.scalar_subquery() for one in late]
    row = session.execute(select(*sums, *counts).where(table.fiscal_year == year)).one()
    return Left(year_name(year), int(row[0]), int(row[1]), int(row[2])), int(row[3]) + int(row[4])


def list_envelopes(session: Session, *, year: int | None = None) -> tuple[EnvelopeLine, ...]:
    """Envelopes, latest year first. Two statements."""
    table, cap = models.Envelope, models.EnvelopeCap
    columns = (
        table.id,
        table.fiscal_year,
        table.funder,
        table.amount_cents,
        table.held_cents,
        table.paid_cents,
    )
    statement = select(*columns).order_by(table.fiscal_year.desc(), table.created_at, table.id).limit(200)
    rows = session.execute(statement if year is None else statement.where(table.fiscal_year == year)).all()
    caps: dict[UUID, list[tuple[str, int, int]]] = {}
    asked = select(cap.envelope_id, cap.category, cap.cap_cents, cap.used_cents).order_by(cap.category)
    for one in session.execute(asked.where(cap.envelope_id.in_([row.id for row in rows]))):
        caps.setdefault(one.envelope_id, []).append((one.category, one.cap_cents, one.used_cents))
    return tuple(EnvelopeLine(*row, caps=tuple(caps.get(row.id, ()))) for row in rows)


def list_to_pay(session: Session) -> tuple[ToPay, ...]:
    """Grants with something left to pay, the oldest first. One statement."""
    table = models.Commitment
    waiting = table.amount_cents - table.paid_cents - table.released_cents
    rows = session.execute(
        select(table.code, table.category, waiting, table.committed_at)
        .where(waiting > 0)
        .order_by(table.committed_at, table.id)
        .limit(200)
    )
    return tuple(ToPay(*row) for row in rows)


def list_payments(session: Session, viewer: Viewer, where: ColumnElement[bool]) -> tuple[PaymentLine, ...]:
    """Payments, the latest first. One statement."""
    pay, table, stock, receipt = models.Payment, models.Commitment, models.CardStock, models.Receipt
    proved = select(func.coalesce(func.sum(receipt.amount_cents), 0)).where(receipt.payment_id == pay.id)
    columns = (
        pay.id,
        func.coalesce(table.code, ""),
        pay.route,
        pay.amount_cents,
        pay.state,
        pay.cards,
        func.coalesce(stock.label, ""),
        pay.prepared_at,
        pay.confirmed_at,
        pay.prepared_by,
        proved.scalar_subquery(),
    )
    rows = session.execute(
        select(*columns)
        .outerjoin(table, table.id == pay.commitment_id)
        .outerjoin(stock, stock.id == pay.stock_id)
        .where(where)
        .order_by(pay.prepared_at.desc(), pay.id.desc())
        .limit(100)
    )
    return tuple(_payment(tuple(row), viewer) for row in rows)


def _payment(values: Sequence[Any], viewer: Viewer) -> PaymentLine:
    preparer = values[9]
    return PaymentLine(
        id=values[0],
        code=values[1],
        route=values[2],
        amount_cents=values[3],
        state=values[4],
        cards=values[5],
        label=values[6],
        prepared_at=values[7],
        confirmed_at=values[8],
        mine=preparer is not None and preparer == viewer.user_id,
        receipts_cents=values[10],
    )


def prepared(session: Session, viewer: Viewer) -> tuple[PaymentLine, ...]:
    """Payments that wait for a second person."""
    return list_payments(session, viewer, models.Payment.state == PaymentState.PREPARED.value)


def payments_of(session: Session, viewer: Viewer, commitment_id: UUID) -> tuple[PaymentLine, ...]:
    """Payments of one grant."""
    return list_payments(session, viewer, models.Payment.commitment_id == commitment_id)


def receipts_of(session: Session, payment_ids: Sequence[UUID]) -> dict[UUID, list[tuple[UUID, int, bool]]]:
    """Payment -> (receipt, cents, whether its file is still kept). One statement."""
    receipt = models.Receipt
    rows = session.execute(
        select(receipt.payment_id, receipt.id, receipt.amount_cents, receipt.file_id)
        .where(receipt.payment_id.in_(payment_ids))
        .order_by(receipt.id)
    )
    found: dict[UUID, list[tuple[UUID, int, bool]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append((row[1], row[2], row[3] is not None))
    return found


def receipt_file(session: Session, receipt_id: UUID) -> UUID | None:
    """The file of a receipt, None once destroyed."""
    return session.scalar(select(models.Receipt.file_id).where(models.Receipt.id == receipt_id))


def list_ledger(session: Session, year: int | None, *, page: int | None = 1) -> tuple[tuple[LedgerLine, ...], int]:
    """The ledger of a year (None: all), the latest line first, and how many lines; `page` None: every line, oldest
    first, for an export. Two statements."""
    line, envelope, table = models.LedgerEntry, models.Envelope, models.Commitment
    columns = (
        line.id,
        line.at,
        line.kind,
        line.amount_cents,
        envelope.fiscal_year,
        envelope.funder,
        func.coalesce(table.code, ""),
        func.coalesce(table.category, ""),
        func.coalesce(line.decision, ""),
        line.commitment_id,
        _UNDONE.kind,
    )
    where: list[Any] = [] if year is None else [envelope.fiscal_year == year]
    statement = (
        select(*columns)
        .join(envelope, envelope.id == line.envelope_id)
        .outerjoin(table, table.id == line.commitment_id)
        .outerjoin(_UNDONE, _UNDONE.id == line.reverses)
        .where(*where)
    )
    if page is None:
        rows = session.execute(statement.order_by(line.at, line.id)).all()
        return tuple(_line(tuple(row)) for row in rows), len(rows)
    counted = select(func.count()).select_from(line).join(envelope, envelope.id == line.envelope_id).where(*where)
    total = session.scalar(counted) or 0
    rows = session.execute(
        statement.order_by(line.at.desc(), line.id.desc()).limit(PAGE).offset((page - 1) * PAGE)
    ).all()
    return tuple(_line(tuple(row)) for row in rows), total


def _line(values: Sequence[Any]) -> LedgerLine:
    *shown, commitment, undone = values
    reverses = None if undone is None else Entry(undone)
    does = effect(Entry(values[2]), values[3], granted=commitment is not None, reverses=reverses)
    names = (one.name for one in fields(LedgerLine))
    return LedgerLine(**dict(zip(names, (*shown, does), strict=True)))


def list_carries(session: Session, viewer: Viewer) -> dict[UUID, Carry]:
    """Envelope -> the balance proposed to be carried over that waits for a second person. One statement."""
    table = models.CarryOver
    columns = (table.id, table.envelope_id, table.decision, table.prepared_at, table.prepared_by)
    waiting = table.state == CarryState.PREPARED.value
    rows = session.execute(select(*columns).where(waiting).order_by(table.prepared_at).limit(200))
    mine = viewer.user_id
    return {row[1]: Carry(*row[:4], mine=row[4] is not None and row[4] == mine) for row in rows}


def money_of_person(session: Session, user_id: UUID) -> Sequence[PersonalData]:
    """Which payments and handings somebody made: instants and amounts, nothing else is about her or him."""
    from ..services.money_forgetting import forgetting  # here: services read queries

    pay, handing = models.Payment, models.CardHanding
    paid = session.execute(
        select(pay.prepared_at, pay.amount_cents)
        .where((pay.prepared_by == user_id) | (pay.confirmed_by == user_id))
        .order_by(pay.prepared_at)
    ).all()
    handed = session.execute(
        select(handing.at, handing.amount_cents)
        .where((handing.user_id == user_id) | (handing.ratified_by == user_id))
        .order_by(handing.at)
    ).all()
    if not paid and not handed:
        return ()
    copy = {
        "payments": [{"at": row[0].isoformat(), "cents": row[1]} for row in paid],
        "cards": [{"at": row[0].isoformat(), "cents": row[1]} for row in handed],
    }
    title = N_("Paiements et cartes du fonds d’urgence")
    return (PersonalData("bien_etre.money", title, copy, forgetting(user_id)),)
