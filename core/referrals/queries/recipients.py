"""Who could receive a new referral, as the routing rule reads it: room, audience, age, and whose turn it is."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.directory.models import EligibilityRule, Service
from core.directory.queries.organisations import capacity_of_all, organisations_receiving
from core.directory.rules.words import Acceptance, Audience
from core.referrals.models import Referral
from core.referrals.rules.routing import Candidate

#: Audiences a woman or a girl belongs to, as the routing rule names them.
_HERS = frozenset({Audience.WOMEN.value, Audience.GIRLS.value})


def candidates(session: Session, *, sender_id: UUID | None) -> tuple[Candidate, ...]:
    """Every organisation that receives here, save the sender. Four statements, whatever their number."""
    receiving = [one for one in organisations_receiving(session) if one.id != sender_id]
    ids = tuple(one.id for one in receiving)
    capacity = capacity_of_all(session, ids)
    audiences, youngest = _audiences(session, ids)
    turns = session.execute(
        select(Referral.recipient_id, func.max(Referral.submitted_at))
        .where(Referral.recipient_id.in_(ids))
        .group_by(Referral.recipient_id)
    )
    last = {row[0]: row[1] for row in turns}
    return tuple(
        Candidate(
            one.id,
            one.name,
            capacity[one.id].state.value,
            last.get(one.id),
            audiences.get(one.id, frozenset()),
            youngest.get(one.id),
        )
        for one in receiving
    )


def _audiences(session: Session, ids: tuple[UUID, ...]) -> tuple[dict[UUID, frozenset[str]], dict[UUID, int]]:
    """Audiences of the services that receive here, and the youngest age; an organisation open to everyone has none."""
    rows = session.execute(
        select(Service.organisation_id, EligibilityRule.audience, EligibilityRule.age_min)
        .join(Service, Service.id == EligibilityRule.service_id)
        .where(Service.organisation_id.in_(ids), Service.acceptance == Acceptance.HERE.value)
    ).all()
    found: dict[UUID, set[str]] = {}
    ages: dict[UUID, list[int]] = {}
    for owner, audience, age_min in rows:
        found.setdefault(owner, set()).add(audience)
        if audience in _HERS:
            ages.setdefault(owner, []).append(age_min or 0)
    everyone = Audience.EVERYONE.value
    named = {owner: frozenset() if everyone in given else frozenset(given) for owner, given in found.items()}
    return named, {owner: min(given) for owner, given in ages.items()}
