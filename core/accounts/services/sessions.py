"""Writes about sessions."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from core.accounts.models import LoginSession, Throttle
from core.accounts.rules import RETENTION
from core.kernel.db import new_id
from core.kernel.events import close_streams


def open_session(session: Session, user_id: UUID, now: datetime, *, second_factor: bool, device: str) -> str:
    """Start a session and return its token (256 bits), of which only the hash is stored."""
    token = secrets.token_urlsafe(32)
    session.execute(
        insert(LoginSession).values(
            id=new_id(),
            token_hash=token_hash(token),
            user_id=user_id,
            created_at=now,
            last_seen_at=now,
            second_factor=second_factor,
            device=device,
        )
    )
    return token


def token_hash(token: str) -> bytes:
    """What the database knows of a session token."""
    return hashlib.sha256(token.encode()).digest()


def touch_session(session: Session, session_id: UUID, now: datetime) -> None:
    """Note activity."""
    session.execute(update(LoginSession).where(LoginSession.id == session_id).values(last_seen_at=now))


def end_sessions(
    session: Session, now: datetime, *, session_id: UUID | None = None, user_id: UUID | None = None
) -> None:
    """End one session, or all of a person; their live streams close at the commit, in every process."""
    statement = update(LoginSession).where(LoginSession.ended_at.is_(None)).values(ended_at=now)
    if session_id is not None:
        session.execute(statement.where(LoginSession.id == session_id))
        close_streams(session, now=now, session_ids=[session_id])
    if user_id is not None:
        session.execute(statement.where(LoginSession.user_id == user_id))
        close_streams(session, now=now, user_ids=[user_id])


def purge_accounts(session: Session, now: datetime) -> None:
    """Delete sessions a day after they began (none lives that long) and windows that count for nothing any more."""
    session.execute(delete(LoginSession).where(LoginSession.created_at < now - RETENTION))
    session.execute(delete(Throttle).where(Throttle.window_start < now - RETENTION))
