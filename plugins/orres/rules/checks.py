"""What is checked before a version is proposed: each finding says where, why it is one, and what would mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from core.api import NEEDS

from .conditions import AGE_BAND, MINOR, MRC, NEED, Condition, outside_vocabulary
from .graph import MOMENT, Answer, Edge, Node, Trajectory
from .situations import BAND_AGES, Space
from .walking import Walk

#: Age bands of the network's services: women and girls 12 and over (network rules §2, *Who*).
SERVED: Final = tuple(band for band in BAND_AGES if band != "under_12")
#: What stops a proposal; the rest is said, and the committee proposes knowing it.
BLOCKING: Final = frozenset(
    {"empty", "vocabulary", "loose", "no_start", "unreachable", "never", "dead_end", "circle", "gone", "confidential"}
)
#: What is found, and what would mend it. French source texts.
EXPLANATIONS: Final[Mapping[str, str]] = {
    "empty": "Il n’y a encore aucun moment.",
    "vocabulary": "Une condition est hors de la liste des sujets et des valeurs permis. Choisissez-en une autre.",
    "loose": "Un passage, une étape ou un service tient à quelque chose qui n’existe plus. Retirez-le.",
    "no_start": "Rien ne dit par où commencer : un premier moment ne doit suivre aucun autre.",
    "unreachable": "Personne n’arrive ici : aucun passage n’y mène depuis le début. Ajoutez un passage, ou retirez-le.",
    "never": "Cette condition n’est jamais remplie : ce qui est demandé avant dit le contraire. Changez-en une.",
    "dead_end": "On s’arrête ici sans personne : aucun service ne répond, aucun passage ne continue. Ajoutez-en un.",
    "circle": "On tourne en rond : ces éléments ne mènent qu’à eux-mêmes. Ajoutez un passage qui en sort.",
    "gone": "Ce service n’est plus au répertoire, ou les partenaires ne peuvent plus le voir. Retirez-le ou "
    "remplacez-le.",
    "confidential": "Ce service est confidentiel : il n’a pas sa place dans une trajectoire que tous lisent.",
    "unanswered": "Aucun service ne répond à cette étape.",
    "no_lead": "Des services répondent, mais aucun n’en est responsable.",
    "need_hole": "Aucun service ne répond à ce besoin.",
    "area_hole": "Aucun service ne répond à ce besoin sur ce territoire.",
    "age_hole": "Aucun service ne répond à ce besoin pour ces âges.",
    "age_range": "Ce service ne reçoit pas ces âges, que l’étape annonce.",
}


class Known(Protocol):
    """What checks ask of a service: `core.api.ServiceShown` has it."""

    @property
    def tier(self) -> str: ...
    @property
    def areas(self) -> tuple[str, ...]: ...
    @property
    def ages(self) -> tuple[tuple[int | None, int | None], ...]: ...


@dataclass(frozen=True)
class Check:
    """A finding. `nodes`: keys of what it is about; `service`; `about`: conditions, needs, areas or bands it names."""

    code: str
    nodes: tuple[str, ...] = ()
    service: UUID | None = None
    about: tuple[Condition, ...] = ()

    @property
    def blocking(self) -> bool:
        """Whether the version cannot be proposed so."""
        return self.code in BLOCKING


def check(content: Trajectory, services: Mapping[UUID, Known], areas: Iterable[str]) -> tuple[Check, ...]:
    """Every finding, in the order of `EXPLANATIONS`, then of the version. `services`: those that the directory shows;
    `areas`: the codes of the region's areas that are places."""
    if not content.moments:
        return (Check("empty"),)
    walk = Walk(content, Space(tuple(areas)))
    found = [
        *_words(content, walk.space),
        *_loose(content),
        *_ways(walk),
        *_ends(walk),
        *(Check("circle", group) for group in walk.circles),
        *_services(walk, services),
        *_holes(walk, services),
    ]
    order = list(EXPLANATIONS)
    return tuple(sorted(found, key=lambda one: order.index(one.code)))


def _words(content: Trajectory, space: Space) -> Iterator[Check]:
    parts: list[tuple[tuple[str, ...], tuple[Condition, ...]]] = [
        *(((one.key,), one.conditions) for one in content.nodes),
        *(((one.source, one.target), one.conditions) for one in content.edges),
    ]
    for keys, conditions in parts:
        wrong = outside_vocabulary(conditions, space.areas)
        if wrong:
            yield Check("vocabulary", keys, about=wrong)
    for one in content.nodes:
        unknown = tuple(Condition(NEED, need) for need in one.needs if need not in NEEDS)
        if unknown:
            yield Check("vocabulary", (one.key,), about=unknown)


def _loose(content: Trajectory) -> Iterator[Check]:
    known = content.node
    for edge in content.edges:
        if known(edge.source) is None or known(edge.target) is None:
            yield Check("loose", (edge.source, edge.target))
    for node in content.nodes:
        home = known(node.moment) if node.moment else None
        if node.kind != MOMENT and (home is None or home.kind != MOMENT):
            yield Check("loose", (node.key,))
    for answer in content.answers:
        if known(answer.node) is None:
            yield Check("loose", (answer.node,), answer.service_id)


