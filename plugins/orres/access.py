"""Who reads the trajectory and who works on it.

The published version and older ones are for every partner; drafts, checks, votes and what waits are the committee's,
and the coordination follows them. Only whoever sits in the committee changes anything.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, true
from sqlalchemy.orm import Session

from core.api import ALLOWED, CommitteeView, Decision, Missing, Role, Viewer, committee_by_slug, deny

from .settings import SLUG

#: Read versions that are or were in force.
READ = "orres.read"
#: Follow the committee's work: its home, drafts, checks, votes.
FOLLOW = "orres.follow"
#: Change drafts, propose, publish.
EDIT = "orres.edit"
MEMBERS = frozenset({Role.COMMITTEE_MEMBER, Role.COMMITTEE_CHAIR})
STAFF = frozenset({Role.WORKER, Role.INTAKE, Role.ORGANISATION_ADMIN, Role.PRIVACY_OFFICER})
READERS = STAFF | MEMBERS | {Role.NETWORK_COORDINATION}
FOLLOWERS = MEMBERS | {Role.NETWORK_COORDINATION}
NOWHERE = deny("Cette page n’existe pas.", discoverable=False)


def sits(viewer: Viewer, committee_id: UUID | None) -> bool:
    """Whether the viewer sits in that committee today, or stands in for who does."""
    return bool(viewer.roles & MEMBERS) and committee_id is not None and committee_id in viewer.committees


def may_follow(viewer: Viewer, facts: Any) -> Decision:
    """The restriction on `orres.follow`. `facts`: the committee's identifier; None: whoever sits in some committee."""
    if Role.NETWORK_COORDINATION in viewer.roles:
        return ALLOWED
    return may_edit(viewer, facts)


def may_edit(viewer: Viewer, facts: Any) -> Decision:
    """The restriction on `orres.edit`: whoever sits in the committee whose identifier is given."""
    if not isinstance(facts, UUID):
        return ALLOWED if viewer.roles & MEMBERS and viewer.committees else NOWHERE
    return ALLOWED if sits(viewer, facts) else NOWHERE


def followed(viewer: Viewer) -> ColumnElement[bool]:
    """`may_follow` as a condition, for lists of versions."""
    return true() if may_follow(viewer, None).allowed else false()


def edited(viewer: Viewer) -> ColumnElement[bool]:
    """`may_edit` as a condition, for lists of versions."""
    return true() if may_edit(viewer, None).allowed else false()


def followed_committee(session: Session, viewer: Viewer) -> CommitteeView:
    """The committee, for who follows its work. Raises Missing for anybody else, as for a page that isn't there."""
    return _committee(session, viewer, may_follow)


def edited_committee(session: Session, viewer: Viewer) -> CommitteeView:
    """The committee, for who sits there today. Raises Missing for anybody else."""
    return _committee(session, viewer, may_edit)


def committee_here(session: Session, viewer: Viewer) -> tuple[CommitteeView | None, bool]:
    """The committee if the viewer follows its work, and whether the viewer sits there. One statement, none for who
    cannot do either."""
    if not (viewer.committees or Role.NETWORK_COORDINATION in viewer.roles):
        return None, False
    found = committee_by_slug(session, SLUG)
    if found is None or not may_follow(viewer, found.id).allowed:
        return None, False
    return found, sits(viewer, found.id)


def _committee(session: Session, viewer: Viewer, rule: Any) -> CommitteeView:
    found = committee_by_slug(session, SLUG)
    if found is None or not rule(viewer, found.id).allowed:
        raise Missing(NOWHERE.reason)
    return found
