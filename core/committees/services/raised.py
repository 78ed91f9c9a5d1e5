"""Hands noted in a meeting that wait for their confirmation: sealed at rest, and gone with whatever ends the wait."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Delete, delete, select
from sqlalchemy.orm import Session

from core.committees.models.meetings import HandsShown, RaisedHand
from core.committees.rules.votes import Choice
from core.committees.services.sealing import OpenedBallot, padded_choice
from core.kernel.crypto import Aad, Keyring
from core.kernel.db import prepared, table_of


@dataclass(frozen=True)
class PendingHand:
    """One hand, unopened."""

    id: UUID
    organisation_id: UUID
    vote_seat_id: UUID
    user_id: UUID
    choice_sealed: bytes


@dataclass(frozen=True)
class Pending:
    """Hands of one vote that nobody has confirmed yet."""

    id: UUID
    meeting_id: UUID
    noted_by: UUID
    noted_for: UUID
    noted_at: datetime
    hands: tuple[PendingHand, ...]


def pending_of(session: Session, vote_id: UUID) -> Pending | None:
    """What waits for a confirmation in this vote. One statement."""
    rows = session.execute(
        select(
            HandsShown.id.label("shown_id"),
            HandsShown.meeting_id,
            HandsShown.noted_by,
            HandsShown.noted_for,
            HandsShown.noted_at,
            RaisedHand.id,
            RaisedHand.organisation_id,
            RaisedHand.vote_seat_id,
            RaisedHand.user_id,
            RaisedHand.choice_sealed,
        )
        .join(RaisedHand, RaisedHand.shown_id == HandsShown.id)
        .where(HandsShown.vote_id == vote_id, HandsShown.confirmed_at.is_(None))
        .order_by(RaisedHand.id)
    ).all()
    if not rows:
        return None
    first = rows[0]
    hands = (PendingHand(row.id, row.organisation_id, row.vote_seat_id, row.user_id, row.choice_sealed) for row in rows)
    return Pending(
        first.shown_id,
        first.meeting_id,
        first.noted_by,
        first.noted_for,
        first.noted_at,
        tuple(hands),
    )


def drop_pending(session: Session, vote_id: UUID, organisations: Collection[UUID] | None = None) -> None:
    """Destroy what waits: the hands of some organisations (their recusal), or everything of the vote."""
    if organisations is not None:
        session.execute(*_hands_of(vote_id, list(organisations)))
        return
    session.execute(*_hands(vote_id))
    session.execute(*_shown(vote_id))


_SHOWN, _RAISED = table_of(HandsShown), table_of(RaisedHand)


@prepared
def _shown(vote_id: UUID) -> Delete:
    return delete(_SHOWN).where(_SHOWN.c.vote_id == vote_id, _SHOWN.c.confirmed_at.is_(None))


@prepared
def _hands(vote_id: UUID) -> Delete:
    waiting = select(_SHOWN.c.id).where(_SHOWN.c.vote_id == vote_id, _SHOWN.c.confirmed_at.is_(None))
    return delete(_RAISED).where(_RAISED.c.shown_id.in_(waiting))


@prepared
def _hands_of(vote_id: UUID, organisations: list[UUID]) -> Delete:
    waiting = select(_SHOWN.c.id).where(_SHOWN.c.vote_id == vote_id, _SHOWN.c.confirmed_at.is_(None))
    return delete(_RAISED).where(_RAISED.c.shown_id.in_(waiting), _RAISED.c.organisation_id.in_(organisations))


def seal_hand(keyring: Keyring, hand_id: UUID, choice: Choice, amount: int | None) -> bytes:
    """Ciphertext of a noted hand, of the one length of ballots."""
    return keyring.protect(padded_choice(choice, amount), aad=_place(hand_id))


def open_hand(keyring: Keyring, hand_id: UUID, sealed: bytes) -> OpenedBallot:
    """What `seal_hand` sealed; raises `crypto.Unreadable` for a hand moved or altered."""
    choice, amount = json.loads(keyring.reveal(sealed, aad=_place(hand_id)))
    return OpenedBallot(Choice(choice), amount)


def renew_hand(keyring: Keyring, hand_id: UUID, sealed: bytes) -> bytes:
    """The same hand under the newest master key (rotation)."""
    return keyring.reprotect(sealed, aad=_place(hand_id))


def _place(hand_id: UUID) -> Aad:
    return Aad("raised_hands", hand_id, "choice_sealed", 1)
