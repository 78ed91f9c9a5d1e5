"""Votes about a request: one round at a time, its outcome carried once into the request's state and into the money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.api import (
    ANONYMOUS,
    ClosedVote,
    DomainError,
    Event,
    House,
    Keyring,
    Method,
    Missing,
    Result,
    Viewer,
    VoteRule,
    closed_vote,
    extend_vote,
    new_id,
    open_vote,
    organisation_by_slug,
    vote_code,
)

from .. import events
from ..models import AidRequest, Aside, Round
from ..rules.requests import Act, State, band_of, closes_at, next_state, why_not
from ..settings import NAME, REQUESTS, Settings
from . import consents, funding, telling
from .locks import hold

REQUEST, RATIFICATION = "request", "ratification"


class NotNow(DomainError):
    """The state of the request refuses this act, and says why."""

    status = 409


@dataclass(frozen=True)
class Desk:
    """What every act on a request needs besides the session. `now` is aware UTC."""

    keyring: Keyring
    settings: Settings
    viewer: Viewer
    now: datetime


def desk_of(house: House, viewer: Viewer, now: datetime) -> Desk:
    """The desk of a request of the web, or of a subscriber."""
    return Desk(house.keyring, house.hooks.settings(NAME, Settings), viewer, now)


def move(request: AidRequest, act: Act) -> None:
    """Put a locked request in its next state. Raises NotNow."""
    state = State(request.state)
    after = next_state(state, act)
    if after is None:
        raise NotNow(why_not(state))
    request.state = after.value
    request.version += 1


def open_round(session: Session, desk: Desk, request: AidRequest, purpose: str = REQUEST) -> Round:
    """Put the request to the committee: the requester's organisation and every declared conflict step aside at once."""
    band = band_of(desk.settings.bands, request.amount_cents)
    ratifying = purpose == RATIFICATION
    deadline = desk.now + timedelta(hours=desk.settings.ratify_hours) if ratifying else closes_at(band, desk.now)
    asides = session.execute(select(Aside.organisation_id, Aside.user_id).where(Aside.request_id == request.id)).all()
    vote_id = open_vote(
        session,
        desk.keyring,
        desk.viewer,
        request.committee_id,
        rule=VoteRule(
            Method.N_OF_M,
            asked=band.approvals,
            quorum=desk.settings.quorum,
            early=desk.settings.early,
            amount=None if ratifying else request.amount_cents,
        ),
        kind=f"{NAME}.{purpose}",
        subject=request.code,
        page=f"{REQUESTS}/{request.code}",
        recused_organisations={
            request.organisation_id,
            *(one.organisation_id for one in asides if one.user_id is None),
        },
        recused_people={(one.organisation_id, one.user_id) for one in asides if one.user_id is not None},
        closes_at=deadline,
        now=desk.now,
    )
    last = session.scalar(select(func.max(Round.number)).where(Round.request_id == request.id)) or 0
    opened = Round(
        id=new_id(),
        request_id=request.id,
        number=last + 1,
        purpose=purpose,
        vote_id=vote_id,
        vote_code=vote_code(session, vote_id),
        amount_cents=request.amount_cents,
        opened_at=desk.now,
        closes_at=deadline,
    )
    session.add(opened)
    session.flush()
    return opened


def current_round(session: Session, request_id: UUID) -> Round | None:
    """The round under way, else the last one."""
    return session.scalar(select(Round).where(Round.request_id == request_id).order_by(Round.number.desc()).limit(1))


def extend(session: Session, desk: Desk, request_id: UUID, vote_id: UUID, deadline: datetime) -> None:
    """Give a vote without quorum more time; the requester sees it too. Raises what `extend_vote` raises."""
    hold(session, [request_id], desk.viewer, desk.now)
    extend_vote(session, desk.keyring, desk.viewer, vote_id, deadline, desk.now)
    session.execute(update(Round).where(Round.vote_id == vote_id).values(closes_at=deadline))


