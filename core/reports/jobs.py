"""Reports' background work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from core.kernel.jobs import Job
from core.reports.services.facts import settle_facts

if TYPE_CHECKING:
    from core.kernel.web.house import House


def settle(session: Session, house: House, now: datetime) -> None:
    """Lose the place of the latest facts."""
    settle_facts(session)


jobs: tuple[Job, ...] = (Job("reports.settle", timedelta(days=1), settle),)
