"""The end of a pause, or of a grant that nobody pays: what is reserved goes back, nothing is said of why, texts age
like those of any request."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import ANONYMOUS, House, Keyring, Viewer

from .. import events
from ..models import AidRequest
from ..rules.pauses import pause_stands
from ..rules.requests import Act, State
from ..settings import NAME, Settings
from . import consents, funding, rounds, telling
from .locks import hold


def close_paused(session: Session, house: House, now: datetime) -> None:
    """Every hour: requests whose pause lasted long enough close. Safe to repeat."""
    days = house.hooks.settings(NAME, Settings).pause_days
    rows = session.execute(
        select(AidRequest.id, AidRequest.paused_at).where(AidRequest.state == State.PAUSED.value)
    ).all()
    over = [row.id for row in rows if row.paused_at is not None and pause_stands(row.paused_at, days, now) == "over"]
    for request in hold(session, over, ANONYMOUS, now, money=True):
        # Somebody may have resumed it while this waited for the lock
        if request.state == State.PAUSED.value and request.paused_at is not None:
            close_request(session, house.keyring, request, now)


def close_request(
    session: Session, keyring: Keyring, request: AidRequest, now: datetime, *, viewer: Viewer = ANONYMOUS
) -> None:
    """Close a held request: a pause that ended, a grant that nobody paid. What was paid stays paid, the rest goes back.

    `viewer`: who gives the grant back, ANONYMOUS when time does.
    """
    rounds.move(request, Act.CLOSE)
    request.ended_at, request.paused_at, request.resume_state = now, None, None
    request.urgent_until = None
    if request.ratification == "waiting":
        request.ratification = "not_ratified" if request.paid_at is not None else None
    session.flush()
    consents.close_round(session, request, now)
    funding.release_grant(session, request.id, now, None if viewer.is_anonymous else viewer)
    telling.note(session, viewer, request, "closed", now)
    telling.tell(session, request, events.CLOSED, now)
    telling.mail_author(session, keyring, request, now)
