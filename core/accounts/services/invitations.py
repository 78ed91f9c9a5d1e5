"""Inviting a named person: single use, 72 h; the code is handed over by who invites, never mailed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.viewer import Role, Viewer
from core.accounts.models import Invitation as InvitationRow
from core.accounts.models import User
from core.accounts.rules.invitations import (
    ALPHABET,
    INVITABLE,
    INVITATION_LASTS,
    LENGTH,
    shown_code,
)
from core.accounts.services.mails import INVITATION
from core.accounts.services.people import check_roles, email_lookup
from core.accounts.services.sealed import hide, show
from core.accounts.services.sessions import end_sessions
from core.journal.queries import has_done
from core.journal.services import record
from core.kernel.crypto import Keyring
from core.kernel.db import add_row, new_id
from core.kernel.errors import DomainError, Forbidden, Missing
from core.kernel.mail import MailSeal, send_later

TABLE = "invitations"
JOIN, RESET = "join", "reset"


class AlreadyHere(DomainError):
    """Somebody of this organisation has an account at that address."""

    message = "Une personne de votre organisme a déjà un compte à cette adresse."


class InvitationOver(DomainError):
    """Used, revoked or expired meanwhile."""

    status = 409
    message = "Cette invitation n’est plus valide."


class BothByOne(DomainError):
    """The password and the factors of one person are never taken away by the same administrator."""

    status = 409
    message = (
        "Une même personne n’efface pas le mot de passe et les moyens de connexion de quelqu’un en moins de trois "
        "jours\u00a0: demandez à une autre personne de l’administration, ou à l’exploitation technique."
    )


class RolesNeeded(DomainError):
    """No role, or one that an organisation does not give."""

    status = 422
    message = "Choisissez au moins un des rôles proposés."


class NotYourself(DomainError):
    """Nobody closes, suspends or changes her own account: an organisation always keeps an administration."""

    status = 409
    message = "Pour votre propre compte, demandez à une autre personne de l’administration."


@dataclass(frozen=True)
class Invited:
    """What the inviter is shown, once. `code`: groups of four symbols; only its keyed hash is kept."""

    id: UUID
    name: str
    email: str
    expires_at: datetime
    code: str = field(repr=False)


def managed_organisation(viewer: Viewer) -> UUID:
    """The organisation this viewer administers. Raises `Forbidden`."""
    if viewer.organisation_id is None or not holds(viewer, Permission.ORGANISATION_MANAGE):
        raise Forbidden
    return viewer.organisation_id


def invite_person(
    session: Session, keyring: Keyring, viewer: Viewer, *, email: str, name: str, roles: Iterable[Role], now: datetime
) -> Invited:
    """Invite somebody to one's own organisation; a pending invitation to the same address is replaced.

    Raises `Forbidden`, `RolesNeeded`, `RolesConflict` (security S6), `AlreadyHere`. An account elsewhere is
    not told here: the answer would say who works where.
    """
    organisation_id = managed_organisation(viewer)
    return invite_into(session, keyring, viewer, organisation_id, email=email, name=name, roles=roles, now=now)


def invite_into(
    session: Session,
    keyring: Keyring,
    actor: Viewer,
    organisation_id: UUID,
    *,
    email: str,
    name: str,
    roles: Iterable[Role],
    now: datetime,
) -> Invited:
    """The same into any organisation: for an admission that came to its end, and for the operator's command."""
    given = tuple(sorted(set(roles)))
    if not given or any(role.value not in INVITABLE for role in given):
        raise RolesNeeded
    check_roles(given)
    lookup = email_lookup(keyring, email)
    here = select(User.id).where(User.email_lookup == lookup, User.organisation_id == organisation_id)
    if session.execute(here).first() is not None:
        raise AlreadyHere
    same = InvitationRow.email_lookup == lookup, InvitationRow.organisation_id == organisation_id
    session.execute(
        update(InvitationRow).where(*same, InvitationRow.kind == JOIN, still_open()).values(revoked_at=now), **PLAIN
    )
    invited = _write(session, keyring, actor, organisation_id, JOIN, None, email, name, given, now)
    note(session, actor, organisation_id, "account.invited", f"invitation:{invited.id}", now, roles=list(given))
    return invited


def renew_invitation(session: Session, keyring: Keyring, viewer: Viewer, invitation_id: UUID, now: datetime) -> Invited:
    """A new code for 72 h more; the former one is worth nothing. Raises `Missing`, `InvitationOver`."""
    organisation_id = managed_organisation(viewer)
    return renew_code(session, keyring, viewer, organisation_id, invitation_id, now)


def renew_code(
    session: Session, keyring: Keyring, actor: Viewer, organisation_id: UUID, invitation_id: UUID, now: datetime
) -> Invited:
    """The same for an actor whose right is checked already."""
    row = _own_row(session, organisation_id, invitation_id)
    if row.kind == RESET and row.user_id is not None:
        refuse_both(session, actor, organisation_id, row.user_id, "account.factors_reset", now)
        note(session, actor, organisation_id, "account.password_reset", f"user:{row.user_id}", now)
    symbols, expires_at = _symbols(), now + INVITATION_LASTS
    changed = session.execute(
        update(InvitationRow)
        .where(InvitationRow.id == invitation_id, still_open())
        .values(code_hash=code_hash_of(keyring, invitation_id, symbols), expires_at=expires_at),
        **PLAIN,
    )
    if not touched(changed):
        raise InvitationOver
    email = show(keyring, TABLE, invitation_id, "email_sealed", row.email_sealed)
    send_later(session, email, INVITATION, "fr", now, seal=MailSeal(keyring))
    note(session, actor, organisation_id, "account.invitation_renewed", f"invitation:{invitation_id}", now)
    name = show(keyring, TABLE, invitation_id, "name_sealed", row.name_sealed)
    return Invited(invitation_id, name, email, expires_at, shown_code(symbols))


