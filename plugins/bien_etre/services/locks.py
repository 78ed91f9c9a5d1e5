"""The one order of locks of the fund. Whoever needs several rows takes them in this order, or waits for ever:

1. the chain of a case (core: a referral's consent);
2. the request; several, by identifier;
3. the vote of its round under way (core's row);
4. what was granted to it, its payment, envelopes by identifier, then a reserve, then a stock of cards;
5. heads of the journal: organisations in order, the network's last.

A line of journal locks its chain until commit, and an act writes in two or three: hence `hold`, which takes all of
them before the first line.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import Viewer, closed_vote, lock_chains, lock_row, lock_votes

from ..models import AidRequest, Commitment, Envelope, Round
from .ledger import current_year, find_commitment, lock_envelopes, locked_commitment


def lock_request(session: Session, request_id: UUID) -> AidRequest:
    """The request as it is, locked until commit: first of all locks."""
    lock_row(session, select(AidRequest.id).where(AidRequest.id == request_id))
    return session.scalars(
        select(AidRequest).where(AidRequest.id == request_id).execution_options(populate_existing=True)
    ).one()


def hold(
    session: Session, request_ids: Collection[UUID], viewer: Viewer, now: datetime, *, money: bool = False
) -> list[AidRequest]:
    """These requests with everything an act on them touches, locked until commit in the order above.

    `money`: the act commits or releases. A vote that core closed and that nobody carried out yet commits too.
    """
    requests = [lock_request(session, one) for one in sorted(set(request_ids))]
    rounds = session.execute(
        select(Round.vote_id, Round.vote_code).where(Round.request_id.in_(request_ids), Round.closed_at.is_(None))
    ).all()
    lock_votes(session, (one.vote_id for one in rounds))
    if money or any(closed_vote(session, one.vote_code) is not None for one in rounds):
        _hold_money(session, [one.id for one in requests], now)
    lock_chains(session, {None, viewer.organisation_id, *(one.organisation_id for one in requests)})
    return requests


def _hold_money(session: Session, request_ids: Collection[UUID], now: datetime) -> None:
    for one in request_ids:
        locked_commitment(session, Commitment.request_id == one)
    envelopes = set(session.scalars(select(Envelope.id).where(Envelope.fiscal_year == current_year(now))))
    for one in request_ids:
        known = find_commitment(session, Commitment.request_id == one)
        envelopes |= {envelope for envelope, _cents in known.parts} if known is not None else set()
    lock_envelopes(session, envelopes)
