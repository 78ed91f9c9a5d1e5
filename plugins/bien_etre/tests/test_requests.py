"""Requests decided by the committee, and every wrong thing to try."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.api import Choice, Forbidden, Missing, NamesSomebody, VoteInvalid, VoteRefused, close_vote, vote_view
from core.testing.network import Network

from ..models import AidRequest, Dismissed, Question
from ..queries.requests import find_request, list_requests
from ..services import committee, requests, rounds
from ..services.committee import SignRefused
from ..services.rounds import NotNow
from . import voting as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


def funded(monkeypatch: pytest.MonkeyPatch, *, enough: bool = True) -> list[tuple[Any, ...]]:
    """What is asked of the money, whose own tests keep the real envelopes; `enough` False: they are empty."""
    asked: list[tuple[Any, ...]] = []

    def commit(session: Any, viewer: Any, request_id: Any, code: str, cents: int, now: Any) -> None:
        if not enough:
            raise rounds.funding.EnvelopeExhausted
        asked.append((request_id, cents))

    monkeypatch.setattr(rounds.funding, "commit_grant", commit)
    monkeypatch.setattr(
        rounds.funding, "release_grant", lambda session, request_id, now, viewer=None: asked.append((request_id, 0))
    )
    return asked


def act(network: Network, persona: str, fn: Any, *args: Any, **more: Any) -> Any:
    with network.database.transaction() as session:
        return fn(session, h.desk(network, persona), *args, **more)


def test_three_approvals_grant_the_highest_amount_they_support(network: Network, monkeypatch: Any) -> None:
    asked = funded(monkeypatch)
    request_id = h.sent(network)
    h.vote(network, request_id, "bien-etre-1")
    h.vote(network, request_id, "bien-etre-2", Choice.OTHER, amount=30_000)
    h.vote(network, request_id, "bien-etre-4", Choice.OTHER, amount=35_000)
    h.vote(network, request_id, "bien-etre-5", Choice.NO)
    h.later(network, hours=73)
    h.close(network, request_id)
    stored = h.row(network, request_id)
    assert (stored.state, stored.granted_cents) == ("accepted", 30_000)
    assert asked == [(request_id, 30_000)]
    # Told again (the outbox repeats what it cannot prove), nothing is committed twice.
    h.carry_out(network, h.rounds_of(network, request_id)[-1].vote_code)
    assert len(asked) == 1


@SQLITE
def test_without_funds_it_waits_and_is_never_lost(network: Network, monkeypatch: Any) -> None:
    funded(monkeypatch, enough=False)
    request_id = h.sent(network, amount=15_000)
    for persona in ("bien-etre-1", "bien-etre-2", "bien-etre-4"):
        h.vote(network, request_id, persona)
    h.later(network, hours=25)
    h.close(network, request_id)
    assert h.row(network, request_id).state == "waiting_funds"
    assert act(network, h.CHAIR, rounds.retry_grant, request_id) is False
    funded(monkeypatch)
    assert act(network, h.CHAIR, rounds.retry_grant, request_id) is True
    assert h.row(network, request_id).state == "accepted"


@SQLITE
def test_five_seats_of_which_three_are_recused_still_decide(network: Network, monkeypatch: Any) -> None:
    funded(monkeypatch)
    request_id = h.sent(network, h.SEATED_ASKER)
    with network.database.transaction(write=False) as session:
        view = vote_view(
            session,
            network.keyring,
            network.viewer("bien-etre-3"),
            h.rounds_of(network, request_id)[0].vote_id,
            network.clock.now(),
        )
        assert view is not None
        assert (view.available, view.refusal) == (4, "Votre organisme est récusé de ce vote.")
    for persona in ("bien-etre-1", "bien-etre-2"):
        act(network, persona, committee.declare, request_id, whole_organisation=persona == "bien-etre-1")
    for persona in ("bien-etre-4", "bien-etre-5"):
        h.vote(network, request_id, persona)
    h.later(network, hours=73)
    h.close(network, request_id)
    assert h.row(network, request_id).state == "accepted"


@SQLITE
def test_who_may_not_vote_does_not(network: Network) -> None:
    request_id = h.sent(network, h.SEATED_ASKER)
    with pytest.raises(VoteRefused) as own:
        h.vote(network, request_id, "bien-etre-3")
    assert own.value.code == "recused_organisation"
    act(network, "bien-etre-1", committee.declare, request_id, whole_organisation=False)
    with pytest.raises(VoteRefused):
        h.vote(network, request_id, "bien-etre-1")
    for forged in ("ficesl-formation", "police-repentigny", "coordination-cresl"):
        with pytest.raises((Missing, VoteRefused)):
            h.vote(network, request_id, forged)
    # Twice is once: the later ballot replaces the earlier one.
    h.vote(network, request_id, "bien-etre-2", Choice.NO)
    h.vote(network, request_id, "bien-etre-2", Choice.YES)
    h.later(network, hours=80)
    with pytest.raises(VoteRefused) as late:
        h.vote(network, request_id, "bien-etre-4")
    assert late.value.code == "late"
    assert h.row(network, request_id).state == "voting"


@SQLITE
def test_no_quorum_goes_to_the_chair_and_nothing_lapses(network: Network, monkeypatch: Any) -> None:
    funded(monkeypatch)
    request_id = h.sent(network, amount=15_000)
    h.vote(network, request_id, "bien-etre-1")
    h.later(network, hours=25)
    h.close(network, request_id)
    assert h.row(network, request_id).state == "voting"
    with network.database.transaction(write=False) as session:
        lines, _ = list_requests(session, network.viewer(h.CHAIR), network.clock.now())
        assert [line.escalated for line in lines] == [True]


@SQLITE
@pytest.mark.parametrize("choice", [Choice.OTHER])
def test_a_ballot_above_what_is_asked_is_refused(network: Network, choice: Choice) -> None:
    request_id = h.sent(network)
    for amount in (42_001, 0, -5, None):
        with pytest.raises(VoteInvalid):
            h.vote(network, request_id, "bien-etre-1", choice, amount=amount)


@SQLITE
def test_changing_the_amount_is_a_new_round_that_everybody_sees(network: Network, monkeypatch: Any) -> None:
    funded(monkeypatch)
    request_id = h.sent(network, amount=15_000)
    h.vote(network, request_id, "bien-etre-1")
    act(network, "bien-etre-5", committee.declare, request_id, whole_organisation=False)
    act(network, h.ASKER, requests.change_amount, request_id, 1, 18_000)
    first, second = h.rounds_of(network, request_id)
    assert (first.result, first.amount_cents, second.amount_cents) == ("abandoned", 15_000, 18_000)
    # The old ballots are worth nothing, and the conflict still holds.
    with network.database.transaction(write=False) as session:
        view = vote_view(session, network.keyring, network.viewer("bien-etre-5"), second.vote_id, network.clock.now())
        assert view is not None
        assert (view.cast, view.available) == (0, 4)
    with pytest.raises(NotNow):
        act(network, h.ASKER, requests.change_amount, request_id, 1, 19_000)
    for persona in ("bien-etre-1", "bien-etre-2", "bien-etre-4"):
        h.vote(network, request_id, persona)
    # Decided a moment ago, before anybody was told: the outcome is carried out, the change is refused.
    h.later(network, hours=25)
    with network.database.transaction() as session:
        close_vote(session, network.keyring, second.vote_id, network.clock.now())
    with pytest.raises(NotNow):
        act(network, h.ASKER, requests.change_amount, request_id, 2, 19_000)
    h.carry_out(network, second.vote_code)
    assert h.row(network, request_id).granted_cents == 18_000


@SQLITE
def test_withdrawing_gives_back_until_it_is_paid(network: Network, monkeypatch: Any) -> None:
    asked = funded(monkeypatch)
    ids = [h.sent(network, amount=cents) for cents in (15_000, 16_000)]
    for request_id in ids:
        for persona in ("bien-etre-1", "bien-etre-2", "bien-etre-4"):
            h.vote(network, request_id, persona)
    h.later(network, hours=25)
    for request_id in ids:
        h.close(network, request_id)
    act(network, h.ASKER, requests.withdraw_request, ids[0], h.row(network, ids[0]).version)
    assert h.row(network, ids[0]).state == "withdrawn"
    assert asked[-1] == (ids[0], 0)
    with pytest.raises(NotNow):
        act(network, h.CHAIR, requests.check_payable, ids[0])
    act(network, h.CHAIR, requests.check_payable, ids[1])
    with network.database.transaction() as session:  # as a confirmed payment leaves it
        session.execute(update(AidRequest).where(AidRequest.id == ids[1]).values(paid_at=network.clock.now()))
    with pytest.raises(NotNow, match="déjà versée"):
        act(network, h.ASKER, requests.withdraw_request, ids[1], h.row(network, ids[1]).version)
    with pytest.raises(NotNow):
        act(network, h.ASKER, requests.change_amount, ids[1], h.row(network, ids[1]).version, 100)


def test_two_chairs_closing_at_once_decide_once(network: Network, monkeypatch: Any) -> None:
    asked = funded(monkeypatch)
    request_id = h.sent(network, amount=15_000)
    for persona in ("bien-etre-1", "bien-etre-2", "bien-etre-4"):
        h.vote(network, request_id, persona)
    h.later(network, hours=25)
    h.rounds_of(network, request_id)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: h.close(network, request_id), range(4)))
    assert asked == [(request_id, 15_000)]
    assert h.row(network, request_id).state == "accepted"


@SQLITE
def test_the_urgent_track_takes_two_organisations_then_the_committee_ratifies(
    network: Network, monkeypatch: Any
) -> None:
    asked = funded(monkeypatch)
    request_id = h.sent(network, h.SEATED_ASKER, urgent=True, amount=30_000)
    with pytest.raises(SignRefused) as own:
        act(network, "bien-etre-3", committee.sign, request_id)
    assert own.value.code == "own"
    assert act(network, "bien-etre-1", committee.sign, request_id) is False
    with pytest.raises(SignRefused) as again:
        act(network, "bien-etre-1", committee.sign, request_id)
    assert again.value.code == "signed"
    with pytest.raises(SignRefused) as outside:
        act(network, "ficesl-formation", committee.sign, request_id)
    assert outside.value.code == "no_seat"
    assert act(network, "bien-etre-2", committee.sign, request_id) is True
    stored = h.row(network, request_id)
    assert (stored.state, stored.granted_cents, stored.ratification) == ("accepted", 30_000, "waiting")
    assert asked == [(request_id, 30_000)]
    assert [one.purpose for one in h.rounds_of(network, request_id)] == ["request", "ratification"]
    # The committee says no: the money is out, and it is shown.
    for persona in ("bien-etre-4", "bien-etre-5", "bien-etre-1"):
        h.vote(network, request_id, persona, Choice.NO)
    h.later(network, hours=73)
    h.close(network, request_id)
    stored = h.row(network, request_id)
    assert (stored.state, stored.ratification) == ("accepted", "not_ratified")


@SQLITE
def test_the_urgent_track_ends_and_the_vote_goes_on(network: Network) -> None:
    with pytest.raises(VoteInvalid):
        h.sent(network, urgent=True, amount=50_001)
    request_id = h.sent(network, urgent=True, amount=15_000)
    act(network, "bien-etre-1", committee.sign, request_id)
    h.later(network, hours=4)
    with pytest.raises(SignRefused) as late:
        act(network, "bien-etre-2", committee.sign, request_id)
    assert late.value.code == "late"
    h.vote(network, request_id, "bien-etre-2")


@SQLITE
def test_a_name_is_refused_everywhere_and_what_was_said_not_to_be_one_is_kept_without_its_words(
    network: Network,
) -> None:
    for field in ("why_now", "tried", "lafu_detail"):
        with pytest.raises(NamesSomebody):
            h.sent(network, **{field: "Marie Tremblay, 450 555-0101"})
    request_id = h.sent(network)
    for persona, fn, args in (
        ("bien-etre-1", committee.ask, (request_id, "Est-ce Julie Gagnon?")),
        (h.ASKER, committee.answer, (request_id, request_id, "Oui, Julie Gagnon.")),
    ):
        with pytest.raises(NamesSomebody):
            act(network, persona, fn, *args)
    with pytest.raises(NamesSomebody) as named:
        h.vote(network, request_id, "bien-etre-1", reason="Je connais Rose.")
    (finding,) = named.value.findings["reason"]
    h.vote(network, request_id, "bien-etre-1", reason="Je connais Rose.", not_person=[finding.token])
    with network.database.transaction(write=False) as session:
        kept = session.scalars(select(Dismissed)).one()
        assert (kept.field, kept.kind, kept.user_id) == ("reason", "name", None)


@SQLITE
def test_questions_are_answered_by_the_requester_and_read_by_both(network: Network) -> None:
    request_id = h.sent(network)
    act(network, "bien-etre-1", committee.ask, request_id, "La serrure est-elle commandée?")
    with network.database.transaction(write=False) as session:
        question_id = session.scalars(select(Question.id)).one()
    act(network, h.ASKER, committee.answer, request_id, question_id, "Oui, pour demain.")
    with pytest.raises(NotNow):
        act(network, h.ASKER, committee.answer, request_id, question_id, "Non.")
    code = h.row(network, request_id).code
    with network.database.transaction(write=False) as session:

        def read(persona: str) -> Any:
            return find_request(session, network.keyring, network.viewer(persona), code)

        for persona in ("bien-etre-2", h.ASKER):
            assert [one.answer for one in read(persona).questions] == ["Oui, pour demain."]
        assert read("coordination-cresl").why_now == ""
        assert read("coordination-cresl").questions == ()
        for stranger in ("police-repentigny", "calacs-coup-de-coeur", "ficesl-formation", "operateur"):
            assert read(stranger) is None
    act(network, "bien-etre-2", committee.declare, request_id, whole_organisation=False)
    with network.database.transaction(write=False) as session:
        assert read("bien-etre-2").why_now == ""
        assert read("bien-etre-4").why_now


@SQLITE
def test_the_same_key_sent_twice_makes_one_request(network: Network) -> None:
    first = h.sent(network, key="deux-fois")
    assert h.sent(network, key="deux-fois") == first
    with network.database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(AidRequest)) == 1
    with pytest.raises(Forbidden):
        h.sent(network, "bien-etre-1")


@SQLITE
def test_a_vote_over_the_night_of_the_clocks_lasts_24_hours(network: Network, monkeypatch: Any) -> None:
    funded(monkeypatch)
    network.clock.advance(datetime(2027, 3, 13, 22, 0, tzinfo=UTC) - network.clock.now())
    request_id = h.sent(network, amount=15_000, needed_by=datetime(2027, 3, 16, tzinfo=UTC).date())
    opened = h.rounds_of(network, request_id)[0]
    assert opened.closes_at - opened.opened_at == timedelta(hours=24)
    h.later(network, hours=23, minutes=59)
    h.vote(network, request_id, "bien-etre-1")
    h.later(network, minutes=1)
    with pytest.raises(VoteRefused):
        h.vote(network, request_id, "bien-etre-2")
