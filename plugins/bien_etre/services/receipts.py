"""Receipts: the proof of a payment, a file cleaned by the page and encrypted here, destroyed when its time comes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from core.api import CleanFile, Keyring, Viewer, new_id, shred_file, store_file

from .. import models
from ..queries.money_access import Standing
from ..rules.money import PaymentState
from .ledger import set_values
from .payments import PaymentRefused, about, check_pays, locked_payment, tell_payment


def add_receipt(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    standing: Standing,
    payment_id: UUID,
    file: CleanFile,
    amount_cents: int,
    now: datetime,
) -> UUID:
    """Keep the proof of a payment, encrypted. Receipts together never justify more than was paid."""
    check_pays(viewer, standing)
    known, row = locked_payment(session, payment_id)
    if row.state != PaymentState.PAID.value:
        raise PaymentRefused("Un reçu accompagne un paiement fait.")
    receipt = models.Receipt
    done = session.scalar(select(func.sum(receipt.amount_cents)).where(receipt.payment_id == row.id)) or 0
    if amount_cents <= 0 or done + amount_cents > row.amount_cents:
        raise PaymentRefused("Les reçus dépasseraient ce qui est payé.", status=422)
    receipt_id = new_id()
    file_id = store_file(session, keyring, file, now)
    values = {"id": receipt_id, "payment_id": row.id, "file_id": file_id, "amount_cents": amount_cents, "at": now}
    session.execute(insert(receipt).values(**values))
    facts = {"amount": amount_cents}
    tell_payment(session, viewer, standing, "bien_etre.receipt_added", about(known, row), facts, now)
    return receipt_id


def shred_receipts_before(session: Session, before: datetime) -> int:
    """Destroy the files of receipts older than that moment (UTC); the lines and amounts stay. Returns how many."""
    receipt = models.Receipt
    rows = session.execute(
        select(receipt.id, receipt.file_id).where(receipt.at < before, receipt.file_id.is_not(None))
    ).all()
    for row in rows:
        shred_file(session, row.file_id)
        set_values(session, receipt, row.id, file_id=None)
    return len(rows)
