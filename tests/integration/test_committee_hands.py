"""A vote held in a meeting: hands noted by who chairs, confirmed by another organisation, then the rule of any vote."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from core.access.viewer import Viewer
from core.committees import services
from core.committees.models.meetings import Decision, HandsShown, Meeting, RaisedHand
from core.committees.models.structure import Ballot, CommitteeSeat, Vote, VoteSeat
from core.committees.queries.hands import hands_view
from core.committees.queries.votes import vote_view
from core.committees.rules.hands import Hand
from core.committees.rules.meetings import Presence
from core.committees.rules.votes import Choice, Method, Result, VoteRule
from core.committees.services import meetings
from core.committees.services.hands import HandsRefused, Raised
from core.journal.models import JournalEntry
from core.kernel.crypto import Keyring
from core.kernel.errors import Missing
from core.kernel.events import OutboxEvent
from core.rotation import renew_all
from core.testing.network import Network
from tests.integration.test_committee_votes import all_at_once
from tests.support.committees import CHAIR, MEMBERS, cast, closed, code_of, committee_id, opened, recuse

ONE, TWO, THREE, FOUR, FIVE = MEMBERS
sqlite_only = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
YES, NO = Raised(Choice.YES), Raised(Choice.NO)


def planned(network: Network, *, hours: int = 1, slug: str = "bien-etre", keeper: str = CHAIR) -> str:
    now, chair = network.clock.now(), network.viewer(keeper)
    starts = now + timedelta(hours=hours)
    given = meetings.MeetingInput("Rencontre", "", "", starts, starts + timedelta(hours=2))
    with network.database.transaction() as session:
        return meetings.plan_meeting(session, network.keyring, chair, committee_id(session, slug), given, now)


def put(network: Network, code: str, vote_id: UUID, persona: str = CHAIR) -> None:
    with network.database.transaction() as session:
        services.put_on_agenda(session, network.viewer(persona), code, vote_id, network.clock.now())


def attended(network: Network, code: str, *personas: str) -> None:
    organisations = {network.viewer(one).organisation_id for one in personas}
    marks = {one: meetings.Mark(Presence.PRESENT) for one in organisations if one is not None}
    with network.database.transaction() as session:
        meetings.take_attendance(session, network.viewer(CHAIR), code, marks, network.clock.now())


def seat(network: Network, vote_id: UUID, persona: str) -> UUID:
    own = network.viewer(persona).organisation_id
    with network.database.transaction(write=False) as session:
        return session.execute(
            select(VoteSeat.id).where(VoteSeat.vote_id == vote_id, VoteSeat.organisation_id == own)
        ).scalar_one()


def noted(network: Network, vote_id: UUID, hands: dict[str, Raised], persona: str = CHAIR) -> UUID:
    by_seat = {seat(network, vote_id, one): raised for one, raised in hands.items()}
    with network.database.transaction() as session:
        return services.note_hands(
            session, network.keyring, network.viewer(persona), vote_id, by_seat, network.clock.now()
        )


def confirmed(network: Network, vote_id: UUID, shown: UUID, persona: str | Viewer) -> Any:
    viewer = network.viewer(persona) if isinstance(persona, str) else persona
    with network.database.transaction() as session:
        return services.confirm_hands(session, network.keyring, viewer, vote_id, shown, network.clock.now())


def refused(network: Network, act: Any) -> str:
    with pytest.raises(services.VoteRefused) as error:
        act()
    return error.value.code


def now(network: Network) -> Any:
    return network.clock.now()


def hands_of(session: Any, network: Network, persona: str, code: str, vote_id: UUID) -> Any:
    return hands_view(session, network.keyring, network.viewer(persona), code, code_of(network, vote_id), now(network))


def count(network: Network, model: Any, *where: Any) -> int:
    with network.database.transaction(write=False) as session:
        return session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def held(network: Network, rule: VoteRule, *present: str, **options: Any) -> tuple[UUID, str]:
    """A vote on the agenda of a meeting that has begun, its attendance taken."""
    vote_id, code = opened(network, rule, **options), planned(network)
    put(network, code, vote_id)
    network.clock.advance(timedelta(hours=1))
    attended(network, code, *present)
    return vote_id, code


def test_hands_decide_once_two_organisations_saw_them(network: Network) -> None:
    """The top band of Bien-être: 5 asked of 4 that can vote, an amount, one sealed ballot kept, one absent."""
    own = network.viewer(FIVE).organisation_id
    rule = VoteRule(Method.N_OF_M, 5, quorum=60, amount=250_000)
    options = {"kind": "question", "recused_organisations": [own]}
    vote_id, code = held(network, rule, CHAIR, ONE, TWO, THREE, FIVE, **options)
    cast(network, vote_id, ONE, Choice.OTHER, amount=200_000)
    shown = noted(network, vote_id, {TWO: YES, THREE: Raised(Choice.OTHER, 180_000)})
    assert count(network, Ballot) == 1, "noted is not counted"
    with network.database.transaction(write=False) as session:
        view = hands_view(
            session, network.keyring, network.viewer(CHAIR), code, code_of(network, vote_id), now(network)
        )
        assert view is not None
        said = {line.hand for line in view.lines}
        assert said == {Hand.ASKED, Hand.ALREADY, Hand.ABSENT, Hand.RECUSED, Hand.WITHOUT_VOTE}
        other = hands_view(
            session, network.keyring, network.viewer(FOUR), code, code_of(network, vote_id), now(network)
        )
        assert other is not None
        assert other.lines == (), "whoever was not there reads no hand"
    assert confirmed(network, vote_id, shown, TWO) is None, "one more approval could come: it stays open"
    assert refused(network, lambda: cast(network, vote_id, TWO, Choice.NO)) == "raised"
    cast(network, vote_id, FOUR)
    network.clock.advance(timedelta(hours=23))
    outcome = closed(network, vote_id)
    assert (outcome.result, outcome.needed, outcome.amount) == (Result.ADOPTED, 4, 180_000)
    with network.database.transaction(write=False) as session:
        line = session.execute(select(Decision.text, Decision.vote_id, Meeting.code).join(Meeting)).one()
        assert tuple(line) == ("Adopter la proposition?", vote_id, code)
        seen = vote_view(session, network.keyring, network.viewer(ONE), vote_id, now(network))
        assert seen is not None
        assert seen.held is not None
        assert (seen.held.code, seen.held.hands, seen.held.pending) == (code, 2, False)
        kinds = set(session.scalars(select(OutboxEvent.kind).where(OutboxEvent.ref == code_of(network, vote_id))))
        assert kinds >= {"committee.vote_agenda", "committee.hands_noted", "committee.hands_confirmed"}
        lines = " ".join(session.scalars(select(JournalEntry.line)))
        assert "hands_noted" in lines
        assert "hands_confirmed" in lines
        assert '"other"' not in lines
        lengths = {len(one) for one in session.scalars(select(Ballot.choice_sealed))}
        assert len(lengths) == 1, "a hand is sealed as any ballot"


def test_hands_that_settle_a_vote_close_it_whoever_closes_at_once(network: Network) -> None:
    """Three confirmations, three closings and the job, at the same instant: one closing, one line in the register."""
    vote_id, _code = held(network, VoteRule(Method.N_OF_M, 2), CHAIR, ONE, TWO, THREE)
    shown = noted(network, vote_id, {ONE: YES, TWO: YES, THREE: NO})
    viewers = [network.viewer(one) for one in (ONE, TWO, THREE)]

    def job() -> Any:
        with network.database.transaction() as session:
            return services.run_votes(session, network.keyring, now(network))

    works = [lambda viewer=one: confirmed(network, vote_id, shown, viewer) for one in viewers]
    done = all_at_once(*works, job, *(lambda: closed(network, vote_id) for _ in range(3)))
    outcomes = [one for one in done[:3] if not isinstance(one, Exception)]
    assert [one.result for one in outcomes] == [Result.ADOPTED]
    assert {one.code for one in done[:3] if isinstance(one, services.VoteRefused)} <= {"closed", "changed"}
    assert count(network, OutboxEvent, OutboxEvent.kind == "committee.vote_closed") == 1
    assert (count(network, Ballot), count(network, Decision), count(network, RaisedHand)) == (3, 1, 0)
    assert refused(network, lambda: noted(network, vote_id, {ONE: NO})) == "closed"
    assert closed(network, vote_id).approvals == 2


@sqlite_only
def test_hands_that_may_not_be_noted(network: Network) -> None:
    """Before its hour, without attendance, absent, recused, lapsed, twice, forged, by somebody who did not chair."""
    vote_id, code = opened(network, VoteRule(Method.N_OF_M, 2)), planned(network)
    other = planned(network, slug="orres", keeper="orres-comite")
    for persona, meeting in ((ONE, code), (TWO, code), (CHAIR, other), (CHAIR, "M-2222-22")):
        with pytest.raises(Missing):
            put(network, meeting, vote_id, persona)
    with pytest.raises(Missing):
        noted(network, vote_id, {ONE: YES})
    late = planned(network, hours=48)
    assert refused(network, lambda: put(network, late, vote_id)) == "after_deadline"
    put(network, code, vote_id)
    assert refused(network, lambda: noted(network, vote_id, {ONE: YES})) == "not_begun"
    network.clock.advance(timedelta(hours=1))
    assert refused(network, lambda: noted(network, vote_id, {ONE: YES})) == "no_attendance"
    attended(network, code, CHAIR, ONE, TWO, THREE)
    recuse(network, vote_id, THREE)
    end_of_seat(network, TWO)
    for hands, why in (
        ({}, "nobody"),
        ({FOUR: YES}, "absent"),
        ({THREE: YES}, "recused"),
        ({TWO: YES}, "lapsed"),
        ({CHAIR: YES}, "without_vote"),
        ({ONE: YES, FOUR: YES}, "absent"),
    ):
        assert refused(network, lambda hands=hands: noted(network, vote_id, hands)) == why
    assert refused(network, lambda: noted(network, vote_id, {ONE: YES}, ONE)) == "not_chair"
    with pytest.raises(services.VoteInvalid):
        noted(network, vote_id, {ONE: Raised(Choice.OTHER, 500)})
    with pytest.raises(Missing), network.database.transaction() as session:
        services.note_hands(session, network.keyring, network.viewer(CHAIR), vote_id, {uuid4(): YES}, now(network))
    assert count(network, HandsShown) == 0
    cast(network, vote_id, ONE, Choice.NO)
    assert refused(network, lambda: noted(network, vote_id, {ONE: YES})) == "already"
    early = opened(network)
    network.clock.advance(timedelta(hours=3))
    assert refused(network, lambda: put(network, code, opened(network))) == "before_vote"
    put(network, code, early)


@sqlite_only
def test_confirmations_that_do_not_count(network: Network) -> None:
    """Whoever noted, her colleague, somebody absent or recused; noted again meanwhile; past the deadline."""
    vote_id, code = held(network, VoteRule(), CHAIR, ONE, TWO, THREE, hours=4)
    first = noted(network, vote_id, {ONE: YES, TWO: YES})
    recuse(network, vote_id, THREE, whole=False)
    for persona, why in ((CHAIR, "same_organisation"), (FOUR, "not_there"), (THREE, "aside")):
        assert refused(network, lambda persona=persona: confirmed(network, vote_id, first, persona)) == why
    second = noted(network, vote_id, {ONE: NO, TWO: YES})
    assert refused(network, lambda: confirmed(network, vote_id, first, ONE)) == "changed"
    # Her own ballot, put in meanwhile, is the one that counts; her colleague of the seat that was freed has none.
    cast(network, vote_id, ONE)
    assert confirmed(network, vote_id, second, TWO) is None
    assert refused(network, lambda: confirmed(network, vote_id, second, ONE)) == "changed"
    assert count(network, Ballot, Ballot.meeting_id.is_not(None)) == 1
    assert refused(network, lambda: noted(network, vote_id, {TWO: NO})) == "already"
    assert refused(network, lambda: off(network, code, vote_id)) == "held"
    # A recusal takes the hand away as any ballot.
    recuse(network, vote_id, TWO)
    assert count(network, Ballot, Ballot.meeting_id.is_not(None)) == 0
    late, code = held(network, VoteRule(), CHAIR, FOUR, FIVE, hours=2)
    shown = noted(network, late, {FOUR: YES, FIVE: YES})
    network.clock.advance(timedelta(hours=2))
    assert refused(network, lambda: confirmed(network, late, shown, FOUR)) == "late"
    assert closed(network, late).result is Result.NO_QUORUM, "hands that nobody confirmed count for nothing"
    assert count(network, HandsShown, HandsShown.vote_id == late) == 0
    off_again = opened(network)
    put(network, planned(network), off_again)


def off(network: Network, code: str, vote_id: UUID) -> None:
    with network.database.transaction() as session:
        services.take_off_agenda(session, network.viewer(CHAIR), code, vote_id, now(network))


def end_of_seat(network: Network, persona: str) -> None:
    person = network.viewer(persona).user_id
    with network.database.transaction() as session:
        hers = CommitteeSeat.user_id == person, CommitteeSeat.committee_id == committee_id(session, "bien-etre")
        seat_id = session.execute(select(CommitteeSeat.id).where(*hers)).scalar_one()
        services.end_seat(session, network.keyring, network.viewer(CHAIR), seat_id, now(network))


@sqlite_only
def test_a_recused_chair_leaves_the_hands_to_the_vice_chair_and_keys_renew_them(network: Network) -> None:
    vote_id, code = opened(network), planned(network)
    recuse(network, vote_id, CHAIR)
    with pytest.raises(Missing):
        put(network, code, vote_id)
    put(network, code, vote_id, TWO)
    off_code = planned(network, hours=2)
    put(network, off_code, vote_id, TWO)
    put(network, code, vote_id, TWO)
    network.clock.advance(timedelta(hours=1))
    attended(network, code, CHAIR, ONE, TWO)
    assert refused(network, lambda: noted(network, vote_id, {ONE: YES})) == "not_chair"
    shown = noted(network, vote_id, {ONE: YES, TWO: YES}, TWO)
    newest = Keyring.rotate_file(network.settings.master_key_file)
    assert renew_all(network.database, newest).unreadable == 0
    with network.database.transaction(write=False) as session:
        assert {one[1:9].hex() for one in session.scalars(select(RaisedHand.choice_sealed))} == {newest.active_id}
    with network.database.transaction() as session:
        services.confirm_hands(session, newest, network.viewer(ONE), vote_id, shown, now(network))
    assert count(network, Ballot, Ballot.meeting_id.is_not(None)) == 2
    assert issubclass(HandsRefused, services.VoteRefused)
    with network.database.transaction() as session:
        session.execute(update(Vote).values(status="closed"), execution_options={"synchronize_session": False})
    assert refused(network, lambda: put(network, code, vote_id, TWO)) == "closed"
