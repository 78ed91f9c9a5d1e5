"""Seats of a committee: given to an organisation, changed, ended. The chair and the coordination do it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.access.permissions import Permission, permissions_of
from core.access.registry import can
from core.access.viewer import Role, Viewer
from core.accounts.models import User
from core.committees.access import MANAGE, CommitteeFacts, in_force, local_day
from core.committees.models.structure import Committee, CommitteeSeat
from core.committees.rules.terms import TERM_REFUSALS, SeatRole, Term, refusal
from core.committees.services.calling import call_missing, votes_under_way
from core.committees.services.telling import SEAT_CHANGED, note, tell_committee
from core.directory.models import Organisation
from core.kernel.crypto import Keyring
from core.kernel.db import add_row, lock_row, new_id
from core.kernel.errors import DomainError, Forbidden, Missing
from core.kernel.events import close_streams
from core.kernel.i18n import N_


class SeatRefused(DomainError):
    """A seat that cannot be: `field` of the form, and why in words."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class SeatInput:
    """A seat as typed. Days of the network, both included; `ends_on` None: until further notice."""

    organisation_id: UUID
    person: UUID | None
    substitute: UUID | None
    role: SeatRole
    voting: bool
    starts_on: date
    ends_on: date | None


def seat_role(session: Session, committee_id: UUID, user_id: UUID | None, now: datetime) -> SeatRole | None:
    """The role of the seat this person holds today (a substitute has none), for the rules."""
    if user_id is None:
        return None
    found = session.scalar(
        select(CommitteeSeat.role).where(
            CommitteeSeat.committee_id == committee_id,
            CommitteeSeat.user_id == user_id,
            in_force(local_day(now)),
        )
    )
    return None if found is None else SeatRole(found)


def check_manages(session: Session, viewer: Viewer, committee_id: UUID, now: datetime) -> None:
    """Raises Missing or Forbidden unless the viewer chairs this committee or coordinates the network."""
    decision = can(viewer, MANAGE, CommitteeFacts(committee_id, seat_role(session, committee_id, viewer.user_id, now)))
    if not decision.allowed:
        raise Forbidden(decision.reason) if decision.discoverable else Missing


def add_seat(session: Session, viewer: Viewer, committee_id: UUID, wanted: SeatInput, now: datetime) -> UUID:
    """Give an organisation a seat. Raises SeatRefused for overlapping terms, a second chair, other people's people."""
    slug = _lock(session, committee_id)
    check_manages(session, viewer, committee_id, now)
    seat_id = new_id()
    _check(session, committee_id, wanted, None)
    add_row(
        session,
        CommitteeSeat,
        id=seat_id,
        committee_id=committee_id,
        organisation_id=wanted.organisation_id,
        user_id=wanted.person,
        substitute_id=wanted.substitute,
        role=wanted.role.value,
        voting=wanted.voting,
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
    )
    _told(session, viewer, committee_id, slug, seat_id, "committee.seat_added", wanted, (), now)
    return seat_id


def change_seat(
    session: Session, keyring: Keyring, viewer: Viewer, seat_id: UUID, wanted: SeatInput, now: datetime
) -> None:
    """Change who sits, the role, the vote or the end of a term; its organisation stays. Votes under way call at once
    whoever is then missing.

    Raises Missing for a seat that is over, SeatRefused as `add_seat`.
    """
    row = _seat(session, seat_id)
    slug = _lock(session, row.committee_id)
    check_manages(session, viewer, row.committee_id, now)
    if row.ended_at is not None or wanted.organisation_id != row.organisation_id:
        raise Missing
    _check(session, row.committee_id, wanted, seat_id)
    votes = votes_under_way(session, [row.committee_id], now)
    session.execute(
        update(CommitteeSeat)
        .where(CommitteeSeat.id == seat_id)
        .values(
            user_id=wanted.person,
            substitute_id=wanted.substitute,
            role=wanted.role.value,
            voting=wanted.voting,
            starts_on=wanted.starts_on,
            ends_on=wanted.ends_on,
        ),
        execution_options={"synchronize_session": False},
    )
    before = (row.user_id, row.substitute_id)
    _told(session, viewer, row.committee_id, slug, seat_id, "committee.seat_changed", wanted, before, now)
    call_missing(session, keyring, votes, now)


