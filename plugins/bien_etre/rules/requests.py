"""A request to the fund: its words, what its amount asks for, and the states it goes through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from core.api import parse_cents


class Category(StrEnum):
    """What the money is for."""

    HOUSING = "housing"
    SAFETY = "safety"
    FOOD = "food"
    TRANSPORT = "transport"
    HEALTH = "health"
    STEPS = "steps"
    OTHER = "other"


CATEGORIES: dict[Category, str] = {
    Category.HOUSING: "Logement",
    Category.SAFETY: "Sécurité",
    Category.FOOD: "Nourriture",
    Category.TRANSPORT: "Transport",
    Category.HEALTH: "Santé",
    Category.STEPS: "Démarches",
    Category.OTHER: "Autre",
}


class Lafu(StrEnum):
    """Where the provincial emergency line stands. In urgency it is never a precondition."""

    REFUSED = "refused"
    SILENT = "silent"
    OUTSIDE = "outside"
    NOT_ASKED = "not_asked"


LAFU: dict[Lafu, str] = {
    Lafu.REFUSED: "Refusée",
    Lafu.SILENT: "Sans réponse",
    Lafu.OUTSIDE: "Hors critères",
    Lafu.NOT_ASKED: "Non demandée",
}


class Payment(StrEnum):
    """How the money reaches what it is for."""

    SUPPLIER = "supplier"
    ADVANCE = "advance"
    GIFT_CARD = "gift_card"


PAYMENTS: dict[Payment, str] = {
    Payment.SUPPLIER: "Au fournisseur",
    Payment.ADVANCE: "Avance du partenaire, sur reçus",
    Payment.GIFT_CARD: "Carte-cadeau",
}


class State(StrEnum):
    """Where a request stands. `PAUSED` keeps where it was and says no reason, like `CLOSED`, where a pause
    ends, and a grant that nobody paid."""

    VOTING = "voting"
    PAUSED = "paused"
    ACCEPTED = "accepted"
    WAITING_FUNDS = "waiting_funds"
    REFUSED = "refused"
    UNDECIDED = "undecided"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


STATES: dict[State, str] = {
    State.VOTING: "En vote",
    State.PAUSED: "En pause",
    State.ACCEPTED: "Acceptée",
    State.WAITING_FUNDS: "En attente de fonds",
    State.REFUSED: "Non acceptée",
    State.UNDECIDED: "Fermée sans décision",
    State.WITHDRAWN: "Retirée",
    State.CLOSED: "Fermée",
}
#: The sign of a state on pages.
SIGNS: dict[State, str] = {
    State.VOTING: "",
    State.PAUSED: "wait",
    State.ACCEPTED: "done",
    State.WAITING_FUNDS: "wait",
    State.REFUSED: "closed",
    State.UNDECIDED: "closed",
    State.WITHDRAWN: "closed",
    State.CLOSED: "closed",
}


class Act(StrEnum):
    """What moves a request."""

    GRANT = "grant"
    LACK = "lack"
    REFUSE = "refuse"
    ABANDON = "abandon"
    PAUSE = "pause"
    RESUME = "resume"
    CHANGE = "change"
    WITHDRAW = "withdraw"
    CLOSE = "close"


_LIVE = (State.VOTING, State.ACCEPTED, State.WAITING_FUNDS)
#: (state, act) → next state; every pair not listed is refused. `RESUME` of an accepted request goes back there.
TABLE: dict[tuple[State, Act], State] = {
    (State.VOTING, Act.GRANT): State.ACCEPTED,
    (State.VOTING, Act.LACK): State.WAITING_FUNDS,
    (State.WAITING_FUNDS, Act.GRANT): State.ACCEPTED,
    (State.VOTING, Act.REFUSE): State.REFUSED,
    (State.VOTING, Act.ABANDON): State.UNDECIDED,
    (State.VOTING, Act.CHANGE): State.VOTING,
    (State.UNDECIDED, Act.CHANGE): State.VOTING,
    (State.PAUSED, Act.RESUME): State.VOTING,
    (State.PAUSED, Act.WITHDRAW): State.WITHDRAWN,
    (State.PAUSED, Act.CLOSE): State.CLOSED,
    (State.ACCEPTED, Act.CLOSE): State.CLOSED,
    (State.WAITING_FUNDS, Act.CLOSE): State.CLOSED,
    (State.UNDECIDED, Act.CLOSE): State.CLOSED,
    (State.UNDECIDED, Act.WITHDRAW): State.WITHDRAWN,
    **{(state, Act.PAUSE): State.PAUSED for state in _LIVE},
    **{(state, Act.WITHDRAW): State.WITHDRAWN for state in _LIVE},
}
#: States after which nothing moves any more: texts are erased some days later.
ENDED = frozenset({State.REFUSED, State.WITHDRAWN, State.UNDECIDED, State.CLOSED})

REFUSALS: dict[str, str] = {
    "ended": "Cette demande est terminée.",
    "paused": "Cette demande est en pause.",
    "paid": "L’aide est déjà versée : la demande ne se retire plus.",
    "decided": "Cette demande est déjà décidée.",
}


def next_state(state: State, act: Act) -> State | None:
    """Where an act leads, None when it is refused."""
    return TABLE.get((state, act))


def why_not(state: State) -> str:
    """Why an act is refused in that state, in French source text."""
    if state is State.PAUSED:
        return REFUSALS["paused"]
    return REFUSALS["ended" if state in ENDED else "decided"]


AMOUNTS: dict[str, str] = {
    "unclear": "Entrez un montant en dollars, par exemple 420 ou 420,50.",
    "decimals": "Deux décimales au plus : un montant s’arrête aux cents.",
    "negative": "Un montant ne peut pas être négatif.",
    "zero": "Le montant doit dépasser zéro.",
    "too_high": "Ce montant dépasse le plus haut que le fonds permet.",
}


def read_amount(typed: str, most: int) -> tuple[int | None, str | None]:
    """Cents, or the code of `AMOUNTS` that says why not. `most`: the highest amount, in cents."""
    cents = parse_cents(typed)
    if cents is not None:
        return (cents, None) if cents <= most else (None, "too_high")
    plain = "".join(typed.split()).strip("$").replace(",", ".")
    if plain[:1] in ("-", "\u2212", "\u2013", "("):
        return None, "negative"
    whole, _, decimals = plain.partition(".")
    if whole.isdecimal() and (decimals.isdecimal() or not decimals):
        if len(decimals) > 2:
            return None, "decimals"
        return None, "too_high" if int(whole) else "zero"
    return None, "unclear"


class Band(Protocol):
    """What an amount asks for: see the plugin's settings."""

    @property
    def up_to(self) -> int | None: ...
    @property
    def approvals(self) -> int: ...
    @property
    def hours(self) -> int: ...


def band_of(bands: Sequence[Band], cents: int) -> Band:
    """The first band that holds the amount; the last one has no limit."""
    return next(band for band in bands if band.up_to is None or cents <= band.up_to)


def closes_at(band: Band, opened: datetime) -> datetime:
    """Real hours: a night when the clocks change makes a vote neither shorter nor longer."""
    return opened + timedelta(hours=band.hours)


def needed_by_refusal(needed_by: date, today: date) -> str | None:
    """Why this day cannot be the one it is needed by, in French source text."""
    if needed_by < today:
        return "Cette date est passée."
    return "Choisissez une date dans l’année qui vient." if needed_by > today + timedelta(days=365) else None


def lafu_since_refusal(lafu: Lafu, since: date | None, today: date) -> str | None:
    """Silence has a first day; the others need none."""
    if lafu is Lafu.SILENT and since is None:
        return "Dites depuis quand LAFU est sans réponse."
    return "Cette date est à venir." if since is not None and since > today else None
