"""Drafts: opened from the version in force, changed, undone, deleted. Two people never overwrite each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.api import (
    DomainError,
    Keyring,
    Missing,
    Stale,
    Viewer,
    emit,
    lock_row,
    new_id,
    record,
    services_shown,
)

from .. import events, exchange_events
from ..access import edited_committee
from ..models import Lesson, UndoRow, VersionRow
from ..queries.trajectory import labels_in, next_number, published, trajectory_of
from ..rules.content import as_json, with_content
from ..rules.exchange import LessonState
from ..rules.graph import DRAFT, Trajectory
from ..rules.versions import WHY_NOT, Act, next_state
from ..settings import Settings
from .content import write_content

#: Changes of a draft that can still be undone.
KEPT = 20
NOTHING_TO_UNDO = "Il n’y a rien à annuler."


class NotInThisState(DomainError):
    """The version's state refuses the act, and says why."""

    status = 409


@dataclass(frozen=True)
class Desk:
    """What every act on a version needs besides the session. `now` is aware UTC."""

    keyring: Keyring
    settings: Settings
    viewer: Viewer
    now: datetime


def open_draft(session: Session, desk: Desk, title: str, note: str = "") -> int:
    """A draft that holds what the version in force holds; its number. Raises Missing for who does not sit here."""
    committee = edited_committee(session, desk.viewer)
    base = published(session)
    row = VersionRow(
        id=new_id(),
        number=next_number(session),
        state=DRAFT,
        title=title,
        note=note,
        based_on=None if base is None else base.number,
        created_by=desk.viewer.user_id,
        created_at=desk.now,
    )
    session.add(row)
    session.flush()
    if base is not None:
        write_content(session, row.id, emptied(base), base, labels_in(session, base.number))
    told(session, desk, committee.id, row, "opened")
    return row.number


def change_draft(
    session: Session, desk: Desk, number: int, act: str, change: Callable[[Trajectory], Trajectory]
) -> Trajectory:
    """Apply a pure change to a draft and keep what it held, to undo it; the draft afterwards.

    `change` raises what refuses it, Stale when somebody else changed the part meanwhile: it sees the draft under its
    lock. Raises Missing, NotInThisState.
    """
    committee = edited_committee(session, desk.viewer)
    row = held(session, number, Act.CHANGE)
    before = whole(session, number)
    after = change(before)
    if as_json(after) == as_json(before):
        return after
    session.add(
        UndoRow(id=new_id(), version_id=row.id, edits=row.edits, act=act, content=as_json(before), made_at=desk.now)
    )
    session.execute(delete(UndoRow).where(UndoRow.version_id == row.id, UndoRow.edits <= row.edits - KEPT))
    _write(session, desk, row, before, after)
    _tell(session, committee.id, row, desk.now)
    return after


def undo_change(session: Session, desk: Desk, number: int, edits: int) -> None:
    """Put back what the draft held before its last change. `edits`: the count the page showed. Raises Stale,
    NotInThisState when there is nothing to undo."""
    committee = edited_committee(session, desk.viewer)
    row = held(session, number, Act.CHANGE)
    if row.edits != edits:
        raise Stale
    last = session.scalars(
        select(UndoRow).where(UndoRow.version_id == row.id).order_by(UndoRow.edits.desc()).limit(1)
    ).first()
    if last is None:
        raise NotInThisState(NOTHING_TO_UNDO)
    before = whole(session, number)
    after = with_content(before, last.content)
    session.delete(last)
    _write(session, desk, row, before, after)
    _tell(session, committee.id, row, desk.now)


def rename_draft(session: Session, desk: Desk, number: int, title: str, note: str) -> None:
    """Change a draft's title and the note that says why it exists."""
    committee = edited_committee(session, desk.viewer)
    row = held(session, number, Act.CHANGE)
    row.title, row.note = title, note
    row.edits += 1
    session.flush()
    _tell(session, committee.id, row, desk.now)


def delete_draft(session: Session, desk: Desk, number: int) -> None:
    """Delete a draft; its number is not given again while a later one exists. Lessons joined to it wait again: they
    must join no other draft by themselves. Raises Missing, NotInThisState."""
    committee = edited_committee(session, desk.viewer)
    row = held(session, number, Act.DELETE)
    told(session, desk, committee.id, row, "deleted")
    session.execute(
        update(Lesson)
        .where(Lesson.version_number == row.number, Lesson.state == LessonState.ATTACHED.value)
        .values(version_number=None, state=LessonState.OPEN.value, decided_by=None, decided_at=None),
        execution_options={"synchronize_session": False},
    )
    emit(session, exchange_events.LESSON_CHANGED, "lecons", topics={f"committee:{committee.id}"}, now=desk.now)
    session.execute(delete(VersionRow).where(VersionRow.id == row.id))


def held(session: Session, number: int, act: Act) -> VersionRow:
    """The version's row, locked, if its state allows the act. Raises Missing, NotInThisState."""
    lock_row(session, select(VersionRow.id).where(VersionRow.number == number))
    row = session.scalars(
        select(VersionRow).where(VersionRow.number == number).execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise Missing
    if next_state(row.state, act) is None:
        raise NotInThisState(WHY_NOT[row.state])
    return row


def whole(session: Session, number: int) -> Trajectory:
    """The version of that number. Raises Missing."""
    found = trajectory_of(session, number)
    if found is None:
        raise Missing
    return found


def emptied(content: Trajectory) -> Trajectory:
    """The same version without anything in it."""
    return replace(content, nodes=(), edges=(), answers=())


def told(session: Session, desk: Desk, committee_id: UUID, row: VersionRow, act: str, **facts: str | int) -> None:
    """The line of the journal, and the live event."""
    record(
        session,
        case_id=None,
        organisation_id=desk.viewer.organisation_id,
        actor=desk.viewer,
        action=f"orres.version_{act}",
        subject=f"orres:{row.number}",
        facts={"number": row.number, **facts},
        now=desk.now,
    )
    _tell(session, committee_id, row, desk.now)


def _write(session: Session, desk: Desk, row: VersionRow, before: Trajectory, after: Trajectory) -> None:
    known = {one.service_id for one in before.answers}
    added = [one.service_id for one in after.answers if one.service_id not in known]
    shown = services_shown(session, desk.viewer, added, desk.now)
    labels = {one.id: label(one.name, one.organisation) for one in shown.values()}
    write_content(session, row.id, before, after, labels)
    row.edits += 1
    session.flush()


def label(name: str, organisation: str) -> str:
    """What an old version calls a service."""
    return f"{name} – {organisation}"[:240]


def _tell(session: Session, committee_id: UUID, row: VersionRow, now: datetime) -> None:
    emit(session, events.VERSION_CHANGED, str(row.number), topics=(f"committee:{committee_id}",), now=now)
