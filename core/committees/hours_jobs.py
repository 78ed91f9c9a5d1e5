"""Background work of hours: long imports go on by themselves, forgotten ones are erased. Each job may be stopped."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from core.committees.services.hours_import import continue_running, forget_imports
from core.kernel.jobs import Job

if TYPE_CHECKING:
    from core.kernel.web.house import House


def write_imports(session: Session, house: House, now: datetime) -> None:
    """Write the next thousand lines of the oldest import in course."""
    continue_running(session, now)


def erase_staged(session: Session, house: House, now: datetime) -> None:
    """Erase what was looked at and never confirmed."""
    forget_imports(session, now)


jobs: tuple[Job, ...] = (
    Job("hours.imports", timedelta(seconds=10), write_imports),
    Job("hours.forget", timedelta(hours=6), erase_staged),
)
