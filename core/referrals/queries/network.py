"""What the network's coordination may see: partners, and clocks that ran out. Codes and dates, never content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, not_, select
from sqlalchemy.orm import Session, aliased

from core.accounts.models import User
from core.directory.models import Organisation
from core.referrals.models import Referral, ReferralRestriction
from core.referrals.rules.workflow import PENDING

_RECIPIENT = aliased(Organisation)
_SENDER = aliased(Organisation)
PAGE_SIZE = 50


@dataclass(frozen=True)
class Partner:
    """One organisation of the network. `people`: active accounts."""

    name: str
    type: str
    status: str
    receives: bool
    people: int
    verified_on: date | None
    id: UUID


@dataclass(frozen=True)
class LateOffer:
    """An offer nobody has answered in time."""

    code: str
    recipient: str
    sender: str
    urgent: bool
    claimed: bool
    submitted_at: datetime
    due_at: datetime


def partners(session: Session) -> tuple[Partner, ...]:
    """Every organisation, in French order, with its number of active accounts. One statement."""
    people = func.count(User.id).filter(User.status == "active")
    rows = session.execute(
        select(
            Organisation.id,
            Organisation.name,
            Organisation.type,
            Organisation.status,
            Organisation.receives_referrals,
            Organisation.verified_on,
            people.label("people"),
        )
        .outerjoin(User, User.organisation_id == Organisation.id)
        .group_by(Organisation.id)
        .order_by(Organisation.sort_key)
    )
    return tuple(
        Partner(row.name, row.type, row.status, row.receives_referrals, row.people, row.verified_on, row.id)
        for row in rows
    )


def overdue(organisation_id: UUID | None, now: datetime) -> ColumnElement[bool]:
    """Still unanswered past its first-contact clock, and not set aside from the coordination's own organisation."""
    aside = exists().where(
        ReferralRestriction.case_id == Referral.case_id, ReferralRestriction.organisation_id == organisation_id
    )
    return Referral.state.in_(sorted(PENDING)) & (Referral.clock_due_at <= now) & not_(aside)


def late_offers(session: Session, organisation_id: UUID | None, now: datetime) -> tuple[LateOffer, ...]:
    """Offers the coordination of this organisation sees late, the longest overdue first (network rules §3 (8))."""
    rows = session.execute(
        select(
            Referral.code,
            Referral.urgent,
            Referral.claimed_by,
            Referral.submitted_at,
            Referral.clock_due_at,
            _RECIPIENT.name.label("recipient"),
            _SENDER.name.label("sender"),
        )
        .join(_RECIPIENT, _RECIPIENT.id == Referral.recipient_id)
        .outerjoin(_SENDER, _SENDER.id == Referral.sender_id)
        .where(overdue(organisation_id, now))
        .order_by(Referral.clock_due_at)
        .limit(PAGE_SIZE)
    )
    return tuple(
        LateOffer(
            row.code,
            row.recipient,
            row.sender or "",
            row.urgent,
            row.claimed_by is not None,
            row.submitted_at,
            row.clock_due_at,
        )
        for row in rows
    )
