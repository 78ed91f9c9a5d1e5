"""A committee's vote attacked by those who may read it: forged ballots, forged hands, and anything that would tell what
a sealed ballot says. What nobody may learn is looked for by changing it: every page must stay the same."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core.accounts.models import User
from core.committees.models.meetings import HandsShown
from core.committees.models.structure import Ballot, VoteSeat
from core.committees.rules.votes import Choice, Method, Result, VoteRule
from core.journal.models import JournalEntry
from core.kernel.events import OutboxEvent
from core.testing.network import Network, Visitor
from core.testing.statements import page_statements
from tests.integration.test_committee_hands import attended, planned, put
from tests.support.committees import CHAIR, MEMBERS, cast, closed, code_of, opened

HOME = "/comites/bien-etre"
ONE, TWO, THREE, FOUR, FIVE = MEMBERS
#: What a page holds of its own session and moment.
_OWN = re.compile(r'name="_(?:csrf|key)" value="[^"]*"|data-(?:live-cursor|session)="[^"]*"|nonce="[^"]*"')

pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


class Room:
    """One vote of 420 $ on the agenda of a meeting that has begun: chair, 1, 2 and 3 are there, 4 and 5 are not."""

    def __init__(self, network: Network, visitor: Visitor) -> None:
        self.network, self.visitor = network, visitor
        self.vote = opened(network, VoteRule(Method.N_OF_M, 4, amount=42_000, named=True))
        self.code, self.meeting = code_of(network, self.vote), planned(network)
        put(network, self.meeting, self.vote)
        network.clock.advance(timedelta(hours=1))
        attended(network, self.meeting, CHAIR, ONE, TWO, THREE)
        self.page = f"{HOME}/votes/{self.code}"
        self.met = f"{HOME}/rencontres/{self.meeting}"
        self.hands = f"{self.met}/votes/{self.code}"

    def seat(self, persona: str) -> Any:
        own = self.network.viewer(persona).organisation_id
        return self.all(select(VoteSeat.id).where(VoteSeat.vote_id == self.vote, VoteSeat.organisation_id == own))[0]

    def all(self, statement: Any) -> list[Any]:
        with self.network.database.transaction(write=False) as session:
            return list(session.scalars(statement))

    def seen(self, persona: str, calendar: str) -> dict[str, tuple[int, str, int]]:
        """What this person reads everywhere: status, text, statements sent."""
        self.visitor.become(persona)
        paths = ("/", "/comites", HOME, f"{HOME}/rencontres", f"{HOME}/decisions", self.met, self.page, self.hands)
        asked = [(path, {}) for path in (*paths, "/journal", calendar)]
        asked += [(path, {"X-Fragment": "1"}) for path in ("/comites", HOME, self.met, self.page)]
        asked += [(f"{self.page}?partie=bulletin", {"X-Fragment": "1"})]
        found = {}
        for path, headers in asked:
            with page_statements(containing="votes") as sent:
                answer = self.visitor.get(path, headers=headers)
            found[path + str(headers)] = (answer.status_code, _OWN.sub("", answer.text), len(sent))
        return found


@pytest.fixture
def room(network: Network, visitor: Visitor) -> Room:
    return Room(network, visitor)


def calendar_of(visitor: Visitor, persona: str) -> str:
    answer = visitor.become(persona).post("/compte/calendrier", {})
    address = re.search(r"/calendrier/[\w.-]+\.ics", answer.text + visitor.get("/compte/calendrier").text)
    return address.group(0) if address is not None else "/compte/calendrier"


def test_nothing_that_anybody_reads_depends_on_what_a_ballot_or_a_hand_says(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """Two ballots say the opposite of what they said, then hands do: no page, list, fragment, calendar, journal, event
    or log of anybody else differs, nor the number of statements behind it."""
    caplog.set_level("DEBUG")
    network = room.network
    with network.database.transaction() as session:
        session.execute(
            update(User)
            .where(User.demo_key.in_(["admin-chrysalide", "confidentialite-chrysalide"]))
            .values(organisation_id=network.viewer(ONE).organisation_id),
            execution_options={"synchronize_session": False},
        )
    readers = (CHAIR, TWO, THREE, FIVE, "coordination-cresl", "admin-chrysalide", "confidentialite-chrysalide")
    calendars = {persona: calendar_of(room.visitor, persona) for persona in readers}

    def everything(*without: str) -> dict[str, Any]:
        return {one: room.seen(one, calendars[one]) for one in readers if one not in without}

    cast(network, room.vote, ONE, Choice.NO, reason="Trop cher.")
    cast(network, room.vote, FOUR, Choice.YES)
    cast(network, room.vote, ONE, Choice.OTHER, amount=30_150)
    before = everything()
    private = before["confidentialite-chrysalide"]["/journal{}"]
    assert "Bulletin déposé dans un comité" in private[1], "her organisation's own journal says that, and no more"
    cast(network, room.vote, ONE, Choice.ABSTAIN, reason="Encore.")
    cast(network, room.vote, FOUR, Choice.OTHER, amount=30_150)
    after = everything()
    for persona, pages in before.items():
        for path, answer in pages.items():
            if path == "/journal{}" and persona == "confidentialite-chrysalide":
                continue
            assert after[persona][path] == answer, (persona, path)
    # The same of hands that wait, for whoever was not there.
    one, two = room.seat(TWO), room.seat(THREE)

    def noted(**said: str) -> None:
        assert room.visitor.become(CHAIR).post(room.hands, said).status_code == 303

    noted(**{f"choice-{one}": "yes", f"choice-{two}": "no"})
    before = everything(CHAIR, TWO, THREE)
    noted(**{f"choice-{one}": "other", f"amount-{one}": "301,50", f"choice-{two}": "abstain"})
    assert everything(CHAIR, TWO, THREE) == before
    # Nobody but whoever sits there, or coordinates, reads that there is a vote.
    for persona in ("admin-chrysalide", "confidentialite-chrysalide"):
        statuses = {path: answer[0] for path, answer in before[persona].items() if "/comites" in path}
        assert set(statuses.values()) == {403}, statuses
    # Without quorum at its deadline it waits for its chair, who reads no ballot either.
    network.clock.advance(timedelta(hours=23))
    assert closed(network, room.vote).result is Result.NO_QUORUM
    for persona in (CHAIR, TWO, "coordination-cresl"):
        waiting = room.visitor.become(persona).get(room.page).text.replace("\u00a0", " ")
        assert "sans quorum" in waiting
        assert "301,50" not in waiting
    # Events, journal and logs hold codes, and never for whom.
    kinds = room.all(select(OutboxEvent.topics).where(OutboxEvent.kind == "committee.ballot_cast"))
    assert len(kinds) == 5
    assert not any("org:" in str(topics) or "user:" in str(topics) for topics in kinds)
    told = " ".join(map(str, room.all(select(JournalEntry.line)))) + caplog.text
    for said in ("301,50", "30150", "Trop cher", '"abstain"', '"other"', "choice"):
        assert said not in told, said


def test_no_forged_form_votes_for_somebody_else_or_changes_what_was_confirmed(room: Room) -> None:
    network, visitor = room.network, room.visitor
    seats = {persona: room.seat(persona) for persona in (ONE, TWO, THREE, FOUR)}
    cast(network, room.vote, TWO, Choice.NO)
    (mine,) = room.all(select(Ballot.choice_sealed))
    # A member names another seat, organisation, person, ballot: only her own is written.
    (ballot,) = room.all(select(Ballot.id))
    forged = {
        "choice": "yes",
        "seat": str(seats[TWO]),
        "vote_seat_id": str(seats[TWO]),
        "organisation": str(network.viewer(TWO).organisation_id),
        "organisation_id": str(network.viewer(TWO).organisation_id),
        "user_id": str(network.viewer(TWO).user_id),
        "ballot": str(ballot),
        "id": str(ballot),
    }
    assert visitor.become(FOUR).post(f"{room.page}/bulletin", forged).status_code in (303, 422)
    assert room.all(select(Ballot.choice_sealed).where(Ballot.vote_seat_id == seats[TWO])) == [mine]
    assert {str(one) for one in room.all(select(Ballot.vote_seat_id))} <= {str(seats[TWO]), str(seats[FOUR])}
    # Neither the coordination, nor who administers an organisation, nor the chair's seat without vote has a ballot.
    for persona, status in (("coordination-cresl", 403), ("admin-chrysalide", 403), (CHAIR, 409)):
        assert visitor.become(persona).post(f"{room.page}/bulletin", {"choice": "yes"}).status_code == status
    for persona in ("coordination-cresl", FOUR, THREE):
        assert visitor.become(persona).post(room.hands, {f"choice-{seats[ONE]}": "yes"}).status_code == 404, persona
    # The chair notes a hand for who stayed away, for who voted, and for a seat of another vote.
    visitor.become(CHAIR)
    elsewhere = opened(network)
    for wrong in ({f"choice-{seats[FOUR]}": "yes"}, {f"choice-{seats[TWO]}": "yes"}, {f"choice-{elsewhere}": "yes"}):
        for others in ({}, {f"choice-{seats[ONE]}": "yes"}):
            answer = visitor.post(room.hands, {**wrong, **others})
            if answer.status_code == 303:
                assert others, "a seat of another vote is not a seat here"
                assert f"choice-{elsewhere}" in wrong
            else:
                assert answer.status_code == 409, wrong
    noted = room.all(select(HandsShown.id))
    assert len(noted) == 1, "the one hand of who is there, noted beside a seat that is nobody's here"
    # Marked away once hands are noted, she has none; marked with somebody else neither.
    attended(network, room.meeting, CHAIR, TWO, THREE)
    visitor.become(THREE)
    assert "ne compte plus" in visitor.get(room.hands).text.replace("\u00a0", " ")
    assert visitor.post(f"{room.hands}/confirmer", {"shown": str(noted[0])}).status_code == 409
    attended(network, room.meeting, CHAIR, ONE, TWO, THREE)
    assert visitor.become(CHAIR).post(f"{room.hands}/confirmer", {"shown": str(noted[0])}).status_code == 409
    assert visitor.become(THREE).post(f"{room.hands}/confirmer", {"shown": str(noted[0])}).status_code == 303
    (said,) = room.all(select(Ballot.choice_sealed).where(Ballot.vote_seat_id == seats[ONE]))
    # Confirmed, it is there to stay: whatever the chair notes, takes off, or marks.
    visitor.become(CHAIR)
    assert visitor.post(room.hands, {f"choice-{seats[ONE]}": "no"}).status_code == 409
    assert visitor.post(f"{room.hands}/retirer", {}).status_code == 409
    attended(network, room.meeting, CHAIR, TWO, THREE)
    assert visitor.become(ONE).post(f"{room.page}/bulletin", {"choice": "no"}).status_code == 409
    assert room.all(select(Ballot.choice_sealed).where(Ballot.vote_seat_id == seats[ONE])) == [said]
