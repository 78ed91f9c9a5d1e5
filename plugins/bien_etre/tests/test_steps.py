"""Every step of the fund, in one table: which events it tells, who gets the constant e-mail, which lines of journal it
leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.api import Choice, Method, VoteRule, cast_ballot, clean_file, close_vote, closed_vote, open_vote, vote_code
from core.testing.network import Network
from core.testing.referrals import a_referral

from .. import models
from ..rules.figures import Why
from ..rules.money import Ratification, Route
from ..services import (
    cards,
    carrying,
    committee,
    consents,
    ending,
    money,
    payments,
    receipts,
    requests,
    rounds,
    watching,
)
from ..services.locks import hold
from ..services.payments import Paying
from . import voting as h
from .steps import PARTNER, PAYER, TABLES, Steps
from .test_consent import consent, house_of
from .test_money_pages import PDF

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


def row_id(network: Network, code: str) -> UUID:
    with network.database.transaction(write=False) as session:
        return session.scalars(select(models.AidRequest.id).where(models.AidRequest.code == code)).one()


@SQLITE
def test_every_step_is_told_mailed_and_noted(network: Network) -> None:
    network.serve_plugins()
    s = Steps(network)
    desk, check, pays = s.desk, s.check, s.standing
    E = "bien_etre."

    def ask(**changes: Any) -> UUID:
        new = lambda session: requests.send_request(session, desk(PARTNER), h.a_request(network, session, **changes))  # noqa: E731
        return row_id(network, check("sent", new, E + "request_sent", E + "request_sent"))

    def vote(request_id: UUID, choice: Choice = Choice.YES, count: int = 3) -> None:
        for persona in ("bien-etre-1", "bien-etre-2", "bien-etre-4", "bien-etre-5")[:count]:
            check(
                "ballot",
                lambda session, persona=persona: committee.vote(
                    session, desk(persona), request_id, choice=choice, amount=None, reason=""
                ),
                "committee.ballot_cast",
                "committee.ballot_cast",
                mailed=False,
            )

    def decided(request_id: UUID, line: str = "decided") -> None:
        code = h.rounds_of(network, request_id)[-1].vote_code
        with network.database.transaction() as session:
            close_vote(session, network.keyring, h.rounds_of(network, request_id)[-1].vote_id, network.clock.now())
        s.watch("closing", lambda session: None)
        check("decided", lambda session: carried(session, code), E + "decided", E + line)

    def carried(session: Any, code: str) -> None:
        closed = closed_vote(session, code)
        assert closed is not None
        rounds.settle(session, h.desk(network), closed)

    version = lambda request_id: h.row(network, request_id).version  # noqa: E731
    opened = check(
        "envelope",
        lambda session: money.open_envelope(
            session, desk(PAYER).viewer, pays, 2026, "Fondation fictive", 200_000, (), network.clock.now()
        ),
        E + "funds_changed",
        E + "allotted",
        mailed=False,
    )

    # A request: question, answer, a conflict, another amount, yes
    asked = ask(amount=15_000)
    check(
        "question",
        lambda session: committee.ask(session, desk("bien-etre-1"), asked, "Combien de nuits?"),
        E + "question",
        E + "asked",
    )
    with network.database.transaction(write=False) as session:
        question = session.scalars(select(models.Question.id)).one()
    check(
        "answer",
        lambda session: committee.answer(session, desk(PARTNER), asked, question, "Deux nuits."),
        E + "answered",
        E + "answered",
    )
    check(
        "aside",
        lambda session: committee.declare(session, desk("bien-etre-5"), asked, whole_organisation=False),
        E + "aside",
        E + "aside",
    )
    check(
        "amount",
        lambda session: requests.change_amount(session, desk(PARTNER), asked, version(asked), 16_000),
        E + "amount_changed",
        E + "amount_changed",
    )
    vote(asked)
    decided(asked)

    # Its money: prepared, cancelled, prepared, paid, proved, read, reversed, given back
    code = h.row(network, asked).code

    def prepare(key: str) -> Callable[[Any], UUID]:
        paying = Paying(Route.SUPPLIER, 16_000)
        return lambda session: payments.prepare_payment(session, desk(PAYER), pays, code, paying, key)

    first = check("prepared", prepare("a"), E + "funds_changed", E + "payment_prepared")
    check(
        "cancelled",
        lambda session: payments.cancel_payment(session, desk(PAYER).viewer, pays, first, network.clock.now()),
        E + "funds_changed",
        E + "payment_cancelled",
        mailed=False,
    )
    second = check("prepared", prepare("b"), E + "funds_changed", E + "payment_prepared")
    check(
        "paid", lambda session: payments.confirm_payment(session, desk(s.second), pays, second), E + "paid", E + "paid"
    )
    file = clean_file("recu.pdf", PDF)
    check(
        "receipt",
        lambda session: receipts.add_receipt(
            session, network.keyring, desk(PAYER).viewer, pays, second, file, 16_000, network.clock.now()
        ),
        E + "funds_changed",
        E + "receipt_added",
        mailed=False,
    )
    check(
        "reversed",
        lambda session: payments.reverse_payment(session, desk(PAYER), pays, second),
        E + "paid",
        E + "payment_reversed",
    )
    check(
        "given back",
        lambda session: payments.release_rest(session, desk(PAYER), pays, code),
        E + "closed",
        E + "released",
    )
    assert h.row(network, asked).state == "closed"

    outbox = TABLES["outbox_events"].c
    with network.database.transaction(write=False) as session:
        heard = session.scalars(select(outbox.topics).where(outbox.kind == E + "paid")).all()
        author = f"user:{network.viewer(PARTNER).user_id}"
        assert [author in one for one in heard] == [True, True]  # when the money leaves, and when it comes back

    # Refused, and why; withdrawn; over the envelope
    refused = ask(amount=15_100)
    vote(refused, Choice.NO, 4)
    decided(refused)
    check(
        "coded",
        lambda session: watching.code_refusal(
            session, s.chair, s.chairing, refused, Why.ELSEWHERE, network.clock.now()
        ),
        E + "funds_changed",
        E + "refusal_coded",
        mailed=False,
    )
    gone = ask(amount=15_200)
    check(
        "withdrawn",
        lambda session: requests.withdraw_request(session, desk(PARTNER), gone, version(gone)),
        E + "withdrawn",
        E + "withdrawn",
    )

    # Urgent: signed, granted, late, ratified
    urgent = ask(amount=15_300, urgent=True)
    check("signed", lambda session: committee.sign(session, desk("bien-etre-1"), urgent), E + "signed", E + "signed")
    check(
        "granted", lambda session: committee.sign(session, desk("bien-etre-2"), urgent), E + "decided", E + "committed"
    )
    h.later(network, hours=73)
    check(
        "late",
        lambda session: watching.tell_late(
            session, network.keyring, network.clock.now() - timedelta(hours=72), network.clock.now()
        ),
        E + "funds_changed",
        E + "ratification_late",
    )

    # From a case: paused, resumed, paused for good
    consenting = consent(network)
    referral = a_referral(network, PARTNER)
    s.watch("", lambda session: None)
    paused = ask(amount=15_400, referral=referral, consent=consenting, needed_by=date(2026, 12, 15))

    def pause(session: Any) -> None:
        (request,) = hold(session, [paused], desk(PARTNER).viewer, network.clock.now())
        assert consents.pause(session, request, network.keyring, network.clock.now())

    check("paused", pause, E + "paused", E + "paused")
    check(
        "resumed",
        lambda session: requests.resume_request(session, desk(PARTNER), paused, version(paused)),
        E + "resumed",
        E + "resumed",
    )
    check("paused", pause, E + "paused", E + "paused")
    h.later(network, hours=7 * 24)
    check(
        "closed",
        lambda session: ending.close_paused(session, house_of(network), network.clock.now()),
        E + "closed",
        E + "closed",
    )

    # Cards: bought, kept by a partner, handed, ratified, taken back; last year's balance
    bought = check(
        "purchase",
        lambda session: payments.prepare_purchase(
            session, desk(PAYER).viewer, pays, opened, "Épicerie", 5_000, 4, "c", network.clock.now()
        ),
        E + "funds_changed",
        E + "purchase_prepared",
        mailed=False,
    )
    check(
        "bought",
        lambda session: payments.confirm_payment(session, desk(s.second), pays, bought),
        E + "funds_changed",
        E + "paid",
        mailed=False,
    )
    with network.database.transaction(write=False) as session:
        stock = session.scalars(select(models.CardStock.id)).one()
    worker, now = network.viewer("calacs-coup-de-coeur"), network.clock.now()
    kept = check(
        "reserve",
        lambda session: cards.authorise_reserve(
            session, s.chair, s.chairing, worker.organisation_id, stock, 3, 20_000, now.date(), "", now
        ),
        E + "funds_changed",
        E + "reserve_authorised",
        mailed=False,
    )
    handed = check(
        "handed",
        lambda session: cards.hand_cards(session, worker, kept, 1, "d", now),
        E + "funds_changed",
        E + "cards_handed",
        mailed=False,
    )
    check(
        "ratified",
        lambda session: cards.ratify_handing(session, s.chair, s.chairing, handed, Ratification.RATIFIED, "", now),
        E + "funds_changed",
        E + "handing_ratified",
        mailed=False,
    )
    check(
        "taken back",
        lambda session: cards.take_back_reserve(session, s.chair, s.chairing, kept, now),
        E + "funds_changed",
        E + "reserve_taken_back",
        mailed=False,
    )
    with network.database.transaction() as session:
        old = money.open_envelope(session, s.chair, s.chairing, 2025, "Fondation fictive", 40_000, (), now)
        vote_id = open_vote(
            session,
            network.keyring,
            s.chair,
            pays.committee_id,
            rule=VoteRule(Method.N_OF_M, asked=2, quorum=1),
            question="Reporter?",
            closes_at=now + timedelta(hours=24),
            now=now,
        )
        for persona in ("bien-etre-1", "bien-etre-2"):
            cast_ballot(
                session,
                network.keyring,
                network.viewer(persona),
                vote_id,
                choice=Choice.YES,
                amount=None,
                reason="",
                now=now,
            )
        close_vote(session, network.keyring, vote_id, now + timedelta(hours=25))
        decision = vote_code(session, vote_id)
    s.watch("", lambda session: None)
    for end, line in ((carrying.cancel_carry_over, "carry_cancelled"), (carrying.confirm_carry_over, "carried_over")):
        carry = check(
            "carry",
            lambda session: carrying.propose_carry_over(session, s.chair, s.chairing, old, decision, now),
            E + "funds_changed",
            E + "carry_proposed",
            mailed=False,
        )
        check(
            "carried",
            lambda session, end=end, carry=carry: end(session, desk(PAYER).viewer, pays, carry, now),
            E + "funds_changed",
            E + line,
            mailed=False,
        )
