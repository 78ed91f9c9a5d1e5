"""The money, on both engines: no envelope is overspent whatever closes at once, and two people pay."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from core.api import CleanFile, DomainError, Keyring, Missing, Role, new_id, read_file
from core.testing.plugins import a_viewer

from .. import models
from ..queries import cards as card_queries
from ..queries import money as queries
from ..queries.money_access import Standing
from ..rules.money import Ratification, Route
from ..services import cards, money, payments, receipts
from ..services.payments import Paying, PaymentRefused, WrongPerson
from ..services.rounds import Desk, NotNow
from ..settings import Settings

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
HOLDER = new_id()
KEEPS = Standing(holder_id=HOLDER, pays=True)
CHAIR = Standing(holder_id=HOLDER, chairs=True, sits=True)
FIRST, SECOND = (a_viewer(Role.WORKER, organisation_id=HOLDER) for _ in range(2))
WHO = cast("UUID", FIRST.user_id)

HELD = select(func.coalesce(func.sum(models.LedgerEntry.amount_cents), 0)).where(models.LedgerEntry.kind == "commit")


def request(session: Any, *, category: str = "food", author: UUID | None = None, number: int = 1) -> tuple[UUID, str]:
    """A request that was accepted, as the vote leaves it."""
    code, row_id = f"F-{number:04d}-9Q", new_id()
    session.execute(
        insert(models.AidRequest).values(
            id=row_id,
            code=code,
            committee_id=new_id(),
            organisation_id=new_id(),
            organisation_type="communautaire",
            author_id=author,
            sent_key=str(row_id),
            state="accepted",
            age_band="18-24",
            area_code="joliette",
            area_label="Joliette",
            area_label_en="Joliette",
            category=category,
            needed_by=date(2026, 11, 30),
            asked_cents=1,
            amount_cents=1,
            lafu="silent",
            payment="supplier",
            created_at=NOW,
        )
    )
    return row_id, code


def desk(viewer: Any, hours: int = 0) -> Desk:
    """Somebody's desk; no request here comes from a referral, so that no key is asked."""
    return Desk(cast("Keyring", None), Settings(), viewer, NOW + timedelta(hours=hours))


def envelope(session: Any, cents: int, funder: str = "Fondation fictive", *caps: tuple[str, int]) -> UUID:
    return money.open_envelope(session, FIRST, KEEPS, 2026, funder, cents, caps, NOW)


def granted(session: Any, cents: int, **about: Any) -> tuple[UUID, str]:
    request_id, code = request(session, **about)
    money.commit_amount(session, None, request_id, code, cents, NOW)
    return request_id, code


def prepared(session: Any, code: str, cents: int, key: str = "k", route: Route = Route.SUPPLIER, **more: Any) -> UUID:
    return payments.prepare_payment(session, desk(FIRST), KEEPS, code, Paying(route, cents, **more), key)


def balances(session: Any) -> tuple[int, int, int]:
    left = queries.left_of_year(session, NOW)
    return left.amount_cents, left.held_cents, left.paid_cents


def test_200_closings_at_once_never_overspend(database: Any) -> None:
    """Each wants 10 $ of 900 $, in two envelopes: 90 are held, the others told; a watcher sums at every moment."""
    with database.transaction() as session:
        envelope(session, 50_000)
        envelope(session, 40_000, "Ministère fictif", ("food", 35_000))
        asked = [request(session, number=number) for number in range(200)]
    gate, over, seen, done = threading.Barrier(9), [], [], threading.Event()

    def close(numbers: range) -> list[bool]:
        gate.wait()
        said = []
        for number in numbers:
            try:
                with database.transaction() as session:
                    money.commit_amount(session, None, *asked[number], 1_000, NOW)
                said.append(True)
            except money.EnvelopeExhausted:
                said.append(False)
        return said

    def watch() -> None:
        gate.wait()
        while not done.wait(0.02):
            with database.transaction(write=False) as session:
                table = models.Envelope
                sums = [func.sum(one) for one in (table.amount_cents, table.held_cents, table.paid_cents)]
                # One statement, so that the balances and the ledger are of one instant on both engines
                row = session.execute(select(*sums, HELD.scalar_subquery())).one()
                seen.append(row[1])
                if row[1] + row[2] > row[0] or row[1] != row[3]:
                    over.append(tuple(row))

    with ThreadPoolExecutor(9) as pool:
        watching = pool.submit(watch)
        answers = [one for part in pool.map(close, [range(start, 200, 8) for start in range(8)]) for one in part]
        done.set()
        watching.result()
    assert over == []
    assert len(set(seen)) > 1  # it looked while they closed
    assert sum(answers) == 85  # 50 of the first, 35 that the second may give to food
    with database.transaction(write=False) as session:
        assert balances(session) == (90_000, 85_000, 0)
        assert session.scalar(HELD) == 85_000


