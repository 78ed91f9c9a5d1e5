"""Calling who is missing, at once: substitutes of recused people, then an alternate of the other CALACS; when nobody
is left to call, the vote goes to who chairs it without waiting for its deadline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.committees.models.structure import Vote
from core.committees.rules.seats import Standing
from core.committees.rules.votes import without_quorum
from core.committees.services import telling
from core.committees.services.escalating import escalate
from core.committees.services.loading import CLOSED, OPEN, Loaded, load_vote, lock_votes
from core.directory.models import Organisation
from core.kernel.crypto import Keyring

_NO_SYNC = {"synchronize_session": False}


def refresh_calling(
    session: Session, keyring: Keyring, loaded: Loaded, now: datetime, *, before: Loaded | None = None
) -> str:
    """Say what the recusals (or freed seats) now ask for, and tell those who are called; returns the code.

    `before`: the vote as it stood, so that whoever is newly expected to vote learns it too. Without anybody left to
    call, an open vote is escalated now.
    """
    seating = loaded.seating
    wanted = "alternate" if seating.needs_alternate else "none"
    if wanted == "none" and seating.count(Standing.CALLED):
        wanted = "substitutes"
    if loaded.row.status == CLOSED:
        return wanted
    called: list[UUID | None] = [] if before is None else [*set(waited_for(loaded)) - set(waited_for(before))]
    also: list[str] = []
    if wanted != loaded.row.calling:
        session.execute(update(Vote).where(Vote.id == loaded.row.id).values(calling=wanted), execution_options=_NO_SYNC)
        called += [seat.substitute for seat in loaded.seats if seating.standing[seat.id] is Standing.CALLED]
        if wanted == "alternate":
            others = _other_calacs(session, loaded)
            also = [f"org:{one}" for one in others]
            called += telling.people_with(session, Permission.COMMITTEE_VOTE, others)
    if called:
        telling.tell(session, loaded, telling.CALLED, now, also=also)
        telling.mail_to(session, keyring, called, now)
    if loaded.row.status == OPEN and wanted == "alternate" and nobody_left(session, loaded):
        escalate(session, keyring, loaded, without_quorum(loaded.rule, loaded.tally()), now)
    return wanted


def nobody_left(session: Session, loaded: Loaded) -> bool:
    """Whether fewer than two seats can vote and no other CALACS has anybody to name."""
    if not loaded.seating.needs_alternate:
        return False
    able = telling.people_with(session, Permission.COMMITTEE_VOTE, _other_calacs(session, loaded))
    return not set(able) - loaded.recusals.people


def votes_under_way(session: Session, committee_ids: Iterable[UUID], now: datetime) -> Mapping[UUID, Loaded]:
    """The votes of these committees that are not closed, locked, before one of their seats changes."""
    wanted = sorted(set(committee_ids), key=str)
    found = sorted(session.scalars(select(Vote.id).where(Vote.committee_id.in_(wanted), Vote.status != CLOSED)))
    lock_votes(session, found)
    return {one: load_vote(session, one, now) for one in found}


def call_missing(session: Session, keyring: Keyring, before: Mapping[UUID, Loaded], now: datetime) -> None:
    """After a seat changed: call who is now missing in each of these votes, in the same transaction."""
    for vote_id, was in before.items():
        refresh_calling(session, keyring, load_vote(session, vote_id, now), now, before=was)


def waited_for(loaded: Loaded) -> list[UUID]:
    """People of the organisations whose ballot is still missing."""
    standing, found = loaded.seating.standing, list[UUID]()
    for seat in loaded.seats:
        if seat.organisation_id in loaded.balloted:
            continue
        if standing[seat.id] is Standing.COUNTED and seat.person is not None:
            found.append(seat.person)
        elif standing[seat.id] in (Standing.COUNTED, Standing.CALLED) and seat.substitute is not None:
            found.append(seat.substitute)
    return [one for one in found if one not in loaded.recusals.people]


def _other_calacs(session: Session, loaded: Loaded) -> list[UUID]:
    inside = {seat.organisation_id for seat in loaded.seats} | set(loaded.recusals.organisations)
    found = session.scalars(
        select(Organisation.id).where(Organisation.type == "calacs", Organisation.status == "admitted")
    )
    return [one for one in found if one not in inside]
