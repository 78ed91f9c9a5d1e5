"""Counting attempts, in a table that every process shares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.accounts.models import Throttle
from core.accounts.rules import Window
from core.kernel.crypto import Keyring
from core.kernel.db import dialect_name, prepared, table_of


def too_many(
    session: Session,
    keyring: Keyring,
    kind: str,
    subjects: Mapping[str, str],
    windows: Mapping[str, Window],
    now: datetime,
) -> bool:
    """Count one attempt per subject and say whether any window is full. `subjects` and `windows` share their keys.

    Windows are tried in their order and the first full one ends it: an attempt that is refused anyway fills no wider
    window, so that one machine that insists shuts nobody else out.
    """
    for name, window in windows.items():
        key = keyring.pseudonym(f"throttle.{kind}.{name}", subjects[name])
        if _count(session, key, window, now) > window.limit:
            return True
    return False


def forget_attempts(session: Session, keyring: Keyring, kind: str, name: str, subject: str) -> None:
    """Start a subject's window anew: the right password clears what was mistyped before it."""
    key = keyring.pseudonym(f"throttle.{kind}.{name}", subject)
    session.execute(delete(Throttle).where(Throttle.key == key))


def give_back(session: Session, keyring: Keyring, kind: str, subjects: Mapping[str, str]) -> None:
    """Take back the attempt that `too_many` just counted for each subject: it was right, so that it guessed nothing.

    Wrong ones stay counted. Without this, a team behind one address, or one person who unlocks her screen all night,
    would be shut out by her own right answers.
    """
    for name, subject in subjects.items():
        key = keyring.pseudonym(f"throttle.{kind}.{name}", subject)
        counted = update(Throttle).where(Throttle.key == key, Throttle.count > 0)
        session.execute(counted.values(count=Throttle.count - 1), execution_options={"synchronize_session": False})


def _count(session: Session, key: bytes, window: Window, now: datetime) -> int:
    values = {"key": key, "window_start": now, "count": 1, "since": now - window.length}
    session.execute(_one_more(dialect_name(session)), values)
    counted: int = session.execute(*_counted(key)).scalar_one()
    return counted


@cache
def _one_more(dialect: str) -> postgresql.Insert | sqlite.Insert:
    """Counts one in a window that began after `since`, else begins one: by far the dearest statement to build."""
    table = table_of(Throttle)
    first = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    fresh = table.c.window_start > bindparam("since")
    changes = {
        "count": case((fresh, table.c.count + 1), else_=1),
        "window_start": case((fresh, table.c.window_start), else_=first.excluded.window_start),
    }
    return first.on_conflict_do_update(index_elements=["key"], set_=changes)


@prepared
def _counted(key: bytes) -> Select[int]:
    return select(Throttle.count).where(Throttle.key == key)
