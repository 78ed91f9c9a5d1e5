"""How many SQL statements a piece of work sends: the budgets of pages are held by counting, not by timing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event, func, select

from core.kernel.events import EventDelivery, OutboxEvent

if TYPE_CHECKING:
    from core.testing.network import Network

#: What the dispatcher and the jobs send beside the requests.
_BESIDE = ("job_leases", "outbox_events", "event_deliveries", "UPDATE stream_heads")
#: What a page and the dispatcher both send; a page once.
_CURSOR = "stream_heads"
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


@contextmanager
def page_statements() -> Iterator[list[str]]:
    """The statements that a page sends: without those of the dispatcher and the jobs, which work beside it."""
    own: list[str] = []
    with counted_statements() as sent:
        yield own
    for statement in sent:
        again = _CURSOR in statement and any(_CURSOR in one for one in own)
        if not again and not any(name in statement for name in _BESIDE):
            own.append(statement)


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
