"""Changes of a draft, pure: a version in, a version out. Forged codes and broken links are refused with a sentence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, cast
from uuid import UUID

from core.api import NEEDS, DomainError, Stale

from .conditions import Condition, outside_vocabulary
from .content import mark_of
from .graph import MOMENT, ROLES, STEP, Answer, Edge, Kind, Node, Role, Trajectory

#: Above these, a trajectory could no longer be read on a page, nor drawn (measured: 500 nodes).
MOST_NODES, MOST_EDGES, MOST_ANSWERS = 500, 2000, 3000
REFUSALS: Final[Mapping[str, str]] = {
    "vocabulary": "Cette condition n’est pas dans la liste : choisissez un sujet et une valeur proposés.",
    "need": "Ce besoin n’est pas dans la liste.",
    "area": "Ce territoire n’est pas dans la liste.",
    "role": "Ce rôle n’est pas dans la liste.",
    "node": "Choisissez un moment ou une étape de cette version.",
    "moment": "Une étape appartient à un moment de cette version.",
    "same": "Un passage mène ailleurs : choisissez deux éléments différents.",
    "known": "Ce passage existe déjà.",
    "answers": "Ce service répond déjà à cette étape.",
    "unseen": "Ce service n’est pas au répertoire des partenaires, ou son adresse est confidentielle.",
    "full": "Cette version est pleine : retirez d’abord ce qui ne sert plus.",
}


class EditRefused(DomainError):
    """A change the rules refuse. `field`: the form's field; `code`: a code of `REFUSALS`."""

    def __init__(self, field: str, code: str) -> None:
        self.field, self.code = field, code
        super().__init__(REFUSALS[code])


@dataclass(frozen=True)
class NodeText:
    """What a form says of a moment or a step. `conditions`: any order; `delay_hours` None: none expected."""

    title: str
    title_en: str
    summary: str
    needs: tuple[str, ...]
    delay_hours: int | None
    conditions: tuple[Condition, ...]


def add_node(content: Trajectory, kind: Kind, moment: str | None, text: NodeText, areas: Collection[str]) -> Trajectory:
    """A new moment, or a step of `moment`, last of its list. Its key comes from its title and never changes."""
    _checked(text, areas)
    if len(content.nodes) >= MOST_NODES:
        raise EditRefused("title", "full")
    home = content.node(moment) if moment else None
    if kind == STEP and (home is None or home.kind != MOMENT):
        raise EditRefused("moment", "moment")
    beside = content.moments if kind == MOMENT else content.steps_of(moment or "")
    position = max((one.position for one in beside), default=0) + 1
    key = key_for(text.title, {one.key for one in content.nodes})
    made = Node(key, kind, moment if kind == STEP else None, *_texts(text), position, *_rules(text))
    return replace(content, nodes=(*content.nodes, made))


def change_node(content: Trajectory, key: str, text: NodeText, mark: str, areas: Collection[str]) -> Trajectory:
    """Say a node otherwise. `mark`: of the node as the form showed it; raises Stale when it changed meanwhile."""
    old = _node(content, key)
    if mark_of(old) != mark:
        raise Stale
    _checked(text, areas)
    needs, delay, conditions = _rules(text)
    title, title_en, summary = _texts(text)
    made = replace(
        old, title=title, title_en=title_en, summary=summary, needs=needs, delay_hours=delay, conditions=conditions
    )
    return replace(content, nodes=tuple(made if one.key == key else one for one in content.nodes))


def move_node(content: Trajectory, key: str, step: int) -> Trajectory:
    """One place up (-1) or down (+1) among its own; at an end, nothing changes."""
    node = _node(content, key)
    row = list(content.moments if node.kind == MOMENT else content.steps_of(node.moment or ""))
    at = row.index(node)
    to = min(max(at + step, 0), len(row) - 1)
    row.insert(to, row.pop(at))
    placed = {one.key: replace(one, position=place) for place, one in enumerate(row, 1)}
    return replace(content, nodes=tuple(placed.get(one.key, one) for one in content.nodes))


def remove_node(content: Trajectory, key: str) -> Trajectory:
    """Without the node, its steps, and the passages and services that hang on them."""
    _node(content, key)
    gone = {key, *(one.key for one in content.steps_of(key))}
    return replace(
        content,
        nodes=tuple(one for one in content.nodes if one.key not in gone),
        edges=tuple(one for one in content.edges if one.source not in gone and one.target not in gone),
        answers=tuple(one for one in content.answers if one.node not in gone),
    )


