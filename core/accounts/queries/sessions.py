"""Who a session speaks for, and one's own devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from core.access.known import PersonColumns, known_codes, known_column
from core.access.memberships import membership_ids, memberships
from core.access.viewer import ANONYMOUS, Role, Viewer
from core.accounts.models import LoginSession, User
from core.accounts.queries.agreements import conduct_accepted, hashes_in_force, partnership_accepted
from core.accounts.rules import (
    SessionState,
    initials,
    notes_activity,
    session_state,
    still_to_accept,
    unlocks_with,
    warns_before,
)
from core.accounts.services import read_personal, token_hash
from core.directory.models import Organisation
from core.kernel.crypto import Keyring
from core.kernel.web.house import Identity, TimeLeft

NOBODY = Identity(ANONYMOUS)


@dataclass(frozen=True)
class Device:
    """One of the viewer's open sessions."""

    id: UUID
    label: str
    created_at: datetime
    last_seen_at: datetime
    current: bool


@dataclass(frozen=True)
class Locked:
    """A locked session, for the page that opens it again. `way`: see `unlocks_with`; `since`: when she left it."""

    session_id: UUID
    viewer: Viewer
    initials: str
    way: str
    password_hash: str | None
    since: datetime


_IDENTITY = (
    select(
        LoginSession.id,
        LoginSession.created_at,
        LoginSession.last_seen_at,
        LoginSession.ended_at,
        LoginSession.second_factor,
        LoginSession.stepped_up_at,
        LoginSession.locked_at,
        User.id.label("user_id"),
        User.name_sealed,
        User.roles,
        User.locale,
        User.demo_key,
        LoginSession.factor,
        conduct_accepted().label("conduct"),
        partnership_accepted().label("partnership"),
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
    # Columns alone, before anything waits to be written: the mapper between would cost every request a third more
    asked = {**hashes_in_force(), "token_hash": token_hash(token)}
    row = session.connection().execute(of_token(now), asked).first()
    if row is None:
        return NOBODY
    state = session_state(
        row.created_at, row.last_seen_at, row.ended_at, now, idle=idle, absolute=absolute, locked_at=row.locked_at
    )
    if state is SessionState.OVER:
        return Identity(ANONYMOUS, session_id=row.id)
    viewer = _viewer(row, keyring)
    if state is SessionState.LOCKED:
        return Identity(ANONYMOUS, session_id=row.id, locked=True, holder=viewer)
    missing = still_to_accept(
        conduct=row.conduct, partnership=row.partnership, administers=Role.ORGANISATION_ADMIN in viewer.roles
    )
    left = TimeLeft(
        idle=idle.total_seconds(),
        until_lock=(row.last_seen_at + idle - now).total_seconds(),
        until_end=(row.created_at + absolute - now).total_seconds(),
        warning=warns_before(idle).total_seconds(),
    )
    stale = notes_activity(row.last_seen_at, now, idle)
    return Identity(viewer, session_id=row.id, stale=stale, must_agree=bool(missing), left=left)


def of_token(now: datetime) -> Select[Any]:
    """Who holds the session of a token; parameters: `token_hash` and `hashes_in_force`."""
    return _statement(now).where(LoginSession.token_hash == bindparam("token_hash"))


def _statement(now: datetime) -> Select[Any]:
    person = PersonColumns(User.id.expression, User.organisation_id.expression, User.created_at.expression)
    return _IDENTITY.add_columns(
        memberships(User.id.expression, now).label("committees"), known_column(person, now).label("known")
    )


def _viewer(row: Row[Any], keyring: Keyring) -> Viewer:
    return Viewer(
        user_id=row.user_id,
        organisation_id=row.organisation_id,
        organisation_name=row.organisation_name,
        organisation_type=row.organisation_type,
        roles=frozenset(Role(role) for role in row.roles),
        display_name=read_personal(keyring, row.user_id, "name_sealed", row.name_sealed),
        session_id=row.id,
        second_factor=row.second_factor,
        stepped_up_at=row.stepped_up_at,
        demo=row.demo_key is not None,
        locale=row.locale,
        committees=membership_ids(row.committees),
        known=known_codes(row.known),
    )


def locked_session(session: Session, keyring: Keyring, session_id: UUID, now: datetime) -> Locked | None:
    """The holder of a session the caller knows to be locked (`PageRequest.locked`); None once it is over."""
    statement = _statement(now).add_columns(User.password_hash)
    mine = statement.where(LoginSession.id == session_id, LoginSession.ended_at.is_(None))
    row = session.execute(mine, hashes_in_force()).first()
    if row is None:
        return None
    viewer = _viewer(row, keyring)
    way = unlocks_with(factor=row.factor, second_factor=row.second_factor, demo=viewer.demo)
    since = row.locked_at or row.last_seen_at
    return Locked(row.id, viewer, initials(viewer.display_name), way, row.password_hash, since)


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
