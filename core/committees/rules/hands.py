"""A vote held in a meeting: whose hand may be noted, who notes, who confirms (docs/committees.md).

A hand is a ballot that two people of two organisations saw: the same seats, recusals and arithmetic as any ballot.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from core.committees.rules.meetings import MeetingState, MinutesState
from core.committees.rules.seats import Recusals, VoteSeat, ballot_refusal
from core.committees.rules.terms import SeatRole


class Hand(StrEnum):
    """What may be noted for a seat. Only `ASKED` takes a choice."""

    ASKED = "asked"
    ALREADY = "already"
    ABSENT = "absent"
    UNNAMED = "unnamed"
    RECUSED = "recused"
    LAPSED = "lapsed"
    WITHOUT_VOTE = "without_vote"


HANDS: dict[Hand, str] = {
    Hand.ASKED: "à noter",
    Hand.ALREADY: "bulletin déjà déposé : il est gardé",
    Hand.ABSENT: "absence : le bulletin se dépose en ligne jusqu’à l’échéance",
    Hand.UNNAMED: "la personne présente n’est pas celle de ce siège",
    Hand.RECUSED: "récusé",
    Hand.LAPSED: "siège libéré pendant le vote",
    Hand.WITHOUT_VOTE: "sans droit de vote",
}

#: Code of a refusal → sentence.
HANDS_REFUSALS: dict[str, str] = {
    "not_begun": "La rencontre n’a pas commencé : les mains se notent à partir de son heure.",
    "no_attendance": "Notez d’abord les présences : seuls les sièges présents lèvent la main.",
    "absent": "Ce siège n’était pas présent à la rencontre : il ne peut pas lever la main.",
    "already": "Cet organisme a déjà déposé son bulletin : il est gardé, la main n’est pas demandée.",
    "unnamed": "La personne présente n’est pas celle de ce siège.",
    "recused": "Ce siège est récusé de ce vote.",
    "lapsed": "Ce siège a pris fin pendant le vote.",
    "without_vote": "Ce siège n’a pas droit de vote.",
    "nobody": "Notez au moins une main.",
    "not_chair": "La main levée est notée par la personne qui a présidé la rencontre.",
    "not_there": "Seule une personne présente à la rencontre, d’un autre organisme, confirme la main levée.",
    "same_organisation": "La confirmation vient d’un autre organisme que celui de la personne qui a noté les mains.",
    "aside": "Vous êtes récusée ou récusé de ce vote : une autre personne présente confirme.",
    "changed": "La main levée a été notée de nouveau. Relisez-la avant de confirmer.",
    "none_left": "Aucune de ces mains ne compte plus. La présidence les note de nouveau.",
    "cancelled": "Cette rencontre est annulée.",
    "adopted": "Le procès-verbal de cette rencontre est adopté : plus rien ne s’y ajoute.",
    "before_vote": "Ce vote a été ouvert après cette rencontre.",
    "after_deadline": "Cette rencontre commence après l’échéance du vote.",
    "held": "Des mains levées de ce vote sont déjà confirmées : il reste à sa rencontre.",
    "elsewhere": "Ce vote est à l’ordre du jour d’une autre rencontre.",
}


def hand_of(
    seat: VoteSeat,
    seats: Sequence[VoteSeat],
    recusals: Recusals,
    present: Mapping[UUID, UUID | None],
    balloted: Collection[UUID],
    *,
    casting: bool,
) -> Hand:
    """What may be noted for this seat. `present`: organisation that was there → its person (None: somebody else).

    `casting`: the rule lets the chair settle a tie, so that a chair's seat without vote may raise a hand.
    """
    if seat.organisation_id in recusals.organisations:
        return Hand.RECUSED
    if seat.organisation_id in balloted:
        return Hand.ALREADY
    if not seat.current:
        return Hand.LAPSED
    if seat.organisation_id not in present:
        return Hand.ABSENT
    person = present[seat.organisation_id]
    if person is None or person not in (seat.person, seat.substitute):
        return Hand.UNNAMED
    refused = ballot_refusal(seats, recusals, person, casting=casting, balloted=balloted)
    if refused is None:
        return Hand.ASKED
    return Hand.WITHOUT_VOTE if refused == "without_vote" else Hand.RECUSED


def meeting_chair(
    seats: Sequence[VoteSeat], recusals: Recusals, present: Mapping[UUID, UUID | None]
) -> VoteSeat | None:
    """The seat that chaired this vote in the meeting: the chair who was there, else the vice-chair, else nobody.

    A recused chair leaves it to the vice-chair, as everywhere (`rules.seats.presiding`).
    """
    for role in (SeatRole.CHAIR, SeatRole.VICE_CHAIR):
        for seat in seats:
            there = seat.person is not None and present.get(seat.organisation_id) == seat.person
            free = seat.organisation_id not in recusals.organisations and seat.person not in recusals.people
            if seat.role is role and seat.current and there and free:
                return seat
    return None


def confirm_refusal(
    *,
    user: UUID | None,
    organisation: UUID | None,
    noted_by: UUID,
    noted_for: UUID,
    present: Mapping[UUID, UUID | None],
    recusals: Recusals,
) -> str | None:
    """Code of `HANDS_REFUSALS`, or None when this person may confirm: there, of another organisation, not recused."""
    if user is None or organisation is None or present.get(organisation) != user:
        return "not_there"
    if user == noted_by or organisation == noted_for:
        return "same_organisation"
    return "aside" if organisation in recusals.organisations or user in recusals.people else None


def agenda_refusal(
    state: MeetingState,
    minutes: MinutesState,
    *,
    starts_at: datetime,
    ends_at: datetime,
    opens_at: datetime,
    closes_at: datetime,
) -> str | None:
    """Code of `HANDS_REFUSALS`, or None when a vote may stand on this meeting's agenda. Instants are aware UTC."""
    if state is MeetingState.CANCELLED:
        return "cancelled"
    if minutes is MinutesState.ADOPTED:
        return "adopted"
    if ends_at <= opens_at:
        return "before_vote"
    return "after_deadline" if starts_at >= closes_at else None
