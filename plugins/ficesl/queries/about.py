"""What training holds about one person with an account: her copy, and how to erase it.

People without an account are held by their organisation, which copies and erases them on its own page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from core.api import N_, PersonalData

from ..models import Learner, PeopleList, Registration, Trainer, TrainingSession

_NO_SYNC = {"synchronize_session": False}


def about_person(session: Session, reference: str) -> Sequence[PersonalData]:
    """Her registrations and the sessions she gives. Nothing for a referral's code. Two statements."""
    kind, _, identifier = reference.partition(":")
    if kind != "user":
        return ()
    user_id = UUID(identifier)
    given = session.scalars(
        select(TrainingSession.code)
        .join(Trainer, Trainer.session_id == TrainingSession.id)
        .where(Trainer.user_id == user_id)
        .order_by(TrainingSession.code)
    ).all()
    followed = registrations_of(session, Learner.user_id == user_id)
    if not given and not followed:
        return ()
    copy: dict[str, object] = {"registrations": followed, "gives": list(given)}
    return (PersonalData("training", N_("Formations suivies et données"), copy, _forgetting(user_id)),)


def registrations_of(session: Session, mine: ColumnElement[bool]) -> list[dict[str, object]]:
    """Registrations of a learner, by a condition on `Learner`, as a copy gives them."""
    rows = session.execute(
        select(TrainingSession.code, Registration.state, Registration.at, Registration.cancelled_at)
        .join(Registration, Registration.session_id == TrainingSession.id)
        .join(Learner, Learner.id == Registration.learner_id)
        .where(mine)
        .order_by(Registration.at)
    )
    return [
        {"session": row.code, "state": row.state, "at": _at(row.at), "cancelled_at": _at(row.cancelled_at)}
        for row in rows
    ]


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _forgetting(user_id: UUID) -> Callable[[Session], int]:
    def forget(session: Session) -> int:
        touched = 0
        for statement in (
            update(Learner).where(Learner.user_id == user_id).values(user_id=None, erased_at=Learner.created_at),
            update(Registration).where(Registration.registered_by == user_id).values(registered_by=None),
            update(PeopleList).where(PeopleList.user_id == user_id).values(user_id=None),
            update(TrainingSession).where(TrainingSession.created_by == user_id).values(created_by=None),
            update(Trainer).where(Trainer.user_id == user_id).values(user_id=None),
        ):
            touched += int(getattr(session.execute(statement, execution_options=_NO_SYNC), "rowcount", 0))
        return touched

    return forget