def _ways(walk: Walk) -> Iterator[Check]:
    content, who = walk.content, walk.who
    if not content.starts:
        yield Check("no_start", tuple(one.key for one in content.moments[:1]))
        return
    for node in content.nodes:
        if node.key not in walk.reached:
            yield Check("unreachable", (node.key,))
        elif not walk.open_to(node.key) or _shut(walk, node):
            yield Check("never", (node.key,), about=node.conditions)
    for edge in walk.edges:
        if edge.source in walk.reached and edge.conditions and who[edge.source]:
            going = who[edge.source] & walk.edge_open(edge)
            if not going & walk.open_to(edge.target):
                yield Check("never", (edge.source, edge.target), about=edge.conditions)


def _shut(walk: Walk, node: Node) -> bool:
    """Whether the node's own conditions stop everybody who comes to its moment."""
    entry = node.moment is not None and node in walk.entries.get(node.moment, ())
    return entry and bool(node.conditions) and bool(walk.who.get(node.moment or "", 0)) and not walk.who[node.key]


def _ends(walk: Walk) -> Iterator[Check]:
    for node in walk.content.nodes:
        if node.key not in walk.reached or walk.content.answers_of(node.key):
            continue
        out = walk.ways_out(node)
        stuck = walk.who[node.key] & walk.space.held(node.conditions) & ~out
        if stuck:
            asked = {one.subject for edge in _from(walk, node) for one in _asked_by(walk, edge)}
            asked |= {one.subject for step in walk.entries.get(node.key, ()) for one in step.conditions}
            yield Check("dead_end", (node.key,), about=walk.space.example(stuck, asked) if out else ())
        elif node.kind != MOMENT:
            yield Check("unanswered", (node.key,))


def _from(walk: Walk, node: Node) -> tuple[Edge, ...]:
    return (*walk.leaving.get(node.key, ()), *walk.leaving.get(node.moment or "", ()))


def _asked_by(walk: Walk, edge: Edge) -> tuple[Condition, ...]:
    target = walk.content.node(edge.target)
    return (*edge.conditions, *(target.conditions if target is not None else ()))


def _services(walk: Walk, services: Mapping[UUID, Known]) -> Iterator[Check]:
    for node in walk.content.nodes:
        answers = walk.content.answers_of(node.key)
        if answers and not any(one.role == "lead" for one in answers):
            yield Check("no_lead", (node.key,))
        for answer in answers:
            known = services.get(answer.service_id)
            if known is None:
                yield Check("gone", (node.key,), answer.service_id)
            elif known.tier == "confidential":
                yield Check("confidential", (node.key,), answer.service_id)
            else:
                yield from _ages(walk, node, answer, known)


def _ages(walk: Walk, node: Node, answer: Answer, known: Known) -> Iterator[Check]:
    """The step's ages that the service does not receive: all of them, or some when the step names ages itself."""
    home = walk.content.node(node.moment) if node.moment else None
    asked = (*node.conditions, *(home.conditions if home else ()))
    wanted = walk.space.values_in(walk.open_to(node.key), AGE_BAND)
    received = bands_of(known)
    missing = tuple(one for one in wanted if one in SERVED and one not in received)
    names = any(one.subject in (AGE_BAND, MINOR) for one in asked)
    if missing and (names or not set(wanted) & set(received)):
        yield Check("age_range", (node.key,), answer.service_id, tuple(Condition(AGE_BAND, one) for one in missing))


def bands_of(service: Known) -> tuple[str, ...]:
    """The age bands a service receives somebody of; all of them when it does not say."""
    if not service.ages:
        return tuple(BAND_AGES)
    return tuple(
        band
        for band, (low, high) in BAND_AGES.items()
        if any((first or 0) <= high and low <= (200 if last is None else last) for first, last in service.ages)
    )


def _holes(walk: Walk, services: Mapping[UUID, Known]) -> Iterator[Check]:
    """Needs that nobody answers at all, somewhere, or at some age. Information alone is no answer to a need."""
    space = walk.space
    served: dict[str, int] = dict.fromkeys(NEEDS, 0)
    for node in walk.content.nodes:
        if not node.needs or node.key not in walk.reached:
            continue
        here = walk.open_to(node.key)
        mask = 0
        for answer in walk.content.answers_of(node.key):
            known = services.get(answer.service_id)
            if known is not None and (answer.role != "information" or "information" in node.needs):
                mask |= (
                    here & space.any_of(AGE_BAND, bands_of(known)) & space.any_of(MRC, goes_to(answer, known, space))
                )
        for need in node.needs:
            served[need] = served.get(need, 0) | mask
    for need, mask in served.items():
        about = (Condition(NEED, need),)
        if not mask:
            yield Check("need_hole", about=about)
            continue
        reached = space.values_in(mask, MRC)
        missing = tuple(Condition(MRC, one) for one in space.areas if one not in reached)
        if missing:
            yield Check("area_hole", about=(*about, *missing))
        received = space.values_in(mask, AGE_BAND)
        young = tuple(Condition(AGE_BAND, one) for one in SERVED if one not in received)
        if young:
            yield Check("age_hole", about=(*about, *young))


def goes_to(answer: Answer, service: Known, space: Space) -> tuple[str, ...]:
    """The areas where an answer holds: what the version says, within what the directory says when it says anything."""
    own = answer.areas or service.areas or space.areas
    return tuple(one for one in own if not service.areas or one in service.areas)
