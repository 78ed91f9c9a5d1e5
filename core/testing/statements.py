"""How many SQL statements a piece of work sends: the budgets of pages are held by counting, not by timing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

_FRAME = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA", "SET ")


@contextmanager
def counted_statements(*, containing: str = "") -> Iterator[list[str]]:
    """The statements sent by any engine meanwhile, without those that only frame a transaction.

    `containing` keeps those that name a table, when something else runs beside (dispatcher, jobs).
    """
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(_FRAME) and containing in statement:
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)
