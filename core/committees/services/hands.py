"""A vote held in a meeting: put on its agenda, hands noted by who chaired, confirmed by somebody of another
organisation who was there, then ballots like the others (`rules.hands` says whose)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.orm import Session

from core.access.assurance import require_second_factor
from core.access.permissions import Permission, holds
from core.access.registry import can
from core.access.viewer import Viewer
from core.committees.access import READ_VOTE
from core.committees.models.meetings import HandsShown, Meeting, MeetingAttendance, RaisedHand
from core.committees.models.structure import Ballot, Vote
from core.committees.rules.hands import (
    HANDS_REFUSALS,
    Hand,
    agenda_refusal,
    confirm_refusal,
    hand_of,
    meeting_chair,
)
from core.committees.rules.meetings import MeetingState, MinutesState, Presence
from core.committees.rules.seats import VoteSeat
from core.committees.rules.votes import Choice, Outcome, Tie
from core.committees.services import telling
from core.committees.services.closing import finish, presides, settled
from core.committees.services.loading import Loaded, load_vote
from core.committees.services.meetings import CHANGED
from core.committees.services.raised import Pending, PendingHand, drop_pending, open_hand, pending_of, seal_hand
from core.committees.services.sealing import seal_choice, seal_reason
from core.committees.services.voting import VoteRefused, check_time, supported
from core.kernel.crypto import Keyring
from core.kernel.db import add_row, new_id
from core.kernel.errors import Missing
from core.kernel.events import emit

_NO_SYNC = {"synchronize_session": False}
_MEETING: tuple[Any, ...] = (
    Meeting.id,
    Meeting.code,
    Meeting.committee_id,
    Meeting.title,
    Meeting.starts_at,
    Meeting.ends_at,
    Meeting.state,
    Meeting.minutes_state,
)
#: Marks of an attendance that say somebody was there.
THERE = (Presence.PRESENT.value, Presence.SUBSTITUTE.value)


class HandsRefused(VoteRefused):
    """What a meeting's vote does not allow; `code` is one of `HANDS_REFUSALS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code, HANDS_REFUSALS[code])


@dataclass(frozen=True)
class Raised:
    """What one hand says. `amount` in cents, for `OTHER`."""

    choice: Choice
    amount: int | None = None


@dataclass(frozen=True)
class Floor:
    """A vote in its meeting: who was there (organisation → its person, None: somebody else), what waits."""

    loaded: Loaded
    meeting: Any
    present: Mapping[UUID, UUID | None]
    pending: Pending | None

    @property
    def chair(self) -> VoteSeat | None:
        """Who chaired this vote there."""
        return meeting_chair(self.loaded.seats, self.loaded.recusals, self.present)

    def hand(self, seat: VoteSeat) -> Hand:
        """What may be noted for a seat."""
        loaded = self.loaded
        casting = loaded.rule.tie is Tie.CASTING
        return hand_of(seat, loaded.seats, loaded.recusals, self.present, loaded.balloted, casting=casting)

    def noted(self, one: PendingHand) -> Hand:
        """Whether a hand that waits would still count (`ASKED`): its seat's, of the person who was there."""
        seat = next(seat for seat in self.loaded.seats if seat.id == one.vote_seat_id)
        standing = self.hand(seat)
        someone_else = standing is Hand.ASKED and self.present[one.organisation_id] != one.user_id
        return Hand.UNNAMED if someone_else else standing

    def notes(self, viewer: Viewer) -> bool:
        """Whether this viewer notes the hands: who chaired there, else the coordination."""
        if self.chair is not None:
            return viewer.user_id == self.chair.person
        return holds(viewer, Permission.COMMITTEE_MANAGE)

    def refusal_to_confirm(self, viewer: Viewer) -> str | None:
        """Code of `HANDS_REFUSALS`, None when she may confirm what waits."""
        assert self.pending is not None
        if not holds(viewer, Permission.COMMITTEE_VOTE):
            return "not_there"
        return confirm_refusal(
            user=viewer.user_id,
            organisation=viewer.organisation_id,
            noted_by=self.pending.noted_by,
            noted_for=self.pending.noted_for,
            present=self.present,
            recusals=self.loaded.recusals,
        )


def put_on_agenda(session: Session, viewer: Viewer, code: str, vote_id: UUID, now: datetime) -> None:
    """Put an open vote on the agenda of a meeting of its committee, or move it there.

    Raises Missing unless the viewer presides over the vote and the meeting is of the same committee; VoteRefused.
    """
    loaded = _presided(session, viewer, vote_id, now)
    check_time(loaded, now)
    meeting = _meeting(session, Meeting.code == code)
    if meeting is None or meeting.committee_id != loaded.row.committee_id:
        raise Missing
    _check_agenda(loaded, meeting)
    if loaded.row.meeting_id == meeting.id:
        return
    _put(session, viewer, loaded, meeting.id, now)
    _told(session, loaded, meeting.code, telling.ON_AGENDA, now)


