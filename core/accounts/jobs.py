"""The accounts' background work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from core.accounts.services import forget_unused, purge_accounts
from core.accounts.services.applications import purge_applications
from core.accounts.services.joining import purge_invitations
from core.accounts.services.keys import continue_changes
from core.accounts.services.providers import purge_providers
from core.kernel.jobs import Job

if TYPE_CHECKING:
    from core.kernel.web.house import House


def forget_sessions(session: Session, house: House, now: datetime) -> None:
    """Drop sessions and throttle windows after a day, and what was asked of a factor or a provider and not answered."""
    purge_accounts(session, now)
    forget_unused(session, now)
    purge_providers(session, now)


def forget_invitations(session: Session, house: House, now: datetime) -> None:
    """Drop invitations a month after their time, and what applicants who did not come in wrote."""
    purge_invitations(session, now)
    purge_applications(session, now)


def go_on_with_keys(session: Session, house: House, now: datetime) -> None:
    """Go on with the replacement of an organisation's keys that was too long for one act."""
    continue_changes(session, house.keyring, now)


jobs: tuple[Job, ...] = (
    Job("accounts.sessions", timedelta(hours=1), forget_sessions),
    Job("accounts.invitations", timedelta(hours=24), forget_invitations),
    Job("accounts.keys", timedelta(seconds=15), go_on_with_keys),
)
