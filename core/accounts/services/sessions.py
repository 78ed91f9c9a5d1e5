"""Writes about sessions."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.accounts.models import LoginSession, Throttle, User
from core.accounts.rules import RETENTION
from core.kernel.clock import TORONTO
from core.kernel.db import add_row, new_id
from core.kernel.events import close_streams


def open_session(
    session: Session,
    user_id: UUID,
    now: datetime,
    *,
    second_factor: bool,
    device: str,
    factor: str | None = None,
    stepped_up: bool = False,
) -> str:
    """Start a session and return its token (256 bits), of which only the hash is stored.

    `factor`: what proved it ('password', 'passkey', 'totp', 'recovery', 'provider', 'demo'); `stepped_up`: it was a
    second factor, shown this instant.
    """
    session_id = new_id()
    token = _new_token(session_id)
    add_row(
        session,
        LoginSession,
        id=session_id,
        token_hash=token_hash(token),
        user_id=user_id,
        created_at=now,
        last_seen_at=now,
        second_factor=second_factor,
        factor=factor,
        stepped_up_at=now if stepped_up else None,
        device=device,
    )
    month = now.astimezone(TORONTO).strftime("%Y-%m")
    known = update(User).where(User.id == user_id, User.last_month.is_distinct_from(month))
    session.execute(known.values(last_month=month), execution_options={"synchronize_session": False})
    return token


def _new_token(session_id: UUID) -> str:
    """256 random bits, then the session's own name: forms and tabs of one session go on when its token changes."""
    return f"{secrets.token_urlsafe(32)}.{session_id.hex}"


def rotate_session(session: Session, session_id: UUID, now: datetime) -> str:
    """Give the session a new token and return it; the old one is worth nothing from the commit on (security S9).

    Counts as activity. Streams opened with the old token close; this browser's own comes back with the new one.
    """
    token = _new_token(session_id)
    mine = (LoginSession.id == session_id) & LoginSession.ended_at.is_(None)
    session.execute(update(LoginSession).where(mine).values(token_hash=token_hash(token), last_seen_at=now))
    close_streams(session, now=now, session_ids=[session_id])
    return token


def lock_session(session: Session, session_id: UUID, now: datetime) -> None:
    """Lock by hand; open streams close and come back with nothing but a count."""
    mine = (LoginSession.id == session_id) & LoginSession.ended_at.is_(None) & LoginSession.locked_at.is_(None)
    session.execute(update(LoginSession).where(mine).values(locked_at=now))
    close_streams(session, now=now, session_ids=[session_id])


def unlock_session(session: Session, session_id: UUID, now: datetime) -> str:
    """Open a locked session again, whose holder has just proved who she is, under a new token, which is returned."""
    session.execute(update(LoginSession).where(LoginSession.id == session_id).values(locked_at=None))
    return rotate_session(session, session_id, now)


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


def end_other_sessions(session: Session, user_id: UUID, keep: UUID | None, now: datetime) -> int:
    """End every session of a person but `keep`, with their streams (a factor changed, a device was lost); how many."""
    others = (LoginSession.user_id == user_id) & LoginSession.ended_at.is_(None)
    if keep is not None:
        others &= LoginSession.id != keep
    ended = list(session.execute(select(LoginSession.id).where(others)).scalars())
    session.execute(update(LoginSession).where(LoginSession.id.in_(ended)).values(ended_at=now))
    close_streams(session, now=now, session_ids=ended)
    return len(ended)


def purge_accounts(session: Session, now: datetime) -> None:
    """Delete sessions a day after they began (none lives that long) and windows that count for nothing any more."""
    session.execute(delete(LoginSession).where(LoginSession.created_at < now - RETENTION))
    session.execute(delete(Throttle).where(Throttle.window_start < now - RETENTION))
