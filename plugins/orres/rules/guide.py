"""The guide's answer: which services of the trajectory, in which order, why, why not the others, and whom to talk to.

Pure: a version of the trajectory, what the reader may know of its services, a situation in closed codes. It never ends
without a service or somebody to talk to: `advise` asks for at least one door.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from uuid import UUID

from core.api import NEEDS

from .conditions import Situation
from .graph import ROLES, Answer, Node, Trajectory
from .guide_way import OnWay, Way, way

#: Whole years of each age band, both ends included.
SPANS: Final[Mapping[str, tuple[int, int]]] = {
    "under_12": (0, 11),
    "12_13": (12, 13),
    "14_17": (14, 17),
    "18_24": (18, 24),
    "25_34": (25, 34),
    "35_49": (35, 49),
    "50_64": (50, 64),
    "65_plus": (65, 120),
    "adult": (18, 120),
}
#: From the most to the least room; *not known* sits between a waiting list and a full service, as in the directory.
ROOM: Final = ("open", "assessment", "waitlist", "unknown", "full")
FULL: Final = "full"
#: The area that stands for the whole region: her place is not known more closely.
REGION: Final = "region"

#: What is said of a service, by what is looked at and whether it holds. French source texts.
SENTENCES: Final[Mapping[tuple[str, bool | None], str]] = {
    ("area", True): "Dessert ce territoire",
    ("area", False): "Ne dessert pas ce territoire",
    ("area", None): "Dessert une partie de ce territoire, ou ne le dit pas : à demander",
    ("planned", False): "La trajectoire le prévoit pour un autre territoire",
    ("age", True): "Reçoit ce groupe d’âge",
    ("age", False): "Ne reçoit pas ce groupe d’âge",
    ("age", None): "Reçoit une partie de ce groupe d’âge, ou ne le dit pas : à demander",
    ("language", True): "Offert dans cette langue",
    ("language", None): "Cette langue n’est pas indiquée : demander une ou un interprète",
    ("closed", False): "Ce service n’est plus offert",
}
#: Why a need has no answer, as it is counted.
UNMET_REASONS: Final[Mapping[str, str]] = {
    "none": "Aucun service à la trajectoire",
    "full": "Tous complets",
    "area": "Hors de tout territoire desservi",
    "age": "Âge que personne ne reçoit",
    "condition": "Conditions non remplies",
    "closed": "Service fermé",
}


@dataclass(frozen=True)
class Offered:
    """What the guide weighs of a service, as its reader may see it.

    `ages`: whole years, both ends included; empty: not known. `covers`: by code of area, True where it goes, None where
    it goes in part; an area that is not there is not served; None as a whole: not known. `open`: open now, None when
    its hours are not known. `here`: it receives references on the platform. `reachable`: there, or by a number that its
    reader may have. `gone`: it is not offered any more.
    """

    id: UUID
    organisation_id: UUID
    name: str
    ages: tuple[tuple[int, int], ...] = ()
    covers: Mapping[str, bool | None] | None = None
    languages: frozenset[str] = frozenset()
    capacity: str = "unknown"
    weeks: int | None = None
    open: bool | None = None
    here: bool = False
    reachable: bool = True
    gone: bool = False


@dataclass(frozen=True)
class Reason:
    """One thing that was looked at. `ok` None: to be asked. `text`: French source text."""

    what: str
    ok: bool | None
    text: str


@dataclass(frozen=True)
class Proposed:
    """A service for her: the node it is best placed at, the needs it answers there and elsewhere on her way, and why.

    `delay_hours`: what the committee expects at that node, None when it says nothing.
    """

    service_id: UUID
    node: str
    role: str
    needs: tuple[str, ...]
    reasons: tuple[Reason, ...]
    delay_hours: int | None

    @property
    def certain(self) -> bool:
        """Nothing is left to ask."""
        return all(reason.ok for reason in self.reasons)


@dataclass(frozen=True)
class LeftOut:
    """A service that answers what she needs, and what is against it for her."""

    service_id: UUID
    node: str
    needs: tuple[str, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Unmet:
    """A need without a service that has room for her; `reason` is a code of `UNMET_REASONS`."""

    need: str
    reason: str


@dataclass(frozen=True)
class Door:
    """Somebody to talk to when no service answers: an organisation that receives, or an emergency line. `label` is its
    name as it is shown; `numbers` may be empty."""

    label: str
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Advice:
    """`talk_to` is never empty: without a proposal, it is the answer."""

    proposed: tuple[Proposed, ...]
    left_out: tuple[LeftOut, ...]
    unmet: tuple[Unmet, ...]
    talk_to: tuple[Door, ...] = field(default=())


def advise(
    trajectory: Trajectory,
    services: Mapping[UUID, Offered],
    situation: Situation,
    doors: Sequence[Door],
    *,
    moment: str | None = None,
) -> Advice:
    """Rank the services of the trajectory for a situation. A service that is not in `services` may not be told of.

    `doors`: whom to talk to, at least one (ValueError otherwise). `moment`: where she is, if it was said; services of
    that moment come first, the others follow as *later*. Deterministic: equal services are in the order of their names.
    """
    if not doors:
        raise ValueError("somebody to talk to is always named")
    found = way(trajectory, situation, moment)
    best: dict[UUID, tuple[tuple[object, ...], Proposed]] = {}
    against: dict[UUID, LeftOut] = {}
    for node in trajectory.nodes:
        here = found.reached.get(node.key)
        needs = _needs_met(node, situation)
        if needs is None and here is not None and here.urgent:
            # Danger comes before whatever was named.
            needs = ()
        if needs is None:
            continue
        for answer in trajectory.answers_of(node.key):
            service = services.get(answer.service_id)
            if service is not None:
                _weigh(node, answer, service, needs, found, situation, best, against)
    ranked = tuple(one for _, one in sorted(best.values(), key=lambda pair: pair[0]))
    left_out = tuple(
        one
        for one in sorted(against.values(), key=lambda one: (services[one.service_id].name, str(one.service_id)))
        if one.service_id not in best
    )
    return Advice(ranked, left_out, _unmet(situation, ranked, left_out, services), tuple(doors))


def fits(service: Offered, situation: Situation, answer: Answer | None = None) -> tuple[Reason, ...]:
    """What speaks for a service, against it, or is to be asked: territory, age, language, and whether it still is."""
    if service.gone:
        return (_reason("closed", False),)
    found: list[Reason] = []
    if situation.mrc is not None and situation.mrc != REGION:
        planned = answer.areas if answer is not None else ()
        if planned and situation.mrc not in planned and REGION not in planned:
            found.append(_reason("planned", False))
        else:
            covers = service.covers
            found.append(_reason("area", None if covers is None else covers.get(situation.mrc, False)))
    if situation.age_band is not None:
        found.append(_reason("age", _receives(service.ages, SPANS[situation.age_band])))
    if situation.languages:
        found.append(_reason("language", True if situation.languages & service.languages else None))
    return tuple(found)


def _weigh(
    node: Node,
    answer: Answer,
    service: Offered,
    needs: tuple[str, ...],
    found: Way,
    situation: Situation,
    best: dict[UUID, tuple[tuple[object, ...], Proposed]],
    against: dict[UUID, LeftOut],
) -> None:
    """Put one answer among the proposals or among those left out."""
    reasons = fits(service, situation, answer)
    here = found.reached.get(node.key)
    refused = tuple(reason for reason in reasons if reason.ok is False)
    if here is None:
        refused += tuple(Reason("condition", False, words) for words in found.closed[node.key])
    if refused or here is None:
        known = against.get(service.id)
        # Of several nodes, the one with the least against it says most.
        if known is None or len(refused) < len(known.reasons):
            against[service.id] = LeftOut(service.id, node.key, needs, refused)
        return
    told = tuple(Reason("condition", True, words) for words in here.words)
    told += tuple(Reason("condition", None, words) for words in here.unsure)
    delay = answer.delay_hours if answer.delay_hours is not None else node.delay_hours
    proposed = Proposed(service.id, node.key, answer.role, needs, (*told, *reasons), delay)
    rank = _rank(node, proposed, service, here, asked=bool(situation.needs))
    known_best = best.get(service.id)
    if known_best is None:
        best[service.id] = rank, proposed
        return
    kept_rank, kept = min(known_best, (rank, proposed), key=lambda pair: pair[0])
    both = tuple(need for need in NEEDS if need in {*known_best[1].needs, *needs})
    merged = Proposed(kept.service_id, kept.node, kept.role, both, kept.reasons, kept.delay_hours)
    best[service.id] = kept_rank, merged


def _rank(node: Node, one: Proposed, service: Offered, here: OnWay, *, asked: bool) -> tuple[object, ...]:
    """First what danger asks for, then services with room, that answer a need, at this moment, that lead, that can be
    reached, without doubt; then room, open now, the shortest delay; last the trajectory's order and the name."""
    doubts = sum(reason.ok is None for reason in one.reasons)
    return (
        not here.urgent,
        service.capacity == FULL,
        asked and not one.needs,
        here.distance,
        list(ROLES).index(one.role),
        not service.reachable,
        doubts,
        -len(one.needs),
        ROOM.index(service.capacity) if service.capacity in ROOM else ROOM.index("unknown"),
        service.open is not True,
        service.weeks if service.weeks is not None else 1_000,
        one.delay_hours if one.delay_hours is not None else 100_000,
        node.position,
        service.name,
        str(service.id),
    )


