"""Writes about people and their sessions."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import case, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.access.permissions import ADMINISTRATION, CONTENT, permissions_of
from core.access.viewer import Role
from core.accounts.models import LoginSession, Throttle, User
from core.accounts.rules import RETENTION, Window
from core.kernel.crypto import Aad, Keyring
from core.kernel.db import dialect_name, new_id
from core.kernel.errors import DomainError
from core.kernel.events import close_streams

HASHER = PasswordHasher()
#: Verified for unknown accounts, so that they take the same time as known ones (security S13).
DECOY = HASHER.hash(secrets.token_hex(16))


def normal_email(email: str) -> str:
    """The form under which an e-mail address is looked up."""
    return email.strip().casefold()


def email_lookup(keyring: Keyring, email: str) -> bytes:
    """Keyed hash of an e-mail address (32 bytes)."""
    return keyring.pseudonym("accounts.email", normal_email(email))


def personal(keyring: Keyring, user_id: UUID, column: str, text: str) -> bytes:
    """Ciphertext of a person's name or e-mail."""
    return keyring.protect(text.encode(), aad=Aad("users", user_id, column, 1))


def read_personal(keyring: Keyring, user_id: UUID, column: str, sealed: bytes) -> str:
    """The text behind `personal`."""
    return keyring.reveal(sealed, aad=Aad("users", user_id, column, 1)).decode()


def renew_personal(keyring: Keyring, user_id: UUID, column: str, sealed: bytes) -> bytes:
    """The same text under the newest master key (rotation)."""
    return keyring.reprotect(sealed, aad=Aad("users", user_id, column, 1))


class RolesConflict(DomainError):
    """One account would both administer and read content (security S6)."""

    message = (
        "Un même compte ne peut pas à la fois administrer et lire le contenu des références\u00a0: "
        "répartissez ces rôles entre deux comptes."
    )


def add_user(
    session: Session,
    keyring: Keyring,
    *,
    organisation_id: UUID,
    email: str,
    name: str,
    roles: Iterable[Role],
    now: datetime,
    password: str | None = None,
    demo_key: str | None = None,
) -> UUID:
    """Add a person and return her or his id. Raises IntegrityError if the e-mail is taken, RolesConflict."""
    roles = sorted(roles)
    granted = permissions_of(roles)
    if granted & CONTENT and granted & ADMINISTRATION:
        raise RolesConflict
    user_id = new_id()
    session.execute(
        insert(User).values(
            id=user_id,
            organisation_id=organisation_id,
            email_lookup=email_lookup(keyring, email),
            email_sealed=personal(keyring, user_id, "email_sealed", email),
            name_sealed=personal(keyring, user_id, "name_sealed", name),
            password_hash=HASHER.hash(password) if password else None,
            roles=roles,
            status="active",
            locale="fr",
            demo_key=demo_key,
            created_at=now,
        )
    )
    return user_id


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; an unknown account (None) costs the same and is always wrong."""
    try:
        HASHER.verify(password_hash or DECOY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


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


def disable_user(session: Session, user_id: UUID, now: datetime) -> None:
    """Take access away at once: no new session, and every open one ends."""
    session.execute(update(User).where(User.id == user_id).values(status="disabled"))
    end_sessions(session, now, user_id=user_id)


def too_many(
    session: Session,
    keyring: Keyring,
    kind: str,
    subjects: Mapping[str, str],
    windows: Mapping[str, Window],
    now: datetime,
) -> bool:
    """Count one attempt per subject and say whether any window is full. `subjects` and `windows` share their keys.

    Windows are tried in their order and the first full one ends it: an attempt that is refused anyway fills no wider
    window, so that one machine that insists shuts nobody else out.
    """
    for name, window in windows.items():
        key = keyring.pseudonym(f"throttle.{kind}.{name}", subjects[name])
        if _count(session, key, window, now) > window.limit:
            return True
    return False


def forget_attempts(session: Session, keyring: Keyring, kind: str, name: str, subject: str) -> None:
    """Start a subject's window anew: the right password clears what was mistyped before it."""
    key = keyring.pseudonym(f"throttle.{kind}.{name}", subject)
    session.execute(delete(Throttle).where(Throttle.key == key))


def purge_accounts(session: Session, now: datetime) -> None:
    """Delete sessions a day after they began (none lives that long) and windows that count for nothing any more."""
    session.execute(delete(LoginSession).where(LoginSession.created_at < now - RETENTION))
    session.execute(delete(Throttle).where(Throttle.window_start < now - RETENTION))


def _count(session: Session, key: bytes, window: Window, now: datetime) -> int:
    values = {"key": key, "window_start": now, "count": 1}
    fresh = Throttle.window_start > now - window.length
    changes = {
        "count": case((fresh, Throttle.count + 1), else_=1),
        "window_start": case((fresh, Throttle.window_start), else_=now),
    }
    if dialect_name(session) == "postgresql":
        session.execute(
            postgresql.insert(Throttle).values(values).on_conflict_do_update(index_elements=["key"], set_=changes)
        )
    else:
        session.execute(
            sqlite.insert(Throttle).values(values).on_conflict_do_update(index_elements=["key"], set_=changes)
        )
    return session.execute(select(Throttle.count).where(Throttle.key == key)).scalar_one()
