"""Who is proposed as recipient: pure, the explanation comes with the answer.

Order (network rules §1, §2): municipality rule → where the rule is not known, ask both without identity → capacity →
rotation. Never a dead end: someone who can receive her is always named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class Candidate:
    """An organisation that could receive. `capacity`: open, waitlist, full, assessment or unknown."""

    id: UUID
    name: str
    capacity: str = "unknown"
    last_received: datetime | None = None
    audiences: frozenset[str] = frozenset()
    age_min: int | None = None


@dataclass(frozen=True)
class Reason:
    """One sentence of the explanation: a code and the words it names (organisations, places; never a person)."""

    code: str
    names: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where she lives, when the sentence says it."""
        return self.names[0] if self.code in _PLACED and self.names else ""

    @property
    def kept(self) -> list[str]:
        """The code and the organisations named: what may stand beside the referral, in clear. Her municipality may not:
        before acceptance nobody there reads more than her MRC (network rules §3 (4))."""
        return [self.code, *(self.names[1:] if self.place else self.names)]


#: Sentences whose first name is her municipality.
_PLACED = frozenset({"municipality_rule", "territory_unknown"})


@dataclass(frozen=True)
class Routing:
    """`recipients`: who is proposed, several when both are asked. `others`: who else could be chosen."""

    recipients: tuple[UUID, ...]
    others: tuple[UUID, ...]
    explanation: tuple[Reason, ...]

    @property
    def ask_both(self) -> bool:
        """True when several are asked at once, without identity."""
        return len(self.recipients) > 1


EXPLANATIONS: Mapping[str, str] = {
    "municipality_rule": "Le territoire de {place} est desservi par {names}.",
    "territory_unknown": "Aucune règle ne dit qui dessert {place} : la demande part sans identité à {names}. "
    "L’organisme qui accepte en premier la reçoit.",
    "chosen": "Organisme choisi par vous : {names}.",
    "full": "{names} : complet en ce moment.",
    "waitlist": "{names} : liste d’attente.",
    "rotation": "À disponibilité égale, c’est le tour de {names}.",
    "audience": "Ne s’adresse pas à cette personne : {names}.",
    "restricted": "Un organisme est exclu de cette référence.",
    "nobody": "Aucun organisme du réseau ne correspond : voyez le répertoire ou appelez pour en parler, sans identité.",
    "all_full": "Tous sont complets : la demande reste possible, le délai de premier contact s’applique.",
}

_RANK = {"open": 0, "assessment": 1, "waitlist": 2, "unknown": 3, "full": 4}


def route(
    place: str,
    serving: Iterable[UUID],
    candidates: Iterable[Candidate],
    *,
    territory_known: bool,
    audience: str = "women",
    age: int | None = None,
    excluded: frozenset[UUID] = frozenset(),
) -> Routing:
    """Propose recipients for a person of `place`.

    `serving`: organisations the municipality rule names (several with `territory_known` False: ask them all).
    `excluded`: organisations that must never learn of it. `age`: youngest age of the band.
    """
    every = {candidate.id: candidate for candidate in candidates}
    explanation: list[Reason] = []
    if excluded & every.keys():
        explanation.append(Reason("restricted"))
    usable = {key: candidate for key, candidate in every.items() if key not in excluded}
    fitting = {
        key: candidate
        for key, candidate in usable.items()
        if (not candidate.audiences or audience in candidate.audiences)
        and (age is None or candidate.age_min is None or age >= candidate.age_min)
    }
    unfit = [candidate.name for key, candidate in usable.items() if key not in fitting]
    if unfit:
        explanation.append(Reason("audience", tuple(sorted(unfit))))
    named = [fitting[key] for key in serving if key in fitting]
    if not fitting:
        return Routing((), (), (*explanation, Reason("nobody")))
    if len(named) > 1 and not territory_known:
        chosen = tuple(sorted(named, key=_order))
        explanation.append(Reason("territory_unknown", (place, *(candidate.name for candidate in chosen))))
        explanation += _capacity_words(chosen)
        return _answer(chosen, fitting, explanation)
    pool = named or list(fitting.values())
    best = sorted(pool, key=_order)
    chosen_one = best[0]
    if named:
        explanation.append(Reason("municipality_rule", (place, *(candidate.name for candidate in best))))
    if len(best) > 1:
        passed_over = [candidate for candidate in best[1:] if _rank(candidate) > _rank(chosen_one)]
        explanation += _capacity_words(passed_over)
        if any(_rank(candidate) == _rank(chosen_one) for candidate in best[1:]):
            explanation.append(Reason("rotation", (chosen_one.name,)))
    if all(_rank(candidate) == _RANK["full"] for candidate in best):
        explanation.append(Reason("all_full"))
    else:
        explanation += _capacity_words([chosen_one])
    return _answer((chosen_one,), fitting, explanation)


def _answer(chosen: tuple[Candidate, ...], fitting: Mapping[UUID, Candidate], explanation: list[Reason]) -> Routing:
    ids = tuple(candidate.id for candidate in chosen)
    others = tuple(candidate.id for candidate in sorted(fitting.values(), key=_order) if candidate.id not in ids)
    return Routing(ids, others, tuple(explanation))


def _capacity_words(candidates: Iterable[Candidate]) -> list[Reason]:
    return [
        Reason(candidate.capacity, (candidate.name,))
        for candidate in candidates
        if candidate.capacity in ("full", "waitlist")
    ]


def _rank(candidate: Candidate) -> int:
    return _RANK.get(candidate.capacity, _RANK["unknown"])


def _order(candidate: Candidate) -> tuple[int, bool, float, str]:
    """Capacity, then whoever received longest ago (never first), then the name so that equal cases stay equal."""
    last = candidate.last_received
    return (_rank(candidate), last is not None, last.timestamp() if last else 0.0, candidate.name)


def explain(reason: Reason) -> str:
    """The explanation of one reason in French source text."""
    return EXPLANATIONS[reason.code].format(place=reason.place, names=" et ".join(reason.kept[1:]))
