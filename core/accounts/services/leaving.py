"""A person leaves, in one act: access ends, what she held goes back to her team, the keys are replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from core.access.permissions import Permission, permissions_of
from core.access.viewer import Role, Viewer
from core.accounts.models import Invitation, Passkey, RecoveryCode, TotpSecret, User
from core.accounts.rules.invitations import INVITABLE
from core.accounts.services.factors import forget_factors
from core.accounts.services.invitations import (
    PLAIN,
    NotYourself,
    RolesNeeded,
    managed_organisation,
    note,
    refuse_both,
    still_open,
    touched,
)
from core.accounts.services.keys import replace_keys
from core.accounts.services.people import check_roles, left_lookup, personal, read_personal
from core.accounts.services.sessions import end_sessions
from core.kernel.crypto import Keyring
from core.kernel.errors import Forbidden, Missing
from core.kernel.events import close_streams, emit

#: What other rooms learn after the commit: the person's id, to nobody's screen.
OFFBOARDED = "account.offboarded"
_UNHEARD = f"user:{UUID(int=0)}"


@dataclass(frozen=True)
class Leaving:
    """Who leaves which organisation, who says so, when. The keyring reads the addresses of whoever must be told."""

    user_id: UUID
    organisation_id: UUID
    by: Viewer
    now: datetime
    keyring: Keyring


@dataclass(frozen=True)
class LeavingStep:
    """What another room does when somebody leaves, in the same transaction. `count` says it beforehand, by code."""

    name: str
    count: Callable[[Session, UUID], Mapping[str, int]]
    undo: Callable[[Session, Leaving], Mapping[str, int]]


_STEPS: dict[str, LeavingStep] = {}


def when_leaving(step: LeavingStep) -> None:
    """Add a step (at import); a second one of the same name replaces it."""
    _STEPS[step.name] = step


@dataclass(frozen=True)
class Departure:
    """What was done: counts by code (claims, drafts, shifts, invitations); whether the new keys are in force."""

    user_id: UUID
    organisation_id: UUID
    counts: Mapping[str, int]
    keys_replaced: bool


def leaving_counts(session: Session, user_id: UUID) -> dict[str, int]:
    """What a departure would take back, by code."""
    sent = select(func.count()).where(Invitation.invited_by == user_id, still_open(), Invitation.kind == "join")
    found = {"invitations": session.execute(sent).scalar_one()}
    for name in sorted(_STEPS):
        found |= _STEPS[name].count(session, user_id)
    return found


def offboard_person(session: Session, keyring: Keyring, viewer: Viewer, user_id: UUID, now: datetime) -> Departure:
    """An organisation's administration says that a person left. Raises `Missing`, `NotYourself`, `Forbidden`."""
    _both(session, viewer, user_id, managed_organisation(viewer), ("active", "disabled"))
    return offboard_user(session, keyring, viewer, user_id, now)


def offboard_user(session: Session, keyring: Keyring, actor: Viewer, user_id: UUID, now: datetime) -> Departure:
    """The same for whoever may (the operator's command). Doing it again is `Missing`: nobody leaves twice."""
    gone = update(User).where(User.id == user_id, User.left_at.is_(None))
    # The address goes with her: she may be invited elsewhere, and nothing here needs to write to her any more
    freed = _freed(session, keyring, user_id)
    values = {"status": "disabled", "left_at": now, "password_hash": None, "email_lookup": freed, "last_month": None}
    erased = personal(keyring, user_id, "email_sealed", "")
    if not touched(session.execute(gone.values(**values, email_sealed=erased), **PLAIN)):
        raise Missing
    organisation_id = session.execute(select(User.organisation_id).where(User.id == user_id)).scalar_one()
    end_sessions(session, now, user_id=user_id)
    for model in (Passkey, TotpSecret, RecoveryCode):
        session.execute(delete(model).where(model.user_id == user_id), **PLAIN)
    counts: dict[str, int] = {}
    for name in sorted(_STEPS):
        counts |= _STEPS[name].undo(session, Leaving(user_id, organisation_id, actor, now, keyring))
    hers = or_(Invitation.invited_by == user_id, Invitation.user_id == user_id)
    revoked: Any = session.execute(update(Invitation).where(hers, still_open()).values(revoked_at=now), **PLAIN)
    counts["invitations"] = revoked.rowcount
    emit(session, OFFBOARDED, str(user_id), topics=[_UNHEARD], now=now)
    replaced = replace_keys(session, keyring, actor, organisation_id, now)
    note(session, actor, organisation_id, OFFBOARDED, f"user:{user_id}", now, keys_replaced=replaced, **counts)
    return Departure(user_id, organisation_id, counts, replaced)


