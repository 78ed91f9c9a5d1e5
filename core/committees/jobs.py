"""Committees' background work. Stopped anywhere and run again, each step happens once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from core.committees.services.closing import run_votes
from core.kernel.jobs import Job

if TYPE_CHECKING:
    from core.kernel.web.house import House


def watch_votes(session: Session, house: House, now: datetime) -> None:
    """Close or escalate what is due, remind, call who is missing."""
    run_votes(session, house.keyring, now)


jobs: tuple[Job, ...] = (Job("committees.votes", timedelta(minutes=1), watch_votes),)
