"""The balance of a year that is over: carried to the next by a named vote, proposed by one person and confirmed by
another, once. What is held stays where it is, and may still be paid."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select
from sqlalchemy.orm import Session

from core.api import DomainError, Missing, Viewer, lock_row, new_id, require_second_factor

from .. import models
from ..queries.money_access import Standing
from ..rules.money import CARRY_REFUSALS, CarryState, Entry, carry_refusal
from .ledger import current_year, enter, lock_envelopes, move, set_values, tell
from .money import check_decision, check_keeps, new_envelope


class CarryRefused(DomainError):
    """A rule of carrying over says no; the message says which."""

    status = 409


class NotAnother(DomainError):
    """The second person is another."""

    status = 403


def propose_carry_over(
    session: Session, viewer: Viewer, standing: Standing, envelope_id: UUID, decision: str, now: datetime
) -> UUID:
    """Propose to carry what is left of a year that is over, by the code of an adopted vote; another person confirms.

    Raises Missing, DecisionMissing, CarryRefused.
    """
    _check(viewer, standing)
    check_decision(session, standing, decision)
    table = models.CarryOver
    known = lock_row(
        session, select(table.id, table.state).where(table.envelope_id == envelope_id, table.decision == decision)
    )
    envelope = lock_envelopes(session, [envelope_id])[0]
    year = session.scalar(select(models.Envelope.fiscal_year).where(models.Envelope.id == envelope_id))
    if year is None or year >= current_year(now):
        raise CarryRefused("L’exercice de cette enveloppe n’est pas terminé.")
    if known is not None and known.state == CarryState.DONE.value:
        raise CarryRefused("Ce vote a déjà reporté le solde de cette enveloppe.")
    if known is not None and known.state == CarryState.PREPARED.value:
        return UUID(str(known.id))
    if _left(envelope) <= 0:
        raise CarryRefused("Il ne reste rien à reporter.")
    values = {"state": CarryState.PREPARED.value, "prepared_by": viewer.user_id, "prepared_at": now}
    carry_id: UUID = new_id() if known is None else known.id
    if known is None:
        session.execute(insert(table).values(id=carry_id, envelope_id=envelope_id, decision=decision, **values))
    else:
        set_values(session, table, carry_id, **values)
    subject, facts = f"envelope:{envelope_id}", {"decision": decision}
    tell(session, viewer, "bien_etre.carry_proposed", subject, str(envelope_id), facts, now)
    return carry_id


def confirm_carry_over(session: Session, viewer: Viewer, standing: Standing, carry_id: UUID, now: datetime) -> int:
    """The second person carries over all that is left at this moment. Returns the cents, 0 when it was done already.

    Raises Missing, NotAnother, CarryRefused.
    """
    _check(viewer, standing)
    row = _locked(session, carry_id)
    if row.state == CarryState.DONE.value:
        return 0
    if row.state != CarryState.PREPARED.value:
        raise CarryRefused("Ce report est annulé.")
    refusal = carry_refusal(viewer.user_id, row.prepared_by)
    if refusal is not None:
        raise NotAnother(CARRY_REFUSALS[refusal])
    target = _following(session, row.envelope_id, now)
    locked = {one.id: one for one in lock_envelopes(session, [row.envelope_id, target])}
    left = _left(locked[row.envelope_id])
    if left <= 0:
        raise CarryRefused("Il ne reste rien à reporter.")
    enter(session, row.envelope_id, Entry.CARRY_OUT, left, now, decision=row.decision)
    enter(session, target, Entry.CARRY_IN, left, now, decision=row.decision)
    move(session, row.envelope_id, amount=-left)
    move(session, target, amount=left)
    done = {"state": CarryState.DONE.value, "confirmed_by": viewer.user_id, "confirmed_at": now, "amount_cents": left}
    set_values(session, models.CarryOver, row.id, **done)
    subject, facts = f"envelope:{row.envelope_id}", {"amount": left, "decision": row.decision}
    tell(session, viewer, "bien_etre.carried_over", subject, str(target), facts, now)
    return left


def cancel_carry_over(session: Session, viewer: Viewer, standing: Standing, carry_id: UUID, now: datetime) -> None:
    """Take back a proposal: nothing moved."""
    _check(viewer, standing)
    row = _locked(session, carry_id)
    if row.state != CarryState.PREPARED.value:
        raise CarryRefused("Ce report n’attend plus de confirmation.")
    set_values(session, models.CarryOver, row.id, state=CarryState.CANCELLED.value)
    facts = {"decision": row.decision}
    subject = f"envelope:{row.envelope_id}"
    tell(session, viewer, "bien_etre.carry_cancelled", subject, str(row.envelope_id), facts, now)


def _following(session: Session, envelope_id: UUID, now: datetime) -> UUID:
    """The same funder's envelope of the next year, opened empty with the same caps when there is none."""
    table, cap = models.Envelope, models.EnvelopeCap
    old = session.execute(select(table.fiscal_year, table.funder).where(table.id == envelope_id)).one()
    same = (table.fiscal_year == old.fiscal_year + 1) & (table.funder == old.funder)
    found = session.scalar(select(table.id).where(same))
    if found is not None:
        return found
    caps = session.execute(select(cap.category, cap.cap_cents).where(cap.envelope_id == envelope_id)).all()
    return new_envelope(session, old.fiscal_year + 1, old.funder, [(one[0], one[1]) for one in caps], now)


def _locked(session: Session, carry_id: UUID) -> Row[Any]:
    row = lock_row(session, select(*models.CarryOver.__table__.columns).where(models.CarryOver.id == carry_id))
    if row is None:
        raise Missing
    return row


def _left(envelope: Row[Any]) -> int:
    return int(envelope.amount_cents - envelope.held_cents - envelope.paid_cents)


def _check(viewer: Viewer, standing: Standing) -> None:
    check_keeps(standing)
    require_second_factor(viewer)
