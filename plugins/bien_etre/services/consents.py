"""Her consent, when the request comes from a referral: asked again at every step, and a pause when it is taken back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import (
    ANONYMOUS,
    DomainError,
    Event,
    House,
    Keyring,
    abandon_vote,
    consent_stands,
    mark_of_referral,
    organisation_by_slug,
)

from .. import events
from ..models import AidRequest, Commitment, Round
from ..rules.requests import Act, State, next_state
from ..settings import NAME, Settings
from . import telling
from .ledger import find_commitment
from .locks import hold
from .texts import REQUESTS, opened

PURPOSE = "bien_etre.aide"


class NoHolder(DomainError):
    """The setting names no organisation of the directory."""

    status = 409
    message = "L’organisme qui détient le fonds n’est pas dans l’annuaire\u00a0: prévenez la coordination."


def holder(session: Session, settings: Settings) -> tuple[UUID, str]:
    """Identifier and name of the organisation that holds the fund. Raises NoHolder."""
    found = organisation_by_slug(session, settings.fund_holder)
    if found is None:
        raise NoHolder
    return found.id, found.name


def stands(session: Session, keyring: Keyring, settings: Settings, request: AidRequest, now: datetime) -> bool:
    """Whether nothing stops this request: it relies on no case, or her consent is in force now."""
    if request.consent_sealed is None:
        return request.case_mark is None
    consent_id = UUID(opened(keyring, REQUESTS, request.id, "consent_sealed", request.consent_sealed))
    recipient = holder(session, settings)[0]
    return consent_stands(session, consent_id, purpose=PURPOSE, recipient=recipient, now=now)


def pause(session: Session, request: AidRequest, keyring: Keyring, now: datetime) -> bool:
    """Stop a locked request, its vote closed without decision. No reason is kept or told.

    False when nothing is left to stop: it ended, or all of it is paid and ratified.
    """
    after = next_state(State(request.state), Act.PAUSE)
    if after is None or (request.ratification != "waiting" and all_paid(session, request)):
        return False
    request.resume_state, request.state, request.paused_at = request.state, after.value, now
    request.version += 1
    close_round(session, request, now)
    session.flush()
    telling.note(session, ANONYMOUS, request, "paused", now)
    telling.tell(session, request, events.PAUSED, now)
    telling.mail_author(session, keyring, request, now)
    return True


def close_round(session: Session, request: AidRequest, now: datetime) -> None:
    """End the round under way, if any, without decision."""
    current = session.scalar(select(Round).where(Round.request_id == request.id, Round.closed_at.is_(None)))
    if current is None:
        return
    current.closed_at, current.result = now, "abandoned"
    session.flush()
    try:
        with session.begin_nested():
            abandon_vote(session, ANONYMOUS, current.vote_id, now)
    except DomainError:
        # The vote closed by itself a moment ago: the round is ended all the same.
        return


def all_paid(session: Session, request: AidRequest) -> bool:
    """Whether everything that was granted is paid."""
    if request.paid_at is None:
        return False
    known = find_commitment(session, Commitment.request_id == request.id)
    return known is None or not known.waiting_cents


def pause_withdrawn(session: Session, event: Event, house: House) -> None:
    """Her consent was withdrawn or suspended: every request that relied on it stops. Running twice changes nothing."""
    mark = mark_of_referral(session, house.keyring, event.ref, PURPOSE)
    if mark is None:
        return
    now, settings = house.clock.now(), house.hooks.settings(NAME, Settings)
    ids = session.scalars(select(AidRequest.id).where(AidRequest.case_mark == mark)).all()
    for request in hold(session, ids, ANONYMOUS, now):
        if not stands(session, house.keyring, settings, request, now):
            pause(session, request, house.keyring, now)