def end_seat(session: Session, keyring: Keyring, viewer: Viewer, seat_id: UUID, now: datetime) -> None:
    """End a term now. In votes under way the seat lapses: a ballot that is in stays, none is received any more, and
    whoever is then missing is called at once."""
    row = _seat(session, seat_id)
    slug = _lock(session, row.committee_id)
    check_manages(session, viewer, row.committee_id, now)
    votes = votes_under_way(session, [row.committee_id], now)
    ended = session.execute(
        update(CommitteeSeat).where(CommitteeSeat.id == seat_id, CommitteeSeat.ended_at.is_(None)).values(ended_at=now),
        execution_options={"synchronize_session": False},
    )
    if not getattr(ended, "rowcount", 0):
        raise SeatRefused("", N_("Ce siège a déjà pris fin."))
    before = (row.user_id, row.substitute_id)
    _told(session, viewer, row.committee_id, slug, seat_id, "committee.seat_ended", None, before, now)
    call_missing(session, keyring, votes, now)


def change_mandate(
    session: Session,
    viewer: Viewer,
    committee_id: UUID,
    mandate: str,
    mandate_from: date | None,
    mandate_until: date | None,
    now: datetime,
) -> None:
    """Write the committee's mandate and its days. Raises SeatRefused when it ends before it begins."""
    slug = _lock(session, committee_id)
    check_manages(session, viewer, committee_id, now)
    if mandate_from is not None and mandate_until is not None and mandate_until < mandate_from:
        raise SeatRefused("mandate_until", N_("La fin du mandat vient le jour de son début ou après."))
    session.execute(
        update(Committee)
        .where(Committee.id == committee_id)
        .values(mandate=mandate, mandate_from=mandate_from, mandate_until=mandate_until),
        execution_options={"synchronize_session": False},
    )
    note(session, viewer, "committee.mandate_changed", f"committee:{committee_id}", now)
    tell_committee(session, committee_id, slug, SEAT_CHANGED, now)


def may_sit(roles: list[str]) -> bool:
    """Whether an account may hold a seat: it can open the pages of committees and vote."""
    return Permission.COMMITTEE_VOTE in permissions_of(Role(role) for role in roles)


def _seat(session: Session, seat_id: UUID) -> CommitteeSeat:
    row = session.execute(select(*CommitteeSeat.__table__.columns).where(CommitteeSeat.id == seat_id)).first()
    if row is None:
        raise Missing
    return row  # type: ignore[return-value]


def _lock(session: Session, committee_id: UUID) -> str:
    """One change of seats at a time in a committee: two chairs cannot be named at once. Returns its slug."""
    row = lock_row(session, select(Committee.slug).where(Committee.id == committee_id, Committee.status == "active"))
    if row is None:
        raise Missing
    return str(row.slug)


def _check(session: Session, committee_id: UUID, wanted: SeatInput, seat_id: UUID | None) -> None:
    known = session.scalar(select(Organisation.status).where(Organisation.id == wanted.organisation_id))
    if known is None or (seat_id is None and known != "admitted"):
        raise SeatRefused("organisation", N_("Choisissez un organisme admis dans le réseau."))
    people = {one for one in (wanted.person, wanted.substitute) if one is not None}
    if people:
        rows = session.execute(
            select(User.id, User.organisation_id, User.roles, User.status).where(User.id.in_(people))
        )
        able = {
            row.id
            for row in rows
            if row.organisation_id == wanted.organisation_id and row.status == "active" and may_sit(row.roles)
        }
        for field, person in (("person", wanted.person), ("substitute", wanted.substitute)):
            if person is not None and person not in able:
                raise SeatRefused(
                    field, N_("Choisissez une personne de cet organisme qui a le rôle de membre de comité.")
                )
    rows = session.execute(select(*CommitteeSeat.__table__.columns).where(CommitteeSeat.committee_id == committee_id))
    others = [
        Term(row.id, row.organisation_id, SeatRole(row.role), row.starts_on, row.ends_on, row.ended_at is not None)
        for row in rows
    ]
    term = Term(
        seat_id,
        wanted.organisation_id,
        wanted.role,
        wanted.starts_on,
        wanted.ends_on,
        person=wanted.person,
        substitute=wanted.substitute,
    )
    code = refusal(term, others)
    if code is not None:
        raise SeatRefused(*TERM_REFUSALS[code])


def _told(
    session: Session,
    viewer: Viewer,
    committee_id: UUID,
    slug: str,
    seat_id: UUID,
    action: str,
    wanted: SeatInput | None,
    before: tuple[UUID | None, ...],
    now: datetime,
) -> None:
    facts: dict[str, Any] = {"committee": committee_id}
    if wanted is not None:
        facts |= {"organisation": wanted.organisation_id, "role": wanted.role.value, "voting": wanted.voting}
    note(session, viewer, action, f"seat:{seat_id}", now, **facts)
    tell_committee(session, committee_id, slug, SEAT_CHANGED, now)
    # What these people may hear has changed: their streams come back with the right topics.
    after = (wanted.person, wanted.substitute) if wanted is not None else ()
    moved = {one for one in (*before, *after) if one is not None}
    close_streams(session, now=now, user_ids=sorted(moved, key=str))
