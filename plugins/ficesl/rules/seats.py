"""Who has a seat and who waits: seats kept for organisations, the others shared, always in order of arrival. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

K = TypeVar("K")

SESSION_STATES: dict[str, str] = {
    "draft": "brouillon",
    "open": "ouverte",
    "cancelled": "annulée",
    "done": "terminée",
}
REGISTRATION_STATES: dict[str, str] = {
    "registered": "Place confirmée",
    "waiting": "En attente d’une place",
    "cancelled": "Annulée",
}
REGISTRATION_REFUSALS: dict[str, str] = {
    "closed": "Les inscriptions ne sont pas ouvertes.",
    "begun": "Cette séance a commencé : les inscriptions sont fermées.",
    "over": "Cette séance est passée.",
    "cancelled": "Cette séance est annulée.",
    "already": "Cette personne est déjà inscrite à cette séance.",
    "left": "Cette personne a quitté l’organisme.",
    "too_small": "Ce nombre est plus petit que les places déjà données.",
    "shares": "Les places réservées dépassent le nombre de places de la séance.",
    "present": "Une présence est notée pour cette personne : son inscription reste.",
}


@dataclass(frozen=True)
class Waiting(Generic[K]):
    """Somebody who waits, in order of arrival."""

    key: K
    organisation: UUID


@dataclass(frozen=True)
class Room:
    """Seats of a session. `kept`: by organisation; `taken`: seats given, by organisation."""

    capacity: int
    kept: Mapping[UUID, int] = field(default_factory=dict)
    taken: Mapping[UUID, int] = field(default_factory=dict)

    def fits(self, organisation: UUID) -> bool:
        """Whether one more person of this organisation has a seat: one kept for it, else one that everybody shares."""
        here = self.taken.get(organisation, 0)
        if sum(self.taken.values()) >= self.capacity:
            return False
        if here < self.kept.get(organisation, 0):
            return True
        beyond = sum(max(0, count - self.kept.get(one, 0)) for one, count in self.taken.items())
        return beyond < self.capacity - sum(self.kept.values())

    def with_one(self, organisation: UUID) -> Room:
        """The same with one more seat given."""
        return Room(self.capacity, self.kept, {**self.taken, organisation: self.taken.get(organisation, 0) + 1})

    @property
    def left(self) -> int:
        """Seats nobody has, those that are kept included."""
        return max(0, self.capacity - sum(self.taken.values()))


def promoted(room: Room, waiting: Iterable[Waiting[K]]) -> tuple[K, ...]:
    """Who gets the free seats, in order of arrival; somebody whose organisation has none left is passed over, and keeps
    her place in the queue."""
    seated = []
    for one in waiting:
        if room.fits(one.organisation):
            seated.append(one.key)
            room = room.with_one(one.organisation)
    return tuple(seated)
