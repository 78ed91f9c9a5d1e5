"""Wrong things to try where the engine matters (both), and those that a page answers (SQLite). The others are named in
`test_requests.py`, `test_consent.py` and `test_guard.py`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from core.api import Choice, DomainError, VoteRefused, abandon_escalated, vote_view
from core.testing.network import Network, Visitor

from .. import models
from ..queries.money_access import standing_of
from ..rules.money import Route
from ..services import committee, money, payments, requests, rounds
from ..services.payments import Paying
from ..settings import REQUESTS
from . import voting as h
from .test_money_pages import colleague

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
TABLES = models.AidRequest.metadata.tables


def at_once(network: Network, *acts: Callable[[Any], object]) -> list[object]:
    """Each in a transaction of its own, begun together: what each answered, or why it was refused."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[Any], object]) -> object:
        gate.wait()
        try:
            with network.database.transaction() as session:
                return act(session)
        except DomainError as refused:
            return refused

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def done(answers: list[object]) -> int:
    return sum(not isinstance(one, DomainError) for one in answers)


def view(network: Network, request_id: UUID, persona: str = "bien-etre-4") -> Any:
    with network.database.transaction(write=False) as session:
        vote_id, now = h.rounds_of(network, request_id)[-1].vote_id, network.clock.now()
        return vote_view(session, network.keyring, network.viewer(persona), vote_id, now)


def envelope(network: Network, cents: int) -> None:
    with network.database.transaction() as session:
        keeper, now = network.viewer("calacs-chrysalide"), network.clock.now()
        standing = standing_of(session, keeper, "calacs-la-chrysalide", now)
        money.open_envelope(session, keeper, standing, 2026, "Fondation fictive", cents, (), now)


def granted(network: Network, cents: int) -> UUID:
    """A request of the police that three members accepted, its money committed."""
    request_id = h.sent(network, "police-repentigny", amount=cents)
    for persona in ("bien-etre-1", "bien-etre-2", "bien-etre-4"):
        h.vote(network, request_id, persona)
    h.carry_out(network, h.rounds_of(network, request_id)[-1].vote_code)
    assert h.row(network, request_id).state == "accepted"
    return request_id


def test_voting_twice_at_once_is_one_ballot_and_none_after_the_closing(network: Network) -> None:
    request_id = h.sent(network, amount=15_000)

    def ballot(persona: str, choice: Choice) -> Callable[[Any], object]:
        desk = h.desk(network, persona)
        return lambda session: committee.vote(session, desk, request_id, choice=choice, amount=None, reason="")

    same = [ballot("bien-etre-2", choice) for choice in (Choice.YES, Choice.NO, Choice.YES, Choice.ABSTAIN)]
    assert done(at_once(network, *same)) == 4
    assert view(network, request_id).cast == 1
    with network.database.transaction(write=False) as session:
        assert session.execute(select(TABLES["ballots"].c.times)).scalars().all() == [4]
    h.later(network, hours=25)
    h.close(network, request_id)
    for choice in (Choice.YES, Choice.NO):
        with pytest.raises(VoteRefused) as late:
            h.vote(network, request_id, "bien-etre-1", choice)
        assert late.value.code == "late"
    assert view(network, request_id).cast == 1


def test_two_chairs_at_once_take_a_vote_up_once(network: Network) -> None:
    """Without quorum, who chairs has two windows open: more time in one, closed without decision in the other."""
    request_id = h.sent(network, amount=15_000)
    h.vote(network, request_id, "bien-etre-1")
    h.later(network, hours=25)
    h.close(network, request_id)
    chair, vote_id = h.desk(network, h.CHAIR), h.rounds_of(network, request_id)[-1].vote_id
    until = datetime(2026, 11, 28, 17, 0, tzinfo=UTC)

    def extend(session: Any) -> object:
        return rounds.extend(session, chair, request_id, vote_id, until)

    def abandon(session: Any) -> object:
        return abandon_escalated(session, chair.viewer, vote_id, chair.now)

    answers = at_once(network, extend, abandon, extend, abandon)
    assert done(answers) == 1
    h.carry_out(network, h.rounds_of(network, request_id)[-1].vote_code)
    stored, current = h.row(network, request_id), h.rounds_of(network, request_id)[-1]
    if any(not isinstance(one, DomainError) for one in answers[::2]):
        assert (stored.state, current.closes_at, current.result) == ("voting", until, None)
    else:
        assert (stored.state, current.result) == ("undecided", "abandoned")


