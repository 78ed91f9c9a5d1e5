"""Reads about people and sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.viewer import ANONYMOUS, Role, Viewer
from core.accounts.models import LoginSession, User
from core.accounts.rules import TOUCH_EVERY, SessionState, session_state
from core.accounts.seed import PERSONAS
from core.accounts.services import email_lookup, read_personal, token_hash
from core.directory.models import Organisation
from core.journal.queries.people import Person, name_people_with
from core.kernel.crypto import Keyring
from core.kernel.web.house import Identity

NOBODY = Identity(ANONYMOUS)


@dataclass(frozen=True)
class Account:
    """What sign-in needs of an account."""

    user_id: UUID
    password_hash: str | None


@dataclass(frozen=True)
class Persona:
    """A demo persona's card."""

    key: str
    name: str
    organisation: str
    organisation_type: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Device:
    """One of the viewer's open sessions."""

    id: UUID
    label: str
    created_at: datetime
    last_seen_at: datetime
    current: bool


_IDENTITY = (
    select(
        LoginSession.id,
        LoginSession.created_at,
        LoginSession.last_seen_at,
        LoginSession.ended_at,
        LoginSession.second_factor,
        User.id.label("user_id"),
        User.name_sealed,
        User.roles,
        User.locale,
        User.demo_key,
        Organisation.id.label("organisation_id"),
        Organisation.name.label("organisation_name"),
        Organisation.type.label("organisation_type"),
    )
    .join(User, User.id == LoginSession.user_id)
    .join(Organisation, Organisation.id == User.organisation_id)
    .where(User.status == "active", Organisation.status == "admitted")
)


def identity(
    session: Session, keyring: Keyring, token: str | None, now: datetime, *, idle: timedelta, absolute: timedelta
) -> Identity:
    """Who holds this session token. Unknown, ended, expired, disabled or not admitted: nobody. One statement."""
    if not token:
        return NOBODY
    row = session.execute(_IDENTITY.where(LoginSession.token_hash == token_hash(token))).first()
    if row is None:
        return NOBODY
    state = session_state(row.created_at, row.last_seen_at, row.ended_at, now, idle=idle, absolute=absolute)
    if state is not SessionState.LIVE:
        return Identity(ANONYMOUS, session_id=row.id, locked=state is SessionState.LOCKED)
    viewer = Viewer(
        user_id=row.user_id,
        organisation_id=row.organisation_id,
        organisation_name=row.organisation_name,
        organisation_type=row.organisation_type,
        roles=frozenset(Role(role) for role in row.roles),
        display_name=read_personal(keyring, row.user_id, "name_sealed", row.name_sealed),
        session_id=row.id,
        second_factor=row.second_factor,
        demo=row.demo_key is not None,
        locale=row.locale,
    )
    return Identity(viewer, session_id=row.id, stale=now - row.last_seen_at >= TOUCH_EVERY)


def account(session: Session, keyring: Keyring, email: str) -> Account | None:
    """The account of an e-mail address that may sign in: active, in an admitted organisation."""
    row = session.execute(
        select(User.id, User.password_hash)
        .join(Organisation, Organisation.id == User.organisation_id)
        .where(
            User.email_lookup == email_lookup(keyring, email),
            User.status == "active",
            Organisation.status == "admitted",
        )
    ).first()
    return Account(row.id, row.password_hash) if row else None


def active_user(session: Session, keyring: Keyring, email: str) -> UUID | None:
    """The active person of an e-mail address, whatever her or his organisation's standing (for the operator)."""
    return session.execute(
        select(User.id).where(User.email_lookup == email_lookup(keyring, email), User.status == "active")
    ).scalar()


def demo_user(session: Session, key: str) -> UUID | None:
    """The user behind a demo persona."""
    return session.execute(select(User.id).where(User.demo_key == key)).scalar()


def personas(session: Session, keyring: Keyring) -> tuple[Persona, ...]:
    """Every demo persona, in the order of the demo's list."""
    place = {persona.key: number for number, persona in enumerate(PERSONAS)}
    rows = session.execute(
        select(User.demo_key, User.id, User.name_sealed, User.roles, Organisation.name, Organisation.type)
        .join(Organisation, Organisation.id == User.organisation_id)
        .where(User.demo_key.is_not(None))
    ).all()
    return tuple(
        Persona(
            row.demo_key,
            read_personal(keyring, row.id, "name_sealed", row.name_sealed),
            row.name,
            row.type,
            tuple(row.roles),
        )
        for row in sorted(rows, key=lambda row: place.get(row.demo_key, len(place)))
    )


def devices(session: Session, viewer: Viewer, now: datetime, *, absolute: timedelta) -> tuple[Device, ...]:
    """The viewer's open sessions, newest first."""
    rows = session.execute(
        select(LoginSession)
        .where(
            LoginSession.user_id == viewer.user_id,
            LoginSession.ended_at.is_(None),
            LoginSession.created_at > now - absolute,
        )
        .order_by(LoginSession.created_at.desc())
    ).scalars()
    return tuple(
        Device(row.id, row.device, row.created_at, row.last_seen_at, row.id == viewer.session_id) for row in rows
    )


@dataclass(frozen=True)
class RoleCount:
    """How many active people of an organisation hold a role."""

    role: Role
    count: int


def people_by_role(session: Session, organisation_id: UUID) -> tuple[RoleCount, ...]:
    """Active people per role, for *who there will see this*: roles and numbers, never names."""
    counts: dict[Role, int] = {}
    for roles in session.execute(
        select(User.roles).where(User.organisation_id == organisation_id, User.status == "active")
    ).scalars():
        for role in roles:
            counts[Role(role)] = counts.get(Role(role), 0) + 1
    return tuple(RoleCount(role, counts[role]) for role in sorted(counts))


@name_people_with
def journal_people(session: Session, keyring: Keyring, user_ids: frozenset[UUID]) -> dict[UUID, Person]:
    """Names for the journal's page, whose lines only hold identifiers."""
    rows = session.execute(
        select(User.id, User.name_sealed, Organisation.name)
        .join(Organisation, Organisation.id == User.organisation_id)
        .where(User.id.in_(user_ids))
    )
    return {row.id: Person(read_personal(keyring, row.id, "name_sealed", row.name_sealed), row.name) for row in rows}
