"""Revoking an attestation: a reason code, after a second look. Badges and the public page say so at once."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.api import Missing, emit

from ..models import AttestationRow
from ..queries.attestations import AttestationView, by_code
from ..rules.attestations import REASONS, REISSUED, Status
from .desk import Desk, Refused, note
from .issuing import ISSUED, attest
from .readiness import refresh

REASON_WANTED = "Choisissez une raison dans la liste."
ALREADY = "Cette attestation est déjà révoquée."


def revoke(session: Session, desk: Desk, code: str, reason: str) -> AttestationView:
    """End an attestation for good; what was an error in its text is issued anew, with another code.

    Raises Missing, or Refused at `reason`. Who may: the caller has asked `access.may_manage`.
    """
    found = by_code(session, code, desk.now)
    if found is None:
        raise Missing
    if reason not in REASONS:
        raise Refused(REASON_WANTED, "reason")
    changed = session.execute(
        update(AttestationRow)
        .where(AttestationRow.id == found.id, AttestationRow.revoked_at.is_(None))
        .values(revoked_at=desk.now, revoked_reason=reason, revoked_by=desk.viewer.user_id),
        execution_options={"synchronize_session": False},
    )
    if getattr(changed, "rowcount", 0) != 1 or found.status is Status.REVOKED:
        raise Refused(ALREADY, "reason")
    # Neither the code, which is the person's, nor her row: the course and why
    note(session, desk, "attestation_revoked", f"course:{found.course}", found.organisation_id, reason=reason)
    emit(session, ISSUED, found.course, topics=[f"org:{found.organisation_id}", "network"], now=desk.now)
    if reason in REISSUED:
        attest(session, [found.learner_id], [found.course_id], desk.now)
    refresh(session, desk.now, courses=[found.course_id], organisations=[found.organisation_id])
    return found