def test_withdrawing_and_paying_at_once_one_wins_and_after_the_payment_nobody_withdraws(network: Network) -> None:
    second = colleague(network)
    network.serve_plugins()
    envelope(network, 100_000)
    payers = [h.desk(network, persona) for persona in ("calacs-chrysalide", second)]
    asker = h.desk(network, "police-repentigny")
    with network.database.transaction(write=False) as session:
        standing = standing_of(session, payers[0].viewer, "calacs-la-chrysalide", network.clock.now())
    paid = 0
    for cents in (15_000, 16_000, 17_000):
        request_id = granted(network, cents)
        row = h.row(network, request_id)
        with network.database.transaction() as session:
            paying = Paying(Route.SUPPLIER, cents)
            payment = payments.prepare_payment(session, payers[0], standing, row.code, paying, f"k{cents}")

        def pay(session: Any, payment: UUID = payment) -> object:
            return payments.confirm_payment(session, payers[1], standing, payment)

        def withdraw(session: Any, request_id: UUID = request_id, version: int = row.version) -> object:
            return requests.withdraw_request(session, asker, request_id, version)

        answers = at_once(network, *((pay, withdraw) if cents % 2_000 else (withdraw, pay)))
        assert done(answers) == 1, answers
        stored = h.row(network, request_id)
        assert (stored.state == "withdrawn") == (stored.paid_at is None)
        paid += cents if stored.paid_at is not None else 0
    # Once paid, for sure this time
    request_id = granted(network, 18_000)
    row = h.row(network, request_id)
    with network.database.transaction() as session:
        payment = payments.prepare_payment(
            session, payers[0], standing, row.code, Paying(Route.SUPPLIER, 18_000), "dernier"
        )
    with network.database.transaction() as session:
        payments.confirm_payment(session, payers[1], standing, payment)
    with pytest.raises(rounds.NotNow, match="déjà versée"), network.database.transaction() as session:
        requests.withdraw_request(session, asker, request_id, row.version)
    with network.database.transaction(write=False) as session:
        table = models.Envelope
        assert tuple(session.execute(select(table.held_cents, table.paid_cents)).one()) == (0, paid + 18_000)


def test_a_seat_deleted_in_the_middle_receives_no_ballot_and_leaves_the_count(network: Network) -> None:
    request_id = h.sent(network)
    h.vote(network, request_id, "bien-etre-2")
    seats = TABLES["committee_seats"]
    with network.database.transaction() as session:
        for persona in ("bien-etre-1", "bien-etre-2"):
            mine = seats.c.user_id == network.viewer(persona).user_id
            session.execute(update(seats).where(mine).values(ended_at=network.clock.now()))
    with pytest.raises(VoteRefused) as lapsed:
        h.vote(network, request_id, "bien-etre-1")
    assert lapsed.value.code == "lapsed"
    seen = view(network, request_id)
    # The ballot that was in stays counted; the seat without one is gone.
    assert (seen.available, seen.cast) == (4, 1)


@SQLITE
def test_a_forged_seat_is_no_seat(network: Network, visitor: Visitor) -> None:
    network.serve_plugins()
    request_id = h.sent(network)
    ballot = f"{REQUESTS}/{h.row(network, request_id).code}/bulletin"
    other = str(network.viewer("bien-etre-2").organisation_id)
    with network.database.transaction(write=False) as session:
        seat = session.scalar(select(TABLES["vote_seats"].c.id).where(TABLES["vote_seats"].c.voting))
    for persona in ("ficesl-formation", "police-repentigny", h.ASKER):
        assert visitor.become(persona).post(ballot, {"choice": "yes"}).status_code == 404, persona
    # The chair has a seat without a vote
    assert visitor.become(h.CHAIR).post(ballot, {"choice": "yes"}).status_code == 409
    visitor.become("bien-etre-1")
    for forged in ({"organisation_id": other}, {"vote_seat_id": str(seat)}, {"user_id": other}):
        assert visitor.post(ballot, {"choice": "yes", **forged}).status_code == 422
    assert visitor.post(ballot, {"choice": "yes"}).status_code == 303
    with network.database.transaction(write=False) as session:
        organisations = session.scalars(select(TABLES["ballots"].c.organisation_id)).all()
        assert organisations == [network.viewer("bien-etre-1").organisation_id]


