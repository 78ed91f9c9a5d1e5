"""Whose privacy officer may read what was done to a referral: the holder's, never an outside sender's."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, case, exists, not_, select
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.viewer import Viewer
from core.journal import JournalLine, access_history
from core.referrals import codes
from core.referrals.models import Referral, ReferralRestriction


def _held_by(organisation_id: UUID | None) -> ColumnElement[bool]:
    """Before acceptance the organisation that typed it holds it; from acceptance on, the recipient alone."""
    holder = case((Referral.accepted_at.is_not(None), Referral.recipient_id), else_=Referral.origin_id)
    aside = exists().where(
        ReferralRestriction.case_id == Referral.case_id, ReferralRestriction.organisation_id == organisation_id
    )
    return (holder == organisation_id) & Referral.submitted_at.is_not(None) & not_(aside)


def referral_history(session: Session, viewer: Viewer, code: str) -> tuple[JournalLine, ...] | None:
    """Every line about this referral, oldest first; None when it is not the viewer's organisation that holds it.

    Other offers of the same case are left out, except for what was recorded for this organisation; and so is what
    another organisation did beside this offer in a plugin (the steps it marked before acceptance, her consents there).
    """
    known = codes.normalise(code)
    if known is None or not holds(viewer, Permission.JOURNAL_READ):
        return None
    case_id = session.execute(
        select(Referral.case_id).where(Referral.code == known, _held_by(viewer.organisation_id))
    ).scalar()
    if case_id is None:
        return None
    subject = f"referral:{known}"
    return tuple(
        line
        for line in access_history(session, case_id)
        if line.organisation_id == viewer.organisation_id
        or (line.subject == subject and line.action.startswith("referral."))
    )


def histories(session: Session, viewer: Viewer, subjects: Iterable[str]) -> dict[str, str]:
    """The address of the history of each of these `referral:` subjects that the viewer's organisation holds."""
    asked = {subject.partition(":")[2]: subject for subject in subjects}
    held = session.execute(
        select(Referral.code).where(Referral.code.in_(sorted(asked)), _held_by(viewer.organisation_id))
    ).scalars()
    return {asked[code]: f"/references/{code}/journal" for code in held}
