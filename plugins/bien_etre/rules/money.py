"""Pure rules of the money, in cents: fiscal years, how a grant is split, who may pay, what may be handed at night."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

#: The fund's year begins on April 1, as the network's reports do (network rules §1).
FIRST_MONTH: Final = 4


class Entry(StrEnum):
    """A line of the ledger; what it does to what an envelope has left is `effect`."""

    ALLOT = "allot"
    COMMIT = "commit"
    RELEASE = "release"
    PAY = "pay"
    CARD = "card"
    REVERSE = "reverse"
    CARRY_OUT = "carry_out"
    CARRY_IN = "carry_in"


ENTRIES: Final[dict[Entry, str]] = {
    Entry.ALLOT: "Somme reçue",
    Entry.COMMIT: "Engagement",
    Entry.RELEASE: "Somme libérée",
    Entry.PAY: "Paiement",
    Entry.CARD: "Cartes du stock",
    Entry.REVERSE: "Renversement",
    Entry.CARRY_OUT: "Report à l’exercice suivant",
    Entry.CARRY_IN: "Report de l’exercice précédent",
}


class Route(StrEnum):
    """How a grant is paid."""

    SUPPLIER = "supplier"
    ADVANCE = "advance"
    CARD = "gift_card"


ROUTES: Final[dict[Route, str]] = {
    Route.SUPPLIER: "Au fournisseur",
    Route.ADVANCE: "Avance au partenaire, sur reçus",
    Route.CARD: "Cartes-cadeaux du stock",
}


class PaymentState(StrEnum):
    """A payment is prepared by one person and confirmed by another."""

    PREPARED = "prepared"
    PAID = "paid"
    CANCELLED = "cancelled"
    REVERSED = "reversed"


PAYMENT_STATES: Final[dict[PaymentState, str]] = {
    PaymentState.PREPARED: "Préparé, attend une deuxième personne",
    PaymentState.PAID: "Payé",
    PaymentState.CANCELLED: "Annulé",
    PaymentState.REVERSED: "Renversé",
}


class Ratification(StrEnum):
    """What the committee said of cards handed at night."""

    WAITING = "waiting"
    RATIFIED = "ratified"
    REFUSED = "refused"


RATIFICATIONS: Final[dict[Ratification, str]] = {
    Ratification.WAITING: "À ratifier",
    Ratification.RATIFIED: "Ratifiée",
    Ratification.REFUSED: "Non ratifiée",
}


class CarryState(StrEnum):
    """A balance is carried over by one person who proposes it and another who confirms."""

    PREPARED = "prepared"
    DONE = "done"
    CANCELLED = "cancelled"


SAME_PERSON: Final = "same"
REQUESTER: Final = "requester"
APPROVER: Final = "approver"
UNKNOWN: Final = "unknown"
PAYER_REFUSALS: Final[dict[str, str]] = {
    SAME_PERSON: "Une deuxième personne confirme\u00a0: celle qui a préparé ce paiement ne le peut pas.",
    REQUESTER: "La personne qui a fait la demande ne la paie pas.",
    APPROVER: "La personne qui a approuvé seule ne paie pas.",
    UNKNOWN: "On ne sait plus qui a préparé ce paiement\u00a0: annulez-le, puis recommencez.",
}

CARRY_REFUSALS: Final[dict[str, str]] = {
    SAME_PERSON: "Une deuxième personne confirme\u00a0: celle qui a proposé ce report ne le peut pas.",
    UNKNOWN: "On ne sait plus qui a proposé ce report\u00a0: annulez-le, puis recommencez.",
}


def fiscal_year(day: date) -> int:
    """The year in which the fund's year of that day began: March 31, 2027 is still of 2026."""
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def year_name(year: int) -> str:
    """`2026-2027`."""
    return f"{year}-{year + 1}"


@dataclass(frozen=True)
class Purse:
    """What an envelope can still give to one category: `left` in cents, its cap counted. `own`: made for it."""

    id: UUID
    left: int
    own: bool
    rank: int


def effect(kind: Entry, cents: int, *, granted: bool, reverses: Entry | None = None) -> int:
    """What a line adds to what its envelope has left, in cents: the sum of a year's lines is what is left.

    `granted`: the line pays a grant, held since its commitment; otherwise it buys cards of the stock, whose price
    leaves at once. Cards given for a grant were paid for when they were bought: what was held for them comes back.
    """
    if kind is Entry.REVERSE:
        return 0 if reverses is None else -effect(reverses, cents, granted=granted)
    if kind is Entry.PAY:
        return 0 if granted else -cents
    return -cents if kind in (Entry.COMMIT, Entry.CARRY_OUT) else cents


def split(amount: int, purses: Sequence[Purse]) -> tuple[tuple[UUID, int], ...]:
    """Which envelopes pay a grant, and how much each; nothing when they cannot hold it whole.

    Envelopes made for its category are emptied first, so that the others stay for what only they can pay; then the
    oldest.
    """
    if amount <= 0:
        return ()
    waiting, parts = amount, []
    for purse in sorted(purses, key=lambda one: (not one.own, one.rank)):
        part = min(waiting, max(purse.left, 0))
        if part:
            parts.append((purse.id, part))
            waiting -= part
    return tuple(parts) if not waiting else ()


def draw(amount: int, held: Sequence[tuple[UUID, int]]) -> tuple[tuple[UUID, int], ...]:
    """The same from what envelopes already hold for a grant, in their order; nothing when it is not enough."""
    return split(amount, [Purse(one, cents, True, rank) for rank, (one, cents) in enumerate(held)])


def payer_refusal(
    payer: UUID | None, *, prepared_by: UUID | None, requested_by: UUID | None, approvers: Collection[UUID] = ()
) -> str | None:
    """Why this person may not confirm a payment: a key of PAYER_REFUSALS, or None."""
    if prepared_by is None or payer is None:
        return UNKNOWN
    if payer == prepared_by:
        return SAME_PERSON
    return preparer_refusal(payer, requested_by=requested_by, approvers=approvers)


def preparer_refusal(payer: UUID, *, requested_by: UUID | None, approvers: Collection[UUID] = ()) -> str | None:
    """Why this person may not prepare it either: who asked never pays, nor who approved alone."""
    if payer == requested_by:
        return REQUESTER
    if set(approvers) == {payer}:
        return APPROVER
    return None


def carry_refusal(confirmer: UUID | None, prepared_by: UUID | None) -> str | None:
    """Why this person may not confirm that a balance is carried over: a key of CARRY_REFUSALS, or None."""
    if prepared_by is None or confirmer is None:
        return UNKNOWN
    return SAME_PERSON if confirmer == prepared_by else None


def cards_for(amount: int, face: int) -> int | None:
    """How many cards of that face value make the amount exactly; None when none do."""
    return amount // face if face > 0 and amount > 0 and amount % face == 0 else None


def may_hand(count: int, *, face: int, left: int, cap: int, waiting: int) -> bool:
    """Whether a partner may hand that many cards now: it has them, and what waits for ratification stays in the cap."""
    return 0 < count <= left and waiting + count * face <= cap
