"""People who log in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Uuid
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
    #: Month of the last sign-in, "2026-11": enough to see a forgotten account, too little to follow anybody's days.
    last_month: Mapped[str | None] = internal(String(7))
    #: When she or he left for good; a suspended account is disabled without it.
    left_at: Mapped[datetime | None] = internal(UtcDateTime)
