"""Requests to the fund. Never a name: codes, amounts in cents, and free texts that went through the name guard and are
sealed all the same."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped

from core.api import Base, UtcDateTime, identifier, internal, sealed


class AidRequest(Base):
    """One request. `case_mark`: keyed hash of the case it came from, which leads nowhere without the master key;
    `consent_sealed`: the consent it relies on. `amount_cents` is what the present round asks, `asked_cents` what was
    asked first. `author_id` is emptied when that account is erased. `resume_state`: where a pause, begun at
    `paused_at`, stopped it."""

    __tablename__ = "bien_etre_requests"
    __table_args__ = (
        CheckConstraint("amount_cents > 0 AND asked_cents > 0", name="amount_above_zero"),
        CheckConstraint("granted_cents IS NULL OR granted_cents > 0", name="granted_above_zero"),
        Index("ix_bien_etre_requests_queue", "state", "created_at"),
        Index("ix_bien_etre_requests_own", "organisation_id", "created_at"),
    )

    id: Mapped[UUID] = identifier()
    code: Mapped[str] = internal(String(9), unique=True)
    committee_id: Mapped[UUID] = internal(Uuid)
    organisation_id: Mapped[UUID] = internal(Uuid)
    organisation_type: Mapped[str] = internal(String(24))
    author_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    sent_key: Mapped[str] = internal(String(64), unique=True)
    state: Mapped[str] = internal(String(24))
    resume_state: Mapped[str | None] = internal(String(24), nullable=True)
    paused_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    version: Mapped[int] = internal(Integer, default=1)
    urgent: Mapped[bool] = internal(Boolean, default=False)
    urgent_until: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    age_band: Mapped[str] = internal(String(12))
    area_code: Mapped[str] = internal(String(20))
    area_label: Mapped[str] = internal(String(80))
    area_label_en: Mapped[str] = internal(String(80))
    category: Mapped[str] = internal(String(16))
    needed_by: Mapped[date] = internal(Date)
    asked_cents: Mapped[int] = internal(Integer)
    amount_cents: Mapped[int] = internal(Integer)
    granted_cents: Mapped[int | None] = internal(Integer, nullable=True)
    lafu: Mapped[str] = internal(String(16))
    lafu_since: Mapped[date | None] = internal(Date, nullable=True)
    payment: Mapped[str] = internal(String(16))
    why_now_sealed: Mapped[bytes | None] = sealed(nullable=True)
    tried_sealed: Mapped[bytes | None] = sealed(nullable=True)
    lafu_detail_sealed: Mapped[bytes | None] = sealed(nullable=True)
    consent_sealed: Mapped[bytes | None] = sealed(nullable=True)
    case_mark: Mapped[bytes | None] = internal(LargeBinary(32), nullable=True, index=True)
    ratification: Mapped[str | None] = internal(String(16), nullable=True)
    created_at: Mapped[datetime] = internal(UtcDateTime)
    decided_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    paid_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    ended_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    unpaid_told_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class Round(Base):
    """One vote about a request: changing the amount makes a new one. `purpose`: the request itself, or ratifying."""

    __tablename__ = "bien_etre_rounds"
    __table_args__ = (UniqueConstraint("request_id", "number"),)

    id: Mapped[UUID] = identifier()
    request_id: Mapped[UUID] = internal(Uuid, ForeignKey("bien_etre_requests.id", ondelete="CASCADE"))
    number: Mapped[int] = internal(Integer)
    purpose: Mapped[str] = internal(String(16))
    vote_id: Mapped[UUID] = internal(Uuid, unique=True)
    vote_code: Mapped[str] = internal(String(9), index=True)
    amount_cents: Mapped[int] = internal(Integer)
    opened_at: Mapped[datetime] = internal(UtcDateTime)
    closes_at: Mapped[datetime] = internal(UtcDateTime)
    closed_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    result: Mapped[str | None] = internal(String(16), nullable=True)


class Question(Base):
    """A question of the committee and the requester's answer, both through the name guard."""

    __tablename__ = "bien_etre_questions"
    __table_args__ = (Index("ix_bien_etre_questions_request_id", "request_id"),)

    id: Mapped[UUID] = identifier()
    request_id: Mapped[UUID] = internal(Uuid, ForeignKey("bien_etre_requests.id", ondelete="CASCADE"))
    asked_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    question_sealed: Mapped[bytes | None] = sealed(nullable=True)
    asked_at: Mapped[datetime] = internal(UtcDateTime)
    answered_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    answer_sealed: Mapped[bytes | None] = sealed(nullable=True)
    answered_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class Signature(Base):
    """One of the two signatures of the urgent track: one an organisation."""

    __tablename__ = "bien_etre_signatures"
    __table_args__ = (UniqueConstraint("request_id", "organisation_id"),)

    id: Mapped[UUID] = identifier()
    request_id: Mapped[UUID] = internal(Uuid, ForeignKey("bien_etre_requests.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID] = internal(Uuid)
    user_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    signed_at: Mapped[datetime] = internal(UtcDateTime)


class Aside(Base):
    """Who declared a conflict about a request, for every round of it. `user_id` None: the whole organisation."""

    __tablename__ = "bien_etre_asides"
    __table_args__ = (Index("ix_bien_etre_asides_request_id", "request_id"),)

    id: Mapped[UUID] = identifier()
    request_id: Mapped[UUID] = internal(Uuid, ForeignKey("bien_etre_requests.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID] = internal(Uuid)
    user_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    at: Mapped[datetime] = internal(UtcDateTime)


class Dismissed(Base):
    """« Ce n’en est pas un » : what looked like a person, in which field, and who said that it was not. Never what was
    written."""

    __tablename__ = "bien_etre_dismissed"
    __table_args__ = (Index("ix_bien_etre_dismissed_request_id", "request_id"),)

    id: Mapped[UUID] = identifier()
    request_id: Mapped[UUID] = internal(Uuid, ForeignKey("bien_etre_requests.id", ondelete="CASCADE"))
    field: Mapped[str] = internal(String(24))
    kind: Mapped[str] = internal(String(16))
    user_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    at: Mapped[datetime] = internal(UtcDateTime)
