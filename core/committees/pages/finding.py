"""What every page of a committee begins with: the committee of the address, and what the viewer may do there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.access.registry import can
from core.committees.access import MANAGE, READ, CommitteeFacts
from core.committees.queries.structure import CommitteeView, committee_by_slug
from core.committees.services.seats import seat_role
from core.kernel.errors import Forbidden, Missing
from core.kernel.web.routes import PageRequest


@dataclass(frozen=True)
class Place:
    """A committee and the viewer's rights in it. `reads`: names, votes and decisions too."""

    committee: CommitteeView
    reads: bool
    manages: bool


def place_of(session: Session, request: PageRequest) -> Place:
    """The committee of the address. Raises Missing."""
    committee = committee_by_slug(session, request.path["slug"])
    if committee is None:
        raise Missing
    facts = CommitteeFacts(committee.id, seat_role(session, committee.id, request.viewer.user_id, request.now))
    return Place(committee, can(request.viewer, READ, facts).allowed, can(request.viewer, MANAGE, facts).allowed)


def managed(session: Session, request: PageRequest) -> Place:
    """The same, for the chair, the vice-chair and the coordination. Raises Missing or Forbidden."""
    place = place_of(session, request)
    if not place.manages:
        raise Forbidden
    return place
