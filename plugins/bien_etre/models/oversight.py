"""What watches over the fund: balances carried by two people, ratifications told to be late, reasons of refusals."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from core.api import Base, UtcDateTime, identifier, internal

from ..rules.figures import Why
from ..rules.money import CarryState
from .money import codes


class CarryOver(Base):
    """The balance of an envelope whose year is over, carried to the next by a named vote: one person proposes it,
    another confirms. A vote carries an envelope once. `amount_cents` is known once it is done."""

    __tablename__ = "bien_etre_carry_overs"
    __table_args__ = (
        codes("state", CarryState, "state_code"),
        CheckConstraint("amount_cents IS NULL OR amount_cents > 0", name="amount_above_zero"),
        UniqueConstraint("envelope_id", "decision"),
    )

    id: Mapped[UUID] = identifier()
    envelope_id: Mapped[UUID] = internal(Uuid, ForeignKey("bien_etre_envelopes.id"))
    decision: Mapped[str] = internal(String(16))
    state: Mapped[str] = internal(String(16))
    amount_cents: Mapped[int | None] = internal(Integer, nullable=True)
    prepared_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    prepared_at: Mapped[datetime] = internal(UtcDateTime)
    confirmed_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    confirmed_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class LateRatification(Base):
    """A request granted by two signatures whose ratification is late: that it was told, so that it is told once."""

    __tablename__ = "bien_etre_late_ratifications"

    id: Mapped[UUID] = identifier()
    request_id: Mapped[UUID] = internal(Uuid, ForeignKey("bien_etre_requests.id", ondelete="CASCADE"), unique=True)
    told_at: Mapped[datetime] = internal(UtcDateTime)


class RefusalReason(Base):
    """Why the committee did not accept a request, in one code given after the vote by who keeps the accounts."""

    __tablename__ = "bien_etre_refusal_reasons"
    __table_args__ = (codes("reason", Why, "reason_code"),)

    id: Mapped[UUID] = identifier()
    request_id: Mapped[UUID] = internal(Uuid, ForeignKey("bien_etre_requests.id", ondelete="CASCADE"), unique=True)
    reason: Mapped[str] = internal(String(16))
    coded_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    coded_at: Mapped[datetime] = internal(UtcDateTime)
