"""Reads about votes: the page of one, the lists of a committee. Before closing, no ballot shows but one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.registry import can, registry
from core.access.viewer import Viewer
from core.committees.access import READ_VOTE
from core.committees.models.meetings import HandsShown, Meeting
from core.committees.models.structure import Ballot, Committee, Vote
from core.committees.queries.waiting import asks_alternate, awaits_ballot, awaits_confirmation
from core.committees.rules.seats import BALLOT_REFUSALS, Standing, VoteSeat, ballot_refusal, seat_of
from core.committees.rules.terms import SeatRole
from core.committees.rules.votes import Choice, Method, Outcome, Result, Tie, VoteRule, approvals_needed, quorum_needed
from core.committees.services.closing import presides
from core.committees.services.loading import (
    CLOSED,
    ESCALATED,
    OPEN,
    QUESTION,
    Loaded,
    load_vote,
    load_vote_of_code,
    outcome_from_json,
)
from core.committees.services.sealing import open_choice, open_reason
from core.committees.services.voting import may_name_alternate
from core.directory.models import Organisation
from core.kernel.crypto import Keyring
from core.kernel.errors import Missing


@dataclass(frozen=True)
class OwnBallot:
    """The viewer's own ballot. `times`: how often her organisation's was put in. `amount` in cents."""

    choice: Choice
    amount: int | None
    reason: str
    cast_at: datetime
    times: int


@dataclass(frozen=True)
class SeatLine:
    """A seat of the vote as its page shows it: who has voted is never said before closing."""

    organisation: str
    role: SeatRole
    standing: Standing
    alternate: bool


@dataclass(frozen=True)
class NamedChoice:
    """What an organisation chose, shown after closing where the rule says so. `amount` in cents."""

    organisation: str
    choice: Choice
    amount: int | None


@dataclass(frozen=True)
class HeldIn:
    """The meeting whose agenda a vote is on. `pending`: hands wait for a confirmation; `hands`: how many count."""

    code: str
    title: str
    starts_at: datetime
    pending: bool
    hands: int


@dataclass(frozen=True)
class VoteView:
    """One vote for one viewer. `cast`: ballots that count so far; `outcome`: None until it is decided or escalated.

    `refusal`: why this viewer cannot vote, in French source text, "" when she can. `needed`: approvals required as
    things stand (N of M), None under the majority. `elsewhere`: her organisation's ballot was put in by her colleague.
    """

    id: UUID
    code: str
    committee_id: UUID
    committee_slug: str
    committee_title: str
    kind: str
    subject: str
    page: str
    question: str
    rule: VoteRule
    opens_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    status: str
    calling: str
    outcome: Outcome | None
    available: int
    cast: int
    quorum: int
    needed: int | None
    seats: tuple[SeatLine, ...]
    own: OwnBallot | None
    elsewhere: bool
    refusal: str
    may_recuse: bool
    presides: bool
    casting: bool
    may_name_alternate: bool
    reads: bool
    named: tuple[NamedChoice, ...]
    held: HeldIn | None = None

    @property
    def open(self) -> bool:
        """Ballots are still received."""
        return self.status == OPEN

    @property
    def stuck(self) -> bool:
        """Escalated before its deadline: too few seats can vote and nobody is left to call."""
        return self.status == ESCALATED and self.outcome is not None and self.outcome.stuck


@dataclass(frozen=True)
class VoteLine:
    """A vote in a list. `voted`: the viewer's organisation has; `mine`: her ballot is expected.

    `meeting`: the code of the meeting where hands were noted that she may confirm, "" when none wait for her.
    """

    id: UUID
    code: str
    committee_slug: str
    committee_title: str
    kind: str
    page: str
    question: str
    closes_at: datetime
    closed_at: datetime | None
    status: str
    outcome: Outcome | None
    cast: int
    voted: bool
    mine: bool
    meeting: str = ""


def vote_view(session: Session, keyring: Keyring, viewer: Viewer, vote_id: UUID, now: datetime) -> VoteView | None:
    """A vote by its id, None when the viewer may not know of it. Six statements."""
    try:
        found = _view(session, keyring, viewer, load_vote(session, vote_id, now), now)
    except Missing:
        return None
    return found if found is not None and found.reads else None


def vote_by_code(
    session: Session, keyring: Keyring, viewer: Viewer, code: str, now: datetime, *, asked: bool = False
) -> VoteView | None:
    """The same by its code (the reference of events).

    `asked`: also for a viewer whose CALACS is only asked to name an alternate (`reads` is then False).
    """
    loaded = load_vote_of_code(session, code, now)
    found = None if loaded is None else _view(session, keyring, viewer, loaded, now)
    return found if found is not None and (found.reads or asked) else None


def _view(session: Session, keyring: Keyring, viewer: Viewer, loaded: Loaded, now: datetime) -> VoteView | None:
    alternate = may_name_alternate(viewer, loaded)
    mine = seat_of(loaded.seats, viewer.user_id) if viewer.user_id is not None else None
    # A seat that lapses during the vote still learns why its ballot is not received.
    lapsed = mine is not None and loaded.row.status != CLOSED and holds(viewer, Permission.COMMITTEE_READ)
    reads = lapsed or can(viewer, READ_VOTE, loaded.facts).allowed
    if not reads and not alternate:
        return None
    row, rule, seating = loaded.row, loaded.rule, loaded.seating
    waits = exists().where(HandsShown.vote_id == row.id, HandsShown.confirmed_at.is_(None))
    columns = (Committee.slug, Committee.title, Meeting.code, Meeting.title.label("met"), Meeting.starts_at)
    around = select(*columns, waits.label("waits")).outerjoin(Meeting, Meeting.id == row.meeting_id)
    committee = session.execute(around.where(Committee.id == row.committee_id)).one()
    hands = sum(one.meeting_id is not None for one in loaded.counted_ballots())
    names: Mapping[UUID, str] = {
        found.id: found.name
        for found in session.execute(
            select(Organisation.id, Organisation.name).where(
                Organisation.id.in_([seat.organisation_id for seat in loaded.seats])
            )
        )
    }
    refused = _refused(viewer, loaded, mine, now)
    own = next((one for one in loaded.ballots if one.user_id == viewer.user_id), None)
    return VoteView(
        id=row.id,
        code=row.code,
        committee_id=row.committee_id,
        committee_slug=committee.slug,
        committee_title=committee.title,
        kind=row.kind,
        subject=row.subject,
        page=row.page,
        question=row.question,
        rule=rule,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        closed_at=row.closed_at,
        status=row.status,
        calling=row.calling,
        outcome=outcome_from_json(row.arithmetic) if row.arithmetic else None,
        available=seating.available,
        cast=len(loaded.counted_ballots()),
        quorum=quorum_needed(rule, seating.available),
        needed=approvals_needed(rule, seating.available) if rule.method is Method.N_OF_M else None,
        seats=tuple(
            SeatLine(names.get(seat.organisation_id, ""), seat.role, seating.standing[seat.id], seat.alternate)
            for seat in loaded.seats
        ),
        own=None
        if own is None
        else OwnBallot(
            *_opened(keyring, own.id, own.choice_sealed),
            open_reason(keyring, own.id, own.reason_sealed),
            own.cast_at,
            own.times,
        ),
        elsewhere=own is None and mine is not None and mine.organisation_id in loaded.balloted,
        refusal=refused,
        may_recuse=row.status != CLOSED and mine is not None and _not_aside(viewer, loaded),
        presides=presides(viewer, loaded),
        casting=mine is not None and not mine.voting and not refused,
        may_name_alternate=alternate,
        reads=reads,
        named=_named(keyring, loaded, names),
        held=None
        if committee.code is None
        else HeldIn(committee.code, committee.met, committee.starts_at, bool(committee.waits), hands),
    )


def _refused(viewer: Viewer, loaded: Loaded, mine: VoteSeat | None, now: datetime) -> str:
    if loaded.row.status == CLOSED:
        return BALLOT_REFUSALS["closed"]
    if loaded.row.status != OPEN or now >= loaded.row.closes_at:
        return BALLOT_REFUSALS["late"]
    if viewer.user_id is None or not holds(viewer, Permission.COMMITTEE_VOTE):
        return BALLOT_REFUSALS["no_seat"]
    code = ballot_refusal(
        loaded.seats,
        loaded.recusals,
        viewer.user_id,
        casting=loaded.rule.tie is Tie.CASTING,
        balloted=loaded.balloted,
    )
    raised = {one.organisation_id for one in loaded.ballots if one.meeting_id is not None}
    if code is None and mine is not None and mine.organisation_id in raised:
        code = "raised"
    return "" if code is None else BALLOT_REFUSALS[code]


def _not_aside(viewer: Viewer, loaded: Loaded) -> bool:
    mine = seat_of(loaded.seats, viewer.user_id) if viewer.user_id is not None else None
    return (
        mine is not None
        and mine.current
        and mine.organisation_id not in loaded.recusals.organisations
        and viewer.user_id not in loaded.recusals.people
    )


def _opened(keyring: Keyring, ballot_id: UUID, sealed: bytes) -> tuple[Choice, int | None]:
    said = open_choice(keyring, ballot_id, sealed)
    return said.choice, said.amount


def _named(keyring: Keyring, loaded: Loaded, names: Mapping[UUID, str]) -> tuple[NamedChoice, ...]:
    """Each organisation's choice: only once closed by a decision, and only where the frozen rule says so."""
    decided = loaded.row.status == CLOSED and loaded.row.result in ("adopted", "rejected")
    if not decided or not loaded.rule.named:
        return ()
    found = [
        NamedChoice(names.get(one.organisation_id, ""), *_opened(keyring, one.id, one.choice_sealed))
        for one in loaded.counted_ballots()
    ]
    return tuple(sorted(found, key=lambda one: one.organisation))


