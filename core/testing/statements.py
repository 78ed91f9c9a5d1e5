"""How many SQL statements a piece of work sends: the budgets of pages are held by counting, not by timing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event, func, select

from core.kernel.events import EventDelivery, OutboxEvent
from core.kernel.web import adapter

if TYPE_CHECKING:
    from core.testing.network import Network

#: Where the statements of a request are sent from; the dispatcher and the jobs have threads of their own.
_PAGES = adapter.__file__
_FRAME = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA", "SET ")


@contextmanager
def counted_statements(*, containing: str = "", counts: Callable[[], bool] = lambda: True) -> Iterator[list[str]]:
    """The statements sent by any engine meanwhile, without those that only frame a transaction.

    `containing` keeps those that name a table, `counts()` those of the thread that asks it.
    """
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(_FRAME) and containing in statement and counts():
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@contextmanager
def page_statements(*, containing: str = "") -> Iterator[list[str]]:
    """The statements that a page sends: without those of the dispatcher and the jobs, which work beside it."""
    with counted_statements(containing=containing, counts=_for_a_page) as sent:
        yield sent


def _for_a_page() -> bool:
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename == _PAGES:
            return True
        frame = frame.f_back
    return False


def told(network: Network) -> None:
    """Wait until the dispatcher has published and delivered all that was just done: its statements look like the
    page's own."""
    for _ in range(1200):
        with network.database.transaction(write=False) as session:
            unpublished = select(func.count()).where(OutboxEvent.published_at.is_(None))
            owed = select(func.count()).where(EventDelivery.state == "pending")
            waiting = (session.scalar(unpublished) or 0) + (session.scalar(owed) or 0)
        if not waiting:
            return
        time.sleep(0.05)
    raise AssertionError(f"{waiting} events are still waiting after a minute")
