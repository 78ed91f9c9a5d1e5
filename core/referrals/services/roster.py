"""The on-call roster of an organisation: who is told when a first contact is late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.viewer import Viewer
from core.accounts.models import User
from core.consent.services import Invalid
from core.kernel.db import add_row, new_id
from core.kernel.errors import Forbidden, Missing
from core.referrals.models import OnCallShift


@dataclass(frozen=True)
class Shift:
    """One period on call (aware UTC)."""

    id: UUID
    user_id: UUID
    starts_at: datetime
    ends_at: datetime


def upcoming_shifts(session: Session, viewer: Viewer, now: datetime) -> tuple[Shift, ...]:
    """The viewer's organisation's shifts that have not ended. One statement."""
    rows = session.execute(
        select(OnCallShift.id, OnCallShift.user_id, OnCallShift.starts_at, OnCallShift.ends_at)
        .where(OnCallShift.organisation_id == viewer.organisation_id, OnCallShift.ends_at > now)
        .order_by(OnCallShift.starts_at)
    )
    return tuple(Shift(*row) for row in rows)


def add_shift(session: Session, viewer: Viewer, user_id: UUID, starts_at: datetime, ends_at: datetime) -> Shift:
    """Put someone of the organisation on call. Raises `Invalid` for other people, or dates the wrong way round."""
    _may_manage(viewer)
    if ends_at <= starts_at:
        raise Invalid("ends_at", "La fin vient après le début.")
    known = session.execute(
        select(User.id).where(
            User.id == user_id, User.organisation_id == viewer.organisation_id, User.status == "active"
        )
    ).first()
    if known is None:
        raise Invalid("user", "Choisissez une personne de votre organisme.")
    shift = Shift(new_id(), user_id, starts_at, ends_at)
    add_row(
        session,
        OnCallShift,
        id=shift.id,
        organisation_id=viewer.organisation_id,
        user_id=user_id,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    return shift


def remove_shift(session: Session, viewer: Viewer, shift_id: UUID) -> None:
    """Take a shift away. Raises `Missing` when it is not this organisation's."""
    _may_manage(viewer)
    own = OnCallShift.id == shift_id, OnCallShift.organisation_id == viewer.organisation_id
    if session.execute(select(OnCallShift.id).where(*own)).first() is None:
        raise Missing
    session.execute(delete(OnCallShift).where(*own))


def _may_manage(viewer: Viewer) -> None:
    if not holds(viewer, Permission.ORGANISATION_MANAGE):
        raise Forbidden
