"""Whose address is confidential: the town such an organisation is in is nobody else's to read either."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.directory.models import Location
from core.directory.rules.words import Tier

#: A field of the organisation that would say where it is.
PLACE_FIELD = "city"


def address_is_confidential(owner: UUID | InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Whether the organisation has a confidential address: a condition for a statement."""
    return exists().where(Location.organisation_id == owner, Location.visibility == Tier.CONFIDENTIAL.value)


def keeps_its_address(session: Session, organisation_id: UUID) -> bool:
    """The same for one organisation. One statement."""
    return bool(session.scalar(address_is_confidential(organisation_id).select()))