def _freed(session: Session, keyring: Keyring, user_id: UUID) -> bytes:
    """What takes the place of her address: the organisation still knows that it left, once however often it did."""
    row = session.execute(
        select(User.organisation_id, User.email_sealed, User.left_at).where(User.id == user_id)
    ).first()
    if row is None or row.left_at is not None:
        raise Missing
    left = left_lookup(keyring, row.organisation_id, read_personal(keyring, user_id, "email_sealed", row.email_sealed))
    again = session.execute(select(User.id).where(User.email_lookup == left)).first() is not None
    return keyring.pseudonym("accounts.left", str(user_id)) if again else left


def suspend_person(session: Session, viewer: Viewer, user_id: UUID, now: datetime) -> None:
    """Take access away for a while: sessions and streams end; what she holds stays hers, but not the codes she gave."""
    organisation_id = managed_organisation(viewer)
    _both(session, viewer, user_id, organisation_id, ("active",))
    session.execute(update(User).where(User.id == user_id).values(status="disabled"), **PLAIN)
    end_sessions(session, now, user_id=user_id)
    _take_back_codes(session, user_id, now)
    note(session, viewer, organisation_id, "account.suspended", f"user:{user_id}", now)


def restore_person(session: Session, viewer: Viewer, user_id: UUID, now: datetime) -> None:
    """Give access back to somebody suspended, never to somebody who left."""
    organisation_id = managed_organisation(viewer)
    _both(session, viewer, user_id, organisation_id, ("disabled",))
    session.execute(update(User).where(User.id == user_id).values(status="active"), **PLAIN)
    note(session, viewer, organisation_id, "account.restored", f"user:{user_id}", now)


def forget_lost_factors(session: Session, keyring: Keyring, viewer: Viewer, user_id: UUID, now: datetime) -> None:
    """Take away every factor of somebody who lost them: she makes a new one after her password, and is told by e-mail.

    Raises `Missing`, `NotYourself`, `Forbidden`, `BothByOne`.
    """
    organisation_id = managed_organisation(viewer)
    _both(session, viewer, user_id, organisation_id, ("active",))
    refuse_both(session, viewer, organisation_id, user_id, "account.password_reset", now)
    forget_factors(session, keyring, user_id, viewer, now)


def change_roles(session: Session, viewer: Viewer, user_id: UUID, roles: Iterable[Role], now: datetime) -> None:
    """Replace the roles that an organisation gives; those of the network stay. Raises `RolesNeeded`, `RolesConflict`.

    Her streams close: what she may hear depends on her roles.
    """
    before = _both(session, viewer, user_id, managed_organisation(viewer), ("active", "disabled"))
    given = set(roles)
    if any(role.value not in INVITABLE for role in given):
        raise RolesNeeded
    set_roles(session, viewer, user_id, given | {role for role in before if role.value not in INVITABLE}, now)


def set_roles(session: Session, actor: Viewer, user_id: UUID, roles: Iterable[Role], now: datetime) -> None:
    """The same, of any kind, for an actor whose right is checked already (the operator's command)."""
    after = sorted(set(roles))
    if not after:
        raise RolesNeeded
    check_roles(after)
    row = session.execute(select(User.organisation_id, User.roles).where(User.id == user_id)).one()
    session.execute(update(User).where(User.id == user_id).values(roles=after), **PLAIN)
    close_streams(session, now=now, user_ids=[user_id])
    if Permission.ORGANISATION_MANAGE not in permissions_of(after):
        _take_back_codes(session, user_id, now)
    facts = {"before": sorted(row.roles), "after": after}
    note(session, actor, row.organisation_id, "account.roles_changed", f"user:{user_id}", now, **facts)


def _take_back_codes(session: Session, user_id: UUID, now: datetime) -> None:
    """Whoever may not let people in any more lets nobody in with a code she made before."""
    hers = update(Invitation).where(Invitation.invited_by == user_id, still_open())
    session.execute(hers.values(revoked_at=now), **PLAIN)


def _both(
    session: Session, viewer: Viewer, user_id: UUID, organisation_id: UUID, statuses: tuple[str, ...]
) -> frozenset[Role]:
    """Lock the one who acts and the one concerned; the roles of the latter.

    Two administrators who close each other's account at once: the second one is nobody by then, so that one stays.
    """
    if user_id == viewer.user_id:
        raise NotYourself
    rows = session.execute(
        select(User.id, User.organisation_id, User.status, User.roles, User.left_at)
        .where(User.id.in_([user_id, viewer.user_id]))
        .order_by(User.id)
        .with_for_update()
    ).all()
    found = {row.id: row for row in rows}
    target, actor = found.get(user_id), found.get(viewer.user_id)
    if target is None or target.organisation_id != organisation_id or target.left_at is not None:
        raise Missing
    if target.status not in statuses:
        raise Missing
    held = [Role(role) for role in actor.roles] if actor is not None and actor.status == "active" else []
    if Permission.ORGANISATION_MANAGE not in permissions_of(held):
        raise Forbidden
    return frozenset(Role(role) for role in target.roles)
