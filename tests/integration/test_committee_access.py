"""What lists show is what pages allow: each SQL form of committees against its rule, over a generated population."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.registry import Registry, can, registry
from core.access.rules import ALLOWED, deny
from core.access.viewer import ANONYMOUS, Viewer
from core.committees.access import READ_VOTE, committees_of, may_read_vote, visible_votes
from core.committees.models.meetings import HandsShown, Meeting, MeetingAttendance, RaisedHand
from core.committees.models.structure import Ballot, CommitteeRecusal, CommitteeSeat, Vote, VoteSeat
from core.committees.queries.waiting import (
    asks_alternate,
    awaits_ballot,
    awaits_confirmation,
    to_settle,
    waiting_for,
)
from core.committees.rules.meetings import MeetingState, MinutesState, Presence
from core.committees.rules.seats import Standing, ballot_refusal, seat_of
from core.committees.rules.votes import Choice, Tie, VoteRule
from core.committees.services import open_vote, run_votes
from core.committees.services.calling import refresh_calling
from core.committees.services.closing import presides
from core.committees.services.hands import floor_around
from core.committees.services.loading import ESCALATED, OPEN, Loaded, load_vote
from core.committees.services.sealing import seal_choice, seal_reason
from core.committees.services.voting import may_name_alternate
from core.kernel.db import new_id
from core.testing.network import Network
from tests.support.committees import CHAIR, MEMBERS, committee_id

PEOPLE = (*MEMBERS, CHAIR, "ficesl-formation", "orres-comite", "coordination-cresl", "police-repentigny", "operateur")


@contextmanager
def undone(network: Network) -> Iterator[Session]:
    """A transaction of which nothing is kept."""
    with network.database.engine.execution_options(arrimage_write=True).connect() as connection:
        with Session(connection, expire_on_commit=False) as session:
            yield session
        connection.rollback()


def scenario(session: Session, network: Network, viewers: dict[str, Viewer], dice: random.Random) -> None:
    """Votes whose seats end, change hands and step aside at random; some wait for their chair or an alternate."""
    now, committee = network.clock.now(), committee_id(session)
    vote_ids = [
        open_vote(
            session,
            network.keyring,
            viewers[CHAIR],
            committee,
            rule=VoteRule(tie=dice.choice(list(Tie))),
            closes_at=now + timedelta(hours=dice.choice([2, 30])),
            now=now,
        )
        for _ in range(4)
    ]
    for vote_id in vote_ids:
        seats = session.execute(
            select(VoteSeat.id, VoteSeat.organisation_id, CommitteeSeat.user_id)
            .join(CommitteeSeat, CommitteeSeat.id == VoteSeat.seat_id)
            .where(VoteSeat.vote_id == vote_id)
        ).all()
        for seat in dice.sample(seats, dice.choice([0, 1, 3, 5])):
            person = seat.user_id if dice.random() < 0.4 else None
            session.add(CommitteeRecusal(vote_id=vote_id, organisation_id=seat.organisation_id, user_id=person, at=now))
        for seat in dice.sample(seats, dice.choice([0, 1, 2])):
            loaded = load_vote(session, vote_id, now)
            if seat.user_id is None or ballot_refusal(loaded.seats, loaded.recusals, seat.user_id, casting=False):
                continue
            ballot_id = new_id()
            session.add(
                Ballot(
                    id=ballot_id,
                    vote_id=vote_id,
                    organisation_id=seat.organisation_id,
                    vote_seat_id=seat.id,
                    user_id=seat.user_id,
                    choice_sealed=seal_choice(network.keyring, ballot_id, Choice.YES, None),
                    reason_sealed=seal_reason(network.keyring, ballot_id, ""),
                    cast_at=now,
                )
            )
        session.flush()
        named = viewers["ficesl-formation"]
        if dice.random() < 0.3:
            session.add(
                VoteSeat(
                    vote_id=vote_id,
                    organisation_id=named.organisation_id,
                    role="member",
                    voting=True,
                    user_id=named.user_id,
                )
            )
            session.flush()
    held = session.execute(
        select(CommitteeSeat.id, CommitteeSeat.organisation_id).where(CommitteeSeat.committee_id == committee)
    ).all()
    stand_in = viewers["orres-comite"]
    for seat in held:
        own = seat.organisation_id == stand_in.organisation_id
        change: dict[str, Any] = dice.choice(
            [
                {},
                {},
                {"ended_at": now},
                {"user_id": None},
                {"ends_on": now.date() - timedelta(days=1)},
            ]
        )
        if own:
            change = dice.choice([change, {}]) | {"substitute_id": stand_in.user_id}
        if change:
            session.execute(
                update(CommitteeSeat).where(CommitteeSeat.id == seat.id).values(**change),
                execution_options={"synchronize_session": False},
            )
    for vote_id in vote_ids:
        refresh_calling(session, network.keyring, load_vote(session, vote_id, now), now)
        meet(session, viewers, dice, load_vote(session, vote_id, now), now)
    network.clock.advance(timedelta(hours=3))
    run_votes(session, network.keyring, network.clock.now())


def meet(session: Session, viewers: dict[str, Viewer], dice: random.Random, loaded: Loaded, now: datetime) -> None:
    """Most votes stand on the agenda of a meeting of their own, with whoever was there and hands that wait or not."""
    if dice.random() < 0.2:
        return
    meeting_id, shown_id, chair = new_id(), new_id(), viewers[dice.choice([CHAIR, CHAIR, MEMBERS[1]])]
    session.add(
        Meeting(
            id=meeting_id,
            code=f"M-{loaded.row.code}",
            committee_id=loaded.row.committee_id,
            title="Rencontre",
            starts_at=now,
            ends_at=now + timedelta(hours=2),
            state=dice.choice([*[MeetingState.HELD] * 4, MeetingState.CANCELLED]).value,
            minutes_state=dice.choice([*[MinutesState.NONE] * 4, MinutesState.ADOPTED]).value,
            created_at=now,
            changed_at=now,
        )
    )
    session.flush()
    there = [*((seat.organisation_id, seat.person) for seat in loaded.seats), *_guests(viewers)]
    for organisation_id, person in dict(there).items():
        presence, who = dice.choice(list(Presence)), dice.choice([person, person, None])
        session.add(
            MeetingAttendance(
                meeting_id=meeting_id, organisation_id=organisation_id, user_id=who, presence=presence.value
            )
        )
    seat = loaded.seats[0]
    session.add(
        HandsShown(
            id=shown_id,
            vote_id=loaded.row.id,
            meeting_id=meeting_id,
            noted_by=chair.user_id,
            noted_for=chair.organisation_id,
            noted_at=now,
            confirmed_at=dice.choice([None, None, None, None, now]),
        )
    )
    session.flush()
    hand = RaisedHand(shown_id=shown_id, organisation_id=seat.organisation_id, vote_seat_id=seat.id, choice_sealed=b"-")
    hand.user_id = chair.user_id or new_id()
    session.add(hand)
    session.execute(
        update(Vote).where(Vote.id == loaded.row.id).values(meeting_id=meeting_id),
        execution_options={"synchronize_session": False},
    )
    session.flush()


def _guests(viewers: dict[str, Viewer]) -> list[tuple[UUID, UUID]]:
    """Somebody of the coordination, who reads every vote and has no ballot."""
    one = viewers["coordination-cresl"]
    assert one.organisation_id is not None
    assert one.user_id is not None
    return [(one.organisation_id, one.user_id)]


def confirms(session: Session, viewer: Viewer, loaded: Loaded, now: datetime) -> bool:
    """Hands wait for this viewer: what the page of hands and its service say."""
    if loaded.row.meeting_id is None or loaded.row.status != OPEN or loaded.row.closes_at <= now:
        return False
    floor = floor_around(session, loaded)
    open_records = floor.meeting.state == MeetingState.HELD and floor.meeting.minutes_state != MinutesState.ADOPTED
    return open_records and floor.pending is not None and floor.refusal_to_confirm(viewer) is None


def expected_of(viewer: Viewer, loaded: Loaded) -> bool:
    """Her own ballot is expected: she may put it in, it is not in, and nobody before her is to put it in."""
    if loaded.row.status != OPEN or viewer.user_id is None or not holds(viewer, Permission.COMMITTEE_VOTE):
        return False
    seat = seat_of(loaded.seats, viewer.user_id)
    if seat is None or not seat.voting or seat.organisation_id in loaded.balloted:
        return False
    if ballot_refusal(loaded.seats, loaded.recusals, viewer.user_id, casting=False, balloted=loaded.balloted):
        return False
    first = seat.person is None or seat.person == viewer.user_id
    return first or loaded.seating.standing[seat.id] is Standing.CALLED


def test_sql_and_rules_agree(network: Network) -> None:
    viewers, waited = {name: network.viewer(name) for name in PEOPLE}, 0
    # Identifiers differ at each run, and with them who votes: five scenes, and as many more as hands need to wait once
    for seed in range(25):
        if seed >= 5 and waited:
            break
        with undone(network) as session:
            scenario(session, network, viewers, random.Random(seed))
            waited += compare(session, network, viewers)
    assert waited


def compare(session: Session, network: Network, viewers: dict[str, Viewer]) -> int:
    """Every form against its rule, for everybody; returns how many hands wait for somebody."""
    waited, now = 0, network.clock.now()
    loaded = [load_vote(session, vote_id, now) for vote_id in session.scalars(select(Vote.id)).all()]
    assert len(loaded) == 4

    def found(condition: Any) -> set[UUID]:
        return set(session.scalars(select(Vote.id).where(condition)))

    for name in (*PEOPLE, None):
        viewer = ANONYMOUS
        if name is not None:
            one = viewers[name]
            assert one.user_id is not None
            viewer = Viewer(
                **{**vars(one), "committees": committees_of(session, one.user_id, now)}  # type: ignore[arg-type]
            )
        reads = {each.row.id for each in loaded if can(viewer, READ_VOTE, each.facts).allowed}
        assert found(registry.visible(viewer, READ_VOTE)) == reads, name
        settles = {
            each.row.id
            for each in loaded
            if each.row.status == ESCALATED and each.row.id in reads and presides(viewer, each)
        }
        assert found(to_settle(viewer, now)) == settles, name
        names = {each.row.id for each in loaded if may_name_alternate(viewer, each)}
        assert found(asks_alternate(viewer)) == names, name
        awaited = {each.row.id for each in loaded if expected_of(viewer, each)}
        assert found(awaits_ballot(viewer, now)) == awaited, name
        hands = {each.row.id for each in loaded if each.row.id in reads and confirms(session, viewer, each, now)}
        assert found(awaits_confirmation(viewer, now)) == hands, name
        counted = waiting_for(session, viewer, now)
        assert (counted.ballots, counted.to_settle, counted.alternates) == (len(awaited), len(settles), len(names))
        assert counted.hands == len(hands)
        waited += len(hands)
    return waited


def test_a_plugin_may_restrict_who_reads_votes_in_both_forms(network: Network) -> None:
    """A restriction takes away from the page and from the list alike, never adds."""
    viewers = {name: network.viewer(name) for name in PEOPLE}
    viewer, own = viewers[MEMBERS[0]], Registry()
    own.register_rule(READ_VOTE, may_read_vote)
    own.register_sql(READ_VOTE, visible_votes)
    own.restrict(READ_VOTE, lambda _viewer, _facts: deny("non"), lambda _viewer: Vote.kind == "nothing")
    own.restrict(READ_VOTE, lambda _viewer, _facts: ALLOWED, lambda _viewer: Vote.kind == Vote.kind)
    with undone(network) as session:
        scenario(session, network, viewers, random.Random(0))
        assert session.scalars(select(Vote.id).where(own.visible(viewer, READ_VOTE))).all() == []
        first = load_vote(session, session.scalars(select(Vote.id)).first() or new_id(), network.clock.now())
        assert not own.can(viewer, READ_VOTE, first.facts).allowed
