"""The secret address of a person's calendar: made, replaced, revoked; only its hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.accounts.models import User
from core.committees.models.meetings import CalendarFeed
from core.directory.models import Organisation
from core.kernel.db import add_row, new_id
from core.kernel.errors import Missing


def new_feed(session: Session, viewer: Viewer, now: datetime) -> str:
    """A fresh token (256 bits), shown once; an earlier address stops working. Raises Missing for nobody."""
    if viewer.user_id is None:
        raise Missing
    revoke_feed(session, viewer)
    token = secrets.token_urlsafe(32)
    add_row(session, CalendarFeed, id=new_id(), user_id=viewer.user_id, token_hash=feed_hash(token), created_at=now)
    return token


def revoke_feed(session: Session, viewer: Viewer) -> None:
    """Make the address of this person's calendar mean nothing any more."""
    session.execute(delete(CalendarFeed).where(CalendarFeed.user_id == viewer.user_id))


def feed_owner(session: Session, token: str) -> UUID | None:
    """Whose calendar this address shows: an active person of an admitted organisation, else None."""
    return session.scalar(
        select(CalendarFeed.user_id)
        .join(User, User.id == CalendarFeed.user_id)
        .join(Organisation, Organisation.id == User.organisation_id)
        .where(
            CalendarFeed.token_hash == feed_hash(token),
            User.status == "active",
            Organisation.status == "admitted",
        )
    )


def feed_hash(token: str) -> bytes:
    """What the database knows of a calendar's address (32 bytes)."""
    return hashlib.sha256(b"calendar:" + token.encode()).digest()
