"""What requests hold about the person of a referral, for whoever answers for them: to copy, or to erase.

The link is a keyed hash: it is followed from a referral's code to requests, never back, and only for the organisation
that made them. No page of the committee comes near it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import N_, Asking, Keyring, PersonalData, mark_of_referral

from ..models import AidRequest, Question
from ..services.consents import PURPOSE
from ..services.keeping import erase_case
from ..services.texts import QUESTIONS, REQUESTS, opened


def about_case(session: Session, code: str, asking: Asking | None) -> Sequence[PersonalData]:
    """Requests made from the case of that referral by the organisation that asks (the platform itself: by all).

    Raises ValueError without `asking`: an erasure that finds nothing for want of a key would pass for one.
    """
    if asking is None:
        raise ValueError("who asks is needed to follow a referral's code")
    mark = mark_of_referral(session, asking.keyring, code, PURPOSE)
    if mark is None:
        return ()
    statement = select(AidRequest).where(AidRequest.case_mark == mark).order_by(AidRequest.created_at, AidRequest.id)
    if asking.organisation_id is not None:
        statement = statement.where(AidRequest.organisation_id == asking.organisation_id)
    found = session.scalars(statement).all()
    if not found:
        return ()
    copy = {"requests": [_copy(session, asking.keyring, one) for one in found]}
    erase = partial(erase_case, keyring=asking.keyring, ids=[one.id for one in found], now=asking.now)
    return (PersonalData("bien_etre.requests", N_("Demandes au fonds d’urgence"), copy, erase),)


def _copy(session: Session, keyring: Keyring, one: AidRequest) -> dict[str, object]:
    """A request in words that can be handed over; amounts in cents."""
    questions = session.scalars(select(Question).where(Question.request_id == one.id).order_by(Question.asked_at))

    def text(column: str) -> str:
        return opened(keyring, REQUESTS, one.id, column, getattr(one, column))

    return {
        "request": one.code,
        "made_at": f"{one.created_at:%Y-%m-%dT%H:%M:%S%z}",
        "state": one.state,
        "age_band": one.age_band,
        "area": one.area_label,
        "category": one.category,
        "needed_by": f"{one.needed_by:%Y-%m-%d}",
        "asked_cents": one.asked_cents,
        "granted_cents": one.granted_cents,
        "paid_at": f"{one.paid_at:%Y-%m-%dT%H:%M:%S%z}" if one.paid_at else None,
        "lafu": one.lafu,
        "why_now": text("why_now_sealed"),
        "tried": text("tried_sealed"),
        "lafu_detail": text("lafu_detail_sealed"),
        "questions": [
            {
                "question": opened(keyring, QUESTIONS, row.id, "question_sealed", row.question_sealed),
                "answer": opened(keyring, QUESTIONS, row.id, "answer_sealed", row.answer_sealed),
            }
            for row in questions
        ],
    }
