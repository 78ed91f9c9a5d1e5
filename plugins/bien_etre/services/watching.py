"""Watching over the fund: late ratifications are told once, and why a request was not accepted is coded."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.api import DomainError, Keyring, Missing, SeatRole, Viewer, committee_by_slug, mail_people, new_id, seats_of

from .. import models
from ..queries.money_access import Standing
from ..rules.figures import Why
from ..rules.money import Ratification
from ..rules.requests import State
from ..settings import SLUG
from .ledger import set_values, tell
from .locks import lock_request

_RECORDS = (SeatRole.CHAIR, SeatRole.VICE_CHAIR, SeatRole.SECRETARY)


def tell_late(session: Session, keyring: Keyring, before: datetime, now: datetime) -> int:
    """Say once what was granted or handed before that moment (UTC) and is still not ratified; returns how many.

    An event for the committee, a line of journal each, and one constant e-mail to those who preside and keep its
    records; without them, to whoever sits. What is late stays shown.
    """
    late = _late_requests(session, before), _late_handings(session, before)
    for request_id, code in late[0]:
        session.execute(insert(models.LateRatification).values(id=new_id(), request_id=request_id, told_at=now))
        tell(session, None, "bien_etre.ratification_late", f"request:{code}", code, {}, now)
    for handing_id in late[1]:
        set_values(session, models.CardHanding, handing_id, told_at=now)
        tell(session, None, "bien_etre.ratification_late", f"handing:{handing_id}", "", {}, now)
    told = len(late[0]) + len(late[1])
    if told:
        mail_people(session, keyring, _responsible(session, now), now)
    return told


def _late_requests(session: Session, before: datetime) -> list[tuple[UUID, str]]:
    table, told = models.AidRequest, models.LateRatification
    waiting = table.ratification == "waiting"
    statement = select(table.id, table.code).outerjoin(told, told.request_id == table.id)
    rows = session.execute(statement.where(waiting, table.decided_at < before, told.id.is_(None)).order_by(table.id))
    return [(row.id, row.code) for row in rows]


def _late_handings(session: Session, before: datetime) -> list[UUID]:
    table = models.CardHanding
    waiting = table.ratification == Ratification.WAITING.value
    return list(
        session.scalars(select(table.id).where(waiting, table.at < before, table.told_at.is_(None)).order_by(table.id))
    )


def _responsible(session: Session, now: datetime) -> list[UUID | None]:
    committee = committee_by_slug(session, SLUG)
    seats = seats_of(session, committee.id, now) if committee is not None else ()
    people = [seat.person_id for seat in seats if seat.role in _RECORDS and seat.person_id is not None]
    return [*people] or [seat.person_id for seat in seats]


def code_refusal(
    session: Session, viewer: Viewer, standing: Standing, request_id: UUID, why: Why, now: datetime
) -> bool:
    """Say, in one code, why the committee did not accept a request. False when somebody said it already: it stays.

    By who presides or keeps the committee's records. Raises Missing, DomainError.
    """
    if not (standing.chairs or standing.secretary):
        raise Missing
    request = lock_request(session, request_id)
    if State(request.state) is not State.REFUSED:
        raise DomainError("Seule une demande que le comité n’a pas acceptée a une raison.", status=409)
    reason = models.RefusalReason
    if session.scalar(select(reason.id).where(reason.request_id == request_id)) is not None:
        return False
    values = {"id": new_id(), "request_id": request_id, "reason": why.value, "coded_by": viewer.user_id}
    session.execute(insert(reason).values(**values, coded_at=now))
    tell(session, viewer, "bien_etre.refusal_coded", f"request:{request.code}", request.code, {"why": why.value}, now)
    return True
