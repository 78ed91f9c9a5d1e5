"""People who log in, their sessions, and the throttle's windows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Integer, LargeBinary, String, Uuid
from sqlalchemy.orm import Mapped
from sqlalchemy.types import JSON

from core.kernel.db import Base, UtcDateTime, identifier, internal, sealed


class User(Base):
    """One person in one organisation. Name and e-mail are sealed; the e-mail is looked up by a keyed hash."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("status IN ('active', 'disabled')", name="status_code"),)

    id: Mapped[UUID] = identifier()
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"), index=True)
    email_lookup: Mapped[bytes] = internal(LargeBinary(32), unique=True)
    email_sealed: Mapped[bytes] = sealed()
    name_sealed: Mapped[bytes] = sealed()
    password_hash: Mapped[str | None] = internal(String(200))
    roles: Mapped[list[str]] = internal(JSON)
    status: Mapped[str] = internal(String(10), default="active")
    locale: Mapped[str] = internal(String(2), default="fr")
    demo_key: Mapped[str | None] = internal(String(40), unique=True)
    created_at: Mapped[datetime] = internal(UtcDateTime)


class LoginSession(Base):
    """A browser that is signed in. Only the hash of its token is kept."""

    __tablename__ = "login_sessions"

    id: Mapped[UUID] = identifier()
    token_hash: Mapped[bytes] = internal(LargeBinary(32), unique=True)
    user_id: Mapped[UUID] = internal(Uuid, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = internal(UtcDateTime)
    last_seen_at: Mapped[datetime] = internal(UtcDateTime)
    ended_at: Mapped[datetime | None] = internal(UtcDateTime)
    second_factor: Mapped[bool] = internal(Boolean, default=False)
    device: Mapped[str] = internal(String(60), default="")


class Throttle(Base):
    """Attempts per key in a fixed window; shared by every process."""

    __tablename__ = "throttles"

    key: Mapped[bytes] = internal(LargeBinary(32), primary_key=True)
    window_start: Mapped[datetime] = internal(UtcDateTime)
    count: Mapped[int] = internal(Integer, default=0)
