"""Who may take part in one vote: seats, recusals, substitutes, alternates, and who chairs (issue: *Votes in core*).

Seats are those held when the vote opened. Whoever has a conflict leaves the count; below two seats, substitutes of
recused people are called, then an alternate named by the other CALACS.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from core.committees.rules.terms import SeatRole

#: One approval never decides alone, whatever was asked (network rules: N is never under 2).
FLOOR = 2


@dataclass(frozen=True)
class VoteSeat:
    """A seat of the vote. `person` and `substitute` are who holds it now; `current`: it has not lapsed since.

    `voting`: it has a ballot that counts (a chair may only settle ties). `alternate`: named for this vote alone.
    """

    id: UUID
    organisation_id: UUID
    role: SeatRole
    person: UUID | None
    substitute: UUID | None = None
    voting: bool = True
    current: bool = True
    alternate: bool = False


@dataclass(frozen=True)
class Recusals:
    """Who stepped aside: people (a personal tie) and organisations (the whole seat, substitute included)."""

    people: frozenset[UUID] = frozenset()
    organisations: frozenset[UUID] = frozenset()


class Standing(StrEnum):
    """Where a seat stands in a vote."""

    COUNTED = "counted"
    CALLED = "called"
    RECUSED = "recused"
    VACANT = "vacant"
    LAPSED = "lapsed"
    WITHOUT_VOTE = "without_vote"


STANDINGS: dict[Standing, str] = {
    Standing.COUNTED: "compté",
    Standing.CALLED: "suppléance appelée",
    Standing.RECUSED: "récusé",
    Standing.VACANT: "vacant",
    Standing.LAPSED: "libéré pendant le vote",
    Standing.WITHOUT_VOTE: "sans droit de vote",
}


@dataclass(frozen=True)
class Seating:
    """Every seat's standing, and what follows. `chair`: the seat that chairs this vote, None when nobody can.

    `needs_alternate`: even with substitutes, fewer than two seats can vote.
    """

    standing: dict[UUID, Standing] = field(default_factory=dict)
    chair: VoteSeat | None = None
    needs_alternate: bool = False

    def count(self, *which: Standing) -> int:
        """How many seats stand so."""
        return sum(one in which for one in self.standing.values())

    @property
    def available(self) -> int:
        """Seats that can vote: the base of quorum and of N."""
        return self.count(Standing.COUNTED, Standing.CALLED)


def seating(seats: Sequence[VoteSeat], recusals: Recusals, balloted: Collection[UUID] = ()) -> Seating:
    """Stand every seat. `balloted`: organisations whose ballot is in.

    A seat that lapses before its ballot leaves the count; a ballot that was in when it lapsed stays. A recusal takes
    the ballot away with the seat. Substitutes of recused people count only when fewer than two seats are left.
    """
    standing: dict[UUID, Standing] = {}
    reserve: list[VoteSeat] = []
    for seat in seats:
        found = _alone(seat, recusals, seat.organisation_id in balloted)
        standing[seat.id] = found
        if found is Standing.RECUSED and _substitute_free(seat, recusals) and seat.current and seat.voting:
            reserve.append(seat)
    if sum(one is Standing.COUNTED for one in standing.values()) < FLOOR:
        for seat in reserve:
            standing[seat.id] = Standing.CALLED
    left = sum(one in (Standing.COUNTED, Standing.CALLED) for one in standing.values())
    return Seating(standing, presiding(seats, recusals), left < FLOOR)


def _alone(seat: VoteSeat, recusals: Recusals, balloted: bool) -> Standing:
    if not seat.voting:
        return Standing.WITHOUT_VOTE
    if seat.organisation_id in recusals.organisations:
        return Standing.RECUSED
    if seat.person is not None and seat.person in recusals.people:
        return Standing.RECUSED
    if not seat.current:
        return Standing.COUNTED if balloted else Standing.LAPSED
    if seat.person is None and seat.substitute is None:
        return Standing.COUNTED if balloted else Standing.VACANT
    return Standing.COUNTED


def _substitute_free(seat: VoteSeat, recusals: Recusals) -> bool:
    return (
        seat.organisation_id not in recusals.organisations
        and seat.substitute is not None
        and seat.substitute not in recusals.people
    )


def presiding(seats: Sequence[VoteSeat], recusals: Recusals) -> VoteSeat | None:
    """The seat that chairs: the chair, else (recused, vacant or lapsed) the vice-chair, else nobody."""
    for role in (SeatRole.CHAIR, SeatRole.VICE_CHAIR):
        for seat in seats:
            if seat.role is role and seat.current and _free(seat, recusals):
                return seat
    return None


def _free(seat: VoteSeat, recusals: Recusals) -> bool:
    return (
        seat.person is not None
        and seat.person not in recusals.people
        and seat.organisation_id not in recusals.organisations
    )


#: Why a person may not put a ballot in, in words.
BALLOT_REFUSALS: dict[str, str] = {
    "no_seat": "Aucun siège de ce vote n’est à votre nom.",
    "lapsed": "Votre siège a pris fin pendant ce vote : il ne peut plus déposer de bulletin.",
    "recused_organisation": "Votre organisme est récusé de ce vote.",
    "recused_person": "Vous vous êtes récusée ou récusé de ce vote.",
    "not_called": "La personne titulaire s’est récusée : sa suppléance vote seulement si elle est appelée.",
    "without_vote": "Votre siège n’a pas droit de vote.",
    "closed": "Ce vote est fermé : aucun bulletin n’est plus reçu.",
    "late": "L’échéance est passée : aucun bulletin n’est plus reçu.",
    "early": "Ce vote n’est pas encore ouvert.",
    "raised": "Votre organisme a voté à main levée en rencontre : ce bulletin ne change plus.",
}


def ballot_refusal(
    seats: Sequence[VoteSeat], recusals: Recusals, user: UUID, *, casting: bool, balloted: Collection[UUID] = ()
) -> str | None:
    """Code of `BALLOT_REFUSALS`, or None when this person may put (or replace) a ballot in for her or his seat.

    `casting`: the rule lets the chair settle a tie, so that a chair's seat without vote may put a ballot in.
    """
    seat = seat_of(seats, user)
    if seat is None:
        return "no_seat"
    if seat.organisation_id in recusals.organisations:
        return "recused_organisation"
    if user in recusals.people:
        return "recused_person"
    if not seat.current:
        return "lapsed"
    found = seating(seats, recusals, balloted)
    if not seat.voting:
        chairs = casting and found.chair is not None and found.chair.id == seat.id and user == seat.person
        return None if chairs else "without_vote"
    if found.standing[seat.id] is Standing.RECUSED:
        return "not_called"
    return None


def seat_of(seats: Sequence[VoteSeat], user: UUID) -> VoteSeat | None:
    """The seat this person holds or stands in for; a seat in force before one that lapsed."""
    held = [seat for seat in seats if user in (seat.person, seat.substitute)]
    return next((seat for seat in held if seat.current), held[0] if held else None)
