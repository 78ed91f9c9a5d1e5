"""The agreements in force, as they were worded when they were accepted, and who accepted them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from core.kernel.db import Base, UtcDateTime, identifier, internal


class Agreement(Base):
    """One version of one agreement, kept from its first acceptance on: what was accepted can always be shown."""

    __tablename__ = "agreements"
    __table_args__ = (
        CheckConstraint("kind IN ('conduct', 'partnership')", name="kind_code"),
        UniqueConstraint("hash"),
    )

    id: Mapped[UUID] = identifier()
    kind: Mapped[str] = internal(String(12))
    version: Mapped[int] = internal(Integer)
    #: SHA-256 (hex) of kind, version and both texts.
    hash: Mapped[str] = internal(String(64))
    text_fr: Mapped[str] = internal(Text)
    text_en: Mapped[str] = internal(Text)
    kept_at: Mapped[datetime] = internal(UtcDateTime)


class AgreementAcceptance(Base):
    """A person accepted a version: the code of conduct for herself, a partnership for her organisation."""

    __tablename__ = "agreement_acceptances"
    __table_args__ = (
        UniqueConstraint("agreement_hash", "user_id"),
        UniqueConstraint("agreement_hash", "organisation_id"),
    )

    id: Mapped[UUID] = identifier()
    agreement_hash: Mapped[str] = internal(String(64), ForeignKey("agreements.hash"))
    user_id: Mapped[UUID] = internal(Uuid, ForeignKey("users.id"), index=True)
    #: Set for a partnership only.
    organisation_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("organisations.id"), index=True)
    accepted_at: Mapped[datetime] = internal(UtcDateTime)
