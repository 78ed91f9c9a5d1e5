"""Where a trajectory leads: what is reached, by whom, and the circles in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from .graph import STEP, Edge, Node, Trajectory
from .situations import Space


@dataclass(frozen=True)
class Walk:
    """Every way through a version. Passages that name a node the version lacks are left out."""

    content: Trajectory
    space: Space

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Passages between nodes that exist."""
        known = self.content.node
        return tuple(one for one in self.content.edges if known(one.source) and known(one.target))

    @cached_property
    def leaving(self) -> Mapping[str, tuple[Edge, ...]]:
        """Passages by the node they leave."""
        found: dict[str, list[Edge]] = {}
        for one in self.edges:
            found.setdefault(one.source, []).append(one)
        return {key: tuple(edges) for key, edges in found.items()}

    @cached_property
    def entries(self) -> Mapping[str, tuple[Node, ...]]:
        """Moment → its steps that no passage leads to: whoever comes to the moment comes there."""
        led = {one.target for one in self.edges}
        return {
            moment.key: tuple(one for one in self.content.steps_of(moment.key) if one.key not in led)
            for moment in self.content.moments
        }

    @cached_property
    def reached(self) -> frozenset[str]:
        """Keys of the nodes that some way leads to, conditions apart."""
        seen: set[str] = set()
        ahead = [one.key for one in self.content.starts]
        while ahead:
            key = ahead.pop()
            if key not in seen:
                seen.add(key)
                ahead += self._next(key)
        return frozenset(seen)

    @cached_property
    def who(self) -> Mapping[str, int]:
        """Key → the situations that may come there."""
        found = dict.fromkeys((one.key for one in self.content.nodes), 0)
        ahead: list[tuple[str, int]] = [(one.key, self.space.all) for one in self.content.starts]
        while ahead:
            key, coming = ahead.pop()
            arriving = coming & self.open_to(key) & ~found[key]
            if not arriving:
                continue
            found[key] |= arriving
            node = self.content.node(key)
            passed = {one.target: self.edge_open(one) for one in self.leaving.get(key, ())}
            ahead += [(target, arriving & mask) for target, mask in passed.items()]
            ahead += [(one.key, arriving) for one in self.entries.get(key, ())]
            if node is not None and node.kind == STEP and node.moment in found:
                ahead.append((node.moment or "", arriving))
        return found

    def open_to(self, key: str) -> int:
        """The situations for which the conditions of a node and of its moment may hold on a way."""
        return self._open[key]

    def edge_open(self, edge: Edge) -> int:
        """The situations for which the conditions of a passage may hold on a way."""
        return self.space.held(edge.conditions, lenient=True)

    def ways_out(self, node: Node) -> int:
        """The situations, needs and languages included, that find a way on: from the node, else from its moment."""
        found = 0
        for key in (node.key, *((node.moment,) if node.moment else ())):
            for one in self.leaving.get(key, ()):
                found |= self.space.held(one.conditions) & self._strict(one.target)
        for step in self.entries.get(node.key, ()):
            found |= self._strict(step.key)
        return found

    @cached_property
    def circles(self) -> tuple[tuple[str, ...], ...]:
        """Groups of moments, or of steps, that lead to one another and nowhere else, in the order of the version."""
        groups: list[tuple[str, ...]] = []
        for kind in ("moment", "step"):
            ahead = self._between(kind)
            for group in _groups(ahead):
                leaves = any(target not in group for key in group for target in ahead[key])
                turns = len(group) > 1 or any(key in ahead[key] for key in group)
                if turns and not leaves:
                    groups.append(tuple(one.key for one in self.content.nodes if one.key in group))
        return tuple(groups)

    def _next(self, key: str) -> list[str]:
        node = self.content.node(key)
        found = [one.target for one in self.leaving.get(key, ())]
        found += [one.key for one in self.entries.get(key, ())]
        if node is not None and node.moment is not None and self.content.node(node.moment) is not None:
            found.append(node.moment)
        return found

    def _between(self, kind: str) -> dict[str, set[str]]:
        """Passages between nodes of a kind; a passage between steps of two moments joins the moments too."""
        found: dict[str, set[str]] = {one.key: set() for one in self.content.nodes if one.kind == kind}
        for one in self.edges:
            ends = [self.content.node(one.source), self.content.node(one.target)]
            keys = [end.key if end.kind == kind else (end.moment or "") for end in ends if end is not None]
            crosses = keys[0] != keys[1] or all(end is not None and end.kind == kind for end in ends)
            if crosses and keys[0] in found and keys[1] in found:
                found[keys[0]].add(keys[1])
        return found

    def _strict(self, key: str) -> int:
        node = self.content.node(key)
        return 0 if node is None else self.space.held(node.conditions)

    @cached_property
    def _open(self) -> Mapping[str, int]:
        """Conditions of a node and of its moment are two lists: each subject must hold in both."""
        lists = {one.key: self.space.held(one.conditions, lenient=True) for one in self.content.nodes}
        return {one.key: lists[one.key] & lists.get(one.moment or "", self.space.all) for one in self.content.nodes}


def _groups(ahead: Mapping[str, set[str]]) -> list[frozenset[str]]:
    """Strongly connected components (Tarjan's algorithm, without recursion: a trajectory may be a long chain)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on: set[str] = set()
    found: list[frozenset[str]] = []
    for first in ahead:
        if first in index:
            continue
        work = [(first, iter(sorted(ahead[first])))]
        index[first] = low[first] = len(index)
        stack.append(first)
        on.add(first)
        while work:
            key, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[key])
                if low[key] == index[key]:
                    at = stack.index(key)
                    found.append(frozenset(stack[at:]))
                    on -= found[-1]
                    del stack[at:]
            elif following not in index:
                index[following] = low[following] = len(index)
                stack.append(following)
                on.add(following)
                work.append((following, iter(sorted(ahead[following]))))
            elif following in on:
                low[key] = min(low[key], index[following])
    return found
