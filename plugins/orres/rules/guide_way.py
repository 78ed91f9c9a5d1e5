"""Which nodes of the trajectory are on her way, how far, and why the others are not."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

from .conditions import DANGER, SENTENCES, YES, Held, Situation, held
from .graph import MOMENT, Node, Trajectory

#: Said of a step behind a passage that is closed further up.
ELSEWHERE = "Cette étape n’est pas sur ce chemin"
DANGER_HOLDS = SENTENCES[DANGER, True]


@dataclass(frozen=True)
class OnWay:
    """A node one comes to. `distance`: moments away; `doubts`: conditions on the way that are not known yet.

    `words`: what its own conditions and the passage say for her, `unsure` what they leave to be asked (French source
    texts). `urgent`: one comes here because there is immediate danger.
    """

    distance: int
    doubts: int
    words: tuple[str, ...]
    unsure: tuple[str, ...]
    urgent: bool = False


@dataclass(frozen=True)
class Way:
    """`reached` by key of node; `closed`: the words that close a node, by its key."""

    reached: Mapping[str, OnWay]
    closed: Mapping[str, tuple[str, ...]]


def way(trajectory: Trajectory, situation: Situation, moment: str | None = None) -> Way:
    """Follow the passages that are open, or not known to be closed, from `moment`, else from the starts.

    Without a moment every node is as near as another: nobody said where she is. A node reached by two ways keeps the
    nearest, then the surest. Linear in nodes and passages, but for the queue.
    """
    known = trajectory.node(moment) if moment else None
    begun = [known] if known is not None else list(trajectory.starts or trajectory.moments)
    led = {edge.target for edge in trajectory.edges}
    reached: dict[str, OnWay] = {}
    closed: dict[str, tuple[str, ...]] = {}
    waiting: list[tuple[int, int, int, str, Held, bool]] = []
    count = 0
    nothing = Held(True, ())
    for node in begun:
        count += 1
        heapq.heappush(waiting, (0, 0, count, node.key, nothing, False))
    while waiting:
        distance, doubts, _, key, passage, urgent = heapq.heappop(waiting)
        here = trajectory.node(key)
        if here is None or key in reached:
            continue
        own = held(here.conditions, situation)
        if own.ok is False:
            closed.setdefault(key, own.words)
            continue
        doubts += own.ok is None
        told = tuple(dict.fromkeys(word for one in (passage, own) if one.ok is True for word in one.words))
        asked = tuple(dict.fromkeys(word for one in (passage, own) if one.ok is None for word in one.words))
        # A step is urgent like the moment it belongs to.
        urgent = (urgent and here.kind != MOMENT) or (situation.danger == YES and DANGER_HOLDS in told)
        reached[key] = OnWay(distance if known is not None else 0, doubts, told, asked, urgent)
        if here.kind == MOMENT:
            for step in trajectory.steps_of(key):
                if step.key not in led and step.key not in reached:
                    count += 1
                    heapq.heappush(waiting, (distance, doubts, count, step.key, nothing, urgent))
        for edge in trajectory.following(key):
            target = trajectory.node(edge.target)
            if target is None or target.key in reached:
                continue
            through = held(edge.conditions, situation)
            if through.ok is False:
                closed.setdefault(target.key, through.words)
                continue
            count += 1
            further = distance + (moment_of(target) != moment_of(here))
            heapq.heappush(waiting, (further, doubts + (through.ok is None), count, target.key, through, False))
    for key in reached:
        closed.pop(key, None)
    for node in trajectory.nodes:
        if node.key not in reached:
            closed.setdefault(node.key, held(node.conditions, situation).words if _shut(node, situation) else ())
    return Way(reached, {key: words or (ELSEWHERE,) for key, words in closed.items()})


def moment_of(node: Node) -> str:
    """The moment a node is, or belongs to."""
    return node.key if node.kind == MOMENT else node.moment or ""


def _shut(node: Node, situation: Situation) -> bool:
    return held(node.conditions, situation).ok is False