def take_off_agenda(session: Session, viewer: Viewer, code: str, vote_id: UUID, now: datetime) -> None:
    """Take a vote off a meeting's agenda: it goes on as before. Raises Missing, HandsRefused("held")."""
    loaded = _presided(session, viewer, vote_id, now)
    check_time(loaded, now)
    meeting = _meeting(session, Meeting.code == code)
    if meeting is None or loaded.row.meeting_id != meeting.id:
        raise Missing
    _put(session, viewer, loaded, None, now)
    _told(session, loaded, meeting.code, telling.ON_AGENDA, now)


def note_hands(
    session: Session, keyring: Keyring, viewer: Viewer, vote_id: UUID, hands: Mapping[UUID, Raised], now: datetime
) -> UUID:
    """Note the hands raised in the vote's meeting, by seat of the vote; returns the id that is to be confirmed.

    Noted again before a confirmation, they replace the first. A seat whose ballot is in keeps it and is refused here.
    Raises Missing, SecondFactorMissing, VoteRefused (`late`, `closed`), HandsRefused, VoteInvalid for an amount.
    """
    floor = floor_of(session, viewer, vote_id, now, lock=True)
    require_second_factor(viewer)
    _check_floor(floor, now)
    if not floor.notes(viewer):
        raise HandsRefused("not_chair")
    if not hands:
        raise HandsRefused("nobody")
    loaded, seats = floor.loaded, {seat.id: seat for seat in floor.loaded.seats}
    rows = []
    shown_id = new_id()
    for seat_id, raised in hands.items():
        if seat_id not in seats:
            raise Missing
        standing = floor.hand(seats[seat_id])
        if standing is not Hand.ASKED:
            raise HandsRefused(standing.value)
        hand_id = new_id()
        cents = supported(loaded.rule, raised.choice, raised.amount)
        rows.append(
            {
                "id": hand_id,
                "shown_id": shown_id,
                "organisation_id": seats[seat_id].organisation_id,
                "vote_seat_id": seat_id,
                "user_id": floor.present[seats[seat_id].organisation_id],
                "choice_sealed": seal_hand(keyring, hand_id, raised.choice, cents),
            }
        )
    drop_pending(session, vote_id)
    add_row(
        session,
        HandsShown,
        id=shown_id,
        vote_id=vote_id,
        meeting_id=floor.meeting.id,
        noted_by=viewer.user_id,
        noted_for=viewer.organisation_id,
        noted_at=now,
    )
    session.execute(insert(RaisedHand), rows)
    _journal(session, viewer, floor, "committee.hands_noted", now, hands=len(rows))
    _told(session, loaded, floor.meeting.code, telling.HANDS_NOTED, now)
    others = [person for one, person in floor.present.items() if one != viewer.organisation_id]
    telling.mail_to(session, keyring, set(others) - loaded.recusals.people, now)
    return shown_id


def confirm_hands(
    session: Session, keyring: Keyring, viewer: Viewer, vote_id: UUID, shown_id: UUID, now: datetime
) -> Outcome | None:
    """Somebody of another organisation who was there says that these hands were raised: they become ballots.

    A hand whose seat voted, stepped aside, was freed or marked with somebody else meanwhile is left out. The vote
    closes at once when no ballot still to come could change its outcome (returned); absent seats have until the
    deadline otherwise (None).
    Raises Missing, SecondFactorMissing, VoteRefused (`late`, `closed`), HandsRefused (`changed`: noted again).
    """
    floor = floor_of(session, viewer, vote_id, now, lock=True)
    require_second_factor(viewer)
    _check_floor(floor, now)
    if floor.pending is None or floor.pending.id != shown_id:
        raise HandsRefused("changed")
    refused = floor.refusal_to_confirm(viewer)
    if refused is not None:
        raise HandsRefused(refused)
    kept = [one for one in floor.pending.hands if floor.noted(one) is Hand.ASKED]
    if not kept:
        raise HandsRefused("none_left")
    rows = []
    for one in kept:
        said, ballot_id = open_hand(keyring, one.id, one.choice_sealed), new_id()
        rows.append(
            {
                "id": ballot_id,
                "vote_id": vote_id,
                "organisation_id": one.organisation_id,
                "vote_seat_id": one.vote_seat_id,
                "user_id": one.user_id,
                "choice_sealed": seal_choice(keyring, ballot_id, said.choice, said.amount),
                "reason_sealed": seal_reason(keyring, ballot_id, ""),
                "meeting_id": floor.meeting.id,
                "times": 1,
                "cast_at": now,
            }
        )
    session.execute(insert(Ballot), rows)
    session.execute(
        update(HandsShown).where(HandsShown.id == shown_id).values(confirmed_by=viewer.user_id, confirmed_at=now),
        execution_options=_NO_SYNC,
    )
    # What was noted is a ballot now, or does not count: sealed once, not twice
    session.execute(delete(RaisedHand).where(RaisedHand.shown_id == shown_id), execution_options=_NO_SYNC)
    _journal(session, viewer, floor, "committee.hands_confirmed", now, hands=len(kept))
    _told(session, floor.loaded, floor.meeting.code, telling.HANDS_CONFIRMED, now)
    after = load_vote(session, vote_id, now)
    return finish(session, keyring, after, now) if settled(keyring, after) else None


