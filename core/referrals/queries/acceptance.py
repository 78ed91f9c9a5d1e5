"""Who accepted a referral, for a plugin that heard `referral.accepted`: codes and times, nothing of what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.accounts.models import User
from core.referrals import codes
from core.referrals.models import Referral, ReferralEntry

ACCEPTED = "referral.accepted"


@dataclass(frozen=True)
class Acceptance:
    """`account_opened_at`: when the account of who accepted was opened (UTC)."""

    user_id: UUID
    organisation_id: UUID
    account_opened_at: datetime
    urgent: bool
    at: datetime


def acceptance_of(session: Session, code: str) -> Acceptance | None:
    """Who accepted the referral of that code, and when; None while nobody has. One statement."""
    known = codes.normalise(code)
    if known is None:
        return None
    row = session.execute(
        select(ReferralEntry.actor_user_id, User.organisation_id, User.created_at, Referral.urgent, ReferralEntry.at)
        .join(Referral, Referral.id == ReferralEntry.referral_id)
        .join(User, User.id == ReferralEntry.actor_user_id)
        .where(Referral.code == known, ReferralEntry.kind == "accepted")
        .order_by(ReferralEntry.at)
    ).first()
    if row is None or row.actor_user_id is None:
        return None
    return Acceptance(row.actor_user_id, row.organisation_id, row.created_at, row.urgent, row.at)
