"""The content of a version as JSON and back (undo), and a short mark of one part of it (two people, one node)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from .conditions import Condition
from .graph import Answer, Edge, Node, Trajectory


def as_json(content: Trajectory) -> dict[str, Any]:
    """Nodes, edges and answers; what a version is (number, state, day) is not content."""
    return {
        "nodes": [_node(one) for one in content.nodes],
        "edges": [[one.source, one.target, one.position, _pairs(one.conditions)] for one in content.edges],
        "answers": [
            [one.node, str(one.service_id), one.role, list(one.areas), one.delay_hours] for one in content.answers
        ],
    }


def with_content(version: Trajectory, stored: Mapping[str, Any]) -> Trajectory:
    """The version holding what `as_json` had kept."""
    return replace(
        version,
        nodes=tuple(
            Node(key, kind, moment, title, english, summary, place, tuple(needs), delay, _conditions(pairs))
            for key, kind, moment, title, english, summary, place, needs, delay, pairs in stored["nodes"]
        ),
        edges=tuple(
            Edge(source, target, position, _conditions(pairs)) for source, target, position, pairs in stored["edges"]
        ),
        answers=tuple(
            Answer(node, UUID(service), role, tuple(areas), delay)
            for node, service, role, areas, delay in stored["answers"]
        ),
    )


def mark_of(part: Node | Edge | Answer | None) -> str:
    """A short mark of a part as it was read: a form sends it back, and another value says that somebody changed it."""
    return hashlib.sha256(repr(part).encode()).hexdigest()[:16]


def _node(one: Node) -> list[Any]:
    texts = [one.key, one.kind, one.moment, one.title, one.title_en, one.summary, one.position]
    return [*texts, list(one.needs), one.delay_hours, _pairs(one.conditions)]


def _pairs(conditions: Iterable[Condition]) -> list[list[str]]:
    return [[one.subject, one.value] for one in conditions]


def _conditions(pairs: Iterable[Iterable[str]]) -> tuple[Condition, ...]:
    return tuple(Condition(*pair) for pair in pairs)