def floor_of(session: Session, viewer: Viewer, vote_id: UUID, now: datetime, *, lock: bool = False) -> Floor:
    """A vote in its meeting, for whoever may read it. Raises Missing for a vote on no agenda. Six statements."""
    loaded = load_vote(session, vote_id, now, lock=lock)
    if not holds(viewer, Permission.COMMITTEE_READ) or not can(viewer, READ_VOTE, loaded.facts).allowed:
        raise Missing
    return floor_around(session, loaded)


def floor_around(session: Session, loaded: Loaded) -> Floor:
    """The meeting around a vote that was read. Raises Missing for a vote on no agenda. Two statements."""
    there = (MeetingAttendance.meeting_id == Meeting.id) & MeetingAttendance.presence.in_(THERE)
    rows = session.execute(
        select(*_MEETING, MeetingAttendance.organisation_id, MeetingAttendance.user_id)
        .outerjoin(MeetingAttendance, there)
        .where(Meeting.id == loaded.row.meeting_id)
    ).all()
    if not rows:
        raise Missing
    present = {row.organisation_id: row.user_id for row in rows if row.organisation_id is not None}
    return Floor(loaded, rows[0], present, pending_of(session, loaded.row.id))


def _presided(session: Session, viewer: Viewer, vote_id: UUID, now: datetime) -> Loaded:
    loaded = load_vote(session, vote_id, now, lock=True)
    if not can(viewer, READ_VOTE, loaded.facts).allowed or not presides(viewer, loaded):
        raise Missing
    return loaded


def _check_agenda(loaded: Loaded, meeting: Row[Any]) -> None:
    refused = agenda_refusal(
        MeetingState(meeting.state),
        MinutesState(meeting.minutes_state),
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        opens_at=loaded.row.opens_at,
        closes_at=loaded.row.closes_at,
    )
    if refused is not None:
        raise HandsRefused(refused)


def _check_floor(floor: Floor, now: datetime) -> None:
    check_time(floor.loaded, now)
    _check_agenda(floor.loaded, floor.meeting)
    if now < floor.meeting.starts_at:
        raise HandsRefused("not_begun")
    if MeetingState(floor.meeting.state) is not MeetingState.HELD:
        raise HandsRefused("no_attendance")


def _put(session: Session, viewer: Viewer, loaded: Loaded, meeting_id: UUID | None, now: datetime) -> None:
    if any(one.meeting_id is not None for one in loaded.ballots):
        raise HandsRefused("held")
    drop_pending(session, loaded.row.id)
    session.execute(
        update(Vote).where(Vote.id == loaded.row.id).values(meeting_id=meeting_id), execution_options=_NO_SYNC
    )
    action = "committee.vote_off_agenda" if meeting_id is None else "committee.vote_on_agenda"
    telling.note(session, viewer, action, f"vote:{loaded.row.code}", now, committee=loaded.row.committee_id)


def _meeting(session: Session, where: Any) -> Row[Any] | None:
    return session.execute(select(*_MEETING).where(where)).first()


def _journal(session: Session, viewer: Viewer, floor: Floor, action: str, now: datetime, **facts: Any) -> None:
    telling.note(
        session, viewer, action, f"vote:{floor.loaded.row.code}", now, meeting=f"meeting:{floor.meeting.code}", **facts
    )


def _told(session: Session, loaded: Loaded, meeting: str, kind: str, now: datetime) -> None:
    """The vote's own page and the meeting's both follow."""
    telling.tell(session, loaded, kind, now)
    emit(session, CHANGED, meeting, topics=(f"committee:{loaded.row.committee_id}", "network"), now=now)
