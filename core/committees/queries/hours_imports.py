"""Imports of hours as their pages read them: how many lines, how far, what must be corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.committees.models.hours import HoursImport, HoursImportLine
from core.kernel.errors import Missing


@dataclass(frozen=True)
class ImportView:
    """An import; counts are lines. `ready`: still to write; `quarter_hours`: what the lines to write add up to."""

    id: UUID
    organisation_id: UUID
    mine: bool
    approved: bool
    state: str
    first_day: date | None
    last_day: date | None
    printed_total: int | None
    lines: int
    wrong: int
    known: int
    written: int
    created_at: datetime
    finished_at: datetime | None
    ready: int = 0

    @property
    def right(self) -> int:
        """How many lines there were to write at the start."""
        return self.lines - self.wrong - self.known


@dataclass(frozen=True)
class WrongLine:
    """A line to correct, as typed: (column, French source text, its values) for each problem."""

    number: int
    cells: Mapping[str, str]
    problems: tuple[tuple[str, str, Mapping[str, Any]], ...]


_COLUMNS: tuple[Any, ...] = tuple(
    getattr(HoursImport, name)
    for name in (
        "id", "organisation_id", "mine", "approved", "state", "first_day", "last_day", "printed_total", "lines",
        "wrong", "known", "written", "created_at", "finished_at",
    )
)  # fmt: skip


def find_import(session: Session, viewer: Viewer, import_id: UUID) -> ImportView | None:
    """An import of the viewer's, or None. One statement."""
    return _one(session, and_(_own(viewer), HoursImport.id == import_id))


def view_import(session: Session, import_id: UUID) -> ImportView:
    """An import, whoever made it: for commands."""
    found = _one(session, HoursImport.id == import_id)
    if found is None:
        raise Missing
    return found


def _one(session: Session, condition: ColumnElement[bool]) -> ImportView | None:
    line = HoursImportLine
    ready = (
        select(func.count(case((line.state == "ready", 1)))).where(line.import_id == HoursImport.id).scalar_subquery()
    )
    row: Any = session.execute(select(*_COLUMNS, ready).where(condition)).first()
    return ImportView(*row) if row is not None else None


def recent_imports(session: Session, viewer: Viewer, limit: int = 5) -> tuple[ImportView, ...]:
    """The viewer's last imports, latest first."""
    statement = select(*_COLUMNS).where(_own(viewer)).order_by(HoursImport.id.desc()).limit(limit)
    return tuple(ImportView(*row) for row in session.execute(statement))


def wrong_lines(session: Session, import_id: UUID, limit: int | None = None) -> tuple[WrongLine, ...]:
    """The lines to correct, in the file's order."""
    line = HoursImportLine
    wrong = and_(line.import_id == import_id, line.state == "wrong")
    statement = select(line.number, line.cells, line.problems).where(wrong).order_by(line.number).limit(limit)
    return tuple(
        WrongLine(row.number, row.cells, tuple((one[0], one[1], one[2]) for one in row.problems))
        for row in session.execute(statement)
    )


def _own(viewer: Viewer) -> ColumnElement[bool]:
    return and_(HoursImport.organisation_id == viewer.organisation_id, HoursImport.user_id == viewer.user_id)
