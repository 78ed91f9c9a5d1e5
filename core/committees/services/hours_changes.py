"""What every change of hours goes through: the entry locked, its new values, and a revision that is never rewritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.access.registry import registry
from core.access.viewer import Viewer
from core.committees.models.hours import HoursEntry, HoursRevision
from core.committees.queries.hours import COLUMNS, READ, EntryRow, entry_row, undoable
from core.committees.rules.hours import Act, State
from core.kernel.db import dialect_name, lock_row, new_id
from core.kernel.errors import Missing

#: Entries told to the database in one statement.
AT_ONCE = 1000


def load_entry(session: Session, viewer: Viewer, entry_id: UUID, *, lock: bool = False) -> EntryRow:
    """The entry as the viewer may see it, locked on demand. Raises Missing."""
    statement = select(*COLUMNS).where(registry.visible(viewer, READ), HoursEntry.id == entry_id)
    found = lock_row(session, statement) if lock else session.execute(statement).first()
    if found is None:
        raise Missing
    return entry_row(found)


def undone_by(
    session: Session, viewer: Viewer, batch_id: UUID, now: datetime
) -> tuple[tuple[EntryRow, dict[str, Any]], ...]:
    """The entries a gesture of the viewer may be undone on, locked, with the values to put back."""
    statement = (
        select(*COLUMNS, HoursRevision.old)
        .join(HoursRevision, HoursRevision.entry_id == HoursEntry.id)
        .where(undoable(viewer, batch_id, now), registry.visible(viewer, READ))
        .order_by(HoursEntry.id)
        .with_for_update(of=HoursEntry.__table__)
    )
    return tuple((entry_row(one), revived(one.old)) for one in session.execute(statement))


def day_totals(
    session: Session, user_ids: Iterable[UUID], first_day: date, last_day: date, *, but: UUID | None = None
) -> dict[tuple[UUID, date], int]:
    """Quarter hours that people already have on each day, withdrawn ones left out. One statement."""
    wanted = and_(
        HoursEntry.user_id.in_(list(user_ids)),
        HoursEntry.first_day >= first_day,
        HoursEntry.first_day <= last_day,
        HoursEntry.first_day == HoursEntry.last_day,
        HoursEntry.state != State.WITHDRAWN.value,
    )
    if but is not None:
        wanted = and_(wanted, HoursEntry.id != but)
    total = func.sum(HoursEntry.quarter_hours)
    rows = session.execute(
        select(HoursEntry.user_id, HoursEntry.first_day, total)
        .where(wanted)
        .group_by(HoursEntry.user_id, HoursEntry.first_day)
    )
    return {(row[0], row[1]): int(row[2]) for row in rows if row[0] is not None}


def change_entries(
    session: Session,
    viewer: Viewer,
    rows: Iterable[EntryRow],
    act: Act,
    wanted: Mapping[str, Any],
    *,
    batch: UUID,
    reason: str | None,
    now: datetime,
) -> None:
    """Give the same values to entries the caller holds locked, and write a revision of each.

    Two statements for each thousand entries: an engine takes some 32,000 parameters in one.
    """
    every = list(rows)
    for start in range(0, len(every), AT_ONCE):
        _change(session, viewer, every[start : start + AT_ONCE], act, wanted, batch=batch, reason=reason, now=now)


def _change(
    session: Session,
    viewer: Viewer,
    some: list[EntryRow],
    act: Act,
    wanted: Mapping[str, Any],
    *,
    batch: UUID,
    reason: str | None,
    now: datetime,
) -> None:
    session.execute(
        update(HoursEntry)
        .where(HoursEntry.id.in_([row.id for row in some]))
        .values(**wanted, version=HoursEntry.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        insert(HoursRevision),
        [
            {
                "id": new_id(),
                "entry_id": row.id,
                "batch_id": batch,
                "version": row.version + 1,
                "act": act.value,
                "old": _plain({name: getattr(row, name) for name in _changed(row, wanted)}),
                "new": _plain({name: wanted[name] for name in _changed(row, wanted)}),
                "reason": reason,
                "user_id": viewer.user_id,
                "at": now,
            }
            for row in some
        ],
    )


def upsert_entry(session: Session) -> postgresql.Insert | sqlite.Insert:
    """An insertion of entries that may meet one already there (`on_conflict_do_nothing`)."""
    return postgresql.insert(HoursEntry) if dialect_name(session) == "postgresql" else sqlite.insert(HoursEntry)


def revived(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A revision's plain values as the columns take them."""
    made: dict[str, Any] = dict(plain)
    for name in ("first_day", "last_day"):
        if name in made:
            made[name] = date.fromisoformat(made[name])
    if made.get("user_id") is not None:
        made["user_id"] = UUID(made["user_id"])
    return made


def _changed(row: EntryRow, wanted: Mapping[str, Any]) -> list[str]:
    return [name for name, value in wanted.items() if hasattr(row, name) and getattr(row, name) != value]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, UUID) else value
        for name, value in values.items()
    }