def test_two_closings_of_one_request_hold_once(database: Any) -> None:
    with database.transaction() as session:
        envelope(session, 50_000)
        asked = request(session)
    gate = threading.Barrier(4)

    def close(_number: int) -> Any:
        gate.wait()
        with database.transaction() as session:
            return money.commit_amount(session, None, *asked, 1_000, NOW).id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(close, range(4)))) == 1
    with database.transaction(write=False) as session:
        assert balances(session) == (50_000, 1_000, 0)


def test_confirming_at_once_pays_once(database: Any) -> None:
    with database.transaction() as session:
        envelope(session, 50_000)
        _, code = granted(session, 30_000)
        payment = prepared(session, code, 30_000)
    gate = threading.Barrier(4)

    def confirm(_number: int) -> bool:
        gate.wait()
        with database.transaction() as session:
            return payments.confirm_payment(session, desk(SECOND), KEEPS, payment)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(confirm, range(4))) == [False, False, False, True]
    with database.transaction(write=False) as session:
        assert balances(session) == (50_000, 0, 30_000)


def test_the_ledger_and_the_sums_refuse_to_be_rewritten(session: Any) -> None:
    envelope_id = envelope(session, 50_000)
    for statement in (
        "UPDATE bien_etre_ledger SET amount_cents = 1",
        "DELETE FROM bien_etre_ledger",
        "UPDATE bien_etre_envelopes SET held_cents = 50001",
    ):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text(statement))
    assert balances(session) == (50_000, 0, 0)
    assert session.scalar(select(models.LedgerEntry.amount_cents).where(models.LedgerEntry.envelope_id == envelope_id))


def test_one_grant_in_several_envelopes_then_released(session: Any) -> None:
    other = envelope(session, 30_000)
    own = envelope(session, 30_000, "Ministère fictif", ("food", 20_000))
    request_id, code = granted(session, 45_000)
    known = money.find_commitment(session, models.Commitment.code == code)
    assert known is not None
    assert dict(known.parts) == {own: 20_000, other: 25_000}
    with pytest.raises(money.AlreadyCommitted):
        money.commit_amount(session, None, request_id, code, 1_000, NOW)
    with pytest.raises(money.EnvelopeExhausted):
        granted(session, 6_000, number=2)  # 5 000 of the first; the cap of food is reached
    waiting = prepared(session, code, 10_000)
    assert money.withdraw(session, request_id, NOW) == 45_000
    assert balances(session) == (60_000, 0, 0)
    assert money.release(session, request_id, NOW) == 0
    with pytest.raises(PaymentRefused):
        payments.confirm_payment(session, desk(SECOND), KEEPS, waiting)
    assert money.commit_amount(session, None, request_id, code, 5_000, NOW).waiting_cents == 5_000


@pytest.mark.parametrize("cents", [0, -1])
def test_no_amount_under_one_cent(session: Any, cents: int) -> None:
    envelope(session, 50_000)
    with pytest.raises(DomainError):
        granted(session, cents)


def test_the_envelope_of_another_year_pays_nothing(session: Any) -> None:
    envelope(session, 50_000)
    asked = request(session)
    with pytest.raises(money.EnvelopeExhausted):
        money.commit_amount(session, None, *asked, 1_000, datetime(2027, 4, 1, 4, 0, tzinfo=UTC))
    money.commit_amount(session, None, *asked, 1_000, datetime(2027, 4, 1, 3, 59, tzinfo=UTC))


