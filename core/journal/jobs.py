"""The journal's background work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from core.journal.services import seal_roots
from core.kernel.jobs import Job

if TYPE_CHECKING:
    from core.kernel.web.house import House


def seal_journal(session: Session, house: House, now: datetime) -> None:
    """Put the chains that moved under a signed root."""
    seal_roots(session, house.keyring, now)


jobs: tuple[Job, ...] = (Job("journal.seal", timedelta(minutes=1), seal_journal),)
