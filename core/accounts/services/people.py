"""Writes about people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.access.permissions import ADMINISTRATION, CONTENT, permissions_of
from core.access.viewer import Role
from core.accounts.models import LoginSession, User
from core.accounts.services.passwords import HASHER
from core.accounts.services.sessions import end_sessions
from core.directory.models import Organisation
from core.directory.rules.words import Status
from core.kernel.crypto import Aad, Keyring
from core.kernel.db import add_row, new_id
from core.kernel.errors import DomainError
from core.kernel.events import close_streams


def normal_email(email: str) -> str:
    """The form under which an e-mail address is looked up."""
    return email.strip().casefold()


def email_lookup(keyring: Keyring, email: str) -> bytes:
    """Keyed hash of an e-mail address (32 bytes)."""
    return keyring.pseudonym("accounts.email", normal_email(email))


def left_lookup(keyring: Keyring, organisation_id: UUID, email: str) -> bytes:
    """Keyed hash by which an organisation remembers an address whose person left it (32 bytes).

    The address is free for an account elsewhere; the domain of this organisation no longer brings her back by itself.
    """
    return keyring.pseudonym("accounts.left", f"{organisation_id}:{normal_email(email)}")


def personal(keyring: Keyring, user_id: UUID, column: str, text: str) -> bytes:
    """Ciphertext of a person's name or e-mail."""
    return keyring.protect(text.encode(), aad=Aad("users", user_id, column, 1))


def read_personal(keyring: Keyring, user_id: UUID, column: str, sealed: bytes) -> str:
    """The text behind `personal`."""
    return keyring.reveal(sealed, aad=Aad("users", user_id, column, 1)).decode()


def renew_personal(keyring: Keyring, user_id: UUID, column: str, sealed: bytes) -> bytes:
    """The same text under the newest master key (rotation)."""
    return keyring.reprotect(sealed, aad=Aad("users", user_id, column, 1))


class RolesConflict(DomainError):
    """One account would both administer and read content (security S6)."""

    message = (
        "Un même compte ne peut pas à la fois administrer et lire le contenu des références\u00a0: "
        "répartissez ces rôles entre deux comptes."
    )


def check_roles(roles: Iterable[Role]) -> None:
    """Raises RolesConflict when these roles together both administer and read content."""
    granted = permissions_of(roles)
    if granted & CONTENT and granted & ADMINISTRATION:
        raise RolesConflict


def add_user(
    session: Session,
    keyring: Keyring,
    *,
    organisation_id: UUID,
    email: str,
    name: str,
    roles: Iterable[Role],
    now: datetime,
    password: str | None = None,
    password_hash: str | None = None,
    demo_key: str | None = None,
) -> UUID:
    """Add a person and return her or his id. Raises IntegrityError if the e-mail is taken, RolesConflict.

    `password_hash`: made before the transaction, since hashing is slow on purpose.
    """
    roles = sorted(roles)
    check_roles(roles)
    user_id = new_id()
    add_row(
        session,
        User,
        id=user_id,
        organisation_id=organisation_id,
        email_lookup=email_lookup(keyring, email),
        email_sealed=personal(keyring, user_id, "email_sealed", email),
        name_sealed=personal(keyring, user_id, "name_sealed", name),
        password_hash=HASHER.hash(password) if password else password_hash,
        roles=roles,
        status="active",
        locale="fr",
        demo_key=demo_key,
        created_at=now,
    )
    return user_id


def disable_user(session: Session, user_id: UUID, now: datetime) -> None:
    """Take access away at once: no new session, and every open one ends."""
    session.execute(update(User).where(User.id == user_id).values(status="disabled"))
    end_sessions(session, now, user_id=user_id)


def suspend_organisation(session: Session, organisation_id: UUID, now: datetime) -> None:
    """Shut a whole organisation out at once: it is nobody any more, its people's sessions and streams end."""
    organisation = update(Organisation).where(Organisation.id == organisation_id)
    session.execute(organisation.values(status=Status.SUSPENDED.value))
    people = select(User.id).where(User.organisation_id == organisation_id)
    open_ones = LoginSession.user_id.in_(people) & LoginSession.ended_at.is_(None)
    session.execute(
        update(LoginSession).where(open_ones).values(ended_at=now), execution_options={"synchronize_session": False}
    )
    close_streams(session, now=now, organisation_ids=[organisation_id])
