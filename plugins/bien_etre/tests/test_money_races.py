"""What two people do to the same money at once, on both engines: one of them waits, then is told. Nobody is stuck."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from core.api import DomainError, Role
from core.testing.plugins import a_viewer

from .. import models
from ..queries import cards as card_queries
from ..rules.money import Route
from ..services import cards, payments
from ..services.consents import pause
from ..services.locks import hold
from ..services.money import EnvelopeExhausted
from ..services.requests import withdraw_request
from ..services.rounds import NotNow
from .test_money import CHAIR, FIRST, KEEPS, NOW, SECOND, balances, desk, envelope, granted, prepared, stocked

END = date(2026, 11, 30)


def while_open(database: Any, first: Callable[[Any], object], second: Callable[[Any], object]) -> object:
    """Do `second` while the transaction of `first` is open: it waits for its end. What it gave, or the error's type."""
    begun = threading.Event()

    def other() -> object:
        begun.wait()
        try:
            with database.transaction() as session:
                return second(session)
        except DomainError as refused:
            return type(refused)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(other)
        with database.transaction() as session:
            first(session)
            begun.set()
            time.sleep(0.25)
            assert not waiting.done(), "the second one did not wait for the first"
        return waiting.result(timeout=60)


def paying(payment: UUID) -> Callable[[Any], object]:
    return lambda session: payments.confirm_payment(session, desk(SECOND), KEEPS, payment)


def withdrawing(request_id: UUID) -> Callable[[Any], object]:
    return lambda session: withdraw_request(session, desk(a_viewer(Role.WORKER)), request_id, 1)


def pausing(request_id: UUID) -> Callable[[Any], object]:
    def act(session: Any) -> object:
        (request,) = hold(session, [request_id], FIRST, NOW)
        return pause(session, request, desk(FIRST).keyring, NOW)

    return act


def test_paying_withdrawing_and_pausing_wait_for_each_other(database: Any) -> None:
    with database.transaction() as session:
        envelope(session, 100_000)
        made = [granted(session, 10_000, number=number) for number in range(3)]
        waiting = [prepared(session, code, 10_000, code) for _, code in made]
    (paid, _), (withdrawn, _), (paused, _) = made
    assert while_open(database, paying(waiting[0]), withdrawing(paid)) is NotNow
    assert while_open(database, withdrawing(withdrawn), paying(waiting[1])) is payments.PaymentRefused
    assert while_open(database, pausing(paused), paying(waiting[2])) is NotNow
    with database.transaction(write=False) as session:
        assert balances(session) == (100_000, 10_000, 10_000)
        table = models.AidRequest
        rows = session.execute(select(table.id, table.state, table.paid_at))
        assert {row.id: (row.state, row.paid_at) for row in rows} == {
            paid: ("accepted", NOW),
            withdrawn: ("withdrawn", None),
            paused: ("paused", None),
        }


def test_no_order_of_payments_and_withdrawals_gets_stuck(database: Any) -> None:
    """Twelve requests of two envelopes, each paid and withdrawn at once: one of the two wins, the sums are right."""
    with database.transaction() as session:
        envelope(session, 70_000)
        envelope(session, 60_000, "Ministère fictif", ("food", 60_000))
        made = [granted(session, 10_000, number=number) for number in range(12)]
        acts = [paying(prepared(session, code, 10_000, code)) for _, code in made]
    acts += [withdrawing(request_id) for request_id, _ in made]
    gate = threading.Barrier(8)

    def run(start: int) -> list[bool]:
        gate.wait()
        won = []
        for act in acts[start::8]:
            try:
                with database.transaction() as session:
                    act(session)
                won.append(True)
            except DomainError:
                won.append(False)
        return won

    with ThreadPoolExecutor(8) as pool:
        assert sum(one for part in pool.map(run, range(8)) for one in part) == 12
    with database.transaction(write=False) as session:
        paid = session.scalar(select(func.count()).where(models.AidRequest.paid_at.is_not(None)))
        assert balances(session) == (130_000, 0, 10_000 * paid)


