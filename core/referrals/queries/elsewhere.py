"""Where else she may go when an organisation cannot receive her (network rules §3 (5))."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from core.directory.models import Organisation, Service
from core.directory.rules.words import Status, Tier
from core.referrals.models import Referral, ReferralRestriction

#: What every partner may read: the sender opens the sheet of what is proposed.
_SHOWN = (Tier.PUBLIC.value, Tier.PARTNERS.value)


@dataclass(frozen=True)
class OtherService:
    """A service of another organisation. English names are None where nobody wrote one."""

    id: UUID
    name: str
    name_en: str | None
    organisation: str
    organisation_en: str | None


def other_services(session: Session, code: str) -> tuple[OtherService, ...]:
    """What may be proposed instead of this offer's recipient, by organisation. One statement.

    An organisation set aside from the case is not there: nobody should send her towards it.
    """
    rows = session.execute(
        _elsewhere(code)
        .with_only_columns(
            Service.id,
            Service.name,
            Service.name_en,
            Organisation.name.label("organisation"),
            Organisation.name_en.label("organisation_en"),
        )
        .order_by(Organisation.sort_key, Service.sort_key)
    )
    return tuple(OtherService(*row) for row in rows)


def may_be_proposed(session: Session, code: str, service_id: UUID) -> bool:
    """Whether `service_id` is one of `other_services`."""
    return session.execute(_elsewhere(code).where(Service.id == service_id)).first() is not None


def _elsewhere(code: str) -> Select[UUID]:
    aside = exists().where(
        ReferralRestriction.case_id == Referral.case_id,
        ReferralRestriction.organisation_id == Service.organisation_id,
    )
    return (
        select(Service.id)
        .join(Organisation, Organisation.id == Service.organisation_id)
        .join(Referral, (Referral.code == code) & (Referral.recipient_id != Service.organisation_id))
        .where(
            Service.visibility.in_(_SHOWN),
            Organisation.visibility.in_(_SHOWN),
            Organisation.status != Status.SUSPENDED.value,
            ~aside,
        )
    )
