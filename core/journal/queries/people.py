"""Names for identifiers. The journal sits below accounts and knows nobody: accounts lends it a reader of names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from core.kernel.crypto import Keyring


@dataclass(frozen=True, slots=True)
class Person:
    """Who acted: a worker and her or his organisation."""

    name: str
    organisation: str


People = Callable[[Session, Keyring, frozenset[UUID]], Mapping[UUID, Person]]
_readers: list[People] = []


def name_people_with(reader: People) -> People:
    """Register the reader of names: `reader(session, keyring, user_ids)`. A decorator; the last one serves."""
    _readers.append(reader)
    return reader


def people(session: Session, keyring: Keyring, user_ids: frozenset[UUID]) -> Mapping[UUID, Person]:
    """The people behind these identifiers; those unknown (or gone) are left out."""
    return _readers[-1](session, keyring, user_ids) if _readers and user_ids else {}
