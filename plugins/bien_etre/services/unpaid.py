"""What is granted and that nobody pays: those who can act are told once, then the money goes back by rule."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.api import ANONYMOUS, House, organisation_by_slug

from .. import events
from ..models import AidRequest
from ..queries.unpaid import Unpaid, unpaid
from ..rules.requests import State
from ..settings import NAME, Settings
from . import telling
from .locks import hold
from .payments import give_back
from .rounds import Desk


def follow_unpaid(session: Session, house: House, now: datetime) -> None:
    """Every hour. After `unpaid_remind_days` without a movement of its money, a grant is told late; after `unpaid_days`
    what is left of it is released, and a request of which nothing was paid closes. Safe to repeat."""
    settings = house.hooks.settings(NAME, Settings)
    desk = Desk(house.keyring, settings, ANONYMOUS, now)
    due = {one.request_id: one for one in unpaid(session, settings, now) if not one.told or one.ends_at <= now}
    for request in hold(session, list(due), ANONYMOUS, now, money=True):
        # Paid, paused or withdrawn while this waited for the lock: no longer in the list
        one = next((each for each in unpaid(session, settings, now) if each.request_id == request.id), None)
        if one is not None and one.ends_at <= now:
            give_back(session, desk, request)
        elif one is not None and not one.told:
            _tell_late(session, desk, request, one)


def _tell_late(session: Session, desk: Desk, request: AidRequest, one: Unpaid) -> None:
    request.unpaid_told_at = desk.now
    session.flush()
    telling.note(session, ANONYMOUS, request, "unpaid_late", desk.now, cents=one.cents)
    telling.tell(session, request, events.UNPAID, desk.now)
    telling.mail_author(session, desk.keyring, request, desk.now)
    if request.state == State.WAITING_FUNDS.value:
        telling.mail_chair(session, desk.keyring, request, desk.now)
        return
    payer = organisation_by_slug(session, desk.settings.fund_holder)
    telling.mail_holder(session, desk.keyring, payer.id if payer else None, None, desk.now)
