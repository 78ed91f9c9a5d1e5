"""The demo's invented people."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.accounts.models import User
from core.accounts.seed import PERSONAS
from core.accounts.services import read_personal
from core.directory.models import Organisation
from core.kernel.crypto import Keyring


@dataclass(frozen=True)
class Persona:
    """A demo persona's card."""

    key: str
    name: str
    organisation: str
    organisation_type: str
    roles: tuple[str, ...]


def demo_user(session: Session, key: str) -> UUID | None:
    """The user behind a demo persona."""
    return session.execute(select(User.id).where(User.demo_key == key)).scalar()


def personas(session: Session, keyring: Keyring) -> tuple[Persona, ...]:
    """Every demo persona, in the order of the demo's list."""
    place = {persona.key: number for number, persona in enumerate(PERSONAS)}
    rows = session.execute(
        select(User.demo_key, User.id, User.name_sealed, User.roles, Organisation.name, Organisation.type)
        .join(Organisation, Organisation.id == User.organisation_id)
        .where(User.demo_key.is_not(None))
    ).all()
    return tuple(
        Persona(
            row.demo_key,
            read_personal(keyring, row.id, "name_sealed", row.name_sealed),
            row.name,
            row.type,
            tuple(row.roles),
        )
        for row in sorted(rows, key=lambda row: place.get(row.demo_key, len(place)))
    )
