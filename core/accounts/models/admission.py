"""How a person comes in (invitations), and how an organisation does (application, steps, approvals)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped
from sqlalchemy.types import JSON

from core.kernel.db import Base, UtcDateTime, identifier, internal, sealed


class Invitation(Base):
    """A named person may come in, or choose a new password (`kind` reset). Only a keyed hash of the code is kept."""

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("kind IN ('join', 'reset')", name="kind_code"),
        CheckConstraint("kind <> 'reset' OR user_id IS NOT NULL", name="reset_of_someone"),
        Index("ix_invitations_organisation", "organisation_id", "created_at"),
    )

    id: Mapped[UUID] = identifier()
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    kind: Mapped[str] = internal(String(5))
    user_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id", ondelete="CASCADE"))
    email_lookup: Mapped[bytes] = internal(LargeBinary(32), index=True)
    email_sealed: Mapped[bytes] = sealed()
    name_sealed: Mapped[bytes] = sealed()
    roles: Mapped[list[str]] = internal(JSON)
    code_hash: Mapped[bytes] = internal(LargeBinary(32))
    #: Nobody when the network's own machine invited (an admission that came to its end, a command).
    invited_by: Mapped[UUID | None] = internal(Uuid)
    created_at: Mapped[datetime] = internal(UtcDateTime)
    expires_at: Mapped[datetime] = internal(UtcDateTime)
    used_at: Mapped[datetime | None] = internal(UtcDateTime)
    revoked_at: Mapped[datetime | None] = internal(UtcDateTime)


class OrganisationApplication(Base):
    """An organisation asks to come in. What it wrote is sealed; what the network checked is codes, dates and functions.

    `organisation_id`: the organisation on probation, from the moment the coordination looks into the request.
    """

    __tablename__ = "organisation_applications"
    __table_args__ = (
        CheckConstraint("state IN ('received', 'probation', 'admitted', 'refused')", name="state_code"),
        Index("ix_organisation_applications_state", "state", "received_at"),
    )

    id: Mapped[UUID] = identifier()
    state: Mapped[str] = internal(String(10), default="received")
    received_at: Mapped[datetime] = internal(UtcDateTime)
    type: Mapped[str] = internal(String(20))
    #: The Act the applicant says it is under; `regime` is what the network set.
    regime_claimed: Mapped[str | None] = internal(String(10))
    details_sealed: Mapped[bytes | None] = sealed(nullable=True)
    organisation_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("organisations.id"), unique=True)

    called_number: Mapped[str | None] = internal(String(20))
    call_source: Mapped[str | None] = internal(String(16))
    called_by: Mapped[UUID | None] = internal(Uuid)
    called_at: Mapped[datetime | None] = internal(UtcDateTime)
    agreement_on: Mapped[date | None] = internal(Date)
    agreement_signatory: Mapped[str | None] = internal(String(120))
    agreement_reference: Mapped[str | None] = internal(String(60))
    officer_sealed: Mapped[bytes | None] = sealed(nullable=True)
    regime: Mapped[str | None] = internal(String(10))
    admin_sealed: Mapped[bytes | None] = sealed(nullable=True)

    decided_at: Mapped[datetime | None] = internal(UtcDateTime)
    refusal: Mapped[str | None] = internal(String(16))


class AdmissionApproval(Base):
    """One of the two approvals. Nobody approves twice, and no organisation does: the database says so too."""

    __tablename__ = "admission_approvals"
    __table_args__ = (UniqueConstraint("application_id", "organisation_id"),)

    application_id: Mapped[UUID] = internal(
        Uuid, ForeignKey("organisation_applications.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[UUID] = internal(Uuid, ForeignKey("users.id"), primary_key=True)
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    at: Mapped[datetime] = internal(UtcDateTime)
