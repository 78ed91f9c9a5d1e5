"""What every page of a committee begins with: the committee of the address, and what the viewer may do there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.access.registry import can
from core.committees.access import KEEP, MANAGE, READ, CommitteeFacts
from core.committees.queries.structure import CommitteeView, committee_seen_by
from core.kernel.errors import Forbidden, Missing
from core.kernel.web.routes import PageRequest


@dataclass(frozen=True)
class Place:
    """A committee and the viewer's rights in it. `reads`: names, votes and decisions too; `keeps`: its records."""

    committee: CommitteeView
    reads: bool
    manages: bool
    keeps: bool


def place_of(session: Session, request: PageRequest) -> Place:
    """The committee of the address, in one statement. Raises Missing."""
    seen = committee_seen_by(session, request.path["slug"], request.viewer.user_id, request.now)
    if seen is None:
        raise Missing
    committee, role = seen
    facts, viewer = CommitteeFacts(committee.id, role), request.viewer
    return Place(
        committee,
        can(viewer, READ, facts).allowed,
        can(viewer, MANAGE, facts).allowed,
        can(viewer, KEEP, facts).allowed,
    )


def managed(session: Session, request: PageRequest) -> Place:
    """The same, for the chair, the vice-chair and the coordination. Raises Missing or Forbidden."""
    place = place_of(session, request)
    if not place.manages:
        raise Forbidden
    return place
