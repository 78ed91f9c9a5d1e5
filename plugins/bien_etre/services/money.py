"""Envelopes and what is committed. No envelope is ever overspent: whoever moves one holds its lock, and the database
checks the sum.

Locks are taken in the order of `services.ledger`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.api import DomainError, Missing, Result, Stale, Viewer, closed_vote, new_id

from .. import models
from ..queries.money_access import Standing
from ..rules.money import Entry, PaymentState, Purse, split
from .ledger import (
    FUNDS_CHANGED,
    Commitment,
    current_year,
    enter,
    find_commitment,
    lock_envelopes,
    locked_commitment,
    move,
    set_values,
    tell,
)

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
    set_values(
        session, models.Commitment, known.id, released_cents=models.Commitment.released_cents + known.waiting_cents
    )
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
    check_keeps(standing)
    envelope_id = new_envelope(session, year, funder, caps, now)
    allot(session, viewer, standing, envelope_id, amount_cents, now)
    return envelope_id


def allot(
    session: Session,
    viewer: Viewer,
    standing: Standing,
    envelope_id: UUID,
    amount_cents: int,
    now: datetime,
    *,
    was: int | None = None,
) -> None:
    """More money from the same funder. `was`: the envelope's cents as the person read them, so that a double click adds
    once. Raises Stale when it moved since."""
    check_keeps(standing)
    if amount_cents <= 0:
        raise DomainError(AMOUNT)
    row = lock_envelopes(session, [envelope_id])[0]
    if was is not None and row.amount_cents != was:
        raise Stale
    enter(session, envelope_id, Entry.ALLOT, amount_cents, now)
    move(session, envelope_id, amount=amount_cents)
    facts = {"amount": amount_cents}
    tell(session, viewer, "bien_etre.allotted", f"envelope:{envelope_id}", str(envelope_id), facts, now)


def check_decision(session: Session, standing: Standing, decision: str) -> None:
    """Raises DecisionMissing unless the code is that of an adopted vote of this committee."""
    vote = closed_vote(session, decision)
    if vote is None or vote.committee_id != standing.committee_id or vote.result is not Result.ADOPTED:
        raise DecisionMissing


def _hold(
    session: Session, known: Commitment | None, request_id: UUID, code: str, category: str, cents: int, now: datetime
) -> UUID:
    table = models.Commitment
    if known is not None:  # released whole since: the request was decided again
        set_values(
            session, table, known.id, amount_cents=table.amount_cents + cents, committed_at=now, category=category
        )
        return known.id
    commitment_id = new_id()
    values = {"id": commitment_id, "request_id": request_id, "code": code, "category": category}
    session.execute(insert(table).values(**values, amount_cents=cents, committed_at=now))
    return commitment_id


def new_envelope(session: Session, year: int, funder: str, caps: Iterable[tuple[str, int]], now: datetime) -> UUID:
    """An empty envelope with its caps. Raises EnvelopeKnown, also when somebody opens it at this moment."""
    envelope_id = new_id()
    try:
        with session.begin_nested():
            session.execute(
                insert(models.Envelope).values(id=envelope_id, fiscal_year=year, funder=funder, created_at=now)
            )
    except IntegrityError as twice:
        raise EnvelopeKnown from twice
    for category, cents in caps:
        row = {"id": new_id(), "envelope_id": envelope_id, "category": category, "cap_cents": cents}
        session.execute(insert(models.EnvelopeCap).values(**row))
    return envelope_id


def _of_year(session: Session, now: datetime) -> Sequence[UUID]:
    table = models.Envelope
    return session.scalars(select(table.id).where(table.fiscal_year == current_year(now))).all()


def _purses(session: Session, rows: Sequence[Row[Any]], category: str) -> list[Purse]:
    cap = models.EnvelopeCap
    statement = select(cap.envelope_id, cap.category, cap.cap_cents, cap.used_cents)
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


def check_keeps(standing: Standing) -> None:
    """Raises Missing for whoever does not keep the accounts."""
    if not standing.keeps:
        raise Missing


__all__ = [
    "FUNDS_CHANGED",
    "AlreadyCommitted",
    "AlreadyPaid",
    "Commitment",
    "DecisionMissing",
    "EnvelopeExhausted",
    "EnvelopeKnown",
    "allot",
    "check_decision",
    "check_keeps",
    "commit_amount",
    "current_year",
    "find_commitment",
    "new_envelope",
    "open_envelope",
    "release",
    "tell",
    "withdraw",
]
