"""The one place where a decision meets the money: `services.money` keeps the envelopes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import Viewer

from .money import EnvelopeExhausted, commit_amount, release

__all__ = ["EnvelopeExhausted", "commit_grant", "release_grant"]


def commit_grant(
    session: Session, viewer: Viewer | None, request_id: UUID, code: str, amount_cents: int, now: datetime
) -> None:
    """Commit what was granted, in the transaction of the decision. Raises EnvelopeExhausted, having written nothing."""
    commit_amount(session, viewer, request_id, code, amount_cents, now)


def release_grant(session: Session, request_id: UUID, now: datetime, viewer: Viewer | None = None) -> None:
    """Give back what was committed and not paid for a request that goes no further: never refused."""
    release(session, request_id, now, viewer=viewer)
