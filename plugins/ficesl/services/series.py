"""Series: opened by the committee, which says which units it aims at and by when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.api import Missing, emit, new_id

from .. import events
from ..models import Course, Series, SeriesTeam, Team
from .catalogue import committee_of
from .desk import SERIES, Desk, free_code, note


def open_series(
    session: Session, desk: Desk, course_id: UUID, starts_on: date, teams: Mapping[UUID, date | None]
) -> str:
    """A series of a course's capsules; `teams` with the day by which each should be over. Its code. Raises Missing."""
    committee = committee_of(session, desk)
    if session.scalar(select(Course.id).where(Course.id == course_id)) is None:
        raise Missing
    series = Series(
        id=new_id(), code=free_code(session, SERIES), course_id=course_id, starts_on=starts_on, created_at=desk.now
    )
    session.add(series)
    session.flush()
    _aim(session, series.id, teams)
    note(session, desk, "series_opened", f"series:{series.code}", None, teams=len(teams))
    emit(session, events.SERIES_CHANGED, series.code, topics={f"committee:{committee}", "network"}, now=desk.now)
    return series.code


def aim_series(session: Session, desk: Desk, code: str, teams: Mapping[UUID, date | None]) -> None:
    """Other units, or other days. What was given to a unit that is taken away stays done. Raises Missing."""
    committee = committee_of(session, desk)
    series = session.scalars(select(Series).where(Series.code == code)).first()
    if series is None:
        raise Missing
    session.execute(delete(SeriesTeam).where(SeriesTeam.series_id == series.id))
    _aim(session, series.id, teams)
    note(session, desk, "series_changed", f"series:{code}", None, teams=len(teams))
    emit(session, events.SERIES_CHANGED, code, topics={f"committee:{committee}", "network"}, now=desk.now)


def end_series(session: Session, desk: Desk, code: str, *, undo: bool = False) -> None:
    """A series that is over, or goes on after all."""
    committee = committee_of(session, desk)
    series = session.scalars(select(Series).where(Series.code == code)).first()
    if series is None:
        raise Missing
    series.ended_at = None if undo else desk.now
    session.flush()
    emit(session, events.SERIES_CHANGED, code, topics={f"committee:{committee}", "network"}, now=desk.now)


def _aim(session: Session, series_id: UUID, teams: Mapping[UUID, date | None]) -> None:
    known = set(session.scalars(select(Team.id).where(Team.id.in_(sorted(teams, key=str)))))
    if known != set(teams):
        raise Missing
    session.add_all(
        SeriesTeam(id=new_id(), series_id=series_id, team_id=one, target_on=teams[one])
        for one in sorted(teams, key=str)
    )
    session.flush()
