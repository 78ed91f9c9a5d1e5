"""Consents that a plugin asks for about the person of a referral, and where they stand: by the referral's code only.

A plugin keeps two things, neither of which leads anybody to the case: the consent's id, sealed, and `mark`, a keyed
hash of the case under the plugin's own label (security S23: a different pseudonym for each use).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.viewer import Viewer
from core.consent.queries import consent_facts
from core.consent.rules import consent_reason
from core.consent.services import ConsentInput, ConsentMissing, grant_consent
from core.consent.wordings import Wording, current_wording
from core.journal.services import record
from core.kernel.crypto import Keyring
from core.kernel.errors import Forbidden
from core.referrals import codes
from core.referrals.events import WITHDRAWN
from core.referrals.models import Referral
from core.referrals.services.loading import load

__all__ = ["WITHDRAWN", "CaseConsent", "consent_stands", "grant_for_referral", "mark_of_referral", "purpose_wording"]


@dataclass(frozen=True)
class CaseConsent:
    """What a plugin keeps of a consent given about a referral. `mark`: 32 bytes."""

    id: UUID
    mark: bytes


def purpose_wording(purpose: str, locale: str) -> Wording:
    """The exact text to read to her for a plugin's purpose. Raises KeyError for an unknown one."""
    return current_wording(purpose, locale)


def grant_for_referral(
    session: Session, keyring: Keyring, viewer: Viewer, code: str, *, purpose: str, given: ConsentInput, now: datetime
) -> CaseConsent:
    """Record her consent to a plugin's purpose, given to the viewer who is with her and may read that referral.

    Raises Missing, Forbidden without a front-line role, ConsentMissing once she took everything back, and what
    `check_consent` raises. Journaled in the case's chain; the plugin's own reference is not written there.
    """
    if viewer.organisation_id is None or not holds(viewer, Permission.REFERRAL_SEND):
        raise Forbidden
    offer = load(session, viewer, code)
    if offer.row.withdrawn_at is not None or offer.row.suspended_at is not None:
        raise ConsentMissing("withdrawn")
    facts = grant_consent(
        session,
        keyring,
        viewer,
        case_id=offer.case_id,
        purpose=purpose,
        discloser_id=viewer.organisation_id,
        given=given,
        now=now,
    )
    record(
        session,
        case_id=offer.case_id,
        organisation_id=viewer.organisation_id,
        actor=viewer,
        action="consent.purpose_granted",
        subject=f"referral:{offer.code}",
        facts={"purpose": purpose},
        now=now,
    )
    return CaseConsent(facts.id, mark_of_case(keyring, purpose, offer.case_id))


def consent_stands(session: Session, consent_id: UUID, *, purpose: str, recipient: UUID, now: datetime) -> bool:
    """Whether that consent is in force now for this purpose and this recipient; every step of a plugin asks again."""
    facts = consent_facts(session, consent_id)
    if facts is None or facts.purpose != purpose or facts.recipient != recipient:
        return False
    return consent_reason(facts, now) == "ok"


def mark_of_referral(session: Session, keyring: Keyring, code: str, purpose: str) -> bytes | None:
    """The mark of the case of a referral, for a subscriber of `WITHDRAWN`; None for an unknown code."""
    known = codes.normalise(code)
    case_id = session.execute(select(Referral.case_id).where(Referral.code == known)).scalar() if known else None
    return None if case_id is None else mark_of_case(keyring, purpose, case_id)


def mark_of_case(keyring: Keyring, purpose: str, case_id: UUID) -> bytes:
    """The mark of a case, for what stays inside the core: a plugin never names a case by its identifier."""
    return keyring.pseudonym(f"plugin.{purpose}", case_id.bytes)