def test_what_is_neither_accepted_nor_consented_is_not_prepared(session: Any) -> None:
    envelope(session, 100_000)
    request_id, code = granted(session, 10_000)
    for state in ("paused", "withdrawn", "voting", "waiting_funds"):
        session.execute(update(models.AidRequest).values(state=state))
        with pytest.raises(NotNow):
            prepared(session, code, 10_000)
    # Her consent no longer stands, and nobody has paused the request yet
    session.execute(update(models.AidRequest).values(state="accepted", case_mark=b"x" * 32))
    with pytest.raises(NotNow):
        prepared(session, code, 10_000)
    session.execute(update(models.AidRequest).values(case_mark=None))
    payment = prepared(session, code, 10_000)
    session.execute(update(models.AidRequest).values(case_mark=b"x" * 32))
    with pytest.raises(NotNow):
        paying(payment)(session)
    assert balances(session) == (100_000, 10_000, 0)
    assert session.scalar(select(models.AidRequest.paid_at).where(models.AidRequest.id == request_id)) is None


def test_cards_are_never_more_than_there_are(database: Any) -> None:
    """A reserve handed from, filled and emptied at once, the stock bought from and paid out of: every card is counted
    once, none is under zero."""
    partner, chair = a_viewer(Role.WORKER), a_viewer(Role.COMMITTEE_CHAIR)
    with database.transaction() as session:
        stock = stocked(session, 12)
        given = (partner.organisation_id, stock, 5, 1_000_000, END, "", NOW)
        reserve = cards.authorise_reserve(session, chair, CHAIR, *given)
        codes = [granted(session, 10_000, number=number)[1] for number in range(4)]
        out = [prepared(session, code, 10_000, code, Route.CARD, stock_id=stock) for code in codes]

    def hand(number: int) -> Callable[[Any], object]:
        return lambda session: cards.hand_cards(session, partner, reserve, 1, f"h{number}", NOW)

    def fill(session: Any) -> object:
        return cards.authorise_reserve(
            session, chair, CHAIR, partner.organisation_id, stock, 1, 1_000_000, END, "", NOW
        )

    def empty(session: Any) -> object:
        return cards.take_back_reserve(session, FIRST, KEEPS, reserve, NOW)

    acts = [*(hand(number) for number in range(10)), fill, fill, empty, *(paying(one) for one in out), fill]
    gate, wrong = threading.Barrier(6), []

    def run(start: int) -> None:
        gate.wait()
        for act in acts[start::6]:
            try:
                with database.transaction() as session:
                    act(session)
            except (DomainError, EnvelopeExhausted):
                continue
            except Exception as failed:
                wrong.append(repr(failed))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(run, range(6)))
    assert wrong == []
    with database.transaction(write=False) as session:
        kept = card_queries.list_stocks(session)[0].left_count
        waiting = card_queries.list_reserves(session)[0].left_count
        handed = session.scalar(select(func.coalesce(func.sum(models.CardHanding.cards), 0)))
        paid = session.scalar(select(func.count()).where(models.Commitment.paid_cents > 0)) * 2
        assert kept >= 0
        assert waiting >= 0
        assert kept + waiting + handed + paid == 12


def test_the_same_cards_are_stocked_once_whoever_prepares(database: Any) -> None:
    """Two purchases of a new kind of card, from two envelopes, at once: one stock."""
    with database.transaction() as session:
        envelopes = [envelope(session, 50_000), envelope(session, 50_000, "Ministère fictif")]
    gate = threading.Barrier(2)

    def prepare(number: int) -> UUID:
        gate.wait()
        given = (envelopes[number], "Pharmacie fictive", 2_000, 2, f"p{number}", NOW + timedelta(seconds=number))
        with database.transaction() as session:
            return payments.prepare_purchase(session, FIRST, KEEPS, *given)

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(prepare, range(2)))) == 2
    with database.transaction(write=False) as session:
        assert len(card_queries.list_stocks(session)) == 1
