"""Reads about requests: the list of one's own and of the committee, and the page of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, ScalarSelect, func, or_, select
from sqlalchemy.orm import Session, aliased

from core.api import TORONTO, Keyring, Role, Viewer, VoteLine, can, open_votes, visible

from ..access import MEMBERS, READ, STAFF, RequestFacts, requested_by, sits
from ..models import AidRequest, Aside, CardReserve, Question, Round, Signature
from ..rules.requests import ENDED, State
from ..services.texts import QUESTIONS, REQUESTS, opened

_OTHER = aliased(Round)
SIZE = 20


@dataclass(frozen=True)
class RequestLine:
    """A request in a list. `own`: of the viewer's side; `mine`: her ballot is expected; `cast` None: not hers to
    know; `late`: granted in urgency and not ratified in time. Amounts in cents."""

    code: str
    state: State
    category: str
    amount: int
    granted: int | None
    urgent: bool
    age_band: str
    area_label: str
    area_label_en: str
    created_at: datetime
    closes_at: datetime | None
    waiting: int
    own: bool
    mine: bool
    voted: bool
    cast: int | None
    escalated: bool
    ratification: str | None
    late: bool


@dataclass(frozen=True)
class QuestionView:
    """A question and its answer, "" while there is none."""

    id: UUID
    text: str
    asked_at: datetime
    answer: str
    answered_at: datetime | None


@dataclass(frozen=True)
class RoundView:
    """A round as the page tells it. `result` None while it runs."""

    number: int
    purpose: str
    amount: int
    opened_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    result: str | None


@dataclass(frozen=True)
class RequestView:
    """One request for one viewer. Texts are "" where she does not read them: `reads` says whether she does.

    `from_case`: it relies on a consent; nothing says whose.
    """

    id: UUID
    code: str
    state: State
    version: int
    urgent: bool
    urgent_until: datetime | None
    age_band: str
    area_label: str
    area_label_en: str
    category: str
    needed_by: date
    asked: int
    amount: int
    granted: int | None
    lafu: str
    lafu_since: date | None
    payment: str
    why_now: str
    tried: str
    lafu_detail: str
    from_case: bool
    ratification: str | None
    created_at: datetime
    decided_at: datetime | None
    paid_at: datetime | None
    paused_at: datetime | None
    own: bool
    sits: bool
    reads: bool
    aside: bool
    signatures: int
    questions: tuple[QuestionView, ...]
    rounds: tuple[RoundView, ...]
    vote_id: UUID | None
    vote_code: str


def find_request(session: Session, keyring: Keyring, viewer: Viewer, code: str) -> RequestView | None:
    """A request by its code; None when it does not exist or the viewer may not know of it. Five statements."""
    request = session.scalar(select(AidRequest).where(AidRequest.code == code))
    if request is None:
        return None
    facts = facts_of(request)
    if not can(viewer, READ, facts).allowed:
        return None
    own, seated = requested_by(viewer, facts), sits(viewer, facts)
    aside = seated and _set_aside(session, viewer, request.id)
    reads = own or (seated and not aside and not hidden(request))
    rounds = session.scalars(select(Round).where(Round.request_id == request.id).order_by(Round.number)).all()
    signatures = session.scalar(select(func.count()).select_from(Signature).where(Signature.request_id == request.id))
    current = rounds[-1] if rounds else None

    def text(column: str) -> str:
        return opened(keyring, REQUESTS, request.id, column, getattr(request, column)) if reads else ""

    return RequestView(
        id=request.id,
        code=request.code,
        state=State(request.state),
        version=request.version,
        urgent=request.urgent,
        urgent_until=request.urgent_until,
        age_band=request.age_band if reads else "",
        area_label=request.area_label if reads else "",
        area_label_en=request.area_label_en if reads else "",
        category=request.category,
        needed_by=request.needed_by,
        asked=request.asked_cents,
        amount=request.amount_cents,
        granted=request.granted_cents,
        lafu=request.lafu if reads else "",
        lafu_since=request.lafu_since if reads else None,
        payment=request.payment,
        why_now=text("why_now_sealed"),
        tried=text("tried_sealed"),
        lafu_detail=text("lafu_detail_sealed"),
        from_case=own and request.case_mark is not None,
        ratification=request.ratification,
        created_at=request.created_at,
        decided_at=request.decided_at,
        paid_at=request.paid_at,
        paused_at=request.paused_at,
        own=own,
        sits=seated,
        reads=reads,
        aside=aside,
        signatures=signatures or 0,
        questions=_questions(session, keyring, request.id) if reads else (),
        rounds=tuple(
            RoundView(
                one.number, one.purpose, one.amount_cents, one.opened_at, one.closes_at, one.closed_at, one.result
            )
            for one in rounds
        ),
        vote_id=current.vote_id if current else None,
        vote_code=current.vote_code if current else "",
    )


def facts_of(request: AidRequest) -> RequestFacts:
    """What decides who reads a request."""
    return RequestFacts(request.organisation_id, request.organisation_type, request.author_id, request.committee_id)


def hidden(request: AidRequest) -> bool:
    """Whether the committee no longer reads the facts: what relied on her agreement stopped (network rules §3.7)."""
    return request.state in (State.PAUSED, State.CLOSED)


def _questions(session: Session, keyring: Keyring, request_id: UUID) -> tuple[QuestionView, ...]:
    rows = session.scalars(
        select(Question).where(Question.request_id == request_id).order_by(Question.asked_at, Question.id)
    )
    return tuple(
        QuestionView(
            row.id,
            opened(keyring, QUESTIONS, row.id, "question_sealed", row.question_sealed),
            row.asked_at,
            opened(keyring, QUESTIONS, row.id, "answer_sealed", row.answer_sealed),
            row.answered_at,
        )
        for row in rows
    )


def _set_aside(session: Session, viewer: Viewer, request_id: UUID) -> bool:
    mine = or_(Aside.user_id.is_(None), Aside.user_id == viewer.user_id)
    found = select(Aside.id).where(
        Aside.request_id == request_id, Aside.organisation_id == viewer.organisation_id, mine
    )
    return session.execute(found).first() is not None


def list_requests(
    session: Session, viewer: Viewer, now: datetime, *, ended: bool = False, page: int = 1, size: int = SIZE
) -> tuple[tuple[RequestLine, ...], int]:
    """Requests this viewer may know of, those that wait for her first, and how many there are. Three statements."""
    over = or_(AidRequest.state.in_([one.value for one in ENDED]), AidRequest.paid_at.is_not(None))
    condition: ColumnElement[bool] = visible(viewer, READ) & (over if ended else ~over)
    total = session.scalar(select(func.count()).select_from(AidRequest).where(condition)) or 0
    votes = _votes(session, viewer, now)
    unanswered = (
        select(func.count())
        .select_from(Question)
        .where(Question.request_id == AidRequest.id, Question.answered_at.is_(None))
        .scalar_subquery()
    )
    last = _last_round()
    statement = (
        select(AidRequest, Round.vote_code, Round.closes_at, Round.closed_at, unanswered.label("waiting"))
        .outerjoin(Round, (Round.request_id == AidRequest.id) & (Round.number == last))
        .where(condition)
        .order_by(AidRequest.ended_at.desc(), Round.closed_at.is_not(None), Round.closes_at, AidRequest.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    lines = [_line(viewer, row, votes, now) for row in session.execute(statement)]
    if not ended:
        lines.sort(key=lambda one: not one.mine)
    return tuple(lines), total


def _last_round() -> ScalarSelect[int]:
    """The number of a request's last round, as a subquery."""
    latest = select(func.max(_OTHER.number)).where(_OTHER.request_id == AidRequest.id)
    return latest.correlate(AidRequest).scalar_subquery()


