"""Run a plugin's code inside a page's transaction without letting it break the page.

Each contribution has a savepoint and a statement timeout: on PostgreSQL `statement_timeout` bounds each
statement, on SQLite a progress handler bounds the contribution's whole time in SQL. Neither bounds a loop in
Python: plugins are trusted code that may be clumsy, not hostile (docs/decisions/0004-plugins-are-trusted.md).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.kernel.db import dialect_name

T = TypeVar("T")

#: Key of `session.info` while a contribution runs: its plugin's name, so that statement counters tell it apart.
RUNNING = "arrimage_contribution"

# SQLite calls the handler after this many virtual machine steps: about 20 µs, too rare to slow a query.
_STEPS = 2_000

_LIMIT = text(
    "SELECT set_config('statement_timeout', :milliseconds, true), set_config('transaction_read_only', :read_only, true)"
)
_READ_TIMEOUT = text("SELECT current_setting('statement_timeout')")
_SET_TIMEOUT = text("SELECT set_config('statement_timeout', :value, true)")


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What a contribution gave, or the error that stopped it."""

    value: T | None
    error: Exception | None = None


def read_isolated(session: Session, plugin: str, seconds: float, fn: Callable[[], T]) -> Outcome[T]:
    """Run `fn`, which may only read, in a savepoint that is always undone: nothing it does outlives it.

    Undoing also puts the transaction's timeout and read-write mode back, on success as on failure.
    """
    nested = session.begin_nested()
    try:
        with _named(session, plugin), _limits(session, seconds, read_only=True):
            outcome = Outcome(fn())
            session.flush()
    except Exception as error:
        outcome = Outcome(None, error)
    if nested.is_active or session.get_nested_transaction() is nested:
        nested.rollback()
    return outcome


def write_isolated(session: Session, plugin: str, seconds: float, fn: Callable[[], T]) -> T:
    """Run `fn`, which may write, in a savepoint kept if it succeeds. Raises what `fn` raised, its work undone."""
    postgresql = dialect_name(session) == "postgresql"
    before = session.scalar(_READ_TIMEOUT) if postgresql else None
    with _named(session, plugin):
        with session.begin_nested(), _limits(session, seconds, read_only=False):
            result = fn()
            session.flush()
        if postgresql:
            session.execute(_SET_TIMEOUT, {"value": before})
    return result


@contextmanager
def _named(session: Session, plugin: str) -> Iterator[None]:
    outer = session.info.get(RUNNING)
    session.info[RUNNING] = plugin
    try:
        yield
    finally:
        if outer is None:
            session.info.pop(RUNNING, None)
        else:
            session.info[RUNNING] = outer


@contextmanager
def _limits(session: Session, seconds: float, *, read_only: bool) -> Iterator[None]:
    if dialect_name(session) == "postgresql":
        settings = {"milliseconds": str(int(seconds * 1000)), "read_only": "on" if read_only else "off"}
        session.execute(_LIMIT, settings)
        yield
        return
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, sqlite3.Connection):
        raise TypeError("the SQLite driver changed: its progress handler is needed to bound a plugin's statements")
    deadline = time.monotonic() + seconds
    # Interrupting a write would roll the whole transaction back: a reading contribution cannot start one.
    if read_only:
        connection.execute("PRAGMA query_only=ON")
    connection.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)
        if read_only:
            connection.execute("PRAGMA query_only=OFF")
