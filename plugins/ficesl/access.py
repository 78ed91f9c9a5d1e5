"""Who reads a session and who keeps training: the rules, and the same in SQL (a test proves them equal).

Drafts are the committee's. A session given to one unit is its organisation's and the committee's. The others are for
whoever may read training. Names are never read through these rules: see `queries.names`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from core.api import ALLOWED, Decision, Role, Viewer, deny

from .models import Team, TrainingSession

READ = "ficesl.read"
#: Register oneself, and keep one's own registrations.
REGISTER = "ficesl.register"
#: Keep one's organisation's people: names, registrations in bulk, teams.
PEOPLE = "ficesl.people"
#: Keep the catalogue and the sessions.
MANAGE = "ficesl.manage"
MEMBERS = frozenset({Role.COMMITTEE_MEMBER, Role.COMMITTEE_CHAIR})
STAFF = frozenset({Role.WORKER, Role.INTAKE, Role.ORGANISATION_ADMIN, Role.PRIVACY_OFFICER})
READERS = STAFF | MEMBERS | {Role.NETWORK_COORDINATION}
#: A state that its committee alone sees.
DRAFT = "draft"
NOWHERE = deny("Cette page n’existe pas.", discoverable=False)


@dataclass(frozen=True)
class SessionFacts:
    """What decides who reads a session. `unit_of`: the organisation of the unit it is given to, None for everybody."""

    state: str
    committee_id: UUID
    organisation_id: UUID
    unit_of: UUID | None = None


def sits(viewer: Viewer, committee_id: UUID | None) -> bool:
    """Whether the viewer sits in that committee today."""
    return bool(viewer.roles & MEMBERS) and committee_id is not None and committee_id in viewer.committees


def may_read(viewer: Viewer, facts: Any) -> Decision:
    """The restriction on `ficesl.read`; without facts, the pages of training themselves."""
    if facts is None or sits(viewer, facts.committee_id):
        return ALLOWED
    if facts.state == DRAFT:
        return NOWHERE
    own = viewer.organisation_id is not None and viewer.organisation_id in {facts.unit_of, facts.organisation_id}
    if facts.unit_of is None or own or Role.NETWORK_COORDINATION in viewer.roles:
        return ALLOWED
    return NOWHERE


def readable(viewer: Viewer) -> ColumnElement[bool]:
    """`may_read` as a condition on `TrainingSession`."""
    shown: list[ColumnElement[bool]] = [TrainingSession.team_id.is_(None)]
    if Role.NETWORK_COORDINATION in viewer.roles:
        shown.append(true())
    elif viewer.organisation_id is not None:
        shown.append(TrainingSession.organisation_id == viewer.organisation_id)
        units = select(Team.id).where(Team.organisation_id == viewer.organisation_id)
        shown.append(TrainingSession.team_id.in_(units))
    found: list[ColumnElement[bool]] = [and_(TrainingSession.state != DRAFT, or_(*shown))]
    if viewer.roles & MEMBERS and viewer.committees:
        found.append(TrainingSession.committee_id.in_(sorted(viewer.committees, key=str)))
    return or_(*found)


def may_manage(viewer: Viewer, facts: Any) -> Decision:
    """The restriction on `ficesl.manage`: whoever sits in the committee. Without facts, whoever sits in one at all."""
    if facts is None:
        return ALLOWED if viewer.roles & MEMBERS and viewer.committees else NOWHERE
    if sits(viewer, facts.committee_id):
        return ALLOWED
    return NOWHERE


def manageable(viewer: Viewer) -> ColumnElement[bool]:
    """`may_manage` as a condition on `TrainingSession`."""
    if not viewer.roles & MEMBERS or not viewer.committees:
        return false()
    return TrainingSession.committee_id.in_(sorted(viewer.committees, key=str))
