"""Committees' background work. Stopped anywhere and run again, each step happens once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from core.committees.services.closing import run_votes
from core.committees.services.decisions import remind_follow_ups
from core.committees.services.meetings import remind_meetings
from core.kernel.jobs import Job

if TYPE_CHECKING:
    from core.kernel.web.house import House


def watch_votes(session: Session, house: House, now: datetime) -> None:
    """Close or escalate what is due, remind, call who is missing."""
    run_votes(session, house.keyring, now)


def remind(session: Session, house: House, now: datetime) -> None:
    """Remind of meetings that come and of what was promised after a decision."""
    remind_meetings(session, house.keyring, now)
    remind_follow_ups(session, house.keyring, now)


jobs: tuple[Job, ...] = (
    Job("committees.votes", timedelta(minutes=1), watch_votes),
    Job("committees.reminders", timedelta(minutes=15), remind),
)
