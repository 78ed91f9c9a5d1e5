"""The ledger adds up, whatever was done; each step is a line of journal and an event that says nothing."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from core.api import Base, CleanFile, DomainError, Role
from core.testing.plugins import a_viewer

from .. import models
from ..queries import cards as card_queries
from ..queries import money as queries
from ..rules.money import Entry, Ratification, Route, carry_refusal, effect
from ..services import cards, money, payments, receipts
from .test_money import CHAIR, FIRST, KEEPS, NOW, SECOND, desk, envelope, granted, prepared


def act(session: Any, dice: random.Random, number: int) -> None:
    """One thing somebody does, at random; refused or not."""
    envelopes = queries.list_envelopes(session)
    codes = session.scalars(select(models.Commitment.code)).all()
    waiting = session.scalars(select(models.Payment.id).where(models.Payment.state == "prepared")).all()
    paid = session.scalars(select(models.Payment.id).where(models.Payment.state == "paid")).all()
    stocks = card_queries.list_stocks(session)
    cents = dice.choice((500, 2_500, 10_000, 12_345))
    choice = dice.randrange(8)
    if choice == 0:
        money.allot(session, FIRST, KEEPS, dice.choice(envelopes).id, cents, NOW)
    elif choice in (1, 2):
        granted(session, cents, number=number, category=dice.choice(("food", "housing")))
    elif choice == 3 and codes:
        route = dice.choice((Route.SUPPLIER, Route.CARD)) if stocks else Route.SUPPLIER
        stock = stocks[0].id if route is Route.CARD else None
        prepared(session, dice.choice(codes), cents, f"k{number}", route, stock_id=stock)
    elif choice == 4:
        envelope_id = dice.choice(envelopes).id
        payments.prepare_purchase(session, FIRST, KEEPS, envelope_id, "Épicerie", 2_500, 2, f"k{number}", NOW)
    elif choice == 5 and waiting:
        payments.confirm_payment(session, desk(SECOND), KEEPS, dice.choice(waiting))
    elif choice == 6 and paid:
        payments.reverse_payment(session, desk(SECOND), KEEPS, dice.choice(paid))
    elif choice == 7 and codes:
        payments.release_rest(session, desk(FIRST), KEEPS, dice.choice(codes))


# Four scripts; the first shows what another engine could change
@pytest.mark.parametrize(
    ("session", "seed"),
    [*(("sqlite", seed) for seed in range(4)), ("postgresql", 0)],
    indirect=["session"],
)
def test_the_lines_of_an_envelope_add_up_to_what_it_has_left(session: Any, seed: int) -> None:
    """After any script, refusals included, for each envelope and in the export as well as in the balances."""
    dice = random.Random(seed)
    envelope(session, 40_000)
    envelope(session, 30_000, "Ministère fictif", ("food", 20_000))
    done = 0
    for number in range(45):
        try:
            with session.begin_nested():
                act(session, dice, number)
            done += 1
        except DomainError:
            continue
    assert done > 20
    lines, _ = queries.list_ledger(session, 2026, page=None)
    for one in queries.list_envelopes(session):
        own = [line for line in lines if line.funder == one.funder]
        assert sum(line.effect_cents for line in own) == one.left_cents
        said = {kind: sum(line.amount_cents for line in own if line.kind == kind) for kind in Entry}
        assert said[Entry.ALLOT] == one.amount_cents
    held = session.scalar(select(func.sum(models.Commitment.amount_cents - models.Commitment.paid_cents)))
    released = session.scalar(select(func.sum(models.Commitment.released_cents)))
    assert sum(one.held_cents for one in queries.list_envelopes(session)) == (held or 0) - (released or 0)


def test_what_a_line_does_to_what_is_left() -> None:
    assert [effect(kind, 7, granted=True) for kind in Entry] == [7, -7, 7, 0, 7, 0, -7, 7]
    assert effect(Entry.PAY, 7, granted=False) == -7
    assert effect(Entry.REVERSE, 7, granted=False, reverses=Entry.PAY) == 7
    assert effect(Entry.REVERSE, 7, granted=True, reverses=Entry.CARD) == -7
    assert (carry_refusal(None, None), carry_refusal(FIRST.user_id, FIRST.user_id)) == ("unknown", "same")
    assert carry_refusal(FIRST.user_id, SECOND.user_id) is None


def test_every_step_is_journaled_and_told_by_kind_and_reference_alone(session: Any, keyring: Any) -> None:
    partner, chair = a_viewer(Role.WORKER), a_viewer(Role.COMMITTEE_CHAIR)
    first = envelope(session, 100_000)
    money.allot(session, FIRST, KEEPS, first, 1_000, NOW)
    _, code = granted(session, 30_000)
    payments.cancel_payment(session, FIRST, KEEPS, prepared(session, code, 5_000, "a"), NOW)
    payment = prepared(session, code, 20_000, "b")
    payments.confirm_payment(session, desk(SECOND), KEEPS, payment)
    file = CleanFile("recu.pdf", "application/pdf", b"%PDF-")
    receipts.add_receipt(session, keyring, FIRST, KEEPS, payment, file, 20_000, NOW)
    payments.reverse_payment(session, desk(SECOND), KEEPS, payment)
    payments.release_rest(session, desk(FIRST), KEEPS, code)
    bought = payments.prepare_purchase(session, FIRST, KEEPS, first, "Épicerie fictive", 2_000, 3, "c", NOW)
    payments.confirm_payment(session, desk(SECOND), KEEPS, bought)
    stock = card_queries.list_stocks(session)[0].id
    given = (partner.organisation_id, stock, 2, 10_000, date(2026, 12, 1), "", NOW)
    reserve = cards.authorise_reserve(session, chair, CHAIR, *given)
    handing = cards.hand_cards(session, partner, reserve, 1, "d", NOW + timedelta(hours=1))
    cards.ratify_handing(session, chair, CHAIR, handing, Ratification.RATIFIED, "", NOW)
    cards.take_back_reserve(session, FIRST, KEEPS, reserve, NOW)
    entries = Base.metadata.tables["journal_entries"]
    lines = [json.loads(line) for line in session.scalars(select(entries.c.line).order_by(entries.c.position))]
    said = [line["action"].removeprefix("bien_etre.") for line in lines]
    said.remove("closed")  # nothing of it is paid any more: it ends, in the chain of who asked
    assert said == [
        "allotted", "allotted", "committed", "payment_prepared", "payment_cancelled", "payment_prepared", "paid",
        "receipt_added", "payment_reversed", "released", "purchase_prepared", "paid", "reserve_authorised",
        "cards_handed", "handing_ratified", "reserve_taken_back",
    ]  # fmt: skip
    outbox = Base.metadata.tables["outbox_events"]
    told = session.execute(select(outbox.c.kind, outbox.c.ref)).all()
    kinds = [row.kind.removeprefix("bien_etre.") for row in told]
    # Who asked sees the payment and its reversal when they happen, then the end
    assert (set(kinds), kinds.count("paid"), kinds.count("closed")) == ({"funds_changed", "paid", "closed"}, 2, 1)
    assert not any(character in row.ref for row in told for character in "$ éÉ")
