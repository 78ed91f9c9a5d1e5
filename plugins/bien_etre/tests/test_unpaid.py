"""What is granted and that nobody pays has an end: told late once, then given back by rule."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.testing.network import Network, Visitor

from .. import models
from ..queries.unpaid import unpaid
from ..rules.money import Route
from ..services import keeping, money, payments
from ..services import unpaid as following
from ..services.payments import Paying
from ..settings import HOME, Settings
from . import voting as h
from .steps import PARTNER, PAYER, Steps
from .test_consent import house_of
from .test_requests import SQLITE

FUNDS = f"{HOME}/fonds"


@SQLITE
def test_what_nobody_pays_is_told_late_then_given_back_and_its_texts_age(network: Network, visitor: Visitor) -> None:
    """Three grants: one never paid, one paid in part, one that waits for funds. Late on the fourteenth day, told once;
    over on the sixtieth: the money is back, what was paid stays, nothing is kept for ever."""
    s, settings = Steps(network), Settings()
    network.serve_plugins()
    with network.database.transaction() as session:
        keeper = network.viewer(PAYER)
        money.open_envelope(session, keeper, s.standing, 2026, "Fondation fictive", 40_000, (), network.clock.now())

    def accepted(amount: int) -> UUID:
        request_id = h.sent(network, PARTNER, amount=amount, needed_by=date(2026, 12, 15))
        for persona in ("bien-etre-1", "bien-etre-2", "bien-etre-4"):
            h.vote(network, request_id, persona)
        h.carry_out(network, h.rounds_of(network, request_id)[-1].vote_code)
        return request_id

    never, partly, waiting = accepted(15_000), accepted(16_000), accepted(17_000)
    assert [h.row(network, one).state for one in (never, partly, waiting)] == ["accepted", "accepted", "waiting_funds"]
    with network.database.transaction() as session:
        paying = Paying(Route.SUPPLIER, 6_000)
        code = h.row(network, partly).code
        payment = payments.prepare_payment(session, s.desk(PAYER), s.standing, code, paying, "p")
    with network.database.transaction() as session:
        payments.confirm_payment(session, s.desk(s.second), s.standing, payment)

    def run() -> int:
        def act(session: Any) -> None:
            following.follow_unpaid(session, house_of(network), network.clock.now())

        return s.watch("unpaid", act)[2]

    s.watch("", lambda session: None)
    h.later(network, days=13)
    assert run() == 0
    h.later(network, days=1)
    assert run() >= 3
    assert run() == 0  # told once
    for persona in (PAYER, h.CHAIR):
        seen = visitor.become(persona).get(f"{FUNDS}/suivi").text
        assert "Accordé et pas encore versé" in seen, persona
        assert all(h.row(network, one).code in seen for one in (never, partly, waiting)), persona
        assert "la somme est libérée" in visitor.get(FUNDS).text, persona
    # A payment made meanwhile begins the delay again
    h.later(network, days=45)
    with network.database.transaction() as session:
        fresh_payment = Paying(Route.SUPPLIER, 4_000)
        second = payments.prepare_payment(session, s.desk(PAYER), s.standing, code, fresh_payment, "q")
    with network.database.transaction() as session:
        payments.confirm_payment(session, s.desk(s.second), s.standing, second)
    h.later(network, days=2)
    run()
    assert [h.row(network, one).state for one in (never, partly, waiting)] == ["closed", "accepted", "closed"]
    with network.database.transaction(write=False) as session:
        assert unpaid(session, settings, network.clock.now()) == ()
        held, paid = session.execute(select(models.Envelope.held_cents, models.Envelope.paid_cents)).one()
        assert (held, paid) == (6_000, 10_000)
    h.later(network, days=60)
    run()
    with network.database.transaction(write=False) as session:
        held, paid = session.execute(select(models.Envelope.held_cents, models.Envelope.paid_cents)).one()
        assert (h.row(network, partly).state, held, paid) == ("accepted", 0, 10_000)
    h.later(network, days=31)
    with network.database.transaction() as session:
        assert keeping.erase_texts_before(session, network.clock.now() - timedelta(days=30)) == 3
