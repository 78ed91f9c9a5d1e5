"""Envelopes and what is committed. No envelope is ever overspent: whoever moves one holds its lock, and the database
checks the sum.

Locks are always taken in one order: what was granted to the request, its payment, envelopes by identifier, cards. Then
comes the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.orm import Session

from core.api import (
    ANONYMOUS,
    TORONTO,
    DomainError,
    Missing,
    Result,
    Viewer,
    closed_vote,
    committee_by_slug,
    emit,
    lock_row,
    new_id,
    record,
)

from .. import models
from ..queries.money_access import Standing
from ..rules.money import Entry, PaymentState, Purse, draw, fiscal_year, split
from ..settings import SLUG

FUNDS_CHANGED: Final = "bien_etre.funds_changed"
_NO_SYNC: Final = {"synchronize_session": False}
AMOUNT: Final = "Le montant est au-dessus de zéro."


class EnvelopeExhausted(DomainError):
    """No envelope can hold this amount."""

    status = 409
    message = "Les enveloppes ne suffisent pas pour ce montant."


class AlreadyCommitted(DomainError):
    """Another amount is held for this request."""

    status = 409
    message = "Un autre montant est déjà engagé pour cette demande."


class AlreadyPaid(DomainError):
    """Something was paid: a request is not withdrawn any more."""

    status = 409
    message = "Cette demande est déjà payée, en tout ou en partie\u00a0: elle ne peut plus être retirée."


class DecisionMissing(DomainError):
    """No vote of the committee, adopted and closed, has this code."""

    message = "Aucun vote adopté du comité ne porte ce numéro."


class EnvelopeKnown(DomainError):
    """The funder has its envelope for that year already."""

    status = 409
    message = "Ce bailleur a déjà une enveloppe pour cet exercice\u00a0: ajoutez-y la somme."


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


def commit_amount(
    session: Session, viewer: Viewer | None, request_id: UUID, request_code: str, amount_cents: int, now: datetime
) -> Commitment:
    """Hold an amount (cents) for a request, in the envelopes of the year; the same twice is once.

    Raises EnvelopeExhausted, having written nothing; AlreadyCommitted; Missing for an unknown request.
    """
    if amount_cents <= 0:
        raise DomainError(AMOUNT)
    category = session.scalar(select(models.AidRequest.category).where(models.AidRequest.id == request_id))
    if category is None:
        raise Missing
    known = locked_commitment(session, models.Commitment.request_id == request_id)
    envelopes = lock_envelopes(session, _of_year(session, now))
    if known is None:  # somebody may have held it while this waited for the envelopes
        known = find_commitment(session, models.Commitment.request_id == request_id)
    if known is not None and known.waiting_cents == amount_cents:
        return known
    if known is not None and (known.waiting_cents or known.paid_cents):
        raise AlreadyCommitted
    parts = split(amount_cents, _purses(session, envelopes, category))
    if not parts:
        raise EnvelopeExhausted
    commitment_id = _hold(session, known, request_id, request_code, category, amount_cents, now)
    for envelope_id, part in parts:
        enter(session, envelope_id, Entry.COMMIT, part, now, commitment_id=commitment_id)
        move(session, envelope_id, held=part, category=category)
    facts = {"amount": amount_cents, "envelopes": len(parts)}
    tell(session, viewer, "bien_etre.committed", f"request:{request_code}", request_code, facts, now)
    found = find_commitment(session, models.Commitment.id == commitment_id)
    assert found is not None
    return found


def release(session: Session, request_id: UUID, now: datetime, *, viewer: Viewer | None = None) -> int:
    """Give back to the envelopes what is held for a request and not paid; prepared payments are cancelled.

    Returns how much (cents): 0 when nothing was held.
    """
    known = locked_commitment(session, models.Commitment.request_id == request_id)
    if known is None or not known.waiting_cents:
        return 0
    pay = models.Payment
    session.execute(
        update(pay)
        .where(pay.commitment_id == known.id, pay.state == PaymentState.PREPARED.value)
        .values(state=PaymentState.CANCELLED.value),
        execution_options=_NO_SYNC,
    )
    lock_envelopes(session, [one for one, _ in known.parts])
    category = session.scalar(select(models.Commitment.category).where(models.Commitment.id == known.id))
    for envelope_id, part in known.parts:
        enter(session, envelope_id, Entry.RELEASE, part, now, commitment_id=known.id)
        move(session, envelope_id, held=-part, category=category)
    _set(session, models.Commitment, known.id, released_cents=models.Commitment.released_cents + known.waiting_cents)
    facts = {"amount": known.waiting_cents}
    tell(session, viewer, "bien_etre.released", f"request:{known.code}", known.code, facts, now)
    return known.waiting_cents


def withdraw(session: Session, request_id: UUID, now: datetime, *, viewer: Viewer | None = None) -> int:
    """The same for a request that is withdrawn. Raises AlreadyPaid once anything was paid."""
    known = locked_commitment(session, models.Commitment.request_id == request_id)
    if known is not None and known.paid_cents:
        raise AlreadyPaid
    return release(session, request_id, now, viewer=viewer)


def open_envelope(
    session: Session,
    viewer: Viewer,
    standing: Standing,
    year: int,
    funder: str,
    amount_cents: int,
    caps: Iterable[tuple[str, int]],
    now: datetime,
) -> UUID:
    """A new envelope with its first sum (cents); `caps`: pairs (category, cents). Raises EnvelopeKnown."""
    _check_keeps(standing)
    table = models.Envelope
    if session.scalar(select(table.id).where(table.fiscal_year == year, table.funder == funder)) is not None:
        raise EnvelopeKnown
    envelope_id = _new_envelope(session, year, funder, caps, now)
    allot(session, viewer, standing, envelope_id, amount_cents, now)
    return envelope_id


def allot(
    session: Session, viewer: Viewer, standing: Standing, envelope_id: UUID, amount_cents: int, now: datetime
) -> None:
    """More money from the same funder."""
    _check_keeps(standing)
    if amount_cents <= 0:
        raise DomainError(AMOUNT)
    lock_envelopes(session, [envelope_id])
    enter(session, envelope_id, Entry.ALLOT, amount_cents, now)
    move(session, envelope_id, amount=amount_cents)
    facts = {"amount": amount_cents}
    tell(session, viewer, "bien_etre.allotted", f"envelope:{envelope_id}", str(envelope_id), facts, now)


def carry_over(
    session: Session, viewer: Viewer, standing: Standing, envelope_id: UUID, decision: str, now: datetime
) -> int:
    """Carry what is left of a year that is over to the same funder's envelope of the next, by a named decision.

    What is held stays where it is, and may still be paid. Returns the cents carried. Raises DecisionMissing.
    """
    _check_keeps(standing)
    check_decision(session, standing, decision)
    table = models.Envelope
    old = session.execute(select(table.fiscal_year, table.funder).where(table.id == envelope_id)).first()
    if old is None:
        raise Missing
    if old.fiscal_year >= current_year(now):
        raise DomainError("L’exercice de cette enveloppe n’est pas terminé.", status=409)
    following = (table.fiscal_year == old.fiscal_year + 1) & (table.funder == old.funder)
    target = session.scalar(select(table.id).where(following))
    if target is None:
        cap = models.EnvelopeCap
        caps = session.execute(select(cap.category, cap.cap_cents).where(cap.envelope_id == envelope_id)).all()
        target = _new_envelope(session, old.fiscal_year + 1, old.funder, [(one[0], one[1]) for one in caps], now)
    locked = {row.id: row for row in lock_envelopes(session, [envelope_id, target])}
    row = locked[envelope_id]
    left = int(row.amount_cents - row.held_cents - row.paid_cents)
    if left <= 0:
        raise DomainError("Il ne reste rien à reporter.", status=409)
    enter(session, envelope_id, Entry.CARRY_OUT, left, now, decision=decision)
    enter(session, target, Entry.CARRY_IN, left, now, decision=decision)
    move(session, envelope_id, amount=-left)
    move(session, target, amount=left)
    facts = {"amount": left, "decision": decision}
    tell(session, viewer, "bien_etre.carried_over", f"envelope:{envelope_id}", str(target), facts, now)
    return left


def check_decision(session: Session, standing: Standing, decision: str) -> None:
    """Raises DecisionMissing unless the code is that of an adopted vote of this committee."""
    vote = closed_vote(session, decision)
    if vote is None or vote.committee_id != standing.committee_id or vote.result is not Result.ADOPTED:
        raise DecisionMissing


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
    _set(
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


def _hold(
    session: Session, known: Commitment | None, request_id: UUID, code: str, category: str, cents: int, now: datetime
) -> UUID:
    table = models.Commitment
    if known is not None:  # released whole since: the request was decided again
        _set(session, table, known.id, amount_cents=table.amount_cents + cents, committed_at=now, category=category)
        return known.id
    commitment_id = new_id()
    values = {"id": commitment_id, "request_id": request_id, "code": code, "category": category}
    session.execute(insert(table).values(**values, amount_cents=cents, committed_at=now))
    return commitment_id


def _new_envelope(session: Session, year: int, funder: str, caps: Iterable[tuple[str, int]], now: datetime) -> UUID:
    envelope_id = new_id()
    session.execute(insert(models.Envelope).values(id=envelope_id, fiscal_year=year, funder=funder, created_at=now))
    for category, cents in caps:
        row = {"id": new_id(), "envelope_id": envelope_id, "category": category, "cap_cents": cents}
        session.execute(insert(models.EnvelopeCap).values(**row))
    return envelope_id


def _of_year(session: Session, now: datetime) -> Sequence[UUID]:
    table = models.Envelope
    return session.scalars(select(table.id).where(table.fiscal_year == current_year(now))).all()


def _purses(session: Session, rows: Sequence[Row[Any]], category: str) -> list[Purse]:
    cap = models.EnvelopeCap
    statement: Select[Any] = select(cap.envelope_id, cap.category, cap.cap_cents, cap.used_cents)
    caps: dict[UUID, dict[str, int]] = {}
    for one in session.execute(statement.where(cap.envelope_id.in_([row.id for row in rows]))):
        caps.setdefault(one.envelope_id, {})[one.category] = one.cap_cents - one.used_cents
    purses = []
    for rank, row in enumerate(sorted(rows, key=lambda one: (one.created_at, one.id))):
        left, own = row.amount_cents - row.held_cents - row.paid_cents, row.id in caps
        if own:
            left = min(left, caps[row.id].get(category, 0))
        purses.append(Purse(row.id, left, own, rank))
    return purses


def _set(session: Session, table: Any, row_id: UUID, **values: Any) -> None:
    session.execute(update(table).where(table.id == row_id).values(**values), execution_options=_NO_SYNC)


def _check_keeps(standing: Standing) -> None:
    if not standing.keeps:
        raise Missing
