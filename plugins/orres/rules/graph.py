"""A version of the trajectory: moments, their steps, the passages between them, and the services that answer.

A step belongs to a moment. Passages (`Edge`) join moments, or steps, and may ask conditions. Whoever comes to a moment
comes to those of its steps that no passage leads to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, Literal
from uuid import UUID

from .conditions import Condition

Kind = Literal["moment", "step"]
Role = Literal["lead", "support", "information"]
MOMENT: Final[Kind] = "moment"
STEP: Final[Kind] = "step"
KINDS: Final[Mapping[str, str]] = {MOMENT: "Moment", STEP: "Étape"}
ROLES: Final[Mapping[str, str]] = {"lead": "Responsable", "support": "Soutien", "information": "Information"}
DRAFT, PROPOSED, ADOPTED, PUBLISHED, RETIRED = "draft", "proposed", "adopted", "published", "retired"
STATES: Final[Mapping[str, str]] = {
    DRAFT: "Brouillon",
    PROPOSED: "Proposée, au vote",
    ADOPTED: "Adoptée, à publier",
    PUBLISHED: "En vigueur",
    RETIRED: "Remplacée",
}


@dataclass(frozen=True)
class Node:
    """A moment, or a step of the moment whose key is `moment`. `key` stays the same from a version to the next.

    `needs`: codes of `core.api.NEEDS`; `delay_hours`: the delay the committee expects, None when it says none.
    """

    key: str
    kind: Kind
    moment: str | None
    title: str
    title_en: str
    summary: str
    position: int
    needs: tuple[str, ...] = ()
    delay_hours: int | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Edge:
    """A passage from the node of key `source` to that of key `target`, tried in order of `position`."""

    source: str
    target: str
    position: int
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Answer:
    """A service of the directory that answers at a node. `areas`: codes of `core.api.areas`; empty: wherever the
    directory says that the service goes. `delay_hours` None: the node's own."""

    node: str
    service_id: UUID
    role: Role
    areas: tuple[str, ...] = ()
    delay_hours: int | None = None


@dataclass(frozen=True)
class Trajectory:
    """One version, whole. `nodes`, `edges` and `answers` are in their order; `published_on` is a local day."""

    number: int
    state: str
    title: str
    published_on: date | None
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    answers: tuple[Answer, ...]

    def node(self, key: str) -> Node | None:
        """The node of that key; None when this version has none."""
        return self._nodes.get(key)

    @cached_property
    def moments(self) -> tuple[Node, ...]:
        """In order."""
        return tuple(sorted((one for one in self.nodes if one.kind == MOMENT), key=_order))

    def steps_of(self, moment_key: str) -> tuple[Node, ...]:
        """The steps of a moment, in order."""
        return self._steps.get(moment_key, ())

    def following(self, key: str) -> tuple[Edge, ...]:
        """The passages that leave a node, in order."""
        return self._following.get(key, ())

    def answers_of(self, key: str) -> tuple[Answer, ...]:
        """Who answers at a node, in order: responsible first, then support, then information."""
        return self._answers.get(key, ())

    @cached_property
    def starts(self) -> tuple[Node, ...]:
        """The moments one may begin with: nothing leads there, and something leaves; else the first that nothing leads
        to."""
        led = {edge.target for edge in self.edges}
        leaving = {edge.source for edge in self.edges}
        free = [one for one in self.moments if one.key not in led]
        return tuple(one for one in free if one.key in leaving) or tuple(free[:1])

    @cached_property
    def _nodes(self) -> Mapping[str, Node]:
        return {one.key: one for one in self.nodes}

    @cached_property
    def _steps(self) -> Mapping[str, tuple[Node, ...]]:
        found: dict[str, list[Node]] = {}
        for one in sorted((one for one in self.nodes if one.kind == STEP), key=_order):
            found.setdefault(one.moment or "", []).append(one)
        return {key: tuple(steps) for key, steps in found.items()}

    @cached_property
    def _following(self) -> Mapping[str, tuple[Edge, ...]]:
        found: dict[str, list[Edge]] = {}
        for one in sorted(self.edges, key=lambda edge: (edge.position, edge.target)):
            found.setdefault(one.source, []).append(one)
        return {key: tuple(edges) for key, edges in found.items()}

    @cached_property
    def _answers(self) -> Mapping[str, tuple[Answer, ...]]:
        rank = list(ROLES)
        found: dict[str, list[Answer]] = {}
        for one in sorted(self.answers, key=lambda answer: rank.index(answer.role)):
            found.setdefault(one.node, []).append(one)
        return {key: tuple(answers) for key, answers in found.items()}


def _order(node: Node) -> tuple[int, str]:
    return node.position, node.key
