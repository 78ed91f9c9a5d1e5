"""An organisation's identity provider, whom it recognised, and the sign-ins under way."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped
from sqlalchemy.types import JSON

from core.kernel.db import Base, UtcDateTime, identifier, internal, sealed


class IdentityProvider(Base):
    """The OpenID Connect provider of one organisation. Two organisations never share a client of the same issuer."""

    __tablename__ = "identity_providers"
    __table_args__ = (
        UniqueConstraint("issuer", "client_id"),
        CheckConstraint("auth_method IN ('client_secret_basic', 'client_secret_post')", name="auth_method_code"),
    )

    id: Mapped[UUID] = identifier()
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"), unique=True)
    issuer: Mapped[str] = internal(String(300))
    client_id: Mapped[str] = internal(String(200))
    client_secret: Mapped[bytes] = sealed()
    auth_method: Mapped[str] = internal(String(30))
    #: Names of the claims that hold each thing.
    subject_claim: Mapped[str] = internal(String(60), default="sub")
    email_claim: Mapped[str] = internal(String(60), default="email")
    verified_claim: Mapped[str] = internal(String(60), default="email_verified")
    name_claim: Mapped[str] = internal(String(60), default="name")
    #: One of these acr values, one of these amr values; with neither, a second factor is asked here.
    required_acr: Mapped[list[str]] = internal(JSON, default=list)
    required_amr: Mapped[list[str]] = internal(JSON, default=list)
    allowed_domains: Mapped[list[str]] = internal(JSON, default=list)
    #: What a person of an allowed domain is when she or he comes for the first time.
    joining_roles: Mapped[list[str]] = internal(JSON, default=list)
    #: Set by the operator alone: the provider may be on a private network.
    internal_network: Mapped[bool] = internal(Boolean, default=False)
    enabled: Mapped[bool] = internal(Boolean, default=False)
    changed_at: Mapped[datetime] = internal(UtcDateTime)
    #: The last time its document and keys were found right, and the last refusal, for whoever mends it.
    verified_at: Mapped[datetime | None] = internal(UtcDateTime)
    last_refusal: Mapped[str | None] = internal(String(40))
    last_refused_at: Mapped[datetime | None] = internal(UtcDateTime)


class ProviderSubject(Base):
    """A person as a provider knows her or him: a keyed hash, of no use elsewhere."""

    __tablename__ = "provider_subjects"
    __table_args__ = (
        UniqueConstraint("provider_id", "subject_hash"),
        # An address given to somebody else must not open the account of whoever had it before
        UniqueConstraint("provider_id", "user_id"),
    )

    id: Mapped[UUID] = identifier()
    provider_id: Mapped[UUID] = internal(Uuid, ForeignKey("identity_providers.id", ondelete="CASCADE"))
    subject_hash: Mapped[bytes] = internal(LargeBinary(32))
    user_id: Mapped[UUID] = internal(Uuid, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    linked_at: Mapped[datetime] = internal(UtcDateTime)


class ProviderSession(Base):
    """Which login session came from a provider, so that the provider can end it (back-channel logout)."""

    __tablename__ = "provider_sessions"

    id: Mapped[UUID] = identifier()
    provider_id: Mapped[UUID] = internal(Uuid, ForeignKey("identity_providers.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[UUID] = internal(Uuid, ForeignKey("login_sessions.id", ondelete="CASCADE"), unique=True)
    #: Of the claim `sub` itself, whatever claim tells people apart.
    subject_hash: Mapped[bytes] = internal(LargeBinary(32), index=True)
    sid_hash: Mapped[bytes | None] = internal(LargeBinary(32), index=True)


class ProviderAttempt(Base):
    """A sign-in that left for a provider and has not come back: one use, ten minutes, this browser only.

    Neither nonce nor verifier is kept: a key makes them from the state, of which only the hash is known here.
    """

    __tablename__ = "provider_attempts"

    id: Mapped[UUID] = identifier()
    state_hash: Mapped[bytes] = internal(LargeBinary(32), unique=True)
    browser_hash: Mapped[bytes] = internal(LargeBinary(32))
    provider_id: Mapped[UUID] = internal(Uuid, ForeignKey("identity_providers.id", ondelete="CASCADE"), index=True)
    #: The session that asks to be confirmed (step-up); None for a sign-in.
    session_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("login_sessions.id", ondelete="CASCADE"), index=True)
    next_path: Mapped[str] = internal(String(300))
    created_at: Mapped[datetime] = internal(UtcDateTime, index=True)


class LogoutTokenSeen(Base):
    """A logout token serves once."""

    __tablename__ = "logout_tokens_seen"
    __table_args__ = (UniqueConstraint("provider_id", "jti_hash"),)

    id: Mapped[UUID] = identifier()
    provider_id: Mapped[UUID] = internal(Uuid, ForeignKey("identity_providers.id", ondelete="CASCADE"))
    jti_hash: Mapped[bytes] = internal(LargeBinary(32))
    seen_at: Mapped[datetime] = internal(UtcDateTime, index=True)
