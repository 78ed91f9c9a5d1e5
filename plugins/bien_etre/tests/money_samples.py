"""One of each thing of the money, for the tests that ask every route and look at every page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update

from core.api import CleanFile, Role, new_id
from core.testing.plugins import a_viewer

from .. import models
from ..queries.money_access import Standing, standing_of
from ..rules.money import Route
from ..services import cards, money, payments, receipts
from ..services.rounds import Desk
from ..settings import Settings
from .test_money import request

HOLDER = "calacs-la-chrysalide"


def money_samples(network: Any, partner: str = "calacs-coup-de-coeur") -> dict[str, str]:
    """Parameter of an address → its value: an envelope of this year, a grant with a payment made (its receipt) and one
    prepared, a balance proposed to be carried over, a partner's reserve and what was handed from it, unratified."""
    now, chair = network.clock.now(), network.viewer("bien-etre-presidence")
    worker = network.viewer(partner)
    holder, keeper = network.organisation(HOLDER), network.viewer("calacs-chrysalide")
    where, colleague = network.organisation(partner), a_viewer(Role.WORKER, organisation_id=holder)
    with network.database.transaction() as session:
        standing = standing_of(session, chair, HOLDER, now)
        pays = Standing(standing.committee_id, holder, pays=True)

        def desk(viewer: Any) -> Desk:
            return Desk(network.keyring, Settings(), viewer, now)

        def paid(key: str, cents: int) -> UUID:
            paying = payments.Paying(Route.SUPPLIER, cents)
            payment = payments.prepare_payment(session, desk(colleague), pays, code, paying, key)
            payments.confirm_payment(session, desk(keeper), pays, payment)
            return payment

        envelope = money.open_envelope(
            session, keeper, pays, 2026, "Fondation fictive", 90_000, [("food", 60_000)], now
        )
        old = money.open_envelope(session, keeper, pays, 2025, "Fondation fictive", 40_000, [], now)
        request_id, code = request(session, number=9)
        committee = standing.committee_id
        session.execute(
            update(models.AidRequest).where(models.AidRequest.id == request_id).values(committee_id=committee)
        )
        money.commit_amount(session, None, request_id, code, 30_000, now)
        done = paid("sample-1", 10_000)
        file = CleanFile("recu.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n")
        receipt = receipts.add_receipt(session, network.keyring, keeper, pays, done, file, 5_000, now)
        paying = payments.Paying(Route.ADVANCE, 5_000)
        waiting = payments.prepare_payment(session, desk(colleague), pays, code, paying, "sample-2")
        stock = new_id()
        session.execute(insert(models.CardStock).values(id=stock, label="Épicerie", face_cents=5_000, left_count=9))
        given = (where, stock, 4, 20_000, now.date() + timedelta(days=30), "", now)
        reserve = cards.authorise_reserve(session, chair, standing, *given)
        handing = cards.hand_cards(session, worker, reserve, 1, "sample-3", now - timedelta(days=9))
        carry = new_id()
        values = {"id": carry, "envelope_id": old, "decision": "V-2222-22", "state": "prepared", "prepared_at": now}
        session.execute(insert(models.CarryOver).values(**values, prepared_by=colleague.user_id))
    found = {"code": code, "envelope": envelope, "payment": waiting, "receipt": receipt, "reserve": reserve}
    return {name: str(value) for name, value in {**found, "handing": handing, "carry": carry}.items()}
