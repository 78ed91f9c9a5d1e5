"""What is kept, how long, and what goes: texts soon after the end, codes and amounts later, authorship on request,
and everything that came from a case when whoever answers for it erases it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from core.api import ANONYMOUS, Keyring

from ..models import AidRequest, Aside, Commitment, Dismissed, Payment, Question, Signature
from ..rules.requests import Act, State, next_state
from . import consents, ending
from .locks import hold

_NO_SYNC = {"synchronize_session": False}
_NO_TEXTS = {"why_now_sealed": None, "tried_sealed": None, "lafu_detail_sealed": None, "consent_sealed": None}


def ended_before(before: datetime) -> ColumnElement[bool]:
    """Requests that ended before that moment (UTC): closed in any way, or paid in full by then."""
    of = Commitment.request_id == AidRequest.id
    due = exists().where(of, Commitment.amount_cents > Commitment.paid_cents + Commitment.released_cents)
    later = exists().where(of, Payment.commitment_id == Commitment.id, Payment.confirmed_at >= before)
    paid = and_(AidRequest.paid_at < before, ~due, ~later)
    return or_(AidRequest.ended_at < before, and_(AidRequest.ended_at.is_(None), paid))


def erase_texts_before(session: Session, before: datetime) -> int:
    """Erase the texts of requests that ended before that moment (UTC); how many requests.

    The consent's id goes with them: what stays are codes, amounts and dates.
    """
    still = AidRequest.consent_sealed.is_not(None) | AidRequest.why_now_sealed.is_not(None)
    ids = list(session.scalars(select(AidRequest.id).where(ended_before(before), still)))
    if ids:
        _erase_texts(session, ids)
    return len(ids)


def _erase_texts(session: Session, ids: Collection[UUID], **more: object) -> None:
    session.execute(
        update(AidRequest).where(AidRequest.id.in_(ids)).values(**_NO_TEXTS, **more), execution_options=_NO_SYNC
    )
    session.execute(
        update(Question).where(Question.request_id.in_(ids)).values(question_sealed=None, answer_sealed=None),
        execution_options=_NO_SYNC,
    )


def erase_requests_before(session: Session, before: datetime) -> int:
    """Delete requests made before that moment (UTC) that ended, with all that hangs on them; how many."""
    done = session.execute(
        delete(AidRequest).where(AidRequest.created_at < before, ended_before(before)),
        execution_options=_NO_SYNC,
    )
    return int(getattr(done, "rowcount", 0))


def erase_case(session: Session, keyring: Keyring, ids: Collection[UUID], now: datetime) -> int:
    """Erase what requests made from a case say of her: texts, age, place, and the link itself. Returns how many.

    What was under way closes first and gives back what was reserved, so that nothing goes on without her agreement.
    Amounts and decisions stay: they say nothing of anybody.
    """
    for request in hold(session, ids, ANONYMOUS, now, money=True):
        consents.pause(session, request, keyring, now)
        if next_state(State(request.state), Act.CLOSE) is not None:
            ending.close_request(session, keyring, request, now)
    session.flush()
    _erase_texts(session, ids, case_mark=None, age_band="", area_code="", area_label="", area_label_en="")
    session.expire_all()
    return len(ids)


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
        # A conflict of one person is no conflict of her organisation: without her, the line means nothing
        gone = session.execute(delete(Aside).where(Aside.user_id == user_id), execution_options=_NO_SYNC)
        return touched + int(getattr(gone, "rowcount", 0))

    return forget
