"""Who may know that a referral exists: the rule, and the same rule in SQL (a contract test holds them equal)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, not_, or_

from core.access.permissions import Permission, holds
from core.access.registry import register_rule, register_sql
from core.access.rules import ALLOWED, Decision, deny
from core.access.viewer import Viewer
from core.referrals.models import Referral, ReferralRestriction
from core.referrals.rules.workflow import State

#: An officer reads the references she or he sent, not those of the whole service.
OWN_ONLY_TYPES = frozenset({"police"})


@dataclass(frozen=True)
class ReferralFacts:
    """What the rule reads of one referral. `restricted`: organisations that must never learn of it."""

    state: State
    origin_id: UUID
    sender_id: UUID | None
    recipient_id: UUID | None
    sender_user_id: UUID
    submitted: bool
    restricted: frozenset[UUID] = frozenset()


def may_read(viewer: Viewer, facts: ReferralFacts) -> Decision:
    """Front-line staff of the recipient and of the sender (police: who sent it); a draft is its author's."""
    own = viewer.organisation_id
    if own is None or viewer.user_id is None or not holds(viewer, Permission.REFERRAL_READ):
        return deny("Cette page n’existe pas.", discoverable=False)
    if own in facts.restricted:
        return deny("Cette page n’existe pas.", discoverable=False)
    author = facts.sender_user_id == viewer.user_id
    if facts.state is State.DRAFT:
        mine = author and facts.origin_id == own
    else:
        sent = facts.sender_id == own and (author or viewer.organisation_type not in OWN_ONLY_TYPES)
        mine = facts.submitted and (sent or facts.recipient_id == own)
    return ALLOWED if mine else deny("Cette page n’existe pas.", discoverable=False)


def visible_referrals(viewer: Viewer) -> ColumnElement[bool]:
    """`may_read` as a condition on `Referral`."""
    own = viewer.organisation_id
    if own is None or viewer.user_id is None or not holds(viewer, Permission.REFERRAL_READ):
        return false()
    return _concerns(own, viewer.user_id, viewer.organisation_type in OWN_ONLY_TYPES)


@lru_cache(maxsize=256)
def _concerns(own: UUID, user_id: UUID, only_author: bool) -> ColumnElement[bool]:
    """The condition for a person of an organisation; kept, since every page of a receiver counts by it."""
    sent = Referral.sender_id == own
    author = Referral.sender_user_id == user_id
    if only_author:
        sent = and_(sent, author)
    restricted = exists().where(
        ReferralRestriction.case_id == Referral.case_id, ReferralRestriction.organisation_id == own
    )
    return and_(
        or_(
            and_(Referral.state == State.DRAFT.value, Referral.origin_id == own, author),
            and_(
                Referral.state != State.DRAFT.value,
                Referral.submitted_at.is_not(None),
                or_(sent, Referral.recipient_id == own),
            ),
        ),
        not_(restricted),
    )


register_rule("referral.read", may_read)
register_sql("referral.read", visible_referrals)