def open_votes(
    session: Session, viewer: Viewer, now: datetime, committee_id: UUID | None = None
) -> tuple[VoteLine, ...]:
    """Votes that are not closed and that the viewer may see, the nearest deadline first. One statement."""
    return _lines(session, viewer, now, Vote.status != CLOSED, committee_id, 100, 0)[0]


@dataclass(frozen=True)
class ClosedVote:
    """What a subscriber of `committee.vote_closed` needs. `amount` in cents, None without money or approval."""

    id: UUID
    code: str
    committee_id: UUID
    kind: str
    subject: str
    result: Result
    amount: int | None


def closed_vote(session: Session, code: str) -> ClosedVote | None:
    """A closed vote by its code, for the work that follows it (no viewer); None while it is not closed."""
    row = session.execute(
        select(Vote.id, Vote.code, Vote.committee_id, Vote.kind, Vote.subject, Vote.result, Vote.amount_cents).where(
            Vote.code == code, Vote.status == CLOSED
        )
    ).first()
    return None if row is None else ClosedVote(*row[:5], Result(row.result), row.amount_cents)


def vote_code(session: Session, vote_id: UUID) -> str:
    """The code of a vote that was just opened. Raises NoResultFound."""
    return session.execute(select(Vote.code).where(Vote.id == vote_id)).scalar_one()