def test_two_people_pay_and_neither_asked(session: Any) -> None:
    envelope(session, 50_000)
    request_id, code = granted(session, 30_000, author=SECOND.user_id)
    third = a_viewer(Role.WORKER, organisation_id=HOLDER)
    payment = prepared(session, code, 30_000)
    assert prepared(session, code, 30_000) == payment
    for wrong in (FIRST, SECOND):
        with pytest.raises(WrongPerson):
            payments.confirm_payment(session, desk(wrong), KEEPS, payment)
    with pytest.raises(Missing):
        payments.confirm_payment(session, desk(third), CHAIR, payment)
    session.execute(update(models.AidRequest).values(state="paused"))
    with pytest.raises(NotNow):
        payments.confirm_payment(session, desk(third), KEEPS, payment)
    session.execute(update(models.AidRequest).values(state="accepted"))
    values = {"id": new_id(), "request_id": request_id, "organisation_id": new_id(), "user_id": third.user_id}
    session.execute(insert(models.Signature).values(**values, signed_at=NOW))
    with pytest.raises(WrongPerson):  # she approved alone
        payments.confirm_payment(session, desk(third), KEEPS, payment)
    session.execute(update(models.Signature).values(user_id=None))
    assert payments.confirm_payment(session, desk(third, hours=3), KEEPS, payment)
    assert not payments.confirm_payment(session, desk(third), KEEPS, payment)
    assert balances(session) == (50_000, 0, 30_000)
    with pytest.raises(money.AlreadyPaid):
        money.withdraw(session, request_id, NOW)


def test_nothing_is_paid_beyond_what_is_committed(session: Any) -> None:
    envelope(session, 50_000)
    _, code = granted(session, 30_000)
    prepared(session, code, 20_000, "a")
    for cents in (10_001, 0, -5):
        with pytest.raises(PaymentRefused):
            prepared(session, code, cents, "b")
    second = prepared(session, code, 10_000, "c")
    payments.cancel_payment(session, FIRST, KEEPS, second, NOW)
    prepared(session, code, 10_000, "d")


def test_a_payment_is_reversed_once_and_may_be_made_again(session: Any) -> None:
    envelope(session, 50_000)
    request_id, code = granted(session, 30_000)
    payment = prepared(session, code, 30_000)
    with pytest.raises(PaymentRefused):
        payments.reverse_payment(session, desk(SECOND), KEEPS, payment)
    payments.confirm_payment(session, desk(SECOND), KEEPS, payment)
    payments.reverse_payment(session, desk(SECOND), KEEPS, payment)
    assert balances(session) == (50_000, 30_000, 0)
    with pytest.raises(PaymentRefused):
        payments.reverse_payment(session, desk(SECOND), KEEPS, payment)
    again = prepared(session, code, 10_000, "again")
    payments.confirm_payment(session, desk(SECOND), KEEPS, again)
    assert money.release(session, request_id, NOW) == 20_000
    assert balances(session) == (50_000, 0, 10_000)
    kinds = [line.kind for line in queries.list_ledger(session, 2026, page=None)[0]]
    assert kinds == ["allot", "commit", "pay", "reverse", "pay", "release"]


def test_receipts_justify_what_was_paid_and_end(session: Any, keyring: Any) -> None:
    envelope(session, 50_000)
    _, code = granted(session, 30_000)
    payment = prepared(session, code, 30_000)
    file = CleanFile("recu.pdf", "application/pdf", b"%PDF-")
    with pytest.raises(PaymentRefused):
        receipts.add_receipt(session, keyring, FIRST, KEEPS, payment, file, 10_000, NOW)
    payments.confirm_payment(session, desk(SECOND), KEEPS, payment)
    receipt = receipts.add_receipt(session, keyring, FIRST, KEEPS, payment, file, 25_000, NOW)
    with pytest.raises(PaymentRefused):
        receipts.add_receipt(session, keyring, FIRST, KEEPS, payment, file, 5_001, NOW)
    file_id = queries.receipt_file(session, receipt)
    assert file_id is not None
    assert read_file(session, keyring, file_id).content == file.content
    assert receipts.shred_receipts_before(session, NOW) == 0
    assert receipts.shred_receipts_before(session, NOW + timedelta(days=1)) == 1
    assert queries.receipt_file(session, receipt) is None


def stocked(session: Any, count: int = 10) -> UUID:
    envelope_id = envelope(session, 100_000)
    payment = payments.prepare_purchase(session, FIRST, KEEPS, envelope_id, "Épicerie fictive", 5_000, count, "s", NOW)
    with pytest.raises(WrongPerson):
        payments.confirm_payment(session, desk(FIRST), KEEPS, payment)
    payments.confirm_payment(session, desk(SECOND), KEEPS, payment)
    return card_queries.list_stocks(session)[0].id


