"""Referrals' background work. Each job may be stopped anywhere and run again: marks and locks make it happen once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from core.kernel.jobs import Job
from core.referrals.services.clockwork import drop_old_drafts, finish_withdrawals, mark_expired_consents, run_clocks
from core.referrals.services.submission import clock_settings

if TYPE_CHECKING:
    from core.kernel.web.house import House


def watch_clocks(session: Session, house: House, now: datetime) -> None:
    """Remind and escalate."""
    run_clocks(session, house.keyring, clock_settings(house.settings), now)


def end_suspended(session: Session, house: House, now: datetime) -> None:
    """Make her own withdrawals final after 72 h."""
    finish_withdrawals(session, now)


def forget_drafts(session: Session, house: House, now: datetime) -> None:
    """Drop unsent drafts after seven days."""
    drop_old_drafts(session, now)


def expire_consents(session: Session, house: House, now: datetime) -> None:
    """Note the consents that ended by themselves."""
    mark_expired_consents(session, now)


jobs: tuple[Job, ...] = (
    Job("referrals.clocks", timedelta(minutes=1), watch_clocks),
    Job("referrals.withdrawals", timedelta(minutes=5), end_suspended),
    Job("referrals.consents", timedelta(hours=1), expire_consents),
    Job("referrals.drafts", timedelta(hours=1), forget_drafts),
)
