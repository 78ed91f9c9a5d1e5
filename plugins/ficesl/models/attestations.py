"""What a training leaves: attestations, the keys that sign them as badges, reminders, warnings of the gate, readiness.

An attestation names nobody: a code, a person's row, dates. The public check reads it by its code alone.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped

from core.api import Base, UtcDateTime, identifier, internal, public, sealed


class AttestationRow(Base):
    """A training completed by a person. `code` is printed and cannot be guessed; `expires_on` is the last valid day.

    `minutes`: the version's duration. `status_index`: its bit in the list of revocations, drawn at random.
    """

    __tablename__ = "ficesl_attestations"
    __table_args__ = (
        # What stands is unique; an attestation revoked for an error in its text is issued anew from the same credits
        Index(
            "uq_ficesl_attestations_standing",
            "learner_id",
            "version_id",
            "issued_on",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
        CheckConstraint("(revoked_at IS NULL) = (revoked_reason IS NULL)", name="revoked_with_reason"),
        CheckConstraint("minutes > 0", name="minutes_above_zero"),
        Index("ix_ficesl_attestations_course_id", "course_id", "expires_on"),
        Index("ix_ficesl_attestations_organisation_id", "organisation_id", "issued_on"),
        Index("ix_ficesl_attestations_expires_on", "expires_on"),
    )

    id: Mapped[UUID] = identifier()
    code: Mapped[str] = internal(String(14), unique=True)
    learner_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_learners.id"))
    organisation_id: Mapped[UUID] = internal(Uuid)
    course_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_courses.id"))
    version_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_versions.id"))
    minutes: Mapped[int] = internal(Integer)
    issued_on: Mapped[date] = internal(Date)
    expires_on: Mapped[date | None] = internal(Date, nullable=True)
    at: Mapped[datetime] = internal(UtcDateTime)
    revoked_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    revoked_reason: Mapped[str | None] = internal(String(16), nullable=True)
    revoked_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    status_index: Mapped[int] = internal(Integer, unique=True)


class SigningKey(Base):
    """A key of the network that signs badges. `number` counts them: the highest signs, all of them verify.

    `public_jwk` is what the public page of keys shows; the private part is sealed under the master key.
    """

    __tablename__ = "ficesl_keys"

    id: Mapped[UUID] = identifier()
    number: Mapped[int] = internal(Integer, unique=True)
    kid: Mapped[str] = internal(String(43), unique=True)
    public_jwk: Mapped[str] = public(Text)
    private_sealed: Mapped[bytes] = sealed()
    created_at: Mapped[datetime] = internal(UtcDateTime)


class RenewalReminder(Base):
    """A reminder that left, `days` before the end: each leaves once."""

    __tablename__ = "ficesl_reminders"
    __table_args__ = (UniqueConstraint("attestation_id", "days"),)

    id: Mapped[UUID] = identifier()
    attestation_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_attestations.id", ondelete="CASCADE"))
    days: Mapped[int] = internal(Integer)
    at: Mapped[datetime] = internal(UtcDateTime)


class GateWarning(Base):
    """Somebody without the training accepted an urgent referral: let through, and noted. Never which referral."""

    __tablename__ = "ficesl_gate_warnings"
    __table_args__ = (
        UniqueConstraint("event_id", "permission", "course_id"),
        Index("ix_ficesl_gate_warnings_organisation_id", "organisation_id", "at"),
    )

    id: Mapped[UUID] = identifier()
    event_id: Mapped[UUID] = internal(Uuid)
    user_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    organisation_id: Mapped[UUID] = internal(Uuid)
    permission: Mapped[str] = internal(String(80))
    course_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_courses.id"))
    at: Mapped[datetime] = internal(UtcDateTime)


class Readiness(Base):
    """An organisation's people and those whose training in a course is valid, kept by what happens and by the hour.

    `share`: percent rounded down, 101 when there is nobody, for the order of lists.
    """

    __tablename__ = "ficesl_readiness"
    __table_args__ = (
        UniqueConstraint("course_id", "organisation_id"),
        Index("ix_ficesl_readiness_share", "course_id", "share"),
    )

    id: Mapped[UUID] = identifier()
    organisation_id: Mapped[UUID] = internal(Uuid)
    course_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_courses.id"))
    type: Mapped[str] = internal(String(20))
    mrc: Mapped[str] = internal(String(80), default="")
    people: Mapped[int] = internal(Integer)
    valid: Mapped[int] = internal(Integer)
    share: Mapped[int] = internal(Integer)
    at: Mapped[datetime] = internal(UtcDateTime)
