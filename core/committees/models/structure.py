"""Committees, their seats held by organisations, votes and sealed ballots."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped

from core.kernel.db import Base, UtcDateTime, identifier, internal, public, sealed


class Committee(Base):
    """A table or committee of the network, in a tree. `plugin` names the plugin that serves it."""

    __tablename__ = "committees"
    __table_args__ = (CheckConstraint("status IN ('active', 'closed')", name="status_code"),)

    id: Mapped[UUID] = identifier()
    slug: Mapped[str] = public(String(40), unique=True)
    parent_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("committees.id"), index=True)
    title: Mapped[str] = public(String(160))
    description: Mapped[str] = public(String(400), default="")
    mandate: Mapped[str] = internal(String(2000), default="")
    mandate_from: Mapped[date | None] = internal(Date)
    mandate_until: Mapped[date | None] = internal(Date)
    plugin: Mapped[str | None] = internal(String(30))
    status: Mapped[str] = internal(String(10), default="active")
    position: Mapped[int] = internal(Integer, default=100)


class CommitteeSeat(Base):
    """A seat held by an organisation for a term (days of the network, both included). `ended_at`: ended by hand."""

    __tablename__ = "committee_seats"
    __table_args__ = (
        CheckConstraint("role IN ('chair', 'vice_chair', 'member', 'secretary')", name="role_code"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="term"),
        Index("ix_committee_seats_substitute_id", "substitute_id"),
    )

    id: Mapped[UUID] = identifier()
    committee_id: Mapped[UUID] = internal(Uuid, ForeignKey("committees.id"), index=True)
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"), index=True)
    user_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"), index=True)
    substitute_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"))
    role: Mapped[str] = internal(String(12), default="member")
    voting: Mapped[bool] = internal(Boolean, default=True)
    starts_on: Mapped[date] = internal(Date)
    ends_on: Mapped[date | None] = internal(Date)
    ended_at: Mapped[datetime | None] = internal(UtcDateTime)


class Vote(Base):
    """A question put to a committee. `rule` is frozen at opening; `arithmetic` is written once, at closing.

    `kind` is `question` or a plugin's (`bien_etre.request`), `subject` the plugin's reference, `page` the plugin's own
    page of the vote. `calling` says what the recusals ask for: nothing, substitutes, or an alternate. `meeting_id`: the
    meeting whose agenda it is on.
    """

    __tablename__ = "votes"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'escalated', 'closed')", name="status_code"),
        CheckConstraint("calling IN ('none', 'substitutes', 'alternate')", name="calling_code"),
        # Jobs and home cards look at votes that are not closed, however many are.
        Index(
            "ix_votes_pending",
            "closes_at",
            sqlite_where=text("status <> 'closed'"),
            postgresql_where=text("status <> 'closed'"),
        ),
    )

    id: Mapped[UUID] = identifier()
    code: Mapped[str] = internal(String(16), unique=True)
    committee_id: Mapped[UUID] = internal(Uuid, ForeignKey("committees.id"), index=True)
    kind: Mapped[str] = internal(String(60))
    subject: Mapped[str] = internal(String(64), default="")
    page: Mapped[str] = internal(String(120), default="")
    question: Mapped[str] = internal(String(400), default="")
    rule: Mapped[dict[str, Any]] = internal(JSON)
    opened_by: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"))
    meeting_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("meetings.id"), index=True)
    opens_at: Mapped[datetime] = internal(UtcDateTime)
    closes_at: Mapped[datetime] = internal(UtcDateTime)
    status: Mapped[str] = internal(String(10), default="open")
    calling: Mapped[str] = internal(String(12), default="none")
    reminded: Mapped[int] = internal(Integer, default=0)
    result: Mapped[str | None] = internal(String(12))
    amount_cents: Mapped[int | None] = internal(Integer)
    arithmetic: Mapped[dict[str, Any] | None] = internal(JSON)
    closed_at: Mapped[datetime | None] = internal(UtcDateTime)


class VoteSeat(Base):
    """A seat as it stood when the vote opened, or an alternate named for this vote (`seat_id` empty, `user_id` set)."""

    __tablename__ = "vote_seats"
    __table_args__ = (UniqueConstraint("vote_id", "organisation_id"),)

    id: Mapped[UUID] = identifier()
    vote_id: Mapped[UUID] = internal(Uuid, ForeignKey("votes.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    seat_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("committee_seats.id", ondelete="SET NULL"), index=True)
    role: Mapped[str] = internal(String(12))
    voting: Mapped[bool] = internal(Boolean)
    user_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"), index=True)


class CommitteeRecusal(Base):
    """Somebody, or a whole organisation (`user_id` empty), steps aside from one vote. Never taken back."""

    __tablename__ = "committee_recusals"
    __table_args__ = (Index("ix_committee_recusals_vote_id", "vote_id"),)

    id: Mapped[UUID] = identifier()
    vote_id: Mapped[UUID] = internal(Uuid, ForeignKey("votes.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    user_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"))
    at: Mapped[datetime] = internal(UtcDateTime)


class Ballot(Base):
    """One organisation's ballot. What it says is sealed under the master key, always the same length, and stays so:
    after closing only counts are written in clear. `times`: how often it was put in (replaced until closing).
    `meeting_id`: a hand raised in that meeting and confirmed; it is replaced no more."""

    __tablename__ = "ballots"
    __table_args__ = (UniqueConstraint("vote_id", "organisation_id"),)

    id: Mapped[UUID] = identifier()
    vote_id: Mapped[UUID] = internal(Uuid, ForeignKey("votes.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    vote_seat_id: Mapped[UUID] = internal(Uuid, ForeignKey("vote_seats.id"), index=True)
    user_id: Mapped[UUID] = internal(Uuid, ForeignKey("users.id"), index=True)
    choice_sealed: Mapped[bytes] = sealed()
    reason_sealed: Mapped[bytes] = sealed()
    meeting_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("meetings.id"), index=True)
    times: Mapped[int] = internal(Integer, default=1)
    cast_at: Mapped[datetime] = internal(UtcDateTime)
