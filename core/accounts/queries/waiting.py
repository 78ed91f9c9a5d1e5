"""How many requests came for an organisation: all that a locked screen may say.

Accounts sits below the referrals and counts nothing itself: they lend it a reader, as it lends the journal names.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from core.access.viewer import Viewer

Counter = Callable[[Session, Viewer, datetime], int | None]
_readers: list[Counter] = []


def count_waiting_with(reader: Counter) -> Counter:
    """Register `reader(session, viewer, since)`, a decorator; the last one serves. None: she receives no request."""
    _readers.append(reader)
    return reader


def waiting_since(session: Session, viewer: Viewer, since: datetime) -> int | None:
    """Requests received since then that nobody has taken in hand; None when this person sees none at all."""
    return _readers[-1](session, viewer, since) if _readers else None
