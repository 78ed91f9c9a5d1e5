"""The night reserve: cards pre-authorised per partner, handed on one worker's word, ratified by the committee later.

Never to whom: a partner, a number of cards, an instant.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from core.api import TORONTO, DomainError, Missing, Viewer, lock_row, new_id, require_second_factor

from .. import models
from ..queries.money_access import Standing
from ..rules.money import Ratification, may_hand
from .money import check_decision, tell
from .payments import PaymentRefused, add_cards

_NO_SYNC = {"synchronize_session": False}


class OverReserve(DomainError):
    """More than the partner has, or than may wait for ratification."""

    status = 409
    message = "La réserve de votre organisme ne permet pas autant de cartes. Appelez la présidence du comité."


class ReserveOver(DomainError):
    """The authorisation ended."""

    status = 409
    message = "Cette réserve n’est plus autorisée. Appelez la présidence du comité."


def authorise_reserve(
    session: Session,
    viewer: Viewer,
    standing: Standing,
    organisation_id: UUID,
    stock_id: UUID,
    cards: int,
    cap_cents: int,
    until: date,
    decision: str,
    now: datetime,
) -> UUID:
    """Give cards of the stock to a partner to keep for the night, up to a cap (cents) that waits for ratification.

    The chair alone, or by an adopted vote. Again for the same partner: more cards, the new cap, the new end.
    """
    _check_decides(session, standing, decision)
    require_second_factor(viewer)
    if cards < 0 or cap_cents <= 0:
        raise DomainError("Le montant est au-dessus de zéro.")
    table = models.CardReserve
    same = (table.organisation_id == organisation_id) & (table.stock_id == stock_id)
    row = lock_row(session, select(table.id, table.waiting_cents).where(same))
    add_cards(session, stock_id, -cards)
    if row is None:
        reserve_id = new_id()
        values = {"id": reserve_id, "organisation_id": organisation_id, "stock_id": stock_id, "left_count": cards}
        session.execute(insert(table).values(**values, cap_cents=cap_cents, until=until, created_at=now))
    else:
        reserve_id = row.id
        if cap_cents < row.waiting_cents:
            raise PaymentRefused("Ce plafond est sous ce qui attend déjà d’être ratifié.")
        _set(session, table, reserve_id, left_count=table.left_count + cards, cap_cents=cap_cents, until=until)
    facts = {"cards": cards, "cap": cap_cents, "decision": decision or "chair"}
    also = (f"org:{organisation_id}",)
    tell(session, viewer, "bien_etre.reserve_authorised", f"reserve:{reserve_id}", "", facts, now, also=also)
    return reserve_id


def take_back_reserve(session: Session, viewer: Viewer, standing: Standing, reserve_id: UUID, now: datetime) -> int:
    """Put back in the stock every card that a partner still keeps; returns how many."""
    if not (standing.pays or standing.chairs):
        raise Missing
    row = _reserve(session, models.CardReserve.id == reserve_id)
    _set(session, models.CardReserve, reserve_id, left_count=0)
    add_cards(session, row.stock_id, row.left_count)
    facts = {"cards": row.left_count}
    also = (f"org:{row.organisation_id}",)
    tell(session, viewer, "bien_etre.reserve_taken_back", f"reserve:{reserve_id}", "", facts, now, also=also)
    return int(row.left_count)


def hand_cards(session: Session, viewer: Viewer, reserve_id: UUID, cards: int, key: str, now: datetime) -> UUID:
    """One worker's word: cards leave her organisation's reserve. The same key twice is one handing.

    Raises Missing (another organisation's reserve too), OverReserve, ReserveOver.
    """
    if viewer.organisation_id is None:
        raise Missing
    table, handing = models.CardReserve, models.CardHanding
    row = _reserve(session, (table.id == reserve_id) & (table.organisation_id == viewer.organisation_id))
    twice = session.scalar(select(handing.id).where(handing.sent_key == key))
    if twice is not None:
        return twice
    if now.astimezone(TORONTO).date() > row.until:
        raise ReserveOver
    face = session.scalar(select(models.CardStock.face_cents).where(models.CardStock.id == row.stock_id)) or 0
    if not may_hand(cards, face=face, left=row.left_count, cap=row.cap_cents, waiting=row.waiting_cents):
        raise OverReserve
    handing_id, cents = new_id(), cards * face
    values = {"id": handing_id, "reserve_id": row.id, "organisation_id": row.organisation_id, "cards": cards}
    session.execute(insert(handing).values(**values, amount_cents=cents, user_id=viewer.user_id, at=now, sent_key=key))
    _set(session, table, row.id, left_count=table.left_count - cards, waiting_cents=table.waiting_cents + cents)
    facts = {"cards": cards, "amount": cents}
    also = (f"org:{row.organisation_id}",)
    tell(session, viewer, "bien_etre.cards_handed", f"handing:{handing_id}", "", facts, now, also=also)
    return handing_id


def ratify_handing(
    session: Session,
    viewer: Viewer,
    standing: Standing,
    handing_id: UUID,
    verdict: Ratification,
    decision: str,
    now: datetime,
) -> bool:
    """Say what the committee thinks of cards handed at night; False when it was said already.

    The chair alone, never for her own organisation, or anybody who keeps the accounts by an adopted vote.
    """
    _check_decides(session, standing, decision)
    table, reserve = models.CardHanding, models.CardReserve
    of = session.scalar(select(table.reserve_id).where(table.id == handing_id))
    if of is None or verdict is Ratification.WAITING:
        raise Missing
    _reserve(session, reserve.id == of)
    row = session.execute(
        select(table.organisation_id, table.amount_cents, table.ratification).where(table.id == handing_id)
    ).one()
    if row.ratification != Ratification.WAITING.value:
        return False
    if not decision and row.organisation_id == viewer.organisation_id:
        raise PaymentRefused("Votre organisme a remis ces cartes\u00a0: un vote les ratifie.", status=403)
    said = {"ratification": verdict.value, "ratified_by": viewer.user_id, "ratified_at": now}
    _set(session, table, handing_id, **said, decision=decision or None)
    _set(session, reserve, of, waiting_cents=reserve.waiting_cents - row.amount_cents)
    facts = {"verdict": verdict.value, "decision": decision or "chair"}
    also = (f"org:{row.organisation_id}",)
    tell(session, viewer, "bien_etre.handing_ratified", f"handing:{handing_id}", "", facts, now, also=also)
    return True


def _reserve(session: Session, where: Any) -> Row[Any]:
    row = lock_row(session, select(*models.CardReserve.__table__.columns).where(where))
    if row is None:
        raise Missing
    return row


def _check_decides(session: Session, standing: Standing, decision: str) -> None:
    if not standing.keeps:
        raise Missing
    if decision or not standing.chairs:
        check_decision(session, standing, decision)


def _set(session: Session, table: Any, row_id: UUID, **values: Any) -> None:
    session.execute(update(table).where(table.id == row_id).values(**values), execution_options=_NO_SYNC)
