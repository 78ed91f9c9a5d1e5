"""The one place where a decision meets the money: `services.money` keeps the envelopes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import DomainError, Viewer


class EnvelopeExhausted(DomainError):
    """No envelope can hold this amount."""

    status = 409
    message = "Les enveloppes ne suffisent pas pour ce montant."


def commit_grant(
    session: Session, viewer: Viewer | None, request_id: UUID, code: str, amount_cents: int, now: datetime
) -> None:
    """Commit what was granted, in the transaction of the decision. Raises EnvelopeExhausted."""


def release_grant(session: Session, request_id: UUID, now: datetime) -> None:
    """Give back what was committed for a request that goes no further."""