def add_edge(
    content: Trajectory, source: str, target: str, conditions: Iterable[Condition], areas: Collection[str]
) -> Trajectory:
    """A passage between two nodes, tried after the others."""
    for field, key in (("source", source), ("target", target)):
        if content.node(key) is None:
            raise EditRefused(field, "node")
    if source == target:
        raise EditRefused("target", "same")
    if any((one.source, one.target) == (source, target) for one in content.edges):
        raise EditRefused("target", "known")
    if len(content.edges) >= MOST_EDGES:
        raise EditRefused("target", "full")
    position = max((one.position for one in content.edges), default=0) + 1
    made = Edge(source, target, position, _conditions(conditions, areas))
    return replace(content, edges=(*content.edges, made))


def change_edge(
    content: Trajectory, source: str, target: str, conditions: Iterable[Condition], mark: str, areas: Collection[str]
) -> Trajectory:
    """Other conditions for a passage. Raises Stale when it changed meanwhile."""
    old = _edge(content, source, target)
    if mark_of(old) != mark:
        raise Stale
    made = replace(old, conditions=_conditions(conditions, areas))
    return replace(content, edges=tuple(made if one is old else one for one in content.edges))


def remove_edge(content: Trajectory, source: str, target: str) -> Trajectory:
    """Without that passage."""
    old = _edge(content, source, target)
    return replace(content, edges=tuple(one for one in content.edges if one is not old))


def add_answer(
    content: Trajectory,
    node: str,
    service_id: UUID,
    role: str,
    given: Iterable[str],
    delay_hours: int | None,
    *,
    tier: str | None,
    areas: Collection[str],
) -> Trajectory:
    """A service that answers at a node. `tier`: of the service as the editor sees it, None when she doesn't."""
    _node(content, node)
    if tier is None or tier == "confidential":
        raise EditRefused("service", "unseen")
    if any((one.node, one.service_id) == (node, service_id) for one in content.answers):
        raise EditRefused("service", "answers")
    if len(content.answers) >= MOST_ANSWERS:
        raise EditRefused("service", "full")
    made = Answer(node, service_id, _role(role), _areas(given, areas), delay_hours)
    return replace(content, answers=(*content.answers, made))


def change_answer(
    content: Trajectory,
    node: str,
    service_id: UUID,
    role: str,
    given: Iterable[str],
    delay_hours: int | None,
    mark: str,
    areas: Collection[str],
) -> Trajectory:
    """Another role, other territories or another delay. Raises Stale when it changed meanwhile."""
    old = _answer(content, node, service_id)
    if mark_of(old) != mark:
        raise Stale
    made = replace(old, role=_role(role), areas=_areas(given, areas), delay_hours=delay_hours)
    return replace(content, answers=tuple(made if one is old else one for one in content.answers))


def remove_answer(content: Trajectory, node: str, service_id: UUID) -> Trajectory:
    """Without that service there."""
    old = _answer(content, node, service_id)
    return replace(content, answers=tuple(one for one in content.answers if one is not old))


def key_for(title: str, taken: Collection[str]) -> str:
    """A key from a title: plain letters and hyphens, at most 60, unlike the others'."""
    spelt = title.translate({0x152: "oe", 0x153: "oe", 0x2019: " "})
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore")
    found = re.sub(r"[^a-z0-9]+", "-", plain.decode().lower()).strip("-")[:50].strip("-") or "element"
    key, number = found, 2
    while key in taken:
        key, number = f"{found}-{number}", number + 1
    return key


def _node(content: Trajectory, key: str) -> Node:
    found = content.node(key)
    if found is None:
        raise Stale
    return found


def _edge(content: Trajectory, source: str, target: str) -> Edge:
    for one in content.edges:
        if (one.source, one.target) == (source, target):
            return one
    raise Stale


def _answer(content: Trajectory, node: str, service_id: UUID) -> Answer:
    for one in content.answers:
        if (one.node, one.service_id) == (node, service_id):
            return one
    raise Stale


def _checked(text: NodeText, areas: Collection[str]) -> None:
    if any(one not in NEEDS for one in text.needs):
        raise EditRefused("needs", "need")
    _conditions(text.conditions, areas)


def _texts(text: NodeText) -> tuple[str, str, str]:
    return text.title, text.title_en, text.summary


def _rules(text: NodeText) -> tuple[tuple[str, ...], int | None, tuple[Condition, ...]]:
    return (
        tuple(one for one in NEEDS if one in text.needs),
        text.delay_hours,
        tuple(sorted(set(text.conditions))),
    )


def _conditions(conditions: Iterable[Condition], areas: Collection[str]) -> tuple[Condition, ...]:
    given = tuple(sorted(set(conditions)))
    if outside_vocabulary(given, areas):
        raise EditRefused("conditions", "vocabulary")
    return given


def _role(role: str) -> Role:
    if role not in ROLES:
        raise EditRefused("role", "role")
    return cast("Role", role)


def _areas(given: Iterable[str], areas: Collection[str]) -> tuple[str, ...]:
    found = tuple(sorted(set(given)))
    if any(one not in areas for one in found):
        raise EditRefused("areas", "area")
    return found
