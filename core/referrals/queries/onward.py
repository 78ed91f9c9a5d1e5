"""Who may receive a referral next, with the room each has and how it serves her area."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.directory.models import Municipality, TerritoryRoute
from core.directory.queries.organisations import capacity_of_all, organisations_receiving
from core.directory.rules.words import CapacityState
from core.referrals.models import Referral, ReferralPreview, ReferralRestriction


@dataclass(frozen=True)
class NextOrganisation:
    """`serves`: all, part or none of the municipalities of her area. `weeks`: announced delay, if any."""

    id: UUID
    name: str
    state: CapacityState
    weeks: int | None
    serves: str


def next_organisations(session: Session, referral_id: UUID) -> tuple[NextOrganisation, ...]:
    """Organisations that receive here, without the present holder and those set aside; who serves her area first."""
    case_id, holder, area = session.execute(
        select(Referral.case_id, Referral.recipient_id, ReferralPreview.area_code)
        .outerjoin(ReferralPreview, ReferralPreview.referral_id == Referral.id)
        .where(Referral.id == referral_id)
    ).one()
    aside = set(
        session.execute(
            select(ReferralRestriction.organisation_id).where(ReferralRestriction.case_id == case_id)
        ).scalars()
    )
    receiving = [one for one in organisations_receiving(session) if one.id != holder and one.id not in aside]
    total = session.execute(select(func.count()).where(Municipality.preview_code == area)).scalar_one()
    rows = session.execute(
        select(TerritoryRoute.organisation_id, func.count(func.distinct(Municipality.code)))
        .join(Municipality, Municipality.code == TerritoryRoute.municipality_code)
        .where(Municipality.preview_code == area)
        .group_by(TerritoryRoute.organisation_id)
    )
    served = {row[0]: int(row[1]) for row in rows}
    capacity = capacity_of_all(session, tuple(one.id for one in receiving))
    found = [
        NextOrganisation(
            one.id,
            one.name,
            capacity[one.id].state,
            capacity[one.id].weeks,
            _share(served.get(one.id, 0), total),
        )
        for one in receiving
    ]
    order = ("all", "part", "none")
    return tuple(sorted(found, key=lambda one: (order.index(one.serves), capacity[one.id].room)))


def _share(count: int, total: int) -> str:
    if not count:
        return "none"
    return "all" if count >= total else "part"
