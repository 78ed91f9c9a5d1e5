"""Importing printed figures: a line that is there already is left alone, one that says otherwise is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from core.api import DomainError, Missing, new_id

from ..models import PublishedEvaluation, PublishedLine
from ..rules.published import (
    EVALUATION,
    OTHER_FIGURES,
    FileRead,
    Line,
    Problem,
    Statement,
    Unreadable,
    read_file,
    told_twice,
)
from .desk import Desk, note


class FileRefused(DomainError):
    """Nothing of a file can be taken. `values` fill the sentence."""

    status = 422

    def __init__(self, message: str, values: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.values = values or {}


@dataclass(frozen=True)
class Imported:
    """What became of a file's lines: written, there already, told twice (shown and not added), refused."""

    kind: str
    written: int
    known: int
    twice: int
    problems: tuple[Problem, ...]


def import_published(
    session: Session, desk: Desk, rows: Sequence[Sequence[str]], fiscal_year: str | None = None
) -> Imported:
    """Write the lines of one of the known printed tables. The same file again writes nothing. Raises FileRefused."""
    try:
        read = read_file(rows, fiscal_year)
    except Unreadable as unreadable:
        raise FileRefused(unreadable.message, unreadable.values) from None
    found: Sequence[Line | Statement] = read.statements if read.kind == EVALUATION else read.lines
    known, conflicts = _known(session, read.kind, found)
    new = [one for one in found if one.key not in known]
    twice = 0
    if read.kind == EVALUATION:
        made = [_statement(desk, one) for one in new if isinstance(one, Statement)]
        if made:
            session.execute(insert(PublishedEvaluation), made)
    else:
        lines = [_line(desk, one) for one in new if isinstance(one, Line)]
        if lines:
            session.execute(insert(PublishedLine), lines)
        twice = _mark_twice(session, read, {row["source_key"] for row in lines})
    note(session, desk, "published_imported", read.kind, desk.viewer.organisation_id, lines=len(new))
    problems = tuple(sorted((*read.problems, *conflicts), key=lambda one: one.number))
    return Imported(read.kind, len(new), len(known) - len(conflicts), twice, problems)


def count_line(session: Session, desk: Desk, line_id: UUID, *, counted: bool) -> None:
    """Somebody who knows says that a marked line is a training of its own, or that it is the other one after all."""
    row = session.get(PublishedLine, line_id)
    if row is None or row.same_as is None:
        raise Missing
    row.counted = counted
    session.flush()
    note(session, desk, "published_counted", str(line_id), desk.viewer.organisation_id, counted=counted)


def _known(
    session: Session, kind: str, found: Sequence[Line | Statement]
) -> tuple[Mapping[str, tuple[int | None, ...]], list[Problem]]:
    """Figures of the lines that are there already, by key; and those that say otherwise."""
    keys = [one.key for one in found]
    figures: dict[str, tuple[int | None, ...]] = {}
    if kind == EVALUATION:
        columns: tuple[Any, ...] = (PublishedEvaluation.respondents, PublishedEvaluation.t0, PublishedEvaluation.t1,
                                    PublishedEvaluation.t2, PublishedEvaluation.t3)  # fmt: skip
        wanted = select(PublishedEvaluation.source_key, *columns).where(PublishedEvaluation.source_key.in_(keys))
    else:
        columns = (PublishedLine.sessions, PublishedLine.quarter_hours, PublishedLine.people, PublishedLine.young,
                   PublishedLine.adults, PublishedLine.groups)  # fmt: skip
        wanted = select(PublishedLine.source_key, *columns).where(PublishedLine.source_key.in_(keys))
    for row in session.execute(wanted):
        figures[row[0]] = tuple(row[1:])
    conflicts = [
        Problem(one.number, OTHER_FIGURES) for one in found if one.key in figures and figures[one.key] != one.figures
    ]
    return figures, conflicts


def _mark_twice(session: Session, read: FileRead, new: set[str]) -> int:
    """Mark the new lines that may repeat another one, of this file or of an earlier one."""
    periods = {line.period for line in read.lines}
    rows = session.execute(
        select(
            PublishedLine.id,
            PublishedLine.source_key,
            PublishedLine.period,
            PublishedLine.title,
            PublishedLine.quarter_hours,
        )
        .where(PublishedLine.kind == "training", PublishedLine.period.in_(periods), ~PublishedLine.printed_total)
        .order_by(PublishedLine.at, PublishedLine.number)
    ).all()
    ids = {row.source_key: row.id for row in rows}
    repeats = told_twice((row.source_key, row.period, row.title, row.quarter_hours) for row in rows)
    marked = [key for key in repeats if key in new]
    for key in marked:
        values = {"counted": False, "same_as": ids[repeats[key]]}
        session.execute(update(PublishedLine).where(PublishedLine.id == ids[key]).values(values))
    return len(marked)


def _line(desk: Desk, line: Line) -> dict[str, Any]:
    return {
        "id": new_id(), "kind": line.kind, "number": line.number, "period": line.period, "first_day": line.first_day,
        "last_day": line.last_day, "title": line.title, "audience": line.audience, "organisation": line.organisation,
        "sessions": line.sessions, "quarter_hours": line.quarter_hours, "people": line.people, "young": line.young,
        "adults": line.adults, "groups": line.groups, "printed_total": line.printed_total,
        "counted": not line.printed_total, "same_as": None, "source_key": line.key,
        "imported_by": desk.viewer.user_id, "at": desk.now,
    }  # fmt: skip


def _statement(desk: Desk, one: Statement) -> dict[str, Any]:
    return {
        "id": new_id(), "period": one.period, "meeting": one.meeting, "theme": one.theme,
        "respondents": one.respondents, "position": one.position, "question": one.question, "t0": one.tenths[0],
        "t1": one.tenths[1], "t2": one.tenths[2], "t3": one.tenths[3], "source_key": one.key,
        "imported_by": desk.viewer.user_id, "at": desk.now,
    }  # fmt: skip
