"""Votes on committed databases, both engines: sealed until closing, decided once, one ballot per organisation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.committees import services
from core.committees.models.structure import Ballot, CommitteeSeat, Vote
from core.committees.queries.votes import vote_view
from core.committees.rules.votes import Choice, Method, Result, Tie, VoteRule
from core.committees.services.sealing import open_choice, seal_choice, seal_reason
from core.journal.models import JournalEntry
from core.kernel.crypto import Keyring, Unreadable
from core.kernel.db import new_id
from core.kernel.errors import DomainError, Missing
from core.kernel.events import OutboxEvent, topics_for
from core.kernel.mail import OutgoingMail
from core.rotation import renew_all
from core.testing.network import Network
from tests.support.committees import CHAIR, MEMBERS, cast, closed, code_of, committee_id, opened, recuse

ONE, TWO, THREE, FOUR, FIVE = MEMBERS
#: The rule alone is at stake: one engine is enough.
sqlite_only = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


def all_at_once(*works: Callable[[], Any]) -> list[Any]:
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def events(network: Network, kind: str) -> list[Any]:
    with network.database.transaction(write=False) as session:
        return list(session.execute(select(OutboxEvent.ref, OutboxEvent.topics).where(OutboxEvent.kind == kind)))


def count(network: Network, model: Any, *where: Any) -> int:
    with network.database.transaction(write=False) as session:
        return session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def run_job(network: Network) -> int:
    with network.database.transaction() as session:
        return services.run_votes(session, network.keyring, network.clock.now())


def end_of_seat(network: Network, persona: str) -> None:
    person, chair = network.viewer(persona).user_id, network.viewer(CHAIR)
    with network.database.transaction() as session:
        hers = CommitteeSeat.user_id == person, CommitteeSeat.committee_id == committee_id(session, "bien-etre")
        seat_id = session.execute(select(CommitteeSeat.id).where(*hers)).scalar_one()
        services.end_seat(session, network.keyring, chair, seat_id, network.clock.now())


def test_ballots_that_race_are_one_and_closings_that_race_decide_once(network: Network) -> None:
    """Fifty ballots of one organisation, then twelve closings, in threads."""
    vote_id = opened(network, VoteRule(Method.N_OF_M, 3))
    viewers = {one: network.viewer(one) for one in MEMBERS}

    def ballot(number: int) -> Callable[[], Any]:
        choice = Choice.YES if number % 2 else Choice.NO
        return lambda: cast(network, vote_id, ONE, choice)

    assert all_at_once(*(ballot(number) for number in range(50))) == [None] * 50
    with network.database.transaction(write=False) as session:
        rows = session.execute(select(Ballot.times).where(Ballot.vote_id == vote_id)).all()
    assert rows == [(50,)]
    for persona in (ONE, TWO, THREE):
        cast(network, vote_id, persona)
    network.clock.advance(timedelta(hours=24))
    outcomes = all_at_once(*(lambda: closed(network, vote_id) for _ in range(12)))
    assert {outcome.result for outcome in outcomes} == {Result.ADOPTED}
    assert len(set(outcomes)) == 1
    assert len(events(network, "committee.vote_closed")) == 1
    closing = JournalEntry.line.contains('"committee.vote_closed"')
    assert count(network, JournalEntry, closing) == 1
    with pytest.raises(services.VoteRefused) as late, network.database.transaction() as session:
        services.cast_ballot(
            session, network.keyring, viewers[FOUR], vote_id, choice=Choice.NO, now=network.clock.now()
        )
    assert late.value.code == "closed"
    assert count(network, Ballot, Ballot.vote_id == vote_id) == 3


def test_a_ballot_is_sealed_and_all_look_alike(network: Network) -> None:
    """No choice, amount or reason in the database, in the journal or in an event; nor does its length tell."""
    vote_id = opened(network, VoteRule(Method.N_OF_M, 2, amount=42_000))
    cast(network, vote_id, ONE, Choice.OTHER, amount=30_017, reason="raison-secrète")
    cast(network, vote_id, TWO, Choice.NO)
    with network.database.transaction(write=False) as session:
        rows = session.execute(select(Ballot.choice_sealed, Ballot.reason_sealed, Ballot.id)).all()
        held = [
            repr(tuple(row))
            for table in ("ballots", "journal_entries", "outbox_events", "votes")
            for row in session.execute(select(*Ballot.metadata.tables[table].columns))
        ]
        assert len({len(row.choice_sealed) for row in rows}) == len({len(row.reason_sealed) for row in rows}) == 1
        for secret in ("30017", "raison-secr", "other", '"no"'):
            assert not [line for line in held if secret in line and "no_" not in line], secret
        first, second = rows
        with pytest.raises(Unreadable):
            open_choice(network.keyring, second.id, first.choice_sealed)
        # Before closing the chair's page knows how many, nobody's choice; her own ballot is the viewer's alone.
        now = network.clock.now()
        chair = vote_view(session, network.keyring, network.viewer(CHAIR), vote_id, now)
        hers = vote_view(session, network.keyring, network.viewer(ONE), vote_id, now)
    assert chair is not None
    assert hers is not None
    assert (chair.cast, chair.own, chair.outcome, chair.named) == (2, None, None, ())
    assert hers.own is not None
    assert (hers.own.choice, hers.own.amount, hers.own.reason) == (Choice.OTHER, 30_017, "raison-secrète")
    sizes = {len(seal_choice(network.keyring, new_id(), one, cents)) for one in Choice for cents in (None, 999_999_999)}
    assert len(sizes) == 1
    assert len({len(seal_reason(network.keyring, new_id(), text)) for text in ("", "é" * 400, "𝔸" * 400)}) == 1


def test_five_seats_of_which_three_are_recused_still_decide(network: Network) -> None:
    vote_id = opened(
        network,
        VoteRule(Method.N_OF_M, 3, amount=42_000, cap=60_000),
        recused_organisations=[network.viewer(ONE).organisation_id],
    )
    cast(network, vote_id, TWO, Choice.NO)
    recuse(network, vote_id, TWO)  # her ballot goes with her
    recuse(network, vote_id, THREE, whole=False)
    for persona, code in ((ONE, "recused_organisation"), (TWO, "recused_organisation"), (THREE, "recused_person")):
        with pytest.raises(services.VoteRefused) as refused:
            cast(network, vote_id, persona)
        assert refused.value.code == code
    cast(network, vote_id, FOUR, Choice.YES)
    cast(network, vote_id, FIVE, Choice.OTHER, amount=30_000)
    network.clock.advance(timedelta(hours=24))
    outcome = closed(network, vote_id)
    assert (outcome.result, outcome.needed, outcome.seats, outcome.amount) == (Result.ADOPTED, 2, 2, 30_000)
    with network.database.transaction(write=False) as session:
        row = session.execute(select(Vote.result, Vote.amount_cents, Vote.arithmetic)).one()
    assert (row.result, row.amount_cents) == ("adopted", 30_000)
    assert row.arithmetic["steps"][0] == ["seats", {"all": 5, "recused": 3, "lapsed": 0, "left": 2}]


def test_below_two_seats_the_other_calacs_names_an_alternate(network: Network) -> None:
    """Four organisations aside: La Chrysalide is told, names one of its people, who votes; nobody else may."""
    vote_id = opened(network)
    for persona in (ONE, TWO, THREE, FOUR):
        recuse(network, vote_id, persona)
    other, now = network.viewer("ficesl-formation"), network.clock.now()
    assert [
        f"org:{other.organisation_id}" in topics for _ref, topics in events(network, "committee.alternate_called")
    ] == [True]
    police, first = network.viewer("police-repentigny"), network.viewer(ONE)
    assert other.user_id is not None
    assert police.user_id is not None
    assert first.user_id is not None
    for namer, named in ((police, police.user_id), (first, first.user_id), (network.viewer(FIVE), other.user_id)):
        with pytest.raises(Missing), network.database.transaction() as session:
            services.name_alternate(session, network.keyring, namer, vote_id, named, now)
    with pytest.raises(services.VoteInvalid), network.database.transaction() as session:
        services.name_alternate(session, network.keyring, other, vote_id, police.user_id, now)
    with network.database.transaction() as session:
        services.name_alternate(session, network.keyring, other, vote_id, other.user_id, now)
    cast(network, vote_id, "ficesl-formation")
    cast(network, vote_id, FIVE)
    network.clock.advance(timedelta(hours=24))
    outcome = closed(network, vote_id)
    assert (outcome.result, outcome.seats) == (Result.ADOPTED, 2)
    assert "alternate" in {step.code for step in outcome.steps}
    assert f"user:{other.user_id}" in events(network, "committee.vote_closed")[0][1]


def test_a_called_substitute_votes_for_a_recused_person(network: Network) -> None:
    """Substitutes count only when fewer than two seats are left."""
    # Somebody of the same organisation as member 1 stands in for her.
    holder, stand_in = network.viewer(ONE).user_id, network.viewer("orres-comite").user_id
    with network.database.transaction() as session:
        session.execute(
            update(CommitteeSeat).where(CommitteeSeat.user_id == holder).values(substitute_id=stand_in),
            execution_options={"synchronize_session": False},
        )
    network._viewers.clear()
    vote_id = opened(network)
    recuse(network, vote_id, ONE, whole=False)
    with pytest.raises(services.VoteRefused) as refused:
        cast(network, vote_id, "orres-comite")
    assert refused.value.code == "not_called"
    for persona in (TWO, THREE, FOUR):
        recuse(network, vote_id, persona)
    cast(network, vote_id, "orres-comite")
    cast(network, vote_id, FIVE)
    network.clock.advance(timedelta(hours=24))
    outcome = closed(network, vote_id)
    assert outcome.result is Result.ADOPTED
    assert "called" in {step.code for step in outcome.steps}


def test_without_quorum_the_vote_waits_for_its_chair_and_never_lapses(network: Network) -> None:
    vote_id = opened(network, hours=10)
    cast(network, vote_id, ONE)
    waiting = count(network, OutgoingMail)
    network.clock.advance(timedelta(hours=5))
    assert run_job(network) == 1
    # Reminded: the four whose ballot is missing, never the one whose ballot is in.
    assert count(network, OutgoingMail) == waiting + 4
    assert run_job(network) == 0
    network.clock.advance(timedelta(hours=4))
    assert run_job(network) == 1
    network.clock.advance(timedelta(hours=1))
    assert (run_job(network), run_job(network)) == (1, 0)
    assert len(events(network, "committee.vote_escalated")) == 1
    assert closed(network, vote_id).result is Result.NO_QUORUM
    with pytest.raises(services.VoteRefused) as refused:
        cast(network, vote_id, TWO)
    assert refused.value.code == "late"
    now = network.clock.now()
    later = now + timedelta(hours=5)
    with pytest.raises(Missing), network.database.transaction() as session:
        services.extend_vote(session, network.keyring, network.viewer(TWO), vote_id, later, now)
    with network.database.transaction() as session:
        services.extend_vote(session, network.keyring, network.viewer(CHAIR), vote_id, later, now)
    cast(network, vote_id, TWO)
    cast(network, vote_id, THREE)
    network.clock.advance(timedelta(hours=5))
    assert run_job(network) == 1
    with network.database.transaction(write=False) as session:
        assert session.execute(select(Vote.status, Vote.result)).one() == ("closed", "adopted")


def test_a_recused_chair_leaves_what_has_no_quorum_to_the_vice_chair(network: Network) -> None:
    vote_id = opened(network)
    recuse(network, vote_id, CHAIR)
    network.clock.advance(timedelta(hours=24))
    assert closed(network, vote_id).result is Result.NO_QUORUM
    with pytest.raises(Missing), network.database.transaction() as session:
        services.abandon_escalated(session, network.viewer(CHAIR), vote_id, network.clock.now())
    with network.database.transaction() as session:
        services.abandon_escalated(session, network.viewer(TWO), vote_id, network.clock.now())
    assert closed(network, vote_id).result is Result.ABANDONED


def test_seats_that_end_in_the_middle(network: Network) -> None:
    """A ballot that was in stays; a seat without ballot leaves the count, and its person is told why."""
    vote_id = opened(network, VoteRule(Method.N_OF_M, 3))
    cast(network, vote_id, ONE)
    end_of_seat(network, ONE)
    end_of_seat(network, TWO)
    with pytest.raises(services.VoteRefused) as refused:
        cast(network, vote_id, TWO)
    assert refused.value.code == "lapsed"
    cast(network, vote_id, THREE)
    cast(network, vote_id, FOUR, Choice.NO)
    network.clock.advance(timedelta(hours=24))
    outcome = closed(network, vote_id)
    assert (outcome.seats, outcome.approvals, outcome.needed) == (4, 2, 3)
    assert outcome.result is Result.REJECTED


@sqlite_only
def test_before_its_deadline_a_vote_closes_only_when_settled_and_allowed(network: Network) -> None:
    vote_id = opened(network, VoteRule(quorum=51))
    for persona in (ONE, TWO, THREE):
        cast(network, vote_id, persona, Choice.NO)
    with pytest.raises(services.NotYet):
        closed(network, vote_id)
    early = opened(network, VoteRule(quorum=51, early=True))
    for persona in (ONE, TWO):
        cast(network, early, persona, Choice.NO)
    with pytest.raises(services.NotYet):
        closed(network, early)
    cast(network, early, THREE, Choice.NO)  # closes by itself: two more approvals cannot win
    assert closed(network, early).result is Result.REJECTED
    with network.database.transaction(write=False) as session:
        statuses = {row.id: row.status for row in session.execute(select(Vote.id, Vote.status))}
    assert statuses == {vote_id: "open", early: "closed"}


@sqlite_only
def test_the_chair_settles_a_tie_where_the_rule_says_so(network: Network) -> None:
    vote_id = opened(network, VoteRule(tie=Tie.CASTING))
    for persona, choice in ((ONE, Choice.YES), (TWO, Choice.YES), (THREE, Choice.NO), (FOUR, Choice.NO)):
        cast(network, vote_id, persona, choice)
    cast(network, vote_id, CHAIR)
    plain = opened(network)
    with pytest.raises(services.VoteRefused) as refused:
        cast(network, plain, CHAIR)
    assert refused.value.code == "without_vote"
    network.clock.advance(timedelta(hours=24))
    outcome = closed(network, vote_id)
    assert (outcome.result, outcome.ballots) == (Result.ADOPTED, 4)


@sqlite_only
def test_who_may_ask_what_and_until_when(network: Network) -> None:
    """A member opens nothing; a plugin's kind belongs to its own committee; amounts keep to the rule."""
    now, keyring = network.clock.now(), network.keyring
    rule, member, chair = VoteRule(), network.viewer(ONE), network.viewer(CHAIR)

    def ask(viewer: Any, **options: Any) -> None:
        with network.database.transaction() as session:
            given = {"rule": rule, "closes_at": now + timedelta(hours=2), **options}
            services.open_vote(session, keyring, viewer, committee_id(session), now=now, **given)

    for viewer, options in (
        (member, {}),
        (network.viewer("ficesl-formation"), {}),
        (chair, {"kind": "bien_etre.request"}),
        (chair, {"closes_at": now + timedelta(minutes=10)}),
        (chair, {"closes_at": now + timedelta(days=200)}),
    ):
        with pytest.raises(DomainError):
            ask(viewer, **options)
    assert count(network, Vote) == 0
    money = opened(network, VoteRule(amount=10_000, cap=20_000))
    plain = opened(network)
    for vote_id, choice, amount in (
        (money, Choice.OTHER, None),
        (money, Choice.OTHER, 0),
        (money, Choice.OTHER, -5),
        (money, Choice.OTHER, 20_001),
        (money, Choice.YES, 500),
        (plain, Choice.OTHER, 500),
    ):
        with pytest.raises(services.VoteInvalid):
            cast(network, vote_id, ONE, choice, amount=amount)
    with pytest.raises(Missing):
        cast(network, plain, "ficesl-formation")
    assert count(network, Ballot) == 0