def carry_out(session: Session, event: Event, house: House) -> None:
    """A vote closed: carry its outcome into the request, once, in one transaction with the money it commits."""
    closed = closed_vote(session, event.ref)
    if closed is None or closed.kind not in (f"{NAME}.{REQUEST}", f"{NAME}.{RATIFICATION}"):
        return
    settle(session, desk_of(house, ANONYMOUS, house.clock.now()), closed)


def settle(session: Session, desk: Desk, closed: ClosedVote) -> None:
    """What `carry_out` does; run again, or after the round was ended otherwise, it changes nothing."""
    request_id = session.scalar(select(Round.request_id).where(Round.vote_id == closed.id))
    if request_id is None:
        return
    (request,) = hold(session, [request_id], desk.viewer, desk.now, money=True)
    done = session.scalars(
        select(Round).where(Round.vote_id == closed.id).execution_options(populate_existing=True)
    ).one()
    if done.closed_at is not None:
        return
    done.closed_at, done.result = desk.now, closed.result.value
    if done.purpose == RATIFICATION:
        request.ratification = "ratified" if closed.result is Result.ADOPTED else "not_ratified"
        _told(session, desk, request, "ratified" if closed.result is Result.ADOPTED else "not_ratified")
        return
    if State(request.state) is not State.VOTING:
        return
    if not consents.stands(session, desk.keyring, desk.settings, request, desk.now):
        consents.pause(session, request, desk.keyring, desk.now)
        return
    if closed.result is Result.ADOPTED:
        assert closed.amount is not None
        grant(session, desk, request, closed.amount)
        return
    move(request, Act.REFUSE if closed.result is Result.REJECTED else Act.ABANDON)
    request.decided_at = request.ended_at = desk.now
    _told(session, desk, request, closed.result.value)


def grant(session: Session, desk: Desk, request: AidRequest, cents: int) -> None:
    """Accept a locked request for that amount, and commit it; without funds it waits, and the chair is told."""
    request.granted_cents = cents
    request.decided_at = desk.now
    session.flush()
    signing = None if desk.viewer.is_anonymous else desk.viewer
    try:
        with session.begin_nested():
            funding.commit_grant(session, signing, request.id, request.code, cents, desk.now)
    except funding.EnvelopeExhausted:
        move(request, Act.LACK)
        _told(session, desk, request, "waiting_funds")
        telling.tell(session, request, events.WAITING_FUNDS, desk.now)
        telling.mail_chair(session, desk.keyring, request, desk.now)
        return
    _accepted(session, desk, request)


def _accepted(session: Session, desk: Desk, request: AidRequest) -> None:
    """The requester learns it, and those who pay: a grant that nobody knows of would never be paid."""
    move(request, Act.GRANT)
    _told(session, desk, request, "accepted")
    payer = organisation_by_slug(session, desk.settings.fund_holder)
    telling.mail_holder(session, desk.keyring, payer.id if payer else None, desk.viewer.user_id, desk.now)


def retry_grant(session: Session, desk: Desk, request_id: UUID) -> bool:
    """Commit what waits for funds; returns whether the envelopes could hold it now."""
    (request,) = hold(session, [request_id], desk.viewer, desk.now, money=True)
    if State(request.state) is not State.WAITING_FUNDS or request.granted_cents is None:
        raise Missing
    try:
        with session.begin_nested():
            funding.commit_grant(session, desk.viewer, request.id, request.code, request.granted_cents, desk.now)
    except funding.EnvelopeExhausted:
        return False
    _accepted(session, desk, request)
    return True


def _told(session: Session, desk: Desk, request: AidRequest, result: str) -> None:
    session.flush()
    telling.note(session, desk.viewer, request, "decided", desk.now, result=result)
    telling.tell(session, request, events.DECIDED, desk.now)
    telling.mail_author(session, desk.keyring, request, desk.now)
