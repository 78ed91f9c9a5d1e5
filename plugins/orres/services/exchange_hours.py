"""Time given to an exchange, in the committees' hours: each organisation approves its own, as always."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import (
    TORONTO,
    HoursGiven,
    HoursKind,
    Missing,
    enter_hours,
    lock_row,
    new_id,
    require_second_factor,
)

from ..exchange_access import side_of
from ..models import GivenHours, Lesson, Note, Vignette
from ..rules.exchange import MOST_QUARTERS, Side, State, reads
from ..settings import SLUG
from .drafts import Desk
from .exchange import NotNow, facts_of

ACTIVITY = "Échange clinique %(code)s"


def took_part(session: Session, desk: Desk, vignette: Vignette) -> bool:
    """Whether the viewer wrote it, read it again, or said something in its discussion. Two statements at most."""
    if side_of(desk.viewer, facts_of(vignette)) in (Side.AUTHOR, Side.READER):
        return True
    return any(
        session.scalar(
            select(model.id).where(model.vignette_id == vignette.id, model.author_id == desk.viewer.user_id).limit(1)
        )
        is not None
        for model in (Note, Lesson)
    )


def count_hours(session: Session, desk: Desk, code: str, quarter_hours: int) -> None:
    """Enter the viewer's time for an exchange she took part in, once; her organisation approves it.

    `quarter_hours`: from 1 to `MOST_QUARTERS`. Raises Missing, NotNow (nothing done there, entered already), and
    HoursInvalid where the committees' hours refuse.
    """
    require_second_factor(desk.viewer)
    lock_row(session, select(Vignette.id).where(Vignette.code == code))
    vignette = session.scalars(select(Vignette).where(Vignette.code == code)).one_or_none()
    user_id = desk.viewer.user_id
    if vignette is None or user_id is None:
        raise Missing
    if not reads(State(vignette.state), side_of(desk.viewer, facts_of(vignette))):
        raise Missing
    entered = select(GivenHours.id).where(GivenHours.vignette_id == vignette.id, GivenHours.user_id == user_id)
    if not 1 <= quarter_hours <= MOST_QUARTERS or session.scalar(entered) is not None:
        raise NotNow
    if not took_part(session, desk, vignette):
        raise NotNow
    day = desk.now.astimezone(TORONTO).date()
    given = HoursGiven(day, day, quarter_hours, HoursKind.WORK, SLUG, ACTIVITY % {"code": vignette.code})
    enter_hours(session, desk.viewer, given, key=f"orres:{vignette.id}", now=desk.now)
    session.add(
        GivenHours(id=new_id(), vignette_id=vignette.id, user_id=user_id, quarter_hours=quarter_hours, at=desk.now)
    )
    session.flush()
