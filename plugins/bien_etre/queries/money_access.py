"""Who stands where before the money: asked once per request, then given to every service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import Role, SeatRole, Viewer, committee_by_slug, organisation_by_slug, seats_of

from ..settings import SLUG

_STAFF = frozenset({Role.WORKER, Role.INTAKE})
_CHAIRS = frozenset({SeatRole.CHAIR, SeatRole.VICE_CHAIR})


@dataclass(frozen=True)
class Standing:
    """`keeps`: reads the accounts. `pays`: works for the holder. `chairs`: ratifies. `sits`: sees what is left."""

    committee_id: UUID | None = None
    holder_id: UUID | None = None
    pays: bool = False
    chairs: bool = False
    secretary: bool = False
    sits: bool = False

    @property
    def keeps(self) -> bool:
        """Chair, vice-chair, secretary, and the people of the organisation that holds the fund."""
        return self.pays or self.chairs or self.secretary


def standing_of(session: Session, viewer: Viewer, fund_holder: str, now: datetime) -> Standing:
    """Where this viewer stands today; nobody stands nowhere. Three statements."""
    committee = committee_by_slug(session, SLUG)
    holder = organisation_by_slug(session, fund_holder)
    if viewer.is_anonymous:
        return Standing()
    seats = seats_of(session, committee.id, now) if committee is not None else ()
    mine = {seat.role for seat in seats if viewer.user_id in (seat.person_id, seat.substitute_id)}
    held = {seat.role for seat in seats if viewer.user_id == seat.person_id}
    return Standing(
        committee_id=None if committee is None else committee.id,
        holder_id=None if holder is None else holder.id,
        pays=holder is not None and viewer.organisation_id == holder.id and bool(viewer.roles & _STAFF),
        chairs=bool(held & _CHAIRS),
        secretary=SeatRole.SECRETARY in held,
        sits=bool(mine),
    )
