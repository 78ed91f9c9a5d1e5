"""What somebody who leaves held in committees: her seats stay with the organisation, vacant until it names somebody."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from core.accounts.services.leaving import Leaving, LeavingStep, when_leaving
from core.committees.models.meetings import CalendarFeed
from core.committees.models.structure import Committee, CommitteeSeat
from core.committees.services.calling import call_missing, votes_under_way
from core.committees.services.telling import SEAT_CHANGED, note, tell_committee
from core.kernel.db import lock_row

_PLAIN = {"synchronize_session": False}


def seats_she_holds(session: Session, user_id: UUID) -> Mapping[str, int]:
    """How many seats name her, as holder or as substitute, terms to come included."""
    return {"seats": session.execute(select(func.count()).where(_names(user_id))).scalar_one()}


def vacate_seats(session: Session, leaving: Leaving) -> Mapping[str, int]:
    """Take her name off every seat. A seat is its organisation's: the term goes on, a substitute stays a substitute.

    Votes under way call at once whoever is then missing; her ballots stay counted, as those of any seat whose person
    changes. Her calendar's address means nothing any more.
    """
    where = select(CommitteeSeat.committee_id).where(_names(leaving.user_id)).distinct()
    slugs: dict[UUID, str] = {}
    # In one order for everybody, so that two departures never wait for each other
    for committee_id in sorted(session.scalars(where), key=str):
        found = lock_row(session, select(Committee.slug).where(Committee.id == committee_id))
        if found is not None:
            slugs[committee_id] = found.slug
    votes = votes_under_way(session, slugs, leaving.now)
    for committee_id, slug in slugs.items():
        tell_committee(session, committee_id, slug, SEAT_CHANGED, leaving.now)
    seats = session.execute(
        select(CommitteeSeat.id, CommitteeSeat.committee_id, CommitteeSeat.user_id)
        .where(_names(leaving.user_id))
        .order_by(CommitteeSeat.id)
    ).all()
    for seat in seats:
        column = "user_id" if seat.user_id == leaving.user_id else "substitute_id"
        session.execute(
            update(CommitteeSeat).where(CommitteeSeat.id == seat.id).values({column: None}), execution_options=_PLAIN
        )
        facts = {"committee": seat.committee_id, "role": column.removesuffix("_id")}
        note(session, leaving.by, "committee.seat_vacated", f"seat:{seat.id}", leaving.now, **facts)
    call_missing(session, leaving.keyring, votes, leaving.now)
    session.execute(delete(CalendarFeed).where(CalendarFeed.user_id == leaving.user_id), execution_options=_PLAIN)
    return {"seats": len(seats)}


def _names(user_id: UUID) -> ColumnElement[bool]:
    hers = or_(CommitteeSeat.user_id == user_id, CommitteeSeat.substitute_id == user_id)
    return hers & CommitteeSeat.ended_at.is_(None)


when_leaving(LeavingStep("committees", seats_she_holds, vacate_seats))
