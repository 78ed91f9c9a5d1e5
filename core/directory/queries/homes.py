"""Where each organisation is at home, for figures by MRC: only what the directory says to everybody."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.directory.models import Location, Municipality, Organisation
from core.directory.queries.addresses import address_is_confidential
from core.directory.rules.words import Status, Tier


@dataclass(frozen=True)
class Home:
    """An admitted organisation. `mrc`: the name of its MRC, "" for none or for several."""

    name: str
    type: str
    mrc: str


def homes_of(session: Session, organisations: Collection[UUID] | None = None) -> dict[UUID, Home]:
    """Admitted organisations (all, or those of `organisations`) with their MRC. Two statements, one by name.

    The MRC is that of its public addresses when they are in one, else of the city its sheet names. A confidential
    address counts for nothing, nor does the city beside it: nobody learns from a table where a shelter is.
    """
    wanted = select(Organisation.id, Organisation.name, Organisation.type, Municipality.mrc_name).where(
        Organisation.status == Status.ADMITTED.value
    )
    there = (
        select(Location.organisation_id, func.min(Municipality.mrc_name).label("mrc"))
        .join(Municipality, Municipality.code == Location.municipality_code)
        .where(Location.visibility == Tier.PUBLIC.value)
        .group_by(Location.organisation_id)
        .having(func.count(Municipality.mrc_name.distinct()) == 1)
    )
    if organisations is not None:
        if not organisations:
            return {}
        chosen = sorted(organisations, key=str)
        wanted = wanted.where(Organisation.id.in_(chosen))
        there = there.where(Location.organisation_id.in_(chosen))
    addresses = {row.organisation_id: row.mrc for row in session.execute(there)}
    said = (Municipality.name == Organisation.city) & ~address_is_confidential(Organisation.id)
    wanted = wanted.outerjoin(Municipality, said)
    rows = session.execute(wanted.order_by(Organisation.id, Municipality.code))
    found: dict[UUID, Home] = {}
    for row in rows:
        # Two municipalities of one name (a city and a parish): the first is kept, they are neighbours
        found.setdefault(row.id, Home(row.name, row.type, addresses.get(row.id) or row.mrc_name or ""))
    return found
