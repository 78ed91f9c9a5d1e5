"""Who a session speaks for, and one's own devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.viewer import ANONYMOUS, Role, Viewer
from core.accounts.models import LoginSession, User
from core.accounts.rules import TOUCH_EVERY, SessionState, session_state
from core.accounts.services import read_personal, token_hash
from core.directory.models import Organisation
from core.kernel.crypto import Keyring
from core.kernel.web.house import Identity

NOBODY = Identity(ANONYMOUS)


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
        LoginSession.stepped_up_at,
        LoginSession.locked_at,
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
        stepped_up_at=row.stepped_up_at,
        demo=row.demo_key is not None,
        locale=row.locale,
    )
    return Identity(viewer, session_id=row.id, stale=now - row.last_seen_at >= TOUCH_EVERY)


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
