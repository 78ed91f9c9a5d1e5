"""What waits for a person, counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from core.access import permissions
from core.access.permissions import Permission
from core.access.registry import registry
from core.access.viewer import Viewer
from core.accounts.queries import count_waiting_with
from core.committees.queries.decisions import open_follow_ups
from core.committees.queries.hours import waiting as waiting_hours
from core.committees.queries.waiting import waiting_for
from core.directory.models import Organisation
from core.kernel.i18n import N_
from core.referrals.models import Referral
from core.referrals.queries.lists import counts
from core.referrals.queries.network import overdue
from core.referrals.rules.workflow import PENDING, State

_PENDING = sorted(PENDING)


@dataclass(frozen=True)
class Task:
    """One line of *À faire*. `kind`: danger, wait or "" (how the count looks)."""

    label: str
    count: int
    url: str
    kind: str = ""


def _unclaimed(visible: ColumnElement[bool], own: UUID | None) -> Select[int]:
    return (
        select(func.count())
        .select_from(Referral)
        .where(
            visible,
            Referral.recipient_id == own,
            Referral.state.in_(_PENDING),
            Referral.claimed_by.is_(None),
        )
    )


def queue_size(session: Session, viewer: Viewer) -> int | None:
    """How many offers nobody of the organisation has taken in hand; None when it has no queue. One statement."""
    row = session.execute(_queue(registry.visible(viewer, "referral.read"), viewer.organisation_id)).first()
    return row[1] if row is not None and row[0] else None


@lru_cache(maxsize=256)
def _queue(visible: ColumnElement[bool], own: UUID | None) -> Select[bool, int]:
    """Every page sends this one: it is built, and its key in the cache of statements made, once for a condition."""
    unclaimed = _unclaimed(visible, own).scalar_subquery()
    return select(Organisation.receives_referrals, unclaimed).where(Organisation.id == own)


@count_waiting_with
def new_requests(session: Session, viewer: Viewer, since: datetime) -> int | None:
    """Offers received since then that nobody has taken in hand; None without a queue, or a right to it. One statement.

    For a locked screen: a number, never which.
    """
    if not permissions.holds(viewer, Permission.REFERRAL_RECEIVE, {}):
        return None
    own = viewer.organisation_id
    waiting = _unclaimed(registry.visible(viewer, "referral.read"), own)
    fresh = waiting.where(Referral.submitted_at >= since).scalar_subquery()
    row = session.execute(select(Organisation.receives_referrals, fresh).where(Organisation.id == own)).first()
    return row[1] if row is not None and row[0] else None


def tasks(session: Session, viewer: Viewer, now: datetime, held: frozenset[str]) -> tuple[Task, ...]:
    """What waits for this viewer, most pressing first; `held` are the viewer's permissions."""
    found: list[Task] = []
    if Permission.REFERRAL_READ in held:
        here = counts(session, viewer, now)
        found += [
            Task(N_("Premier contact en retard"), here.late, "/demandes", "danger"),
            Task(N_("Demandes qui attendent une réponse"), here.waiting, "/demandes", "wait"),
            Task(N_("Précisions demandées par l’organisme qui reçoit"), here.questions, "/references", "wait"),
            Task(N_("Demandes dont vous vous occupez"), here.mine, "/demandes"),
            Task(N_("Brouillons à terminer"), _drafts(session, viewer), "/references/nouvelle"),
        ]
    if Permission.COMMITTEE_READ in held:
        votes = waiting_for(session, viewer, now)
        found += [
            Task(N_("Votes sans quorum à reprendre"), votes.to_settle, "/comites", "danger"),
            Task(N_("Suppléances à nommer pour un vote"), votes.alternates, "/comites", "wait"),
            Task(N_("Mains levées à confirmer"), votes.hands, "/comites", "wait"),
            Task(N_("Votes qui vous attendent"), votes.ballots, "/comites", "wait"),
        ]
    if Permission.DIRECTORY_READ_PARTNERS in held:
        found.append(Task(N_("Suivis de comités à faire"), open_follow_ups(session, viewer), "/suivis", "wait"))
    if Permission.HOURS_ENTER in held:
        submitted, returned = waiting_hours(session, viewer)
        found += [
            Task(N_("Heures à approuver"), submitted, "/heures/a-approuver", "wait"),
            Task(N_("Heures retournées à corriger"), returned, "/heures?etat=returned&periode=tout", "wait"),
        ]
    if Permission.NETWORK_OVERSEE in held:
        late = session.scalar(select(func.count()).select_from(Referral).where(overdue(viewer.organisation_id, now)))
        found.append(Task(N_("Délais dépassés dans le réseau"), late or 0, "/reseau", "danger"))
    return tuple(task for task in found if task.count)


def _drafts(session: Session, viewer: Viewer) -> int:
    mine = (Referral.sender_user_id == viewer.user_id) & (Referral.state == State.DRAFT.value)
    return session.scalar(select(func.count()).select_from(Referral).where(mine)) or 0
