"""An organisation's own people and invitations, for its administration."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.accounts.models import Invitation, Passkey, TotpSecret, User
from core.accounts.rules.invitations import InvitationState, invitation_state
from core.accounts.services.sealed import show
from core.kernel.crypto import Keyring

PAGE = 25
#: Invitations shown: those that wait, and those whose time is over and that may be renewed.
MOST_INVITATIONS = 100


@dataclass(frozen=True)
class Member:
    """One person. `state`: active or suspended. `month`: of the last sign-in ("2026-11"), None when never.

    `factor`: whether a passkey or an application of codes is set up.
    """

    id: UUID
    name: str
    email: str
    roles: tuple[str, ...]
    state: str
    month: str | None
    factor: bool
    demo: bool


@dataclass(frozen=True)
class People:
    """A page of an organisation's people, by name. `total`: how many match."""

    members: tuple[Member, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class PendingInvitation:
    """`state`: pending or expired; `reset`: a new password for somebody who is here already."""

    id: UUID
    name: str
    email: str
    roles: tuple[str, ...]
    state: InvitationState
    reset: bool
    created_at: datetime
    expires_at: datetime


_MEMBER = select(
    User.id,
    User.name_sealed,
    User.email_sealed,
    User.roles,
    User.status,
    User.last_month,
    User.demo_key,
    exists().where(Passkey.user_id == User.id, Passkey.suspect_at.is_(None)).label("passkey"),
    exists().where(TotpSecret.user_id == User.id, TotpSecret.confirmed_at.is_not(None)).label("totp"),
).where(User.left_at.is_(None))


def people_of(session: Session, keyring: Keyring, organisation_id: UUID, *, typed: str = "", page: int = 1) -> People:
    """The people of one organisation whose name or address holds `typed`, `PAGE` at a time. One statement.

    Names are ciphertext: they are opened, then compared, here. An organisation has tens of people, sometimes hundreds.
    """
    rows = session.execute(_MEMBER.where(User.organisation_id == organisation_id))
    wanted = _folded(typed)
    found = [one for one in (_member(keyring, row) for row in rows) if wanted in _folded(f"{one.name} {one.email}")]
    found.sort(key=lambda one: (_folded(one.name), str(one.id)))
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(page, 1), pages)
    return People(tuple(found[(page - 1) * PAGE : page * PAGE]), len(found), page, pages)


def member(session: Session, keyring: Keyring, organisation_id: UUID, user_id: UUID) -> Member | None:
    """One of the organisation's people, None for anybody else."""
    row = session.execute(_MEMBER.where(User.organisation_id == organisation_id, User.id == user_id)).first()
    return _member(keyring, row) if row is not None else None


def invitations_of(
    session: Session, keyring: Keyring, organisation_id: UUID, now: datetime
) -> tuple[PendingInvitation, ...]:
    """Invitations that wait, and those whose time is over, newest first. One statement."""
    rows = session.execute(
        select(Invitation)
        .where(
            Invitation.organisation_id == organisation_id,
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .order_by(Invitation.created_at.desc(), Invitation.id.desc())
        .limit(MOST_INVITATIONS)
    ).scalars()
    return tuple(
        PendingInvitation(
            row.id,
            show(keyring, "invitations", row.id, "name_sealed", row.name_sealed),
            show(keyring, "invitations", row.id, "email_sealed", row.email_sealed),
            tuple(row.roles),
            invitation_state(row.expires_at, None, None, now),
            row.kind == "reset",
            row.created_at,
            row.expires_at,
        )
        for row in rows
    )


def _member(keyring: Keyring, row: Any) -> Member:
    given = row._mapping
    return Member(
        given["id"],
        show(keyring, "users", given["id"], "name_sealed", given["name_sealed"]),
        show(keyring, "users", given["id"], "email_sealed", given["email_sealed"]),
        tuple(sorted(given["roles"])),
        "active" if given["status"] == "active" else "suspended",
        given["last_month"],
        bool(given["passkey"] or given["totp"]),
        given["demo_key"] is not None,
    )


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())
