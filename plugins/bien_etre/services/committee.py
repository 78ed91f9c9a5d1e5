"""What the committee does: ask, vote, declare a conflict, sign in urgency; and the requester's answers."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.api import (
    N_,
    Choice,
    DomainError,
    Missing,
    VoteRefused,
    cast_ballot,
    check_texts,
    new_id,
    recuse,
    require_second_factor,
    seats_of,
)

from .. import events
from ..models import AidRequest, Aside, Question, Signature
from ..rules.requests import State, why_not
from ..rules.urgent import SIGN_REFUSALS, granted, sign_refusal
from . import consents, requests, rounds, telling
from .locks import hold
from .rounds import RATIFICATION, Desk, NotNow
from .texts import QUESTIONS, record_dismissed, sealed

#: Questions of one request: beyond, a meeting is better.
MOST_QUESTIONS = 20


class SignRefused(DomainError):
    """The urgent track does not take this signature. `code` is one of `SIGN_REFUSALS`."""

    status = 409

    def __init__(self, code: str) -> None:
        super().__init__(SIGN_REFUSALS[code])
        self.code = code


def vote(
    session: Session,
    desk: Desk,
    request_id: UUID,
    *,
    choice: Choice,
    amount: int | None,
    reason: str,
    not_person: Collection[str] = (),
) -> None:
    """Put a ballot in through the committee's sealed vote, its reason through the name guard.

    Raises NamesSomebody, NotNow (paused: her consent is asked again now), VoteRefused, VoteInvalid.
    """
    said = check_texts({"reason": reason}, not_person)
    request = _live(session, desk, request_id)
    current = rounds.current_round(session, request.id)
    if current is None:
        raise Missing
    if _set_aside(session, desk, request.id):
        raise VoteRefused("recused_person")
    cast_ballot(
        session, desk.keyring, desk.viewer, current.vote_id, choice=choice, amount=amount, reason=reason, now=desk.now
    )
    # Who dismissed a finding of a ballot would tell who wrote a reason: only that somebody did is kept.
    record_dismissed(session, None, request.id, said, desk.now)


def declare(session: Session, desk: Desk, request_id: UUID, *, whole_organisation: bool) -> None:
    """Declare a conflict: out of this vote and of every later round, and the facts are no longer shown."""
    (request,) = hold(session, [request_id], desk.viewer, desk.now)
    requests.finish_closed(session, desk, request)
    current = rounds.current_round(session, request.id)
    if current is None or desk.viewer.organisation_id is None or desk.viewer.user_id is None:
        raise Missing
    recuse(session, desk.keyring, desk.viewer, current.vote_id, whole_organisation=whole_organisation, now=desk.now)
    person = None if whole_organisation else desk.viewer.user_id
    session.add(
        Aside(
            id=new_id(),
            request_id=request.id,
            organisation_id=desk.viewer.organisation_id,
            user_id=person,
            at=desk.now,
        )
    )
    session.flush()
    telling.note(
        session, desk.viewer, request, "aside", desk.now, scope="organisation" if whole_organisation else "person"
    )
    telling.tell(session, request, events.ASIDE, desk.now)
    # The quorum is counted again: who presides may have somebody to call
    telling.mail_chair(session, desk.keyring, request, desk.now)


def ask(session: Session, desk: Desk, request_id: UUID, text: str, not_person: Collection[str] = ()) -> None:
    """Ask the requester a question. Raises NamesSomebody, NotNow."""
    said = check_texts({"question": text}, not_person)
    request = _live(session, desk, request_id)
    if _set_aside(session, desk, request.id):
        raise NotNow(SIGN_REFUSALS["aside"])
    asked = session.scalar(select(func.count()).select_from(Question).where(Question.request_id == request.id)) or 0
    if asked >= MOST_QUESTIONS:
        raise NotNow(TOO_MANY)
    question_id = new_id()
    session.add(
        Question(
            id=question_id,
            request_id=request.id,
            asked_by=desk.viewer.user_id,
            question_sealed=sealed(desk.keyring, QUESTIONS, question_id, "question_sealed", text),
            asked_at=desk.now,
        )
    )
    record_dismissed(session, desk.viewer, request.id, said, desk.now)
    session.flush()
    telling.note(session, desk.viewer, request, "asked", desk.now)
    telling.tell(session, request, events.QUESTION, desk.now)
    telling.mail_author(session, desk.keyring, request, desk.now)


def answer(
    session: Session, desk: Desk, request_id: UUID, question_id: UUID, text: str, not_person: Collection[str] = ()
) -> None:
    """Answer a question, once. Raises NamesSomebody, Missing, NotNow."""
    said = check_texts({"answer": text}, not_person)
    request = _live(session, desk, request_id)
    question = session.scalar(select(Question).where(Question.id == question_id, Question.request_id == request.id))
    if question is None:
        raise Missing
    if question.answered_at is not None:
        raise NotNow(ANSWERED)
    question.answer_sealed = sealed(desk.keyring, QUESTIONS, question.id, "answer_sealed", text)
    question.answered_by, question.answered_at = desk.viewer.user_id, desk.now
    record_dismissed(session, desk.viewer, request.id, said, desk.now)
    session.flush()
    telling.note(session, desk.viewer, request, "answered", desk.now)
    telling.tell(session, request, events.ANSWERED, desk.now)
    telling.mail_committee(session, desk.keyring, request, desk.now)


def sign(session: Session, desk: Desk, request_id: UUID) -> bool:
    """Sign an urgent request for one's organisation; the second signature grants it, to be ratified by the committee.

    Returns whether it is granted. Raises SignRefused, NotNow, SecondFactorMissing.
    """
    require_second_factor(desk.viewer)
    request = _live(session, desk, request_id, money=True)
    refused = why_not_sign(session, desk, request)
    if refused is not None:
        raise SignRefused(refused)
    session.add(
        Signature(
            id=new_id(),
            request_id=request.id,
            organisation_id=desk.viewer.organisation_id,
            user_id=desk.viewer.user_id,
            signed_at=desk.now,
        )
    )
    session.flush()
    telling.note(session, desk.viewer, request, "signed", desk.now)
    telling.tell(session, request, events.SIGNED, desk.now)
    if not granted(_signed(session, request.id)):
        telling.mail_committee(session, desk.keyring, request, desk.now)
        return False
    request.urgent_until = None
    request.ratification = "waiting"
    consents.close_round(session, request, desk.now)
    rounds.grant(session, desk, request, request.amount_cents)
    rounds.open_round(session, desk, request, RATIFICATION)
    return True


def why_not_sign(session: Session, desk: Desk, request: AidRequest) -> str | None:
    """Code of `SIGN_REFUSALS`, or None when the viewer may sign now."""
    seats = seats_of(session, request.committee_id, desk.now)
    return sign_refusal(
        open_until=request.urgent_until,
        now=desk.now,
        seated=any(
            desk.viewer.user_id in (seat.person_id, seat.substitute_id)
            and seat.organisation_id == desk.viewer.organisation_id
            for seat in seats
        ),
        organisation=desk.viewer.organisation_id,
        requester=request.organisation_id,
        aside=_set_aside(session, desk, request.id),
        signed=_signed(session, request.id),
    )


def refused_sign(session: Session, desk: Desk, request_id: UUID) -> str | None:
    """`why_not_sign` for a page: nothing is locked."""
    return why_not_sign(session, desk, session.scalars(select(AidRequest).where(AidRequest.id == request_id)).one())


def _signed(session: Session, request_id: UUID) -> set[UUID]:
    return set(session.scalars(select(Signature.organisation_id).where(Signature.request_id == request_id)))


def _set_aside(session: Session, desk: Desk, request_id: UUID) -> bool:
    found = session.execute(
        select(Aside.id).where(
            Aside.request_id == request_id,
            Aside.organisation_id == desk.viewer.organisation_id,
            (Aside.user_id.is_(None)) | (Aside.user_id == desk.viewer.user_id),
        )
    ).first()
    return found is not None


def _live(session: Session, desk: Desk, request_id: UUID, *, money: bool = False) -> AidRequest:
    """The request, locked, while it is put to the committee and her consent stands. Raises NotNow."""
    (request,) = hold(session, [request_id], desk.viewer, desk.now, money=money)
    requests.finish_closed(session, desk, request)
    state = State(request.state)
    ratifying = state is State.ACCEPTED and request.ratification == "waiting"
    if state is not State.VOTING and not ratifying:
        raise NotNow(why_not(state))
    if not consents.stands(session, desk.keyring, desk.settings, request, desk.now):
        raise NotNow(why_not(State.PAUSED))
    return request


ANSWERED = N_("Une réponse a déjà été donnée à cette question.")
TOO_MANY = N_("Cette demande a déjà beaucoup de questions : parlez-en plutôt en rencontre.")
