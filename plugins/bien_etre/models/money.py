"""The fund's money, in cents: envelopes, what is granted, payments, receipts, and the ledger that nothing rewrites.

Balances kept on envelopes are sums of the ledger; the database itself refuses one that would be overspent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    DDL,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    Uuid,
    event,
)
from sqlalchemy.orm import Mapped
from sqlalchemy.schema import ExecutableDDLElement

from core.api import Base, UtcDateTime, identifier, internal

from ..rules.money import Entry, PaymentState, Ratification, Route

FUNDER_LENGTH: Final = 80
LABEL_LENGTH: Final = 60


def codes(column: str, words: Iterable[StrEnum], name: str) -> CheckConstraint:
    """The column holds one of these codes."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


class Envelope(Base):
    """Money of one funder for one fiscal year. `held` is committed and not paid yet. Without caps it serves everything,
    with caps only their categories."""

    __tablename__ = "bien_etre_envelopes"
    __table_args__ = (
        CheckConstraint("held_cents >= 0 AND paid_cents >= 0", name="not_negative"),
        CheckConstraint("held_cents + paid_cents <= amount_cents", name="not_overspent"),
        UniqueConstraint("fiscal_year", "funder"),
    )

    id: Mapped[UUID] = identifier()
    fiscal_year: Mapped[int] = internal(Integer)
    funder: Mapped[str] = internal(String(FUNDER_LENGTH))
    amount_cents: Mapped[int] = internal(Integer, default=0)
    held_cents: Mapped[int] = internal(Integer, default=0)
    paid_cents: Mapped[int] = internal(Integer, default=0)
    created_at: Mapped[datetime] = internal(UtcDateTime)


class EnvelopeCap(Base):
    """What an envelope may give at most to one category; `used` is held or paid."""

    __tablename__ = "bien_etre_envelope_caps"
    __table_args__ = (
        CheckConstraint("used_cents >= 0 AND used_cents <= cap_cents", name="within_cap"),
        UniqueConstraint("envelope_id", "category"),
    )

    id: Mapped[UUID] = identifier()
    envelope_id: Mapped[UUID] = internal(Uuid, ForeignKey("bien_etre_envelopes.id"))
    category: Mapped[str] = internal(String(16))
    cap_cents: Mapped[int] = internal(Integer)
    used_cents: Mapped[int] = internal(Integer, default=0)


class Commitment(Base):
    """What the committee granted to one request. What is left to pay is `amount - paid - released`. No link to a
    person; `request_id` is no key, so that accounts outlive requests."""

    __tablename__ = "bien_etre_commitments"
    __table_args__ = (
        CheckConstraint("amount_cents > 0 AND paid_cents >= 0 AND released_cents >= 0", name="not_negative"),
        CheckConstraint("paid_cents + released_cents <= amount_cents", name="not_overpaid"),
        Index("ix_bien_etre_commitments_committed_at", "committed_at"),
    )

    id: Mapped[UUID] = identifier()
    request_id: Mapped[UUID] = internal(Uuid, unique=True)
    code: Mapped[str] = internal(String(9), unique=True)
    category: Mapped[str] = internal(String(16))
    amount_cents: Mapped[int] = internal(Integer)
    paid_cents: Mapped[int] = internal(Integer, default=0)
    released_cents: Mapped[int] = internal(Integer, default=0)
    committed_at: Mapped[datetime] = internal(UtcDateTime)
    first_paid_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class Payment(Base):
    """One payment of a grant, or the purchase of gift cards (`commitment_id` empty). People's identifiers are emptied
    when their account is erased; the journal keeps who did what."""

    __tablename__ = "bien_etre_payments"
    __table_args__ = (
        codes("state", PaymentState, "state_code"),
        codes("route", Route, "route_code"),
        CheckConstraint("amount_cents > 0", name="amount_above_zero"),
        Index("ix_bien_etre_payments_state", "state", "prepared_at"),
    )

    id: Mapped[UUID] = identifier()
    commitment_id: Mapped[UUID | None] = internal(
        Uuid, ForeignKey("bien_etre_commitments.id"), nullable=True, index=True
    )
    envelope_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("bien_etre_envelopes.id"), nullable=True)
    stock_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("bien_etre_card_stocks.id"), nullable=True)
    cards: Mapped[int | None] = internal(Integer, nullable=True)
    partner_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    route: Mapped[str] = internal(String(16))
    amount_cents: Mapped[int] = internal(Integer)
    state: Mapped[str] = internal(String(16), default=PaymentState.PREPARED.value)
    sent_key: Mapped[str] = internal(String(64), unique=True)
    prepared_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    prepared_at: Mapped[datetime] = internal(UtcDateTime)
    confirmed_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    confirmed_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class Receipt(Base):
    """The proof of a payment: an encrypted file and what it justifies."""

    __tablename__ = "bien_etre_receipts"
    __table_args__ = (CheckConstraint("amount_cents > 0", name="amount_above_zero"),)

    id: Mapped[UUID] = identifier()
    payment_id: Mapped[UUID] = internal(Uuid, ForeignKey("bien_etre_payments.id"), index=True)
    file_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    amount_cents: Mapped[int] = internal(Integer)
    at: Mapped[datetime] = internal(UtcDateTime, index=True)


