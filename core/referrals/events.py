"""Telling the organisations concerned that something changed: a kind and a reference code, nothing else."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.consent.rules import SenderMayLearn
from core.kernel.events import emit
from core.referrals.rules.visibility import Parties, SenderView, audience, sender_view
from core.referrals.rules.workflow import State

#: Nobody listens to this topic: for kinds that only subscribers may hear, such as a withdrawal.
UNHEARD = f"user:{UUID(int=0)}"
WITHDRAWN = "referral.withdrawn"
#: A reference ended, for whoever held it; told of a withdrawal as well.
CLOSED = "referral.closed"


def announce(
    session: Session,
    kind: str,
    code: str,
    *,
    sender: UUID | None,
    sender_user: UUID | None,
    recipient: UUID | None,
    grant: SenderMayLearn,
    before: State,
    after: State,
    reached: tuple[bool, bool] = (False, False),
    restricted: frozenset[UUID] = frozenset(),
    now: datetime,
) -> None:
    """Emit `kind` to whom `audience` allows. `sender_user` set: that person instead of the whole sending organisation.

    `reached`: whether she had been reached before and is now.
    """
    views: tuple[SenderView, SenderView] = (
        sender_view(before, grant, reached=reached[0]),
        sender_view(after, grant, reached=reached[1]),
    )
    told = audience(kind, Parties(sender, recipient, grant, restricted), *views)
    for each, organisations in told.items():
        topics = [
            f"user:{sender_user}" if organisation == sender and sender_user else f"org:{organisation}"
            for organisation in organisations
        ]
        emit(session, each, code, topics=topics, now=now)


def announce_withdrawal(session: Session, code: str, now: datetime) -> None:
    """Tell subscribers inside the application that content must go; no browser hears this kind."""
    emit(session, WITHDRAWN, code, topics=[UNHEARD], now=now)
