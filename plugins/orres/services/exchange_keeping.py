"""What is kept of exchanges, how long, and what goes: texts soon after the end, authorship on request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from ..models import GivenHours, Lesson, Note, NotOne, Vignette
from ..rules.exchange import State
from .exchange import erase_texts

_NO_SYNC = {"synchronize_session": False}


def erase_texts_before(session: Session, before: datetime) -> int:
    """Erase the texts of vignettes whose discussion ended before that moment (UTC), and of those never shared that
    were sent before it; how many. Lessons stay."""
    never = Vignette.state.in_((State.WAITING.value, State.RETURNED.value)) & (Vignette.created_at < before)
    due = or_(Vignette.ended_at < before, never) & Vignette.story_sealed.is_not(None)
    ids = list(session.scalars(select(Vignette.id).where(due)))
    if ids:
        erase_texts(session, ids)
        session.execute(
            update(Vignette)
            .where(Vignette.id.in_(ids), Vignette.ended_at.is_(None))
            .values(state=State.WITHDRAWN.value, ended_at=before),
            execution_options=_NO_SYNC,
        )
    return len(ids)


def erase_vignettes_before(session: Session, before: datetime) -> int:
    """Delete vignettes that ended before that moment (UTC) with all that hangs on them but their lessons; how many."""
    ended = (Vignette.ended_at < before) & Vignette.story_sealed.is_(None)
    done = session.execute(delete(Vignette).where(ended), execution_options=_NO_SYNC)
    return int(getattr(done, "rowcount", 0))


def erase_lessons_before(session: Session, before: datetime) -> int:
    """Delete lessons done or set aside before that moment (UTC); how many."""
    done = session.execute(delete(Lesson).where(Lesson.decided_at < before), execution_options=_NO_SYNC)
    return int(getattr(done, "rowcount", 0))


def forgetting(user_id: UUID) -> Callable[[Session], int]:
    """How to erase who wrote, read again, noted, drew lessons and counted hours; what was written stays, of nobody."""

    def forget(session: Session) -> int:
        touched = 0
        for model, column in (
            (Vignette, "author_id"),
            (Vignette, "reader_id"),
            (Note, "author_id"),
            (Lesson, "author_id"),
            (Lesson, "decided_by"),
            (NotOne, "user_id"),
        ):
            field = getattr(model, column)
            done = session.execute(
                update(model).where(field == user_id).values({column: None}), execution_options=_NO_SYNC
            )
            touched += int(getattr(done, "rowcount", 0))
        gone = session.execute(delete(GivenHours).where(GivenHours.user_id == user_id), execution_options=_NO_SYNC)
        return touched + int(getattr(gone, "rowcount", 0))

    return forget
