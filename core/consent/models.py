"""Consents and their append-only versions, and the exact wordings they were given on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped
from sqlalchemy.types import JSON

from core.consent.rules import ConsentStatus
from core.kernel.db import Base, UtcDateTime, identifier, internal, public

_STATUSES = ", ".join(f"'{status.value}'" for status in ConsentStatus)


class ConsentWording(Base):
    """One text as it was read to someone; its SHA-256 is its name, so it cannot change under a consent."""

    __tablename__ = "consent_wordings"
    __table_args__ = (UniqueConstraint("purpose", "version", "locale"),)

    sha256: Mapped[str] = public(String(64), primary_key=True)
    purpose: Mapped[str] = public(String(40))
    version: Mapped[str] = public(String(16))
    locale: Mapped[str] = public(String(2))
    text: Mapped[str] = public(Text)


class Consent(Base):
    """What never changes of a consent: one purpose, one discloser, one recipient (network rules §4).

    `subject` is a pseudonym of this case only. The unique constraint is what a referral points to, all four at once.
    """

    __tablename__ = "consents"
    __table_args__ = (UniqueConstraint("id", "case_id", "recipient_id", "purpose"),)

    id: Mapped[UUID] = identifier()
    case_id: Mapped[UUID] = internal(Uuid, index=True)
    subject: Mapped[bytes] = internal(LargeBinary(32))
    purpose: Mapped[str] = internal(String(40))
    discloser_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"), index=True)
    recipient_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"), index=True)
    current_version: Mapped[int] = internal(Integer, default=1)
    created_at: Mapped[datetime] = internal(UtcDateTime)


class ConsentVersion(Base):
    """One state of a consent; a change is a new row. Codes only, no word about anyone."""

    __tablename__ = "consent_versions"
    __table_args__ = (
        CheckConstraint(f"status IN ({_STATUSES})", name="status_code"),
        CheckConstraint("interpreter <> 'relative'", name="never_a_relative"),
        CheckConstraint("expires_at > granted_at", name="expires_after_it_is_given"),
    )

    consent_id: Mapped[UUID] = internal(Uuid, ForeignKey("consents.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = internal(Integer, primary_key=True, autoincrement=False)
    status: Mapped[str] = internal(String(12))
    blocks: Mapped[list[str]] = internal(JSON)
    sender_may_learn: Mapped[str] = internal(String(16))
    age_band: Mapped[str] = internal(String(12))
    given_by: Mapped[str] = internal(String(20))
    age_rules: Mapped[str] = internal(String(16))
    wording_sha256: Mapped[str] = internal(String(64), ForeignKey("consent_wordings.sha256"))
    language: Mapped[str] = internal(String(8))
    interpreter: Mapped[str] = internal(String(16))
    modality: Mapped[str] = internal(String(12))
    on_paper: Mapped[bool] = internal(Boolean, default=False)
    attestation: Mapped[list[str]] = internal(JSON)
    attested_by: Mapped[UUID | None] = internal(Uuid)
    attested_in: Mapped[UUID | None] = internal(Uuid)
    granted_at: Mapped[datetime] = internal(UtcDateTime)
    expires_at: Mapped[datetime] = internal(UtcDateTime)
    reconfirmed_at: Mapped[datetime | None] = internal(UtcDateTime)
    recorded_at: Mapped[datetime] = internal(UtcDateTime)
