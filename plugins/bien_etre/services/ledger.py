"""The ledger and its locks: what every service that moves money stands on.

Locks are always taken in one order: what was granted to the request, its payment, envelopes by identifier, cards. Then
comes the journal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.orm import Session

from core.api import ANONYMOUS, TORONTO, DomainError, Missing, Viewer, committee_by_slug, emit, lock_row, new_id, record

from .. import models
from ..rules.money import Entry, draw, fiscal_year
from ..settings import SLUG

FUNDS_CHANGED: Final = "bien_etre.funds_changed"
_NO_SYNC: Final = {"synchronize_session": False}


@dataclass(frozen=True)
class Commitment:
    """What is granted to one request, in cents. `parts`: what each envelope holds of it and has not paid."""

    id: UUID
    request_id: UUID
    code: str
    amount_cents: int
    paid_cents: int
    released_cents: int
    parts: tuple[tuple[UUID, int], ...] = ()

    @property
    def waiting_cents(self) -> int:
        """Granted, neither paid nor released."""
        return self.amount_cents - self.paid_cents - self.released_cents


def current_year(now: datetime) -> int:
    """The fund's year now, in the network's zone."""
    return fiscal_year(now.astimezone(TORONTO).date())


def lock_envelopes(session: Session, ids: Iterable[UUID]) -> list[Row[Any]]:
    """These envelopes as they are, locked until commit, always in the same order. Raises Missing."""
    table = models.Envelope
    columns = (table.id, table.amount_cents, table.held_cents, table.paid_cents, table.created_at)
    rows = [lock_row(session, select(*columns).where(table.id == one)) for one in sorted(set(ids))]
    found = [row for row in rows if row is not None]
    if len(found) < len(rows):
        raise Missing
    return found


def locked_commitment(session: Session, where: Any) -> Commitment | None:
    """What is granted, its row locked until commit."""
    if lock_row(session, select(models.Commitment.id).where(where)) is None:
        return None
    return find_commitment(session, where)


def find_commitment(session: Session, where: Any) -> Commitment | None:
    """What is granted and what its envelopes still hold. Two statements."""
    table = models.Commitment
    columns = (
        table.id,
        table.request_id,
        table.code,
        table.amount_cents,
        table.paid_cents,
        table.released_cents,
    )
    row = session.execute(select(*columns).where(where)).first()
    return None if row is None else Commitment(*row, parts=_held(session, row.id))


def _held(session: Session, commitment_id: UUID) -> tuple[tuple[UUID, int], ...]:
    """(envelope, cents) that envelopes hold for it, by the ledger; the one that served first comes first."""
    line = models.LedgerEntry
    adds = {Entry.COMMIT.value, Entry.REVERSE.value}
    rows = session.execute(
        select(
            line.envelope_id, line.kind, func.sum(line.amount_cents).label("cents"), func.min(line.at).label("first")
        )
        .where(line.commitment_id == commitment_id)
        .group_by(line.envelope_id, line.kind)
    ).all()
    sums: dict[UUID, int] = {}
    for row in sorted(rows, key=lambda one: (one.first, one.envelope_id)):
        sums[row.envelope_id] = sums.get(row.envelope_id, 0) + (row.cents if row.kind in adds else -row.cents)
    return tuple((one, int(cents)) for one, cents in sums.items() if cents)


def pay_out(session: Session, known: Commitment, kind: Entry, amount: int, payment_id: UUID, now: datetime) -> None:
    """Turn what is held into what is paid (`PAY`), or into cards of the stock, paid for when bought (`CARD`)."""
    parts = draw(amount, known.parts)
    if not parts:
        raise DomainError("Ce paiement dépasse ce qui reste engagé.", status=409)
    lock_envelopes(session, [one for one, _ in parts])
    for envelope_id, part in parts:
        enter(session, envelope_id, kind, part, now, commitment_id=known.id, payment_id=payment_id)
        move(session, envelope_id, held=-part, paid=part if kind is Entry.PAY else 0)


def enter(
    session: Session, envelope_id: UUID, kind: Entry, cents: int, now: datetime, **about: UUID | str | None
) -> None:
    """Append one line to the ledger."""
    session.execute(
        insert(models.LedgerEntry).values(
            id=new_id(), envelope_id=envelope_id, kind=kind.value, amount_cents=cents, at=now, **about
        )
    )


def move(
    session: Session,
    envelope_id: UUID,
    *,
    amount: int = 0,
    held: int = 0,
    paid: int = 0,
    category: str | None = None,
) -> None:
    """Move the balances of a locked envelope; with a category, what its cap counts too."""
    table, cap = models.Envelope, models.EnvelopeCap
    set_values(
        session,
        table,
        envelope_id,
        amount_cents=table.amount_cents + amount,
        held_cents=table.held_cents + held,
        paid_cents=table.paid_cents + paid,
    )
    if category is not None:
        session.execute(
            update(cap)
            .where(cap.envelope_id == envelope_id, cap.category == category)
            .values(used_cents=cap.used_cents + held),
            execution_options=_NO_SYNC,
        )


def tell(
    session: Session,
    viewer: Viewer | None,
    action: str,
    subject: str,
    ref: str,
    facts: dict[str, Any],
    now: datetime,
    *,
    also: Iterable[str] = (),
) -> None:
    """One line of journal in codes, and the event to those who sit in the committee."""
    actor = viewer or ANONYMOUS
    record(
        session, case_id=None, organisation_id=None, actor=actor, action=action, subject=subject, facts=facts, now=now
    )
    committee = committee_by_slug(session, SLUG)
    topics = {*also, *(() if committee is None else (f"committee:{committee.id}",))}
    if topics:
        emit(session, FUNDS_CHANGED, ref, topics=topics, now=now)


def set_values(session: Session, table: Any, row_id: UUID, **values: Any) -> None:
    session.execute(update(table).where(table.id == row_id).values(**values), execution_options=_NO_SYNC)
