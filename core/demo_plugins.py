"""The demo's data of plugins: each enabled plugin's `seed` hook, given the demo's people and organisations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.viewer import Role, Viewer
from core.accounts.models import User
from core.committees.access import committees_of
from core.committees.services.syncing import sync_committees
from core.directory.models import Organisation
from core.kernel.crypto import Keyring
from core.kernel.hooks.manager import Hooks


@dataclass(frozen=True)
class DemoSeeder:
    """What a plugin's seed gets. `now` is aware UTC; unknown keys raise LookupError."""

    session: Session
    now: datetime
    keyring: Keyring

    def viewer(self, persona: str) -> Viewer:
        """The persona of that key, as if signed in."""
        columns = (User.id, User.roles, Organisation.id, Organisation.name, Organisation.type)
        statement = select(*columns).join(Organisation, Organisation.id == User.organisation_id)
        row = self.session.execute(statement.where(User.demo_key == persona)).first()
        if row is None:
            raise LookupError(f"no demo persona {persona}")
        user_id, roles, organisation_id, name, kind = row
        held = frozenset(Role(role) for role in roles)
        return Viewer(
            user_id,
            organisation_id,
            name,
            kind,
            held,
            persona,
            second_factor=True,
            demo=True,
            committees=committees_of(self.session, user_id, self.now),
        )

    def organisation(self, key: str) -> UUID:
        """Identifier of the organisation of that slug in the region's data."""
        found = self.session.scalar(select(Organisation.id).where(Organisation.slug == key))
        if found is None:
            raise LookupError(f"no organisation {key}")
        return found


def seed_plugins(session: Session, hooks: Hooks, now: datetime, keyring: Keyring) -> None:
    """Run every enabled plugin's seed; run again, it adds only what is missing."""
    sync_committees(session, hooks, now)
    hooks.seed(session, DemoSeeder(session, now, keyring))