@SQLITE
def test_an_amount_over_the_envelope_waits_and_goes_on_once_it_is_filled(network: Network, visitor: Visitor) -> None:
    network.serve_plugins()
    envelope(network, 20_000)
    request_id = h.sent(network, "police-repentigny")
    page = f"{REQUESTS}/{h.row(network, request_id).code}"
    for persona in ("bien-etre-1", "bien-etre-2", "bien-etre-4", "bien-etre-5"):
        visitor.become(persona)
        assert visitor.post(page + "/bulletin", {"choice": "yes"}).status_code in (303, 409)
    h.carry_out(network, h.rounds_of(network, request_id)[-1].vote_code)
    for persona in ("police-repentigny", h.CHAIR):
        assert "les enveloppes ne suffisent pas" in visitor.become(persona).get(page).text, persona
    # Another request that fits is not stopped by the one that waits; nothing is taken twice
    small = granted(network, 15_000)
    again = {"version": str(h.row(network, request_id).version)}
    assert visitor.become("police-repentigny").post(page + "/fonds", again).status_code == 404
    visitor.become(h.CHAIR)
    assert visitor.post(page + "/fonds", again).status_code == 303
    assert h.row(network, request_id).state == "waiting_funds"
    with network.database.transaction() as session:
        keeper, now = network.viewer("calacs-chrysalide"), network.clock.now()
        standing = standing_of(session, keeper, "calacs-la-chrysalide", now)
        money.allot(session, keeper, standing, session.scalars(select(models.Envelope.id)).one(), 40_000, now)
    assert visitor.post(page + "/fonds", again).status_code == 303
    assert (h.row(network, request_id).state, h.row(network, small).state) == ("accepted", "accepted")
    with network.database.transaction(write=False) as session:
        assert session.scalar(select(func.sum(models.Envelope.held_cents))) == 57_000


@SQLITE
def test_the_amount_changed_during_the_vote_is_a_new_round_on_every_page(network: Network, visitor: Visitor) -> None:
    network.serve_plugins()
    request_id = h.sent(network)
    page = f"{REQUESTS}/{h.row(network, request_id).code}"
    visitor.become("bien-etre-1")
    assert visitor.post(page + "/bulletin", {"choice": "yes"}).status_code == 303
    assert visitor.post(page + "/montant", {"version": "1", "new_amount": "300"}).status_code == 404
    visitor.become(h.ASKER)
    for typed, status in (("-5", 422), ("0", 422), ("300,123456789012", 422), ("6000", 422), ("420", 422)):
        refused = visitor.post(page + "/montant", {"version": "1", "new_amount": typed})
        assert (refused.status_code, f'value="{typed}"' in refused.text) == (status, True), typed
    assert visitor.post(page + "/montant", {"version": "1", "new_amount": "300"}).status_code == 303
    # A second window still shows the first amount: refused, and told
    late = visitor.post(page + "/montant", {"version": "1", "new_amount": "250"})
    assert late.status_code == 409
    assert "vient de changer" in late.text
    for persona in (h.ASKER, "bien-etre-1", "bien-etre-4"):
        seen = visitor.become(persona).get(page).text
        assert "Vote 1" in seen, persona
        assert "Vote 2" in seen, persona
        assert "Demandé d’abord" in seen, persona
    # Her ballot of the first round is worth nothing in the second
    assert (view(network, request_id).cast, view(network, request_id, "bien-etre-1").own) == (0, None)


@SQLITE
def test_a_deadline_of_the_night_of_the_clocks_is_read_and_moved_in_local_time(
    network: Network, visitor: Visitor
) -> None:
    network.serve_plugins()
    network.clock.advance(datetime(2027, 3, 13, 22, 0, tzinfo=UTC) - network.clock.now())
    request_id = h.sent(network, amount=15_000, needed_by=datetime(2027, 3, 16, tzinfo=UTC).date())
    page = f"{REQUESTS}/{h.row(network, request_id).code}"
    # Opened at 17 h: 24 real hours later it is 18 h on the clock
    for persona in (h.ASKER, "bien-etre-1"):
        assert "14 mars 2027 à 18 h" in visitor.become(persona).get(page).text.replace("\u00a0", " "), persona
    # The vote of the day before ends without quorum at 1 h: its chair gives time, never to an hour that does not exist
    h.later(network, hours=24)
    h.close(network, request_id)
    network.clock.advance(datetime(2027, 11, 6, 22, 0, tzinfo=UTC) - network.clock.now())
    visitor.become(h.CHAIR)
    gone = visitor.post(page + "/echeance", {"closes_at": "2028-03-12T02:30"})
    assert gone.status_code == 422
    assert "Cette heure n’existe pas" in gone.text
    assert visitor.post(page + "/echeance", {"closes_at": "2027-11-07T01:30"}).status_code == 303
    # An hour that comes twice means the second: 1 h 30, Eastern standard time
    assert h.rounds_of(network, request_id)[-1].closes_at == datetime(2027, 11, 7, 6, 30, tzinfo=UTC)
    assert "7 novembre 2027 à 1 h 30" in visitor.become(h.ASKER).get(page).text.replace("\u00a0", " ")
