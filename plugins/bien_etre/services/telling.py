"""Telling what happens to a request: the live event, the journal in codes, the constant e-mail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import Keyring, Permission, SeatRole, Viewer, emit, mail_people, people_with, record, seats_of

from ..access import OWN_ONLY_TYPES
from ..models import AidRequest


def tell(session: Session, request: AidRequest, kind: str, now: datetime) -> None:
    """The event, for the committee and for the requester's side (police: the author alone), with the code only."""
    own_only = request.organisation_type in OWN_ONLY_TYPES
    own = f"user:{request.author_id}" if own_only else f"org:{request.organisation_id}"
    emit(session, kind, request.code, topics={f"committee:{request.committee_id}", "network", own}, now=now)


def note(session: Session, viewer: Viewer, request: AidRequest, action: str, now: datetime, **facts: object) -> None:
    """One line of journal in the requester's organisation: codes, never what was written."""
    record(
        session,
        case_id=None,
        organisation_id=request.organisation_id,
        actor=viewer,
        action=f"bien_etre.{action}",
        subject=f"request:{request.code}",
        facts=facts,
        now=now,
    )


def mail_author(session: Session, keyring: Keyring, request: AidRequest, now: datetime) -> None:
    """*Une nouveauté vous attend* to who made the request."""
    mail_people(session, keyring, [request.author_id], now)


def mail_committee(session: Session, keyring: Keyring, request: AidRequest, now: datetime) -> None:
    """The same to those who sit and are not of the requester's organisation."""
    seats = seats_of(session, request.committee_id, now)
    people: Iterable[UUID | None] = [
        one for seat in seats if seat.organisation_id != request.organisation_id for one in (seat.person_id,)
    ]
    mail_people(session, keyring, people, now)


def mail_holder(session: Session, keyring: Keyring, holder_id: UUID | None, but: UUID | None, now: datetime) -> None:
    """The same to those who pay, except who has just acted: a grant to pay, a payment to confirm."""
    if holder_id is not None:
        # Who works there: a plugin's own permissions are not asked by people_with
        people = people_with(session, Permission.REFERRAL_SEND, [holder_id])
        mail_people(session, keyring, [one for one in people if one != but], now)


def mail_chair(session: Session, keyring: Keyring, request: AidRequest, now: datetime) -> None:
    """The same to who chairs, else to the vice-chair: what waits for funds is never lost in silence."""
    seats = seats_of(session, request.committee_id, now)
    for role in (SeatRole.CHAIR, SeatRole.VICE_CHAIR):
        people = [seat.person_id for seat in seats if seat.role is role and seat.person_id is not None]
        if people:
            mail_people(session, keyring, people, now)
            return
