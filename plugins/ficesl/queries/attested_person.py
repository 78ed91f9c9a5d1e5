"""What attestations and warnings say of somebody with an account: a copy for her, and how it is erased."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.api import N_, PersonalData

from ..models import AttestationRow, GateWarning, Learner, Version

_NO_SYNC = {"synchronize_session": False}


def attestations_of(session: Session, reference: str) -> Sequence[PersonalData]:
    """Her attestations (kept without her: the learner's row is what names her), what she revoked, her warnings."""
    kind, _, identifier = reference.partition(":")
    if kind != "user":
        return ()
    user_id = UUID(identifier)
    rows = session.execute(
        select(AttestationRow.code, Version.title, AttestationRow.issued_on, AttestationRow.expires_on)
        .join(Learner, Learner.id == AttestationRow.learner_id)
        .join(Version, Version.id == AttestationRow.version_id)
        .where(Learner.user_id == user_id)
        .order_by(AttestationRow.issued_on, AttestationRow.code)
    ).all()
    warned = session.scalars(
        select(GateWarning.at).where(GateWarning.user_id == user_id).order_by(GateWarning.at)
    ).all()
    revoked = session.scalars(
        select(AttestationRow.code).where(AttestationRow.revoked_by == user_id).order_by(AttestationRow.code)
    ).all()
    if not rows and not warned and not revoked:
        return ()
    copy = {
        "attestations": [
            {
                "code": row.code,
                "title": row.title,
                "issued_on": row.issued_on.isoformat(),
                "expires_on": row.expires_on.isoformat() if row.expires_on else "",
            }
            for row in rows
        ],
        "urgent_without_training": [at.isoformat() for at in warned],
        "revoked": list(revoked),
    }
    return (
        PersonalData("ficesl.attestations", N_("Attestations de formation"), copy, partial(_erase, user_id=user_id)),
    )


def _erase(session: Session, *, user_id: UUID) -> int:
    """Her name leaves what she revoked and what was noted of her; her own attestations lose her with her row."""
    touched = 0
    for statement in (
        update(GateWarning).where(GateWarning.user_id == user_id).values(user_id=None),
        update(AttestationRow).where(AttestationRow.revoked_by == user_id).values(revoked_by=None),
    ):
        touched += int(getattr(session.execute(statement, execution_options=_NO_SYNC), "rowcount", 0))
    return touched