def _needs_met(node: Node, situation: Situation) -> tuple[str, ...] | None:
    """The needs said that a node answers, in the order of the list; None when it answers others only. A node without
    needs is a door for everybody: it answers none in particular."""
    if not situation.needs or not node.needs:
        return ()
    met = tuple(need for need in NEEDS if need in situation.needs and need in node.needs)
    return met or None


def _unmet(
    situation: Situation,
    ranked: Sequence[Proposed],
    left_out: Sequence[LeftOut],
    services: Mapping[UUID, Offered],
) -> tuple[Unmet, ...]:
    """Each need said for which nobody with room is proposed, with the reason that stops most of those who answer it."""
    found = []
    for need in (need for need in NEEDS if need in situation.needs):
        answering = [one for one in ranked if need in one.needs]
        if any(services[one.service_id].capacity != FULL for one in answering):
            continue
        stops = Counter(_counted(reason.what) for one in left_out if need in one.needs for reason in one.reasons)
        order = list(UNMET_REASONS)
        most = min(stops, key=lambda what: (-stops[what], order.index(what)), default="none")
        found.append(Unmet(need, FULL if answering else most))
    return tuple(found)


def _counted(what: str) -> str:
    return "area" if what == "planned" else what


def _reason(what: str, ok: bool | None) -> Reason:
    return Reason(what, ok, SENTENCES[what, ok])


@lru_cache(maxsize=4_096)
def _receives(ages: tuple[tuple[int, int], ...], span: tuple[int, int]) -> bool | None:
    """Whether ages hold a span of years: wholly, in part (None), or not at all. No age said: to be asked."""
    low, high = span
    years = range(low, high + 1)
    received = sum(any(first <= year <= last for first, last in ages) for year in years)
    if not ages or 0 < received < len(years):
        return None
    return received > 0
