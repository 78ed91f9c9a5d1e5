"""Reads about committees and their seats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session, aliased

from core.access.viewer import Viewer
from core.accounts.models import User
from core.accounts.services import read_personal
from core.committees.access import in_force, local_day
from core.committees.models.structure import Committee, CommitteeSeat
from core.committees.rules.terms import SeatRole, Term, is_current
from core.committees.services.seats import may_sit
from core.directory.models import Organisation
from core.journal.queries.people import people
from core.kernel.crypto import Keyring
from core.kernel.db import prepared

_HOLDER = aliased(User)
_STAND_IN = aliased(User)
_PARENT = Committee.__table__.alias("parent")


@dataclass(frozen=True)
class CommitteeView:
    """A committee. Texts are French source texts; days are the network's."""

    id: UUID
    slug: str
    title: str
    description: str
    mandate: str
    mandate_from: date | None
    mandate_until: date | None
    plugin: str | None
    parent_id: UUID | None
    parent_slug: str | None = None
    parent_title: str | None = None


@dataclass(frozen=True)
class Branch:
    """A committee in the tree. `role`: the viewer's seat there (None: none), `substitute`: she stands in for one."""

    slug: str
    title: str
    description: str
    depth: int
    seats: int
    vacant: int
    role: SeatRole | None
    substitute: bool

    @property
    def mine(self) -> bool:
        """Whether the viewer sits there."""
        return self.role is not None or self.substitute


@dataclass(frozen=True)
class SeatView:
    """A seat of an organisation. Names only where the reader may see them; `vacant`: nobody is named."""

    id: UUID
    organisation_id: UUID
    organisation: str
    role: SeatRole
    voting: bool
    person_id: UUID | None
    substitute_id: UUID | None
    person: str
    substitute: str
    starts_on: date
    ends_on: date | None
    current: bool
    over: bool

    @property
    def vacant(self) -> bool:
        """Nobody sits there."""
        return self.person_id is None


def committee_by_slug(session: Session, slug: str) -> CommitteeView | None:
    """The committee of that slug, None for an unknown or closed one. One statement."""
    row = session.execute(*_of_slug(slug)).first()
    return None if row is None else CommitteeView(**dict(row._mapping))


@prepared
def _of_slug(slug: str) -> Select[*tuple[Any, ...]]:
    return _committee(slug)


def committee_seen_by(
    session: Session, slug: str, user_id: UUID | None, now: datetime
) -> tuple[CommitteeView, SeatRole | None] | None:
    """The same with the role of the seat that this person holds there today (a substitute has none). One statement."""
    mine = (CommitteeSeat.committee_id == Committee.id) & (CommitteeSeat.user_id == user_id) & in_force(local_day(now))
    role = select(CommitteeSeat.role).where(mine).limit(1).scalar_subquery()
    row = session.execute(_committee(slug).add_columns(role.label("role"))).first()
    if row is None:
        return None
    values = dict(row._mapping)
    held = values.pop("role")
    return CommitteeView(**values), None if held is None else SeatRole(held)


def _committee(slug: str) -> Select[Any]:
    columns = [column for column in Committee.__table__.columns if column.name not in {"status", "position"}]
    return (
        select(*columns, _PARENT.c.slug.label("parent_slug"), _PARENT.c.title.label("parent_title"))
        .outerjoin(_PARENT, _PARENT.c.id == Committee.parent_id)
        .where(Committee.slug == slug, Committee.status == "active")
    )


def tree(session: Session, viewer: Viewer, now: datetime) -> tuple[Branch, ...]:
    """Every committee, children under their parent, with its seats today. Two statements."""
    rows = session.execute(
        select(Committee.id, Committee.parent_id, Committee.slug, Committee.title, Committee.description)
        .where(Committee.status == "active")
        .order_by(Committee.position, Committee.slug)
    ).all()
    seats: dict[UUID, list[Row[UUID, UUID | None, UUID | None, str]]] = {}
    for seat in session.execute(
        select(
            CommitteeSeat.committee_id, CommitteeSeat.user_id, CommitteeSeat.substitute_id, CommitteeSeat.role
        ).where(in_force(local_day(now)))
    ):
        seats.setdefault(seat.committee_id, []).append(seat)
    children: dict[UUID | None, list[Row[UUID, UUID | None, str, str, str]]] = {}
    active = {row.id for row in rows}
    for row in rows:
        children.setdefault(row.parent_id if row.parent_id in active else None, []).append(row)
    found: list[Branch] = []

    def walk(parent: UUID | None, depth: int) -> None:
        for row in children.get(parent, ()):
            here = seats.get(row.id, [])
            held = next((one for one in here if one.user_id == viewer.user_id and viewer.user_id is not None), None)
            found.append(
                Branch(
                    row.slug,
                    row.title,
                    row.description,
                    depth,
                    len(here),
                    sum(one.user_id is None for one in here),
                    SeatRole(held.role) if held is not None else None,
                    any(one.substitute_id == viewer.user_id for one in here if viewer.user_id is not None),
                )
            )
            walk(row.id, depth + 1)

    walk(None, 0)
    return tuple(found)


