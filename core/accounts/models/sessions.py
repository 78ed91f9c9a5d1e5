"""Browsers that are signed in, and the throttle's windows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Integer, LargeBinary, String, Uuid
from sqlalchemy.orm import Mapped

from core.kernel.db import Base, UtcDateTime, identifier, internal


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
    #: What proved it, when anything did.
    factor: Mapped[str | None] = internal(String(10))
    stepped_up_at: Mapped[datetime | None] = internal(UtcDateTime)
    #: Locked by hand; an idle one is locked by its `last_seen_at` alone.
    locked_at: Mapped[datetime | None] = internal(UtcDateTime)
    device: Mapped[str] = internal(String(60), default="")


class Throttle(Base):
    """Attempts per key in a fixed window; shared by every process."""

    __tablename__ = "throttles"

    key: Mapped[bytes] = internal(LargeBinary(32), primary_key=True)
    window_start: Mapped[datetime] = internal(UtcDateTime)
    count: Mapped[int] = internal(Integer, default=0)
