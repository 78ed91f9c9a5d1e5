"""Payments: one person prepares, another confirms; neither is who asked, nor who approved alone. Then receipts.

Confirming twice is paying once. What is paid is only undone by a reversal, which stays in the ledger beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.orm import Session

from core.api import (
    CleanFile,
    DomainError,
    House,
    Missing,
    Viewer,
    lock_row,
    new_id,
    require_second_factor,
    shred_file,
    store_file,
)

from .. import models
from ..queries.money_access import Standing
from ..rules.money import PAYER_REFUSALS, Entry, PaymentState, Route, cards_for, payer_refusal, preparer_refusal
from ..rules.requests import State
from .ledger import Commitment, enter, lock_envelopes, locked_commitment, move, pay_out, tell
from .money import AMOUNT, EnvelopeExhausted

_NO_SYNC: Mapping[str, Any] = {"synchronize_session": False}


class PaymentRefused(DomainError):
    """A rule of payments says no; the message says which."""

    status = 409


class WrongPerson(DomainError):
    """This person may not pay this: the second one is another."""

    status = 403


@dataclass(frozen=True)
class Paying:
    """What is typed to prepare a payment: cents, and for cards their stock."""

    route: Route
    amount_cents: int
    stock_id: UUID | None = None


def prepare_payment(
    session: Session, viewer: Viewer, standing: Standing, code: str, paying: Paying, key: str, now: datetime
) -> UUID:
    """Prepare a payment of a grant, for another person to confirm. The same key twice is one payment.

    Raises Missing, WrongPerson, PaymentRefused.
    """
    _check_pays(viewer, standing)
    known = locked_commitment(session, models.Commitment.code == code)
    if known is None:
        raise Missing
    twice = session.scalar(select(models.Payment.id).where(models.Payment.sent_key == key))
    if twice is not None:
        return twice
    asked = _asked(session, known)
    _check_person(preparer_refusal(_user(viewer), requested_by=asked.author_id, approvers=asked.approvers))
    if paying.amount_cents <= 0:
        raise PaymentRefused(AMOUNT, status=422)
    if paying.amount_cents > known.waiting_cents - _prepared(session, known.id):
        raise PaymentRefused("Ce paiement dépasse ce qui reste engagé.")
    cards = None
    if paying.route is Route.CARD:
        stock = models.CardStock
        face = session.scalar(select(stock.face_cents).where(stock.id == paying.stock_id))
        cards = cards_for(paying.amount_cents, face or 0)
        if cards is None:
            raise PaymentRefused("Des cartes de cette valeur ne font pas ce montant exact.", status=422)
    payment_id = new_id()
    session.execute(
        insert(models.Payment).values(
            id=payment_id,
            commitment_id=known.id,
            stock_id=paying.stock_id if cards else None,
            cards=cards,
            partner_id=asked.organisation_id,
            route=paying.route.value,
            amount_cents=paying.amount_cents,
            sent_key=key,
            prepared_by=viewer.user_id,
            prepared_at=now,
        )
    )
    facts = {"amount": paying.amount_cents, "route": paying.route.value}
    _tell(session, viewer, standing, "bien_etre.payment_prepared", known.code, facts, now)
    return payment_id


def prepare_purchase(
    session: Session,
    viewer: Viewer,
    standing: Standing,
    envelope_id: UUID,
    label: str,
    face_cents: int,
    cards: int,
    key: str,
    now: datetime,
) -> UUID:
    """Prepare the purchase of gift cards from an envelope: `cards` cards of `face_cents` each."""
    _check_pays(viewer, standing)
    twice = session.scalar(select(models.Payment.id).where(models.Payment.sent_key == key))
    if twice is not None:
        return twice
    if face_cents <= 0 or cards <= 0:
        raise PaymentRefused(AMOUNT, status=422)
    row = lock_envelopes(session, [envelope_id])[0]
    if face_cents * cards > row.amount_cents - row.held_cents - row.paid_cents:
        raise EnvelopeExhausted
    stock, payment_id = models.CardStock, new_id()
    stock_id = session.scalar(select(stock.id).where(stock.label == label, stock.face_cents == face_cents))
    if stock_id is None:
        stock_id = new_id()
        session.execute(insert(stock).values(id=stock_id, label=label, face_cents=face_cents))
    session.execute(
        insert(models.Payment).values(
            id=payment_id,
            envelope_id=envelope_id,
            stock_id=stock_id,
            cards=cards,
            route=Route.SUPPLIER.value,
            amount_cents=face_cents * cards,
            sent_key=key,
            prepared_by=viewer.user_id,
            prepared_at=now,
        )
    )
    facts = {"amount": face_cents * cards, "cards": cards}
    _tell(session, viewer, standing, "bien_etre.purchase_prepared", str(payment_id), facts, now, kind="payment")
    return payment_id


def confirm_payment(session: Session, viewer: Viewer, standing: Standing, payment_id: UUID, now: datetime) -> bool:
    """The second person pays. False when it was paid already: nothing moves twice.

    Raises WrongPerson, PaymentRefused, EnvelopeExhausted (a purchase), Missing.
    """
    _check_pays(viewer, standing)
    known, row = _locked(session, payment_id)
    if row.state == PaymentState.PAID.value:
        return False
    if row.state != PaymentState.PREPARED.value:
        raise PaymentRefused("Ce paiement n’attend plus de confirmation.")
    asked = None if known is None else _asked(session, known)
    _check_person(
        payer_refusal(
            viewer.user_id,
            prepared_by=row.prepared_by,
            requested_by=None if asked is None else asked.author_id,
            approvers=() if asked is None else asked.approvers,
        )
    )
    if known is None:
        _buy(session, row, now)
    else:
        kind = Entry.CARD if row.route == Route.CARD.value else Entry.PAY
        pay_out(session, known, kind, row.amount_cents, row.id, now)
        if kind is Entry.CARD:
            add_cards(session, row.stock_id, -row.cards)
        _paid(session, known, row.amount_cents, now)
    values = {"state": PaymentState.PAID.value, "confirmed_by": viewer.user_id, "confirmed_at": now}
    _set(session, models.Payment, row.id, values)
    facts = {"amount": row.amount_cents, "route": row.route}
    _tell(session, viewer, standing, "bien_etre.paid", *_about(known, row), facts, now)
    return True


def cancel_payment(session: Session, viewer: Viewer, standing: Standing, payment_id: UUID, now: datetime) -> None:
    """Take back a prepared payment; what it would have paid stays committed."""
    _check_pays(viewer, standing)
    known, row = _locked(session, payment_id)
    if row.state != PaymentState.PREPARED.value:
        raise PaymentRefused("Ce paiement n’attend plus de confirmation.")
    _set(session, models.Payment, row.id, {"state": PaymentState.CANCELLED.value})
    _tell(session, viewer, standing, "bien_etre.payment_cancelled", *_about(known, row), {}, now)


def reverse_payment(session: Session, viewer: Viewer, standing: Standing, payment_id: UUID, now: datetime) -> None:
    """Undo a payment whose money, or whose cards, came back: lines that reverse its lines. Never twice.

    What it paid is committed again: paid otherwise, or released.
    """
    _check_pays(viewer, standing)
    known, row = _locked(session, payment_id)
    if row.state != PaymentState.PAID.value:
        raise PaymentRefused("Seul un paiement fait se renverse, et une seule fois.")
    line = models.LedgerEntry
    columns = (line.id, line.envelope_id, line.kind, line.amount_cents)
    lines = session.execute(select(*columns).where(line.payment_id == row.id, line.reverses.is_(None))).all()
    lock_envelopes(session, [one.envelope_id for one in lines])
    for one in lines:
        about = {"commitment_id": None if known is None else known.id, "payment_id": row.id, "reverses": one.id}
        enter(session, one.envelope_id, Entry.REVERSE, one.amount_cents, now, **about)
        held = 0 if known is None else one.amount_cents
        move(session, one.envelope_id, held=held, paid=-one.amount_cents if one.kind == Entry.PAY.value else 0)
    if row.stock_id is not None:
        add_cards(session, row.stock_id, -row.cards if known is None else row.cards)
    if known is not None:
        left = models.Commitment.paid_cents - row.amount_cents
        _set(session, models.Commitment, known.id, {"paid_cents": left})
        if known.paid_cents == row.amount_cents:
            _set(session, models.Commitment, known.id, {"first_paid_at": None})
            _set(session, models.AidRequest, known.request_id, {"paid_at": None})
    _set(session, models.Payment, row.id, {"state": PaymentState.REVERSED.value})
    facts = {"amount": row.amount_cents}
    _tell(session, viewer, standing, "bien_etre.payment_reversed", *_about(known, row), facts, now)


def add_receipt(
    session: Session,
    house: House,
    viewer: Viewer,
    standing: Standing,
    payment_id: UUID,
    file: CleanFile,
    amount_cents: int,
    now: datetime,
) -> UUID:
    """Keep the proof of a payment, encrypted. Receipts together never justify more than was paid."""
    _check_pays(viewer, standing)
    known, row = _locked(session, payment_id)
    if row.state != PaymentState.PAID.value:
        raise PaymentRefused("Un reçu accompagne un paiement fait.")
    receipt = models.Receipt
    done = session.scalar(select(func.sum(receipt.amount_cents)).where(receipt.payment_id == row.id)) or 0
    if amount_cents <= 0 or done + amount_cents > row.amount_cents:
        raise PaymentRefused("Les reçus dépasseraient ce qui est payé.", status=422)
    receipt_id = new_id()
    file_id = store_file(session, house.keyring, file, now)
    values = {"id": receipt_id, "payment_id": row.id, "file_id": file_id, "amount_cents": amount_cents, "at": now}
    session.execute(insert(receipt).values(**values))
    facts = {"amount": amount_cents}
    _tell(session, viewer, standing, "bien_etre.receipt_added", *_about(known, row), facts, now)
    return receipt_id


def shred_receipts_before(session: Session, before: datetime) -> int:
    """Destroy the files of receipts older than that moment (UTC); the lines and amounts stay. Returns how many."""
    receipt = models.Receipt
    rows = session.execute(
        select(receipt.id, receipt.file_id).where(receipt.at < before, receipt.file_id.is_not(None))
    ).all()
    for row in rows:
        shred_file(session, row.file_id)
        _set(session, receipt, row.id, {"file_id": None})
    return len(rows)


def add_cards(session: Session, stock_id: UUID, cards: int) -> None:
    """Put cards in the stock, or take them out. Raises PaymentRefused rather than going under zero."""
    stock = models.CardStock
    row = lock_row(session, select(stock.left_count).where(stock.id == stock_id))
    if row is None:
        raise Missing
    if row.left_count + cards < 0:
        raise PaymentRefused("Il n’y a pas assez de cartes dans le stock.")
    _set(session, stock, stock_id, {"left_count": stock.left_count + cards})


@dataclass(frozen=True)
class _Asked:
    author_id: UUID | None
    organisation_id: UUID
    approvers: frozenset[UUID]


def _asked(session: Session, known: Commitment) -> _Asked:
    """Who asked and who signed; only what stands accepted is paid (a request in pause says no reason)."""
    table, signature = models.AidRequest, models.Signature
    row = session.execute(
        select(table.author_id, table.organisation_id, table.state).where(table.id == known.request_id)
    ).first()
    if row is None or row.state != State.ACCEPTED.value:
        raise PaymentRefused("Cette demande n’est pas à payer en ce moment.")
    signed = session.scalars(select(signature.user_id).where(signature.request_id == known.request_id)).all()
    return _Asked(row.author_id, row.organisation_id, frozenset(one for one in signed if one is not None))


def _prepared(session: Session, commitment_id: UUID) -> int:
    pay = models.Payment
    waiting = (pay.commitment_id == commitment_id) & (pay.state == PaymentState.PREPARED.value)
    return session.scalar(select(func.sum(pay.amount_cents)).where(waiting)) or 0


def _locked(session: Session, payment_id: UUID) -> tuple[Commitment | None, Row[Any]]:
    """The payment and what it pays, locked in the order of `services.money`."""
    pay = models.Payment
    of = session.execute(select(pay.commitment_id).where(pay.id == payment_id)).first()
    if of is None:
        raise Missing
    known = None if of[0] is None else locked_commitment(session, models.Commitment.id == of[0])
    row = lock_row(session, select(*pay.__table__.columns).where(pay.id == payment_id))
    if row is None:
        raise Missing
    return known, row


def _buy(session: Session, row: Row[Any], now: datetime) -> None:
    envelope = lock_envelopes(session, [row.envelope_id])[0]
    if row.amount_cents > envelope.amount_cents - envelope.held_cents - envelope.paid_cents:
        raise EnvelopeExhausted
    enter(session, row.envelope_id, Entry.PAY, row.amount_cents, now, payment_id=row.id)
    move(session, row.envelope_id, paid=row.amount_cents)
    add_cards(session, row.stock_id, row.cards)


def _paid(session: Session, known: Commitment, cents: int, now: datetime) -> None:
    table, request = models.Commitment, models.AidRequest
    _set(session, table, known.id, {"paid_cents": table.paid_cents + cents})
    if not known.paid_cents:
        _set(session, table, known.id, {"first_paid_at": now})
        _set(session, request, known.request_id, {"paid_at": now})


def _about(known: Commitment | None, row: Row[Any]) -> tuple[str]:
    return (known.code if known is not None else str(row.id),)


def _tell(
    session: Session,
    viewer: Viewer,
    standing: Standing,
    action: str,
    ref: str,
    facts: dict[str, Any],
    now: datetime,
    *,
    kind: str = "",
) -> None:
    subject = f"{kind or ('payment' if len(ref) > 16 else 'request')}:{ref}"
    tell(session, viewer, action, subject, ref, facts, now, also=(f"org:{standing.holder_id}",))


def _user(viewer: Viewer) -> UUID:
    if viewer.user_id is None:
        raise Missing
    return viewer.user_id


def _check_pays(viewer: Viewer, standing: Standing) -> None:
    if not standing.pays:
        raise Missing
    require_second_factor(viewer)


def _check_person(refusal: str | None) -> None:
    if refusal is not None:
        raise WrongPerson(PAYER_REFUSALS[refusal])


def _set(session: Session, table: Any, row_id: UUID, values: Mapping[str, Any]) -> None:
    session.execute(update(table).where(table.id == row_id).values(**values), execution_options=_NO_SYNC)


__all__ = [
    "Paying",
    "PaymentRefused",
    "WrongPerson",
    "add_cards",
    "add_receipt",
    "cancel_payment",
    "confirm_payment",
    "prepare_payment",
    "prepare_purchase",
    "reverse_payment",
    "shred_receipts_before",
]