def test_who_sits_hears_the_committee_and_whoever_leaves_does_not(network: Network) -> None:
    viewer = network.viewer(ONE)
    with network.database.transaction(write=False) as session:
        mine = committee_id(session)
    assert viewer.committees == {mine}
    assert f"committee:{mine}" in topics_for(viewer)
    assert network.viewer("police-repentigny").committees == frozenset()
    end_of_seat(network, ONE)
    network._viewers.clear()
    assert network.viewer(ONE).committees == frozenset()
    assert f"committee:{mine}" not in topics_for(network.viewer(ONE))
    vote_id = opened(network)
    assert events(network, "committee.vote_opened") == [(code_of(network, vote_id), [f"committee:{mine}", "network"])]
    closings = [topics for _ref, topics in events(network, "control.close")]
    assert [f"user:{viewer.user_id}"] in closings


@sqlite_only
def test_a_new_master_key_takes_the_ballots_over(network: Network) -> None:
    """Both sealed columns bear the newest key afterwards, and the vote still closes."""
    vote_id = opened(network)
    for persona in (ONE, TWO, THREE):
        cast(network, vote_id, persona)
    newest = Keyring.rotate_file(network.settings.master_key_file)
    assert renew_all(network.database, newest).unreadable == 0
    with network.database.transaction(write=False) as session:
        rows = session.execute(select(Ballot.choice_sealed, Ballot.reason_sealed)).all()
    assert {sealed[1:9].hex() for row in rows for sealed in row} == {newest.active_id}
    network.clock.advance(timedelta(hours=24))
    with network.database.transaction() as session:
        outcome = services.close_vote(session, newest, vote_id, network.clock.now())
    assert outcome.result is Result.ADOPTED