def _votes(session: Session, viewer: Viewer, now: datetime) -> Mapping[str, VoteLine]:
    if not viewer.roles & (MEMBERS | {Role.NETWORK_COORDINATION}):
        return {}
    return {one.code: one for one in open_votes(session, viewer, now)}


def _line(
    viewer: Viewer,
    row: Row[AidRequest, str | None, datetime | None, datetime | None, int],
    votes: Mapping[str, VoteLine],
    now: datetime,
) -> RequestLine:
    request, vote_code, closes_at, closed_at, waiting = row
    facts = facts_of(request)
    vote = votes.get(vote_code or "")
    reads = requested_by(viewer, facts) or (sits(viewer, facts) and not hidden(request))
    return RequestLine(
        code=request.code,
        state=State(request.state),
        category=request.category,
        amount=request.amount_cents,
        granted=request.granted_cents,
        urgent=request.urgent,
        age_band=request.age_band if reads else "",
        area_label=request.area_label if reads else "",
        area_label_en=request.area_label_en if reads else "",
        created_at=request.created_at,
        closes_at=closes_at if closed_at is None and request.state != State.PAUSED else None,
        waiting=waiting if requested_by(viewer, facts) else 0,
        own=requested_by(viewer, facts),
        mine=vote is not None and vote.mine,
        voted=vote is not None and vote.voted,
        cast=None if vote is None else vote.cast,
        escalated=vote is not None and vote.status == "escalated",
        ratification=request.ratification,
        late=request.ratification == "waiting" and closes_at is not None and closes_at <= now,
    )


def card(session: Session, viewer: Viewer, now: datetime) -> Mapping[str, object]:
    """Context of the home card and of the committee's panel: what waits for this person. Three statements."""
    votes = _votes(session, viewer, now)
    condition = visible(viewer, READ) & AidRequest.state.in_([State.VOTING.value, State.ACCEPTED.value, *_STOPPED])
    waiting = (
        select(func.count())
        .select_from(Question)
        .where(Question.request_id == AidRequest.id, Question.answered_at.is_(None))
        .scalar_subquery()
    )
    last = _last_round()
    rows = session.execute(
        select(AidRequest, Round.vote_code, Round.closes_at, Round.closed_at, waiting.label("waiting"))
        .outerjoin(Round, (Round.request_id == AidRequest.id) & (Round.number == last))
        .where(condition, AidRequest.paid_at.is_(None))
        .order_by(Round.closes_at, AidRequest.id)
        .limit(50)
    )
    lines = [_line(viewer, row, votes, now) for row in rows]
    return {
        "to_vote": tuple(one for one in lines if one.mine and not one.voted)[:5],
        "own": tuple(one for one in lines if one.own)[:5],
        "open": sum(one.state is State.VOTING for one in lines),
        "member": bool(viewer.roles & MEMBERS),
        "staff": bool(viewer.roles & STAFF),
        "night": bool(viewer.roles & STAFF) and _has_night_cards(session, viewer, now),
    }


def _has_night_cards(session: Session, viewer: Viewer, now: datetime) -> bool:
    """Whether the viewer's organisation keeps cards that she may hand tonight: the way to them is on her first page."""
    mine = CardReserve.organisation_id == viewer.organisation_id
    today = now.astimezone(TORONTO).date()
    found = select(CardReserve.id).where(mine, CardReserve.left_count > 0, CardReserve.until >= today).limit(1)
    return session.execute(found).first() is not None


_STOPPED = (State.PAUSED.value, State.WAITING_FUNDS.value, State.UNDECIDED.value)
