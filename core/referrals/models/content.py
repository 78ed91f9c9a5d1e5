"""What is personal in a referral: always ciphertext, with the seals that say who can open it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped
from sqlalchemy.types import JSON

from core.kernel.db import Base, UtcDateTime, identifier, internal, sealed


class ReferralBlock(Base):
    """One block of one offer under its own random key. `version` is part of what the ciphertext is bound to."""

    __tablename__ = "referral_blocks"
    __table_args__ = (UniqueConstraint("referral_id", "kind"),)

    id: Mapped[UUID] = identifier()
    referral_id: Mapped[UUID] = internal(Uuid, ForeignKey("referrals.id", ondelete="CASCADE"))
    kind: Mapped[str] = internal(String(12))
    version: Mapped[int] = internal(Integer, default=1)
    ciphertext: Mapped[bytes] = sealed()


class BlockSeal(Base):
    """A block's key sealed to an organisation's public key. No seal, no reading: this table is the wall."""

    __tablename__ = "referral_block_seals"

    block_id: Mapped[UUID] = internal(Uuid, ForeignKey("referral_blocks.id", ondelete="CASCADE"), primary_key=True)
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"), primary_key=True)
    sealed_key: Mapped[bytes] = sealed()


class EscrowSeal(Base):
    """A block's key under the case's escrow key: during her 72 h, or when a sender has no key of its own.

    `organisation_id` is the organisation the seal goes back to; null when it waits for the receiver's acceptance.
    """

    __tablename__ = "referral_escrow_seals"

    id: Mapped[UUID] = identifier()
    block_id: Mapped[UUID] = internal(Uuid, ForeignKey("referral_blocks.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("organisations.id"))
    sealed_key: Mapped[bytes] = sealed()


class ReferralEntry(Base):
    """What happened, in order: attempts, questions and answers, amendments. Codes in clear, words only encrypted.

    `block_id` names the block whose key opens `ciphertext`; when the seals go, so do the words.
    """

    __tablename__ = "referral_entries"
    __table_args__ = (Index("ix_referral_entries_referral", "referral_id", "at"),)

    id: Mapped[UUID] = identifier()
    referral_id: Mapped[UUID] = internal(Uuid, ForeignKey("referrals.id", ondelete="CASCADE"))
    kind: Mapped[str] = internal(String(16))
    at: Mapped[datetime] = internal(UtcDateTime)
    actor_user_id: Mapped[UUID | None] = internal(Uuid)
    actor_organisation_id: Mapped[UUID | None] = internal(Uuid)
    codes: Mapped[dict[str, str | list[str]]] = internal(JSON)
    block_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("referral_blocks.id", ondelete="CASCADE"))
    ciphertext: Mapped[bytes | None] = sealed(nullable=True)


class ReferralDraft(Base):
    """A half-filled form, encrypted for the sender's organisation; gone after seven days."""

    __tablename__ = "referral_drafts"

    referral_id: Mapped[UUID] = internal(Uuid, ForeignKey("referrals.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = internal(Integer, default=1)
    ciphertext: Mapped[bytes] = sealed()
    sealed_key: Mapped[bytes] = sealed()
    updated_at: Mapped[datetime] = internal(UtcDateTime)
    expires_at: Mapped[datetime] = internal(UtcDateTime, index=True)


class DuplicateKey(Base):
    """A keyed hash, different in each organisation, of what two accepted referrals may have in common."""

    __tablename__ = "referral_duplicate_keys"
    __table_args__ = (Index("ix_referral_duplicate_keys_lookup", "organisation_id", "digest"),)

    referral_id: Mapped[UUID] = internal(Uuid, ForeignKey("referrals.id", ondelete="CASCADE"), primary_key=True)
    basis: Mapped[str] = internal(String(12), primary_key=True)
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    digest: Mapped[bytes] = internal(LargeBinary(32))
