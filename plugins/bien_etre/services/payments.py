"""Payments: one person prepares, another confirms; neither is who asked, nor who approved alone.

Confirming twice is paying once. What is paid is only undone by a reversal, which stays in the ledger beside it. Each
act locks the request before anything else (`services.locks`): nothing is paid while somebody withdraws it or takes back
her consent, and nothing is withdrawn while somebody pays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.api import DomainError, Missing, Viewer, lock_row, new_id, require_second_factor

from .. import events, models
from ..queries.money_access import Standing
from ..rules.money import PAYER_REFUSALS, Entry, PaymentState, Route, cards_for, payer_refusal, preparer_refusal
from ..rules.requests import State
from . import ending, telling
from .ledger import Commitment, enter, find_commitment, lock_envelopes, locked_commitment, move, pay_out, tell
from .locks import hold, lock_request
from .money import AMOUNT, EnvelopeExhausted, release
from .requests import check_payable
from .rounds import Desk

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


def prepare_payment(session: Session, desk: Desk, standing: Standing, code: str, paying: Paying, key: str) -> UUID:
    """Prepare a payment of a grant, for another person to confirm. The same key twice is one payment.

    Raises Missing, WrongPerson, PaymentRefused, and NotNow for a request that is not to be paid at this time.
    """
    viewer, now = desk.viewer, desk.now
    check_pays(viewer, standing)
    known = _locked_grant(session, models.Commitment.code == code)
    twice = session.scalar(select(models.Payment.id).where(models.Payment.sent_key == key))
    if twice is not None:
        return twice
    check_payable(session, desk, known.request_id)
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
    tell_payment(session, viewer, standing, "bien_etre.payment_prepared", known.code, facts, now)
    telling.mail_holder(session, desk.keyring, standing.holder_id, viewer.user_id, now)
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
    check_pays(viewer, standing)
    if face_cents <= 0 or cards <= 0:
        raise PaymentRefused(AMOUNT, status=422)
    row = lock_envelopes(session, [envelope_id])[0]
    twice = session.scalar(select(models.Payment.id).where(models.Payment.sent_key == key))
    if twice is not None:
        return twice
    if face_cents * cards > row.amount_cents - row.held_cents - row.paid_cents:
        raise EnvelopeExhausted
    payment_id, stock_id = new_id(), _stock(session, label, face_cents)
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
    tell_payment(session, viewer, standing, "bien_etre.purchase_prepared", str(payment_id), facts, now, kind="payment")
    return payment_id


def confirm_payment(session: Session, desk: Desk, standing: Standing, payment_id: UUID) -> bool:
    """The second person pays. False when it was paid already: nothing moves twice.

    Raises WrongPerson, PaymentRefused, EnvelopeExhausted (a purchase), Missing; NotNow for a request that is paused or
    withdrawn, and for one whose consent no longer stands though nobody has paused it yet.
    """
    viewer, now = desk.viewer, desk.now
    check_pays(viewer, standing)
    known, row = locked_payment(session, payment_id)
    if row.state == PaymentState.PAID.value:
        return False
    if row.state != PaymentState.PREPARED.value:
        raise PaymentRefused("Ce paiement n’attend plus de confirmation.")
    if known is not None:
        check_payable(session, desk, known.request_id)
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
        table = models.Commitment
        _set(session, table, known.id, {"paid_cents": table.paid_cents + row.amount_cents})
        if not known.paid_cents:
            _set(session, table, known.id, {"first_paid_at": now})
            _set(session, models.AidRequest, known.request_id, {"paid_at": now})
    values = {"state": PaymentState.PAID.value, "confirmed_by": viewer.user_id, "confirmed_at": now}
    _set(session, models.Payment, row.id, values)
    facts = {"amount": row.amount_cents, "route": row.route}
    tell_payment(session, viewer, standing, "bien_etre.paid", about(known, row), facts, now)
    _tell_requester(session, desk, known)
    return True


def release_rest(session: Session, desk: Desk, standing: Standing, code: str) -> int:
    """Give back to the envelopes what a grant will not use; prepared payments are cancelled. Returns the cents.

    A request of which nothing was paid ends there: nothing would ever end it otherwise, nor erase its texts.
    """
    check_pays(desk.viewer, standing)
    found = find_commitment(session, models.Commitment.code == code)
    if found is None:
        raise Missing
    (request,) = hold(session, [found.request_id], desk.viewer, desk.now, money=True)
    return give_back(session, desk, request)


def give_back(session: Session, desk: Desk, request: models.AidRequest) -> int:
    """The same for a request held with its money; one that waits for funds ends too. Returns the cents."""
    known = find_commitment(session, models.Commitment.request_id == request.id)
    cents = 0 if known is None else known.waiting_cents
    state, unpaid = State(request.state), known is None or not known.paid_cents
    if state is State.WAITING_FUNDS or (state is State.ACCEPTED and unpaid and cents):
        ending.close_request(session, desk.keyring, request, desk.now, viewer=desk.viewer)
        return cents
    return release(session, request.id, desk.now, viewer=desk.viewer)


def cancel_payment(session: Session, viewer: Viewer, standing: Standing, payment_id: UUID, now: datetime) -> None:
    """Take back a prepared payment; what it would have paid stays committed."""
    check_pays(viewer, standing)
    known, row = locked_payment(session, payment_id)
    if row.state != PaymentState.PREPARED.value:
        raise PaymentRefused("Ce paiement n’attend plus de confirmation.")
    _set(session, models.Payment, row.id, {"state": PaymentState.CANCELLED.value})
    tell_payment(session, viewer, standing, "bien_etre.payment_cancelled", about(known, row), {}, now)


def reverse_payment(session: Session, desk: Desk, standing: Standing, payment_id: UUID) -> None:
    """Undo a payment whose money, or whose cards, came back: lines that reverse its lines. Never twice.

    What it paid is committed again: paid otherwise, or released.
    """
    viewer, now = desk.viewer, desk.now
    check_pays(viewer, standing)
    known, row = locked_payment(session, payment_id)
    if row.state != PaymentState.PAID.value:
        raise PaymentRefused("Seul un paiement fait se renverse, et une seule fois.")
    line = models.LedgerEntry
    columns = (line.id, line.envelope_id, line.kind, line.amount_cents)
    lines = session.execute(select(*columns).where(line.payment_id == row.id, line.reverses.is_(None))).all()
    lock_envelopes(session, [one.envelope_id for one in lines])
    for one in lines:
        of = {"commitment_id": None if known is None else known.id, "payment_id": row.id, "reverses": one.id}
        enter(session, one.envelope_id, Entry.REVERSE, one.amount_cents, now, **of)
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
    tell_payment(session, viewer, standing, "bien_etre.payment_reversed", about(known, row), facts, now)
    _tell_requester(session, desk, known)


def _tell_requester(session: Session, desk: Desk, known: Commitment | None) -> None:
    """Her page, and the message that says nothing; the purchase of cards concerns no request."""
    if known is not None:
        request = lock_request(session, known.request_id)
        telling.tell(session, request, events.PAID, desk.now)
        telling.mail_author(session, desk.keyring, request, desk.now)


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
    """Who asked and who signed for it; its request is locked."""
    table, signature = models.AidRequest, models.Signature
    row = session.execute(select(table.author_id, table.organisation_id).where(table.id == known.request_id)).one()
    signed = session.scalars(select(signature.user_id).where(signature.request_id == known.request_id)).all()
    return _Asked(row.author_id, row.organisation_id, frozenset(one for one in signed if one is not None))


def _prepared(session: Session, commitment_id: UUID) -> int:
    pay = models.Payment
    waiting = (pay.commitment_id == commitment_id) & (pay.state == PaymentState.PREPARED.value)
    return session.scalar(select(func.sum(pay.amount_cents)).where(waiting)) or 0


def _locked_grant(session: Session, where: Any) -> Commitment:
    """What was granted, its request locked first. Raises Missing."""
    found = find_commitment(session, where)
    if found is None:
        raise Missing
    lock_request(session, found.request_id)
    known = locked_commitment(session, where)
    assert known is not None
    return known


def locked_payment(session: Session, payment_id: UUID) -> tuple[Commitment | None, Row[Any]]:
    """The payment and what it pays, locked in the order of `services.locks`. Raises Missing."""
    pay = models.Payment
    of = session.execute(select(pay.commitment_id).where(pay.id == payment_id)).first()
    if of is None:
        raise Missing
    known = None if of[0] is None else _locked_grant(session, models.Commitment.id == of[0])
    row = lock_row(session, select(*pay.__table__.columns).where(pay.id == payment_id))
    if row is None:
        raise Missing
    return known, row


def _stock(session: Session, label: str, face_cents: int) -> UUID:
    """The stock of that shop and face value, made if there is none; two at once make one."""
    stock = models.CardStock
    same = select(stock.id).where(stock.label == label, stock.face_cents == face_cents)
    found = session.scalar(same)
    if found is not None:
        return found
    try:
        with session.begin_nested():
            session.execute(insert(stock).values(id=new_id(), label=label, face_cents=face_cents))
    except IntegrityError:
        pass
    return session.scalars(same).one()


def _buy(session: Session, row: Row[Any], now: datetime) -> None:
    envelope = lock_envelopes(session, [row.envelope_id])[0]
    if row.amount_cents > envelope.amount_cents - envelope.held_cents - envelope.paid_cents:
        raise EnvelopeExhausted
    enter(session, row.envelope_id, Entry.PAY, row.amount_cents, now, payment_id=row.id)
    move(session, row.envelope_id, paid=row.amount_cents)
    add_cards(session, row.stock_id, row.cards)


def about(known: Commitment | None, row: Row[Any]) -> str:
    """The reference told of a payment: its request's code, or its own identifier for a purchase of cards."""
    return known.code if known is not None else str(row.id)


def tell_payment(
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
    """One line of journal and the event, for the committee and for the holder."""
    subject = f"{kind or ('payment' if len(ref) > 16 else 'request')}:{ref}"
    tell(session, viewer, action, subject, ref, facts, now, also=(f"org:{standing.holder_id}",))


def _user(viewer: Viewer) -> UUID:
    if viewer.user_id is None:
        raise Missing
    return viewer.user_id


def check_pays(viewer: Viewer, standing: Standing) -> None:
    """Raises Missing for whoever does not work for the holder, SecondFactorMissing without one."""
    if not standing.pays:
        raise Missing
    require_second_factor(viewer)


def _check_person(refusal: str | None) -> None:
    if refusal is not None:
        raise WrongPerson(PAYER_REFUSALS[refusal])


def _set(session: Session, table: Any, row_id: UUID, values: Mapping[str, Any]) -> None:
    session.execute(update(table).where(table.id == row_id).values(**values), execution_options=_NO_SYNC)