def children_of(session: Session, committee_id: UUID) -> tuple[tuple[str, str], ...]:
    """Slug and title of the committees right under this one. One statement."""
    rows = session.execute(
        select(Committee.slug, Committee.title)
        .where(Committee.parent_id == committee_id, Committee.status == "active")
        .order_by(Committee.position, Committee.slug)
    )
    return tuple((row.slug, row.title) for row in rows)


def seats_of(
    session: Session, committee_id: UUID, now: datetime, *, keyring: Keyring | None = None, all_terms: bool = False
) -> tuple[SeatView, ...]:
    """Seats in force, chair first; with `all_terms` those to come and those that are over too (newest first).

    Names of people only with the keyring. One statement.
    """
    today = local_day(now)
    statement = _seats(named=keyring is not None, all_terms=all_terms)
    rows = session.execute(statement, {"committee": committee_id, "today": today}).all()
    names: dict[UUID, str] = {}
    for row in rows if keyring is not None else ():
        for person, name in ((row.user_id, row.held_by), (row.substitute_id, row.stood_in_by)):
            if keyring is not None and name is not None and person not in names:
                names[person] = read_personal(keyring, person, "name_sealed", name)
    order = {role: number for number, role in enumerate(SeatRole)}
    views = [_seat_view(row, names, today) for row in rows]
    return tuple(sorted(views, key=lambda seat: (not seat.current, seat.over, order[seat.role])))


@cache
def _seats(*, named: bool, all_terms: bool) -> Select[*tuple[Any, ...]]:
    columns: list[Any] = [*CommitteeSeat.__table__.columns, Organisation.name]
    statement = select(*columns).join(Organisation, Organisation.id == CommitteeSeat.organisation_id)
    if named:
        statement = (
            statement.add_columns(_HOLDER.name_sealed.label("held_by"), _STAND_IN.name_sealed.label("stood_in_by"))
            .outerjoin(_HOLDER, _HOLDER.id == CommitteeSeat.user_id)
            .outerjoin(_STAND_IN, _STAND_IN.id == CommitteeSeat.substitute_id)
        )
    statement = statement.where(CommitteeSeat.committee_id == bindparam("committee"))
    if not all_terms:
        statement = statement.where(in_force(bindparam("today")))
    return statement.order_by(CommitteeSeat.starts_on.desc(), Organisation.sort_key)


def _seat_view(row: Row[*tuple[Any, ...]], names: Mapping[UUID, str], today: date) -> SeatView:
    role, over = SeatRole(row.role), row.ended_at is not None
    term = Term(row.id, row.organisation_id, role, row.starts_on, row.ends_on, over)
    return SeatView(
        row.id,
        row.organisation_id,
        row.name,
        role,
        row.voting,
        row.user_id,
        row.substitute_id,
        names.get(row.user_id, ""),
        names.get(row.substitute_id, ""),
        row.starts_on,
        row.ends_on,
        is_current(term, today),
        over or (row.ends_on is not None and row.ends_on < today),
    )


def is_member(session: Session, committee_id: UUID, user_id: UUID, now: datetime) -> bool:
    """Whether this person holds a seat there today, or stands in for one. One statement."""
    mine = (CommitteeSeat.user_id == user_id) | (CommitteeSeat.substitute_id == user_id)
    found = session.execute(
        select(CommitteeSeat.id).where(CommitteeSeat.committee_id == committee_id, mine, in_force(local_day(now)))
    ).first()
    return found is not None


def admitted_organisations(session: Session) -> tuple[tuple[UUID, str], ...]:
    """Organisations that may hold a seat, by name. One statement."""
    rows = session.execute(
        select(Organisation.id, Organisation.name)
        .where(Organisation.status == "admitted")
        .order_by(Organisation.sort_key)
    )
    return tuple((row.id, row.name) for row in rows)


def people_who_may_sit(
    session: Session, keyring: Keyring, organisation_id: UUID | None = None
) -> tuple[tuple[UUID, UUID, str], ...]:
    """(person, organisation, name) of active people with the role of committee member, by name. Two statements."""
    statement = select(User.id, User.organisation_id, User.roles).where(User.status == "active")
    if organisation_id is not None:
        statement = statement.where(User.organisation_id == organisation_id)
    rows = [row for row in session.execute(statement) if may_sit(row.roles)]
    names = people(session, keyring, frozenset(row.id for row in rows))
    found = [(row.id, row.organisation_id, names[row.id].name) for row in rows if row.id in names]
    return tuple(sorted(found, key=lambda one: one[2]))