def test_cards_are_bought_by_two_people_and_pay_a_grant_without_paying_twice(session: Any) -> None:
    stock = stocked(session)
    assert balances(session) == (100_000, 0, 50_000)
    _, code = granted(session, 10_000)
    with pytest.raises(PaymentRefused):
        prepared(session, code, 7_500, "x", Route.CARD, stock_id=stock)
    payment = prepared(session, code, 10_000, "y", Route.CARD, stock_id=stock)
    payments.confirm_payment(session, desk(SECOND), KEEPS, payment)
    assert card_queries.list_stocks(session)[0].left_count == 8
    assert balances(session) == (100_000, 0, 50_000)
    payments.reverse_payment(session, desk(SECOND), KEEPS, payment)
    assert card_queries.list_stocks(session)[0].left_count == 10
    assert balances(session) == (100_000, 10_000, 50_000)
    args = (queries.list_envelopes(session)[0].id, "Épicerie fictive", 5_000, 9)
    with pytest.raises(money.EnvelopeExhausted):
        payments.prepare_purchase(session, FIRST, KEEPS, *args, "t", NOW)


def test_a_stock_never_goes_under_zero(session: Any) -> None:
    stock = stocked(session, 1)
    _, code = granted(session, 10_000)
    payment = prepared(session, code, 10_000, "y", Route.CARD, stock_id=stock)
    with pytest.raises(PaymentRefused):
        payments.confirm_payment(session, desk(SECOND), KEEPS, payment)
    with pytest.raises(PaymentRefused):
        cards.authorise_reserve(session, FIRST, CHAIR, new_id(), stock, 2, 10_000, date(2027, 3, 31), "", NOW)


def test_the_night_reserve_is_bounded_then_ratified(session: Any) -> None:
    stock, chair = stocked(session), a_viewer(Role.COMMITTEE_CHAIR)
    partner: Any = a_viewer(Role.WORKER)
    end = date(2026, 11, 30)
    with pytest.raises(money.DecisionMissing):
        cards.authorise_reserve(session, FIRST, KEEPS, partner.organisation_id, stock, 4, 10_000, end, "", NOW)
    reserve = cards.authorise_reserve(session, chair, CHAIR, partner.organisation_id, stock, 4, 10_000, end, "", NOW)
    assert card_queries.list_stocks(session)[0].left_count == 6
    handing = cards.hand_cards(session, partner, reserve, 2, "n1", NOW)
    assert cards.hand_cards(session, partner, reserve, 2, "n1", NOW) == handing
    with pytest.raises(cards.OverReserve):  # two cards are left, the cap is reached
        cards.hand_cards(session, partner, reserve, 1, "n2", NOW)
    with pytest.raises(Missing):
        cards.hand_cards(session, a_viewer(Role.WORKER), reserve, 1, "n3", NOW)
    with pytest.raises(cards.ReserveOver):
        cards.hand_cards(session, partner, reserve, 1, "n4", NOW + timedelta(days=8))
    late = card_queries.list_handings(session, NOW + timedelta(hours=1))
    assert [(one.cards, one.ratification, one.late) for one in late] == [(2, "waiting", True)]
    said = (handing, Ratification.RATIFIED, "", NOW)
    own = a_viewer(Role.COMMITTEE_CHAIR, organisation_id=partner.organisation_id)
    with pytest.raises(PaymentRefused):  # the chair's own organisation handed them: a vote ratifies
        cards.ratify_handing(session, own, CHAIR, *said)
    assert cards.ratify_handing(session, chair, CHAIR, *said)
    assert not cards.ratify_handing(session, chair, CHAIR, *said)
    cards.hand_cards(session, partner, reserve, 1, "n5", NOW)
    assert cards.take_back_reserve(session, FIRST, KEEPS, reserve, NOW) == 1
    assert card_queries.list_stocks(session)[0].left_count == 7


def test_what_is_held_about_who_paid_is_copied_then_erased(session: Any) -> None:
    envelope(session, 50_000)
    _, code = granted(session, 30_000)
    payment = prepared(session, code, 30_000)
    (data,) = queries.money_of_person(session, WHO)
    assert [one["cents"] for one in cast("list[Any]", data.copy["payments"])] == [30_000]
    assert data.erase(session) == 1
    assert queries.money_of_person(session, WHO) == ()
    with pytest.raises(WrongPerson):  # nobody knows who prepared it any more
        payments.confirm_payment(session, desk(SECOND), KEEPS, payment)
