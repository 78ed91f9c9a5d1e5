"""What every act of training needs: keys, settings, who acts, when; and how it is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import DomainError, House, Keyring, Viewer, emit, lock_row, new_code, record

from .. import events
from ..models import Course, Series, TrainingSession
from ..settings import NAME, Settings

#: Letters of codes: a course, a session, a series.
COURSE, SESSION, SERIES = "K", "T", "P"


@dataclass(frozen=True)
class Desk:
    """Who acts, and with what. `now`: aware UTC."""

    keyring: Keyring
    settings: Settings
    viewer: Viewer
    now: datetime


class Refused(DomainError):
    """A rule that refuses an act. `field`: the one it belongs to, "" for the whole."""

    status = 422

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def desk_of(house: House, viewer: Viewer, now: datetime) -> Desk:
    """The desk of a request or of a job."""
    return Desk(house.keyring, house.hooks.settings(NAME, Settings), viewer, now)


def free_code(session: Session, letter: str) -> str:
    """A code that nothing has."""
    model: Any = {COURSE: Course, SESSION: TrainingSession, SERIES: Series}[letter]
    while True:
        code = new_code(letter)
        if session.scalar(select(model.id).where(model.code == code)) is None:
            return code


def locked_session(session: Session, session_id: UUID) -> TrainingSession | None:
    """The session, locked until commit: whoever registers, cancels or changes it waits for the one before."""
    if lock_row(session, select(TrainingSession.id).where(TrainingSession.id == session_id)) is None:
        return None
    return session.scalars(
        select(TrainingSession).where(TrainingSession.id == session_id).execution_options(populate_existing=True)
    ).one()


def tell_session(session: Session, row: TrainingSession, kind: str, now: datetime, also: Iterable[str] = ()) -> None:
    """A change of a session: those who sit, who hosts, and the organisations or people that it concerns."""
    topics = {f"committee:{row.committee_id}", f"org:{row.organisation_id}", "network", *also}
    emit(session, kind, row.code, topics=topics, now=now)


def note(session: Session, desk: Desk, action: str, subject: str, holder: UUID | None, **facts: object) -> None:
    """One line of journal, codes and numbers only."""
    record(
        session,
        case_id=None,
        organisation_id=holder,
        actor=desk.viewer,
        action=f"ficesl.{action}",
        subject=subject,
        facts=facts,
        now=desk.now,
    )


__all__ = [
    "COURSE",
    "SERIES",
    "SESSION",
    "Desk",
    "Refused",
    "desk_of",
    "events",
    "free_code",
    "locked_session",
    "note",
    "tell_session",
]
