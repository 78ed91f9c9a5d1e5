"""The accounts' background work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from core.accounts.services import forget_unused, purge_accounts
from core.kernel.jobs import Job

if TYPE_CHECKING:
    from core.kernel.web.house import House


def forget_sessions(session: Session, house: House, now: datetime) -> None:
    """Drop sessions and throttle windows after a day, and what was asked of a factor and never answered."""
    purge_accounts(session, now)
    forget_unused(session, now)


jobs: tuple[Job, ...] = (Job("accounts.sessions", timedelta(hours=1), forget_sessions),)
