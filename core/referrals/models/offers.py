"""Cases and offers: one `Referral` is one offer from one organisation to another."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped
from sqlalchemy.types import JSON

from core.kernel.db import Base, UtcDateTime, identifier, internal
from core.referrals.rules.vocabulary import Kind
from core.referrals.rules.workflow import State


def _one_of(column: str, values: type[State] | type[Kind]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class ReferralCase(Base):
    """What links the offers about one woman's request. Its journal chain bears its id.

    `follow_lookup`: keyed hash of her receipt's code and her word. While she may still undo her own withdrawal, the
    seals rest under the case's escrow key, which nobody holds but the process, and only for that.
    """

    __tablename__ = "referral_cases"

    id: Mapped[UUID] = identifier()
    created_at: Mapped[datetime] = internal(UtcDateTime)
    follow_lookup: Mapped[bytes | None] = internal(LargeBinary(32), unique=True)
    no_calls: Mapped[bool] = internal(Boolean, default=False)
    suspended_at: Mapped[datetime | None] = internal(UtcDateTime)
    final_at: Mapped[datetime | None] = internal(UtcDateTime, index=True)
    withdrawn_at: Mapped[datetime | None] = internal(UtcDateTime)
    escrow_public: Mapped[bytes | None] = internal(LargeBinary(32))
    escrow_wrapped: Mapped[bytes | None] = internal(LargeBinary)


class Referral(Base):
    """One offer. No submitted one exists without the consent that names its case, its recipient and its purpose."""

    __tablename__ = "referrals"
    __table_args__ = (
        CheckConstraint(_one_of("state", State), name="state_code"),
        CheckConstraint(_one_of("kind", Kind), name="kind_code"),
        CheckConstraint(
            "state = 'draft' OR (state = 'expired' AND submitted_at IS NULL) OR (consent_id IS NOT NULL "
            "AND recipient_id IS NOT NULL AND submitted_at IS NOT NULL AND clock_due_at IS NOT NULL)",
            name="submitted_with_consent",
        ),
        CheckConstraint("sender_id IS NULL OR recipient_id IS NULL OR sender_id <> recipient_id", name="not_to_itself"),
        CheckConstraint("priority IS NULL OR priority BETWEEN 1 AND 3", name="priority_range"),
        ForeignKeyConstraint(
            ["consent_id", "case_id", "recipient_id", "kind"],
            ["consents.id", "consents.case_id", "consents.recipient_id", "consents.purpose"],
            name="fk_referrals_consent",
        ),
        UniqueConstraint("origin_id", "idempotency_key"),
        Index("ix_referrals_queue", "recipient_id", "state", "clock_due_at"),
        Index("ix_referrals_sent", "sender_id", "created_at"),
    )

    id: Mapped[UUID] = identifier()
    code: Mapped[str] = internal(String(9), unique=True)
    case_id: Mapped[UUID] = internal(Uuid, ForeignKey("referral_cases.id"), index=True)
    parent_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("referrals.id"), index=True)
    offer_group: Mapped[UUID | None] = internal(Uuid, index=True)
    kind: Mapped[str] = internal(String(12))
    channel: Mapped[str] = internal(String(12))
    state: Mapped[str] = internal(String(12))
    resume_state: Mapped[str | None] = internal(String(12))
    version: Mapped[int] = internal(Integer, default=1)
    idempotency_key: Mapped[str] = internal(String(64))

    origin_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    sender_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("organisations.id"))
    sender_user_id: Mapped[UUID] = internal(Uuid)
    recipient_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("organisations.id"))
    consent_id: Mapped[UUID | None] = internal(Uuid)

    responsible: Mapped[bool] = internal(Boolean, default=False)
    claimed_by: Mapped[UUID | None] = internal(Uuid)
    claimed_at: Mapped[datetime | None] = internal(UtcDateTime)
    urgent: Mapped[bool] = internal(Boolean, default=False)
    clock_kind: Mapped[str | None] = internal(String(20))
    clock_started_at: Mapped[datetime | None] = internal(UtcDateTime)
    clock_due_at: Mapped[datetime | None] = internal(UtcDateTime)
    first_attempt_at: Mapped[datetime | None] = internal(UtcDateTime)
    first_contact_at: Mapped[datetime | None] = internal(UtcDateTime)
    priority: Mapped[int | None] = internal(Integer)
    priority_reason: Mapped[str | None] = internal(String(24))
    priority_set_at: Mapped[datetime | None] = internal(UtcDateTime)
    joined_group: Mapped[UUID | None] = internal(Uuid, index=True)
    routing: Mapped[list[list[str]]] = internal(JSON)

    created_at: Mapped[datetime] = internal(UtcDateTime)
    submitted_at: Mapped[datetime | None] = internal(UtcDateTime)
    accepted_at: Mapped[datetime | None] = internal(UtcDateTime)
    ended_at: Mapped[datetime | None] = internal(UtcDateTime)
    end_reason: Mapped[str | None] = internal(String(24))
    better_service_id: Mapped[UUID | None] = internal(Uuid)


class ReferralPreview(Base):
    """What the receiver reads before acceptance: closed codes, no free text. Deleted when the offer ends."""

    __tablename__ = "referral_previews"

    referral_id: Mapped[UUID] = internal(Uuid, ForeignKey("referrals.id", ondelete="CASCADE"), primary_key=True)
    age_band: Mapped[str] = internal(String(12))
    area_code: Mapped[str] = internal(String(20))
    area_label: Mapped[str] = internal(String(80))
    area_label_en: Mapped[str] = internal(String(80))
    needs: Mapped[list[str]] = internal(JSON)
    facts: Mapped[list[str]] = internal(JSON)
    exploitation: Mapped[str] = internal(String(20))
    language: Mapped[str] = internal(String(8))
    constraints: Mapped[list[str]] = internal(JSON)


class ReferralRestriction(Base):
    """An organisation that must never learn of the case."""

    __tablename__ = "referral_restrictions"

    case_id: Mapped[UUID] = internal(Uuid, ForeignKey("referral_cases.id", ondelete="CASCADE"), primary_key=True)
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"), primary_key=True)
    reason: Mapped[str] = internal(String(24))
    added_by: Mapped[UUID] = internal(Uuid)
    added_at: Mapped[datetime] = internal(UtcDateTime)


class ReferralClockMark(Base):
    """A step of the clock already done; the primary key makes it happen once, whatever restarts."""

    __tablename__ = "referral_clock_marks"

    referral_id: Mapped[UUID] = internal(Uuid, ForeignKey("referrals.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[str] = internal(String(16), primary_key=True)
    at: Mapped[datetime] = internal(UtcDateTime)


class OnCallShift(Base):
    """Who is on call for an organisation, and when. Users live in another room: only their identifier is kept."""

    __tablename__ = "on_call_shifts"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_it_starts"),
        Index("ix_on_call_shifts_organisation", "organisation_id", "starts_at"),
    )

    id: Mapped[UUID] = identifier()
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    user_id: Mapped[UUID] = internal(Uuid)
    starts_at: Mapped[datetime] = internal(UtcDateTime)
    ends_at: Mapped[datetime] = internal(UtcDateTime)
