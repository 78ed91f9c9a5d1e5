"""What waits for a person, counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.access.viewer import Viewer
from core.directory.models import Organisation
from core.kernel.i18n import N_
from core.referrals.models import Referral
from core.referrals.rules.workflow import HELD, PENDING, State

_PENDING = sorted(PENDING)
_HELD = sorted(HELD)


@dataclass(frozen=True)
class Task:
    """One line of *À faire*. `kind`: danger, wait or "" (how the count looks)."""

    label: str
    count: int
    url: str
    kind: str = ""


def receives(session: Session, viewer: Viewer) -> bool:
    """Whether the viewer's organisation has a queue."""
    found = session.scalar(select(Organisation.receives_referrals).where(Organisation.id == viewer.organisation_id))
    return bool(found)


def waiting(session: Session, viewer: Viewer) -> int:
    """Offers nobody of the organisation has taken in hand yet."""
    count = session.scalar(
        select(func.count())
        .select_from(Referral)
        .where(
            Referral.recipient_id == viewer.organisation_id, Referral.state.in_(_PENDING), Referral.claimed_by.is_(None)
        )
    )
    return count or 0


def tasks(session: Session, viewer: Viewer, now: datetime, held: frozenset[str]) -> tuple[Task, ...]:
    """What waits for this viewer, most pressing first; `held` are the viewer's permissions. At most two statements."""
    found: list[Task] = []
    if Permission.REFERRAL_RECEIVE in held:
        found += _received(session, viewer, now)
    if Permission.REFERRAL_SEND in held:
        found += _sent(session, viewer)
    if Permission.NETWORK_OVERSEE in held:
        late = session.scalar(
            select(func.count()).select_from(Referral).where(Referral.state.in_(_PENDING), Referral.clock_due_at <= now)
        )
        found.append(Task(N_("Délais dépassés dans le réseau"), late or 0, "/reseau", "danger"))
    return tuple(task for task in found if task.count)


def _received(session: Session, viewer: Viewer, now: datetime) -> list[Task]:
    unclaimed = Referral.state.in_(_PENDING) & Referral.claimed_by.is_(None)
    late = Referral.first_contact_at.is_(None) & Referral.first_attempt_at.is_(None) & (Referral.clock_due_at <= now)
    to_call = Referral.state.in_(_HELD) & Referral.first_contact_at.is_(None)
    row = session.execute(
        select(
            func.count(case((late, 1))).label("late"),
            func.count(case((unclaimed, 1))).label("unclaimed"),
            func.count(case(((Referral.claimed_by == viewer.user_id) & Referral.state.in_(_PENDING), 1))).label("mine"),
            func.count(case((to_call, 1))).label("to_call"),
        ).where(Referral.recipient_id == viewer.organisation_id, Referral.state.in_([*_PENDING, *_HELD]))
    ).one()
    return [
        Task(N_("Premier contact en retard"), row.late, "/demandes", "danger"),
        Task(N_("Demandes que personne n’a prises"), row.unclaimed, "/demandes", "wait"),
        Task(N_("Demandes que vous avez prises, sans réponse encore"), row.mine, "/demandes"),
        Task(N_("Femmes à joindre"), row.to_call, "/demandes"),
    ]


def _sent(session: Session, viewer: Viewer) -> list[Task]:
    row = session.execute(
        select(
            func.count(case((Referral.state == State.QUESTION.value, 1))).label("questions"),
            func.count(
                case(((Referral.state == State.DRAFT.value) & (Referral.sender_user_id == viewer.user_id), 1))
            ).label("drafts"),
        ).where(
            Referral.sender_id == viewer.organisation_id,
            Referral.state.in_([State.QUESTION.value, State.DRAFT.value]),
        )
    ).one()
    return [
        Task(N_("Précisions demandées par l’organisme qui reçoit"), row.questions, "/references", "wait"),
        Task(N_("Brouillons à terminer"), row.drafts, "/references/nouvelle"),
    ]
