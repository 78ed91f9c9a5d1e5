"""Calling who is missing: substitutes of recused people, then an alternate of the other CALACS."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.committees.models.structure import Vote
from core.committees.rules.seats import Standing
from core.committees.services import telling
from core.committees.services.loading import CLOSED, Loaded
from core.directory.models import Organisation
from core.kernel.crypto import Keyring

_NO_SYNC = {"synchronize_session": False}


def refresh_calling(session: Session, keyring: Keyring, loaded: Loaded, now: datetime) -> str:
    """Say what the recusals (or lapsed terms) now ask for, and tell those who are called; returns the code."""
    seating = loaded.seating
    wanted = "alternate" if seating.needs_alternate else "none"
    if wanted == "none" and seating.count(Standing.CALLED):
        wanted = "substitutes"
    if wanted == loaded.row.calling or loaded.row.status == CLOSED:
        return wanted
    session.execute(update(Vote).where(Vote.id == loaded.row.id).values(calling=wanted), execution_options=_NO_SYNC)
    called = [seat.substitute for seat in loaded.seats if seating.standing[seat.id] is Standing.CALLED]
    also: list[str] = []
    if wanted == "alternate":
        others = _other_calacs(session, loaded)
        also = [f"org:{one}" for one in others]
        called += telling.people_with(session, Permission.COMMITTEE_VOTE, others)
    if called:
        telling.tell(session, loaded, telling.CALLED, now, also=also)
        telling.mail_to(session, keyring, called, now)
    return wanted


def _other_calacs(session: Session, loaded: Loaded) -> list[UUID]:
    inside = {seat.organisation_id for seat in loaded.seats} | set(loaded.recusals.organisations)
    found = session.scalars(
        select(Organisation.id).where(Organisation.type == "calacs", Organisation.status == "admitted")
    )
    return [one for one in found if one not in inside]
