"""What is kept, how long, and what goes: texts soon after the end, codes and amounts later, authorship on request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ..models import AidRequest, Dismissed, Question, Signature

_NO_SYNC = {"synchronize_session": False}


def erase_texts_before(session: Session, before: datetime) -> int:
    """Erase the texts of requests that ended before that moment (UTC); how many requests.

    The consent's id goes with them: what stays are codes, amounts and dates.
    """
    over = AidRequest.ended_at < before
    still = AidRequest.consent_sealed.is_not(None) | AidRequest.why_now_sealed.is_not(None)
    ids = list(session.scalars(select(AidRequest.id).where(over, still)))
    if not ids:
        return 0
    session.execute(
        update(AidRequest)
        .where(AidRequest.id.in_(ids))
        .values(why_now_sealed=None, tried_sealed=None, lafu_detail_sealed=None, consent_sealed=None),
        execution_options=_NO_SYNC,
    )
    session.execute(
        update(Question).where(Question.request_id.in_(ids)).values(question_sealed=None, answer_sealed=None),
        execution_options=_NO_SYNC,
    )
    return len(ids)


def erase_requests_before(session: Session, before: datetime) -> int:
    """Delete requests made before that moment (UTC) that ended, with all that hangs on them; how many."""
    done = session.execute(
        delete(AidRequest).where(AidRequest.created_at < before, AidRequest.ended_at.is_not(None)),
        execution_options=_NO_SYNC,
    )
    return int(getattr(done, "rowcount", 0))


def forgetting(user_id: UUID) -> Callable[[Session], int]:
    """How to erase who wrote, asked, answered, signed and dismissed; requests and decisions stay."""

    def forget(session: Session) -> int:
        touched = 0
        for model, column in (
            (AidRequest, "author_id"),
            (Question, "asked_by"),
            (Question, "answered_by"),
            (Signature, "user_id"),
            (Dismissed, "user_id"),
        ):
            field = getattr(model, column)
            done = session.execute(
                update(model).where(field == user_id).values({column: None}), execution_options=_NO_SYNC
            )
            touched += int(getattr(done, "rowcount", 0))
        return touched

    return forget