class LedgerEntry(Base):
    """A line of the ledger; rows are only ever added. `reverses` is given once: a reversal is never reversed."""

    __tablename__ = "bien_etre_ledger"
    __table_args__ = (
        codes("kind", Entry, "kind_code"),
        CheckConstraint("amount_cents > 0", name="amount_above_zero"),
        UniqueConstraint("reverses"),
        Index("ix_bien_etre_ledger_envelope_id_at", "envelope_id", "at", "id"),
    )

    id: Mapped[UUID] = identifier()
    envelope_id: Mapped[UUID] = internal(Uuid, ForeignKey("bien_etre_envelopes.id"))
    kind: Mapped[str] = internal(String(16))
    amount_cents: Mapped[int] = internal(Integer)
    commitment_id: Mapped[UUID | None] = internal(
        Uuid, ForeignKey("bien_etre_commitments.id"), nullable=True, index=True
    )
    payment_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("bien_etre_payments.id"), nullable=True, index=True)
    reverses: Mapped[UUID | None] = internal(Uuid, ForeignKey("bien_etre_ledger.id"), nullable=True)
    decision: Mapped[str | None] = internal(String(16), nullable=True)
    at: Mapped[datetime] = internal(UtcDateTime)


class CardStock(Base):
    """Gift cards bought from an envelope: one shop, one face value. `left` is what the holder still keeps."""

    __tablename__ = "bien_etre_card_stocks"
    __table_args__ = (
        CheckConstraint("face_cents > 0", name="face_above_zero"),
        CheckConstraint("left_count >= 0", name="not_negative"),
        UniqueConstraint("label", "face_cents"),
    )

    id: Mapped[UUID] = identifier()
    label: Mapped[str] = internal(String(LABEL_LENGTH))
    face_cents: Mapped[int] = internal(Integer)
    left_count: Mapped[int] = internal(Integer, default=0)


class CardReserve(Base):
    """Cards a partner keeps for the night, handed on one worker's word. `cap` bounds what waits for ratification."""

    __tablename__ = "bien_etre_card_reserves"
    __table_args__ = (
        CheckConstraint("left_count >= 0", name="not_negative"),
        CheckConstraint("waiting_cents >= 0 AND waiting_cents <= cap_cents", name="within_cap"),
        UniqueConstraint("organisation_id", "stock_id"),
    )

    id: Mapped[UUID] = identifier()
    organisation_id: Mapped[UUID] = internal(Uuid)
    stock_id: Mapped[UUID] = internal(Uuid, ForeignKey("bien_etre_card_stocks.id"))
    left_count: Mapped[int] = internal(Integer, default=0)
    cap_cents: Mapped[int] = internal(Integer)
    waiting_cents: Mapped[int] = internal(Integer, default=0)
    until: Mapped[date] = internal(Date)
    created_at: Mapped[datetime] = internal(UtcDateTime)


class CardHanding(Base):
    """Cards that left a partner's reserve: how many, which partner, when. Never to whom."""

    __tablename__ = "bien_etre_card_handings"
    __table_args__ = (
        codes("ratification", Ratification, "ratification_code"),
        CheckConstraint("cards > 0 AND amount_cents > 0", name="above_zero"),
        Index("ix_bien_etre_card_handings_ratification", "ratification", "at"),
    )

    id: Mapped[UUID] = identifier()
    reserve_id: Mapped[UUID] = internal(Uuid, ForeignKey("bien_etre_card_reserves.id"), index=True)
    organisation_id: Mapped[UUID] = internal(Uuid)
    user_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    cards: Mapped[int] = internal(Integer)
    amount_cents: Mapped[int] = internal(Integer)
    at: Mapped[datetime] = internal(UtcDateTime)
    sent_key: Mapped[str] = internal(String(64), unique=True)
    ratification: Mapped[str] = internal(String(16), default=Ratification.WAITING.value)
    decision: Mapped[str | None] = internal(String(16), nullable=True)
    ratified_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    ratified_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    told_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


_TABLE: Final = "bien_etre_ledger"
_MESSAGE: Final = "the ledger is append-only"
_FUNCTION: Final = (
    f"CREATE OR REPLACE FUNCTION {_TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'restrict_violation'; END $$"
)
#: After the table exists, in migrations and in `create_all`: {dialect: statements in order}.
LEDGER_TRIGGERS: Final[dict[str, tuple[str, ...]]] = {
    "sqlite": tuple(
        f"CREATE TRIGGER {_TABLE}_no_{verb} BEFORE {verb.upper()} ON {_TABLE} "
        f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        for verb in ("update", "delete")
    ),
    "postgresql": (
        _FUNCTION,
        *(
            f"CREATE TRIGGER {_TABLE}_no_{verb} BEFORE {verb.upper()} ON {_TABLE} "
            f"FOR EACH {'STATEMENT' if verb == 'truncate' else 'ROW'} EXECUTE FUNCTION {_TABLE}_refuse()"
            for verb in ("update", "delete", "truncate")
        ),
    ),
}


def _attach() -> None:
    """A table made by `create_all` gets the same triggers as a migrated one."""
    for dialect, statements in LEDGER_TRIGGERS.items():
        for statement in statements:
            ddl: ExecutableDDLElement = DDL(statement)  # type: ignore[no-untyped-call]
            event.listen(LedgerEntry.__table__, "after_create", ddl.execute_if(dialect=dialect))


_attach()
