"""Active people whose roles carry a permission, whatever restricts it: for a plugin that says who would lose it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.permissions import permissions_of
from core.access.registry import registry
from core.access.viewer import Role
from core.accounts.models import User


@dataclass(frozen=True)
class PermissionHolder:
    """A person and which of the permissions asked about her roles carry. `since`: her account was opened (UTC)."""

    user_id: UUID
    organisation_id: UUID
    since: datetime
    permissions: frozenset[str]


def holders_of(
    session: Session,
    permissions: Collection[str],
    *,
    organisations: Collection[UUID] | None = None,
    people: Collection[UUID | None] | None = None,
) -> tuple[PermissionHolder, ...]:
    """Active people of these organisations, or among `people`, who hold one of these. One statement."""
    wanted = frozenset(permissions)
    if not wanted:
        return ()
    statement = select(User.id, User.organisation_id, User.created_at, User.roles).where(User.status == "active")
    if organisations is not None:
        statement = statement.where(User.organisation_id.in_(sorted(organisations, key=str)))
    if people is not None:
        statement = statement.where(User.id.in_(sorted({one for one in people if one is not None}, key=str)))
    extra: Mapping[str, frozenset[Role]] = registry.plugin_roles
    found = []
    for row in session.execute(statement.order_by(User.id)):
        held = permissions_of([Role(role) for role in row.roles], extra) & wanted
        if held:
            found.append(PermissionHolder(row.id, row.organisation_id, row.created_at, frozenset(held)))
    return tuple(found)
