"""Hours of who gives trainings, entered in the committees' hours: each organisation approves its own, as always."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from core.api import HoursGiven, HoursInvalid, HoursKind, Missing, enter_hours, new_id

from ..models import TrainerHours
from ..queries.attendance import Proposed, proposed_hours
from ..rules.credits import WORK
from ..settings import SLUG
from .crediting import day_of
from .desk import Desk

ACTIVITY = "Formation %(code)s"


def confirm_hours(session: Session, desk: Desk, block_id: UUID, quarters: Mapping[str, int]) -> int:
    """Enter the hours of a block: what it lasted as *animation*, and preparation, travel and follow-up that were added;
    the quarter hours entered. Confirming twice enters once.

    `quarters`: quarter hours by kind of `WORK`. Raises Missing for a block that is not proposed to the viewer, and
    HoursInvalid where the committees' hours refuse (more than 24 h in a day).
    """
    found = _proposed(session, desk, block_id)
    day = day_of(found.starts_at)
    total = 0
    for kind in WORK:
        amount = found.quarter_hours if kind == "facilitation" and kind not in quarters else quarters.get(kind, 0)
        if amount <= 0:
            continue
        given = HoursGiven(day, day, amount, HoursKind(kind), SLUG, ACTIVITY % {"code": found.code})
        enter_hours(session, desk.viewer, given, key=f"ficesl:{block_id}:{kind}", now=desk.now)
        total += amount
    _done(session, desk, block_id, entered=True)
    return total


def set_hours_aside(session: Session, desk: Desk, block_id: UUID) -> None:
    """The hours of this block were entered otherwise, or will not be: they are not proposed again."""
    _proposed(session, desk, block_id)
    _done(session, desk, block_id, entered=False)


def _proposed(session: Session, desk: Desk, block_id: UUID) -> Proposed:
    if desk.viewer.user_id is None:
        raise Missing
    proposed = proposed_hours(session, desk.viewer.user_id, desk.now)
    found = next((one for one in proposed if one.block_id == block_id), None)
    if found is None:
        raise Missing
    return found


def _done(session: Session, desk: Desk, block_id: UUID, *, entered: bool) -> None:
    values = {"id": new_id(), "block_id": block_id, "user_id": desk.viewer.user_id, "entered": entered, "at": desk.now}
    session.execute(insert(TrainerHours).values(values))


__all__ = ["HoursInvalid", "confirm_hours", "set_hours_aside"]
