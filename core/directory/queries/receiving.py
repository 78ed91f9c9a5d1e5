"""Whom to call about somebody: the organisations that receive here, and the areas whose women they receive."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.directory.models import Municipality, TerritoryRoute
from core.directory.queries.organisations import organisations_receiving
from core.directory.queries.phones import PhoneView, public_phones
from core.directory.rules.words import Tier


@dataclass(frozen=True)
class Receiving:
    """An admitted organisation that receives references. `areas`: codes of `areas()` that hold a municipality whose
    rule names it; `phones`: its public numbers."""

    id: UUID
    name: str
    name_en: str | None
    phones: tuple[PhoneView, ...]
    areas: frozenset[str]


def receiving_organisations(session: Session) -> tuple[Receiving, ...]:
    """Those that everybody may know of, in alphabetical order. Three statements."""
    found = [one for one in organisations_receiving(session) if one.visibility == Tier.PUBLIC.value]
    phones = public_phones(session, [one.id for one in found])
    places: dict[UUID, set[str]] = {}
    rows = session.execute(
        select(TerritoryRoute.organisation_id, Municipality.preview_code)
        .join(Municipality, Municipality.code == TerritoryRoute.municipality_code)
        .distinct()
    )
    for owner, area in rows:
        places.setdefault(owner, set()).add(area)
    return tuple(
        Receiving(one.id, one.name, one.name_en, phones[one.id], frozenset(places.get(one.id, ()))) for one in found
    )
