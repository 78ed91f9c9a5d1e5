"""Reads about people: for sign-in, for counting, for the journal's page."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.viewer import Role
from core.accounts.models import User
from core.accounts.services import email_lookup, read_personal
from core.directory.models import Organisation
from core.journal.queries.people import Person, name_people_with
from core.kernel.crypto import Keyring


@dataclass(frozen=True)
class Account:
    """What sign-in needs of an account."""

    user_id: UUID
    password_hash: str | None


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


def may_sign_in(session: Session, user_id: UUID) -> bool:
    """Whether this person may: active, in an admitted organisation."""
    found = session.execute(
        select(User.id)
        .join(Organisation, Organisation.id == User.organisation_id)
        .where(User.id == user_id, User.status == "active", Organisation.status == "admitted")
    )
    return found.first() is not None


def active_user(session: Session, keyring: Keyring, email: str) -> UUID | None:
    """The active person of an e-mail address, whatever her or his organisation's standing (for the operator)."""
    return session.execute(
        select(User.id).where(User.email_lookup == email_lookup(keyring, email), User.status == "active")
    ).scalar()


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
