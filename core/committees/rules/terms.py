"""Terms of seats: who sits when, and what a new seat may not do. Days are local days of the network, both included."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class SeatRole(StrEnum):
    """What a seat does in its committee."""

    CHAIR = "chair"
    VICE_CHAIR = "vice_chair"
    MEMBER = "member"
    SECRETARY = "secretary"


#: Roles that one seat at a time may hold in a committee.
SINGLE = frozenset({SeatRole.CHAIR, SeatRole.VICE_CHAIR})

ROLES: dict[SeatRole, str] = {
    SeatRole.CHAIR: "Présidence",
    SeatRole.VICE_CHAIR: "Vice-présidence",
    SeatRole.MEMBER: "Membre",
    SeatRole.SECRETARY: "Secrétariat",
}

#: Code of a refusal → the field it belongs to, and the sentence.
TERM_REFUSALS: dict[str, tuple[str, str]] = {
    "backwards": ("ends_on", "La fin du mandat vient le jour de son début ou après."),
    "organisation": ("organisation", "Cet organisme a déjà un siège à ces dates. Terminez-le, ou changez les dates."),
    "chair": ("role", "Ce comité a déjà une présidence à ces dates. Terminez ce mandat d’abord."),
    "vice_chair": ("role", "Ce comité a déjà une vice-présidence à ces dates. Terminez ce mandat d’abord."),
    "same_person": ("substitute", "La personne suppléante doit être une autre personne que la personne titulaire."),
    "nobody": ("person", "Nommez d’abord une personne titulaire : une suppléance seule ne tient pas un siège."),
}


@dataclass(frozen=True)
class Term:
    """One seat's term. `ends_on` None: until further notice. `over`: ended by hand, it holds no day any more."""

    seat_id: UUID | None
    organisation_id: UUID
    role: SeatRole
    starts_on: date
    ends_on: date | None
    over: bool = False
    person: UUID | None = None
    substitute: UUID | None = None


def is_current(term: Term, today: date) -> bool:
    """Whether the seat sits today."""
    return not term.over and term.starts_on <= today and (term.ends_on is None or today <= term.ends_on)


def overlaps(one: Term, other: Term) -> bool:
    """Whether two terms share a day."""
    if one.over or other.over:
        return False
    starts_before_end = other.ends_on is None or one.starts_on <= other.ends_on
    ends_after_start = one.ends_on is None or other.starts_on <= one.ends_on
    return starts_before_end and ends_after_start


def refusal(wanted: Term, others: Iterable[Term]) -> str | None:
    """Code of `TERM_REFUSALS` why this term cannot stand beside the others of its committee, None when it can.

    An organisation has one seat at a time (it has one ballot); a committee has one chair and one vice-chair at a time.
    """
    if wanted.ends_on is not None and wanted.ends_on < wanted.starts_on:
        return "backwards"
    if wanted.substitute is not None and wanted.person is None:
        return "nobody"
    if wanted.person is not None and wanted.person == wanted.substitute:
        return "same_person"
    beside = [one for one in others if one.seat_id != wanted.seat_id and overlaps(one, wanted)]
    if any(one.organisation_id == wanted.organisation_id for one in beside):
        return "organisation"
    if wanted.role in SINGLE and any(one.role is wanted.role for one in beside):
        return wanted.role.value
    return None
