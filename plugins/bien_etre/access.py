"""Who reads which request: the rule, and the same in SQL (a test proves them equal).

The requesting organisation reads its own (police: the person's own, as for references); those who sit in the committee
read them all; the network's coordination knows that they exist, never what they say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, true

from core.api import ALLOWED, Decision, Role, Viewer, deny

from .models import AidRequest

READ = "bien_etre.read"
REQUEST = "bien_etre.request"
STAFF = frozenset({Role.WORKER, Role.INTAKE})
MEMBERS = frozenset({Role.COMMITTEE_MEMBER, Role.COMMITTEE_CHAIR})
#: An officer reads the requests she or he made, not those of the whole service.
OWN_ONLY_TYPES = frozenset({"police"})


@dataclass(frozen=True)
class RequestFacts:
    """What decides who reads a request. `committee_id`: the committee that decides."""

    organisation_id: UUID
    organisation_type: str
    author_id: UUID | None
    committee_id: UUID


def requested_by(viewer: Viewer, facts: RequestFacts) -> bool:
    """Whether the viewer stands on the requester's side: she answers, changes, withdraws."""
    if viewer.is_anonymous or not viewer.roles & STAFF or viewer.organisation_id != facts.organisation_id:
        return False
    return viewer.organisation_type not in OWN_ONLY_TYPES or viewer.user_id == facts.author_id


def sits(viewer: Viewer, facts: RequestFacts) -> bool:
    """Whether the viewer sits in the committee today."""
    return bool(viewer.roles & MEMBERS) and facts.committee_id in viewer.committees


def may_read(viewer: Viewer, facts: Any) -> Decision:
    """The restriction on `bien_etre.read`; without facts, the page of the list itself."""
    if facts is None or requested_by(viewer, facts) or sits(viewer, facts):
        return ALLOWED
    if Role.NETWORK_COORDINATION in viewer.roles:
        return ALLOWED
    return deny("Cette page n’existe pas.", discoverable=False)


def readable(viewer: Viewer) -> ColumnElement[bool]:
    """`may_read` as a condition on `AidRequest`."""
    if Role.NETWORK_COORDINATION in viewer.roles:
        return true()
    found: list[ColumnElement[bool]] = []
    if viewer.roles & STAFF and viewer.organisation_id is not None:
        own = AidRequest.organisation_id == viewer.organisation_id
        found.append(own if viewer.organisation_type not in OWN_ONLY_TYPES else AidRequest.author_id == viewer.user_id)
    if viewer.roles & MEMBERS:
        found.append(AidRequest.committee_id.in_(sorted(viewer.committees, key=str)))
    return or_(*found) if found else false()
