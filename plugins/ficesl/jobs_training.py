"""Periodic work: reminders, long lists of people, sessions that are over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.api import ANONYMOUS, House

from .services import lists, reminders, sessions
from .services.desk import desk_of


def remind_people(session: Session, house: House, now: datetime) -> None:
    """Every hour: who has a seat in a session that comes is told, once by delay of the settings."""
    reminders.remind(session, desk_of(house, ANONYMOUS, now))


def write_lists(session: Session, house: House, now: datetime) -> None:
    """Every few seconds: the next people of a list that was confirmed; lists nobody confirmed are forgotten."""
    lists.continue_running(session, desk_of(house, ANONYMOUS, now))
    lists.forget_lists(session, now)


def finish(session: Session, house: House, now: datetime) -> None:
    """Sessions whose last block is over are done."""
    sessions.finish_sessions(session, desk_of(house, ANONYMOUS, now))