def alternates_asked(session: Session, viewer: Viewer) -> tuple[tuple[str, str, str], ...]:
    """(committee's slug, its title, vote's code) of votes that ask the viewer's CALACS for an alternate: nothing of
    the question. One statement."""
    rows = session.execute(
        select(Committee.slug, Committee.title, Vote.code)
        .join(Committee, Committee.id == Vote.committee_id)
        .where(asks_alternate(viewer))
        .order_by(Vote.closes_at, Vote.id)
        .limit(20)
    )
    return tuple((row.slug, row.title, row.code) for row in rows)


def decisions(
    session: Session, viewer: Viewer, now: datetime, committee_id: UUID, *, page: int = 1, size: int = 20
) -> tuple[tuple[VoteLine, ...], int]:
    """Closed votes of a committee, newest first, and how many there are (0 past the last page). One statement."""
    return _lines(session, viewer, now, Vote.status == CLOSED, committee_id, size, (page - 1) * size)


def _lines(
    session: Session, viewer: Viewer, now: datetime, condition: object, committee_id: UUID | None, limit: int, skip: int
) -> tuple[tuple[VoteLine, ...], int]:
    cast = select(func.count()).select_from(Ballot).where(Ballot.vote_id == Vote.id).scalar_subquery()
    voted = exists().where(Ballot.vote_id == Vote.id, Ballot.organisation_id == viewer.organisation_id)
    met = select(Meeting.code).where(Meeting.id == Vote.meeting_id).scalar_subquery()
    statement = (
        select(
            Vote.id,
            Vote.code,
            Committee.slug,
            Committee.title,
            Vote.kind,
            Vote.page,
            Vote.question,
            Vote.closes_at,
            Vote.closed_at,
            Vote.status,
            Vote.arithmetic,
            cast.label("cast"),
            voted.label("voted"),
            awaits_ballot(viewer, now).label("mine"),
            case((awaits_confirmation(viewer, now), met), else_="").label("meeting"),
            func.count().over().label("total"),
        )
        .join(Committee, Committee.id == Vote.committee_id)
        .where(condition, registry.visible(viewer, READ_VOTE))  # type: ignore[arg-type]
    )
    if committee_id is not None:
        statement = statement.where(Vote.committee_id == committee_id)
    ordered = statement.order_by(Vote.closed_at.desc(), Vote.closes_at, Vote.id).limit(limit).offset(skip)
    rows = session.execute(ordered).all()
    lines = tuple(
        VoteLine(
            *row[:10],
            outcome_from_json(row.arithmetic) if row.arithmetic else None,
            row.cast,
            bool(row.voted),
            bool(row.mine),
            row.meeting,
        )
        for row in rows
    )
    return lines, rows[0].total if rows else 0


def own_question(view: VoteView) -> bool:
    """Whether core's own page takes the ballots of this vote; a plugin's vote has a page of its own."""
    return view.kind == QUESTION or not view.page
