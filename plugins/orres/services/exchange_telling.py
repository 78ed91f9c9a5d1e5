"""Telling what happens to a vignette: to those who may read it at that moment, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import emit, mail_people, record, seats_of

from .. import exchange_events as events
from ..models import Vignette
from ..rules.exchange import OPEN, State
from .drafts import Desk


def tell(session: Session, desk: Desk, vignette: Vignette, *, was: State | None = None) -> None:
    """The event, with the code only. `was`: the state before, when the committee read it until now."""
    topics = {f"user:{one}" for one in (vignette.author_id, vignette.reader_id) if one is not None}
    if State(vignette.state) in OPEN or was in OPEN:
        topics.add(f"committee:{vignette.committee_id}")
    emit(session, events.VIGNETTE_CHANGED, vignette.code, topics=topics, now=desk.now)


def note(session: Session, desk: Desk, vignette: Vignette, action: str, **facts: object) -> None:
    """One line of journal in the chain of the author's organisation: codes, never what was written."""
    record(
        session,
        case_id=None,
        organisation_id=vignette.organisation_id,
        actor=desk.viewer,
        action=f"orres.{action}",
        subject=f"vignette:{vignette.code}",
        facts=facts,
        now=desk.now,
    )


def mail(session: Session, desk: Desk, people: Iterable[UUID | None]) -> None:
    """*Une nouveauté vous attend*, except to who has just acted."""
    mail_people(session, desk.keyring, [one for one in people if one != desk.viewer.user_id], desk.now)


def mail_committee(session: Session, desk: Desk, vignette: Vignette) -> None:
    """The same to whoever sits there, except who has just acted."""
    mail(session, desk, [seat.person_id for seat in seats_of(session, vignette.committee_id, desk.now)])