def revoke_invitation(session: Session, viewer: Viewer, invitation_id: UUID, now: datetime) -> None:
    """Take an invitation back. Doing it again changes nothing. Raises `Missing`."""
    organisation_id = managed_organisation(viewer)
    _own_row(session, organisation_id, invitation_id)
    changed = session.execute(
        update(InvitationRow).where(InvitationRow.id == invitation_id, still_open()).values(revoked_at=now), **PLAIN
    )
    if touched(changed):
        note(session, viewer, organisation_id, "account.invitation_revoked", f"invitation:{invitation_id}", now)


def reset_password(session: Session, keyring: Keyring, viewer: Viewer, user_id: UUID, now: datetime) -> Invited:
    """Forget the password of a person of one's organisation, end her sessions, and give a code to choose another.

    Raises `Missing` for anybody else's people, `NotYourself`.
    """
    organisation_id = managed_organisation(viewer)
    user = session.execute(
        select(User.id, User.email_sealed, User.name_sealed, User.roles).where(
            User.id == user_id, User.organisation_id == organisation_id, User.status == "active"
        )
    ).first()
    if user is None:
        raise Missing
    if user_id == viewer.user_id:
        raise NotYourself
    refuse_both(session, viewer, organisation_id, user_id, "account.factors_reset", now)
    session.execute(update(User).where(User.id == user_id).values(password_hash=None), **PLAIN)
    end_sessions(session, now, user_id=user_id)
    session.execute(
        update(InvitationRow).where(InvitationRow.user_id == user_id, still_open()).values(revoked_at=now), **PLAIN
    )
    email = show(keyring, "users", user_id, "email_sealed", user.email_sealed)
    name = show(keyring, "users", user_id, "name_sealed", user.name_sealed)
    roles = tuple(Role(role) for role in user.roles)
    invited = _write(session, keyring, viewer, organisation_id, RESET, user_id, email, name, roles, now)
    note(session, viewer, organisation_id, "account.password_reset", f"user:{user_id}", now)
    return invited


def refuse_both(
    session: Session, viewer: Viewer, organisation_id: UUID, user_id: UUID, other: str, now: datetime
) -> None:
    """Raise `BothByOne` when this very person has done the `other` of the two acts (a journal code) these three days.

    The code of a password passes through her hands: with the factors gone too, she could come in as somebody who reads
    content (security S6).
    """
    # Her row is held, so that both acts at once do not each find the other undone
    session.execute(select(User.id).where(User.id == user_id).with_for_update())
    since = now - INVITATION_LASTS
    if has_done(session, organisation_id, viewer.user_id, other, f"user:{user_id}", since):
        raise BothByOne


def _write(
    session: Session,
    keyring: Keyring,
    actor: Viewer,
    organisation_id: UUID,
    kind: str,
    user_id: UUID | None,
    email: str,
    name: str,
    roles: Iterable[Role],
    now: datetime,
) -> Invited:
    invitation_id, symbols, expires_at = new_id(), _symbols(), now + INVITATION_LASTS
    add_row(
        session,
        InvitationRow,
        id=invitation_id,
        organisation_id=organisation_id,
        kind=kind,
        user_id=user_id,
        email_lookup=email_lookup(keyring, email),
        email_sealed=hide(keyring, TABLE, invitation_id, "email_sealed", email.strip()),
        name_sealed=hide(keyring, TABLE, invitation_id, "name_sealed", name.strip()),
        roles=list(roles),
        code_hash=code_hash_of(keyring, invitation_id, symbols),
        invited_by=actor.user_id,
        created_at=now,
        expires_at=expires_at,
    )
    send_later(session, email.strip(), INVITATION, "fr", now, seal=MailSeal(keyring))
    return Invited(invitation_id, name, email, expires_at, shown_code(symbols))


def _own_row(session: Session, organisation_id: UUID, invitation_id: UUID) -> InvitationRow:
    row = session.execute(
        select(InvitationRow).where(InvitationRow.id == invitation_id, InvitationRow.organisation_id == organisation_id)
    ).scalar()
    if row is None:
        raise Missing
    return row


def still_open() -> ColumnElement[bool]:
    return and_(InvitationRow.used_at.is_(None), InvitationRow.revoked_at.is_(None))


def _symbols() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def code_hash_of(keyring: Keyring, invitation_id: UUID, symbols: str) -> bytes:
    return keyring.pseudonym("accounts.invitation", f"{invitation_id}:{symbols}")


def note(
    session: Session, actor: Viewer, organisation_id: UUID, action: str, subject: str, now: datetime, **facts: object
) -> None:
    record(
        session,
        case_id=None,
        organisation_id=organisation_id,
        actor=actor,
        action=action,
        subject=subject,
        facts=facts,
        now=now,
    )


def touched(result: object) -> bool:
    return int(getattr(result, "rowcount", 0)) > 0


PLAIN: dict[str, dict[str, object]] = {"execution_options": {"synchronize_session": False}}
