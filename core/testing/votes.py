"""Many votes like one that was really opened and voted on: what a race needs hundreds of, without the time to make
each through its pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.committees.models.structure import Ballot, CommitteeRecusal, Vote, VoteSeat
from core.committees.services.sealing import CHOICE, REASON, place
from core.kernel.crypto import Keyring
from core.kernel.db import new_id


def copy_votes(session: Session, keyring: Keyring, vote_id: UUID, codes: Iterable[tuple[str, str]]) -> list[UUID]:
    """Copies of an open vote, its seats, recusals and ballots, sealed anew; `codes`: pairs (vote's code, subject).

    Their identifiers, in that order. No line of journal, event or e-mail is made for them.
    """
    vote = _rows(session, Vote, Vote.id == vote_id)[0]
    seats = _rows(session, VoteSeat, VoteSeat.vote_id == vote_id)
    recusals = _rows(session, CommitteeRecusal, CommitteeRecusal.vote_id == vote_id)
    ballots = _rows(session, Ballot, Ballot.vote_id == vote_id)
    said = {
        (row["id"], column): keyring.reveal(row[column], aad=place(row["id"], column))
        for row in ballots
        for column in (CHOICE, REASON)
    }
    made: dict[Any, list[dict[str, Any]]] = {Vote: [], VoteSeat: [], CommitteeRecusal: [], Ballot: []}
    for code, subject in codes:
        new = new_id()
        made[Vote].append({**vote, "id": new, "code": code, "subject": subject})
        of_seat = {row["id"]: new_id() for row in seats}
        made[VoteSeat] += [{**row, "id": of_seat[row["id"]], "vote_id": new} for row in seats]
        made[CommitteeRecusal] += [{**row, "id": new_id(), "vote_id": new} for row in recusals]
        for row in ballots:
            ballot = new_id()
            sealed = {
                column: keyring.protect(said[row["id"], column], aad=place(ballot, column))
                for column in (CHOICE, REASON)
            }
            seat = of_seat[row["vote_seat_id"]]
            made[Ballot].append({**row, "id": ballot, "vote_id": new, "vote_seat_id": seat, **sealed})
    for table, rows in made.items():
        if rows:
            session.execute(insert(table), rows)
    return [row["id"] for row in made[Vote]]


def _rows(session: Session, table: Any, where: Any) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in session.execute(select(*table.__table__.columns).where(where))]
