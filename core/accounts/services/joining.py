"""Coming in with an invitation, or choosing a new password with a code of the same kind."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.access.viewer import ANONYMOUS, Role
from core.accounts.models import Invitation as InvitationRow
from core.accounts.models import User
from core.accounts.rules.invitations import INVITATION_KEPT, typed_code
from core.accounts.services.invitations import (
    JOIN,
    PLAIN,
    RESET,
    TABLE,
    InvitationOver,
    code_hash_of,
    note,
    still_open,
    touched,
)
from core.accounts.services.people import add_user, email_lookup, normal_email
from core.accounts.services.sealed import show
from core.accounts.services.sessions import end_sessions
from core.accounts.services.throttles import forget_attempts
from core.directory.models import Organisation
from core.directory.rules.words import Status
from core.kernel.crypto import Keyring
from core.kernel.errors import DomainError


class AddressTaken(DomainError):
    """Told only to whoever holds the right code."""

    status = 409
    message = (
        "Un compte existe déjà à cette adresse. Demandez à être invitée ou invité à une autre adresse, "
        "ou que l’autre compte soit fermé."
    )


@dataclass(frozen=True)
class Invitation:
    """A pending invitation to join, for whoever proves another way that the e-mail is hers (an identity provider)."""

    id: UUID
    organisation_id: UUID
    kind: str
    user_id: UUID | None
    name: str
    email: str
    roles: tuple[Role, ...]
    expires_at: datetime


def open_invitation(
    session: Session, keyring: Keyring, email: str, now: datetime, *, organisation_id: UUID | None = None
) -> Invitation | None:
    """The newest pending invitation to join of an e-mail address, in an admitted organisation (`organisation_id`, when
    the caller vouches for that one only). The caller has verified that the address is hers."""
    rows = _pending(session, keyring, email, now, organisation_id)
    return next((_invitation(keyring, row) for row in rows if row.kind == JOIN), None)


def match_invitation(session: Session, keyring: Keyring, email: str, code: str, now: datetime) -> Invitation | None:
    """The pending invitation (or reset) of this address and code. Wrong, used, expired, revoked, elsewhere: None."""
    symbols = typed_code(code) or ""
    found = None
    for row in _pending(session, keyring, email, now, None):
        if hmac.compare_digest(row.code_hash, code_hash_of(keyring, row.id, symbols)):
            found = row
    return _invitation(keyring, found) if found is not None and symbols else None


def accept_invitation(
    session: Session, keyring: Keyring, invitation_id: UUID, now: datetime, *, password_hash: str | None = None
) -> UUID:
    """Use an invitation, once: the account is made (or its password set), and its person's id returned.

    `password_hash` (argon2id) is None for whoever signs in through a provider. Raises `InvitationOver` if it was used,
    revoked or expired meanwhile, `AddressTaken` when somebody has an account at that address.
    """
    changed = session.execute(
        update(InvitationRow)
        .where(InvitationRow.id == invitation_id, still_open(), InvitationRow.expires_at > now)
        .values(used_at=now),
        **PLAIN,
    )
    if not touched(changed):
        raise InvitationOver
    row = session.execute(
        select(*InvitationRow.__table__.columns, Organisation.status)
        .join(Organisation, Organisation.id == InvitationRow.organisation_id)
        .where(InvitationRow.id == invitation_id)
    ).one()
    if row.status != Status.ADMITTED.value:
        raise InvitationOver
    if row.kind == RESET:
        return _choose_again(session, keyring, row, password_hash, now)
    given = _invitation(keyring, row)
    try:
        with session.begin_nested():
            user_id = add_user(
                session,
                keyring,
                organisation_id=row.organisation_id,
                email=given.email,
                name=given.name,
                roles=given.roles,
                now=now,
                password_hash=password_hash,
            )
    except IntegrityError:
        raise AddressTaken from None
    note(session, ANONYMOUS, row.organisation_id, "account.joined", f"user:{user_id}", now, roles=list(given.roles))
    return user_id


def purge_invitations(session: Session, now: datetime) -> None:
    """Forget invitations a month after their time: names and addresses of people who never came."""
    session.execute(delete(InvitationRow).where(InvitationRow.expires_at < now - INVITATION_KEPT), **PLAIN)


def _choose_again(session: Session, keyring: Keyring, row: Any, password_hash: str | None, now: datetime) -> UUID:
    assert row.user_id is not None
    changed = session.execute(
        update(User).where(User.id == row.user_id, User.status == "active").values(password_hash=password_hash), **PLAIN
    )
    if not touched(changed) or password_hash is None:
        raise InvitationOver
    end_sessions(session, now, user_id=row.user_id)
    email = show(keyring, TABLE, row.id, "email_sealed", row.email_sealed)
    forget_attempts(session, keyring, "sign_in", "account", normal_email(email))
    note(session, ANONYMOUS, row.organisation_id, "account.password_chosen", f"user:{row.user_id}", now)
    return UUID(str(row.user_id))


def _pending(
    session: Session, keyring: Keyring, email: str, now: datetime, organisation_id: UUID | None
) -> list[InvitationRow]:
    statement = (
        select(InvitationRow)
        .join(Organisation, Organisation.id == InvitationRow.organisation_id)
        .where(
            InvitationRow.email_lookup == email_lookup(keyring, email),
            InvitationRow.expires_at > now,
            Organisation.status == Status.ADMITTED.value,
            still_open(),
        )
        .order_by(InvitationRow.created_at.desc(), InvitationRow.id.desc())
    )
    if organisation_id is not None:
        statement = statement.where(InvitationRow.organisation_id == organisation_id)
    return list(session.execute(statement).scalars())


def _invitation(keyring: Keyring, row: Any) -> Invitation:
    return Invitation(
        row.id,
        row.organisation_id,
        row.kind,
        row.user_id,
        show(keyring, TABLE, row.id, "name_sealed", row.name_sealed),
        show(keyring, TABLE, row.id, "email_sealed", row.email_sealed),
        tuple(Role(role) for role in row.roles),
        row.expires_at,
    )
