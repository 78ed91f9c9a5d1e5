"""Free texts of the fund, sealed; and what somebody said was not a name (the guard itself is the core’s)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import Finding, Keyring, Viewer, new_id, open_text, seal_text

from ..models import Dismissed

REQUESTS, QUESTIONS = "bien_etre_requests", "bien_etre_questions"


def record_dismissed(
    session: Session,
    viewer: Viewer | None,
    request_id: UUID,
    said: Collection[tuple[str, Finding]],
    now: datetime,
) -> None:
    """Keep that somebody said « Ce n’en est pas un »: the field and the kind, never the words.

    `viewer` None: a ballot's reason, where who wrote stays unsaid.
    """
    for field, finding in said:
        session.add(
            Dismissed(
                id=new_id(),
                request_id=request_id,
                field=field,
                kind=finding.kind.value,
                user_id=None if viewer is None else viewer.user_id,
                at=now,
            )
        )


def sealed(keyring: Keyring, table: str, row_id: UUID, column: str, text: str) -> bytes | None:
    """Ciphertext of a text for its column."""
    return seal_text(keyring, table, row_id, column, text)


def opened(keyring: Keyring, table: str, row_id: UUID, column: str, value: bytes | None) -> str:
    """The text of a column, "" when there is none."""
    return open_text(keyring, table, row_id, column, value)
