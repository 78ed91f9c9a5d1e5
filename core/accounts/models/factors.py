"""What a person shows besides a password: passkeys, a one-time code's secret, printed recovery codes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from core.kernel.db import Base, UtcDateTime, identifier, internal, sealed


class Passkey(Base):
    """One passkey of a person. The platform only ever holds its public half."""

    __tablename__ = "passkeys"

    id: Mapped[UUID] = identifier()
    user_id: Mapped[UUID] = internal(Uuid, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = internal(LargeBinary, unique=True)
    public_key: Mapped[bytes] = internal(LargeBinary)
    #: How often it was used, when the device counts; 0 for ever on those that don't.
    sign_count: Mapped[int] = internal(BigInteger)
    #: May be copied to the person's other devices, and was.
    backup_eligible: Mapped[bool] = internal(Boolean)
    backed_up: Mapped[bool] = internal(Boolean)
    #: The name its owner gave it.
    label_sealed: Mapped[bytes] = sealed()
    created_at: Mapped[datetime] = internal(UtcDateTime)
    last_used_at: Mapped[datetime | None] = internal(UtcDateTime)
    #: Its counter went back: perhaps a copy. It proves nothing any more.
    suspect_at: Mapped[datetime | None] = internal(UtcDateTime)


class PasskeyChallenge(Base):
    """What a passkey must sign now: five minutes, once, by the browser that asked."""

    __tablename__ = "passkey_challenges"
    __table_args__ = (CheckConstraint("purpose IN ('enrol', 'prove')", name="purpose_code"),)

    id: Mapped[UUID] = identifier()
    challenge_hash: Mapped[bytes] = internal(LargeBinary(32), unique=True)
    purpose: Mapped[str] = internal(String(5))
    #: Keyed hash of the browser that asked.
    browser: Mapped[bytes] = internal(LargeBinary(32))
    created_at: Mapped[datetime] = internal(UtcDateTime, index=True)


class TotpSecret(Base):
    """The secret an application makes codes from. Not confirmed: being set up, it proves nothing yet."""

    __tablename__ = "totp_secrets"

    id: Mapped[UUID] = identifier()
    user_id: Mapped[UUID] = internal(Uuid, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    secret_sealed: Mapped[bytes] = sealed()
    created_at: Mapped[datetime] = internal(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = internal(UtcDateTime)
    #: The last 30-second step whose code was accepted: neither it nor an older one ever is again.
    last_step: Mapped[int] = internal(BigInteger, default=0)


class RecoveryCode(Base):
    """One printed code, kept as a keyed hash."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    id: Mapped[UUID] = identifier()
    user_id: Mapped[UUID] = internal(Uuid, ForeignKey("users.id", ondelete="CASCADE"))
    code_hash: Mapped[bytes] = internal(LargeBinary(32))
    created_at: Mapped[datetime] = internal(UtcDateTime)
    used_at: Mapped[datetime | None] = internal(UtcDateTime)
