"""Where a woman is on the trajectory, as one organisation may see it. Pure.

What an organisation sees is worked out from what it may see and from nothing else: its own marks, those of an
organisation that she agreed should show it theirs, the version in force (which every partner reads), and the situation
that its own reference tells it. A mark it may not see is taken away before anything is decided, so that no step moves,
closes or disappears because of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from .conditions import Situation, held
from .graph import Node, Trajectory


class Status(StrEnum):
    """What an organisation says of a step."""

    BEGUN = "begun"
    DONE = "done"
    NOT_FOR_HER = "not_for_her"


STATUSES: Final[Mapping[str, str]] = {
    Status.BEGUN.value: "En cours",
    Status.DONE.value: "Faite",
    Status.NOT_FOR_HER.value: "Pas pour elle",
}
#: What the buttons say.
ACTS: Final[Mapping[str, str]] = {
    Status.BEGUN.value: "Commencer",
    Status.DONE.value: "Faite",
    Status.NOT_FOR_HER.value: "Pas pour elle",
}
#: Settled: nothing more is expected of the step.
SETTLED: Final = frozenset({Status.DONE, Status.NOT_FOR_HER})
#: Steps that come next, at most: a list to act on, not the whole trajectory again.
MOST_NEXT: Final = 6


@dataclass(frozen=True)
class Mark:
    """What one organisation says of one step; `before`: what it said before, for *Annuler*. `at`: aware UTC."""

    organisation: UUID
    node: str
    status: Status
    at: datetime
    before: Status | None = None


@dataclass(frozen=True)
class Reader:
    """Who looks. `disclosers`: organisations whose steps she agreed to show this one, by a consent in force now."""

    organisation: UUID
    disclosers: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class StepShown:
    """One step. `marks`: what this reader may see of it, latest first. `leads`: services responsible there, by the
    version in force and her territory; none where the step is marked, since whoever marked it is responsible."""

    node: Node
    marks: tuple[Mark, ...] = ()
    leads: tuple[UUID, ...] = ()

    @property
    def status(self) -> Status | None:
        """What is said last; None: nothing yet."""
        return self.marks[0].status if self.marks else None

    def own(self, organisation: UUID) -> Mark | None:
        """What that organisation itself said."""
        return next((one for one in self.marks if one.organisation == organisation), None)


@dataclass(frozen=True)
class PathShown:
    """`here`: the moment she is at; None: not known. `elsewhere`: marks of steps that the version in force has no
    more; they keep their organisation and their day, and lose their name."""

    here: Node | None
    done: tuple[StepShown, ...]
    begun: tuple[StepShown, ...]
    not_for_her: tuple[StepShown, ...]
    next: tuple[StepShown, ...]
    elsewhere: tuple[Mark, ...] = ()

    @property
    def organisations(self) -> frozenset[UUID]:
        """Whose marks are shown."""
        steps = (*self.done, *self.begun, *self.not_for_her, *self.next)
        return frozenset(mark.organisation for step in steps for mark in step.marks) | {
            mark.organisation for mark in self.elsewhere
        }

    @property
    def services(self) -> frozenset[UUID]:
        """Services named as responsible for what comes next."""
        return frozenset(service for step in self.next for service in step.leads)


def visible(marks: Iterable[Mark], reader: Reader) -> tuple[Mark, ...]:
    """The marks this reader may see: its own, and those of an organisation she agreed should show it. Latest first."""
    seen = [one for one in marks if one.organisation == reader.organisation or one.organisation in reader.disclosers]
    return tuple(sorted(seen, key=lambda one: (one.at, one.node, str(one.organisation)), reverse=True))


def fits(node: Node, situation: Situation) -> bool:
    """Whether a step may concern her: what is not known yet never leaves it out, a need that she did not name does."""
    if held(node.conditions, situation).ok is False:
        return False
    return not node.needs or not situation.needs or bool(situation.needs.intersection(node.needs))


def path_shown(trajectory: Trajectory | None, situation: Situation, marks: Iterable[Mark], reader: Reader) -> PathShown:
    """What this reader sees of her path on the version in force (None: nothing is published)."""
    seen = visible(marks, reader)
    by_node: dict[str, list[Mark]] = {}
    for mark in seen:
        by_node.setdefault(mark.node, []).append(mark)
    steps = () if trajectory is None else _steps(trajectory)
    known = {step.key for step in steps}
    marked = tuple(StepShown(node, tuple(by_node[node.key])) for node in steps if node.key in by_node)
    here = None if trajectory is None else _here(trajectory, situation, seen, by_node)
    following = () if trajectory is None else _next(trajectory, situation, by_node, here)
    return PathShown(
        here,
        done=tuple(one for one in marked if one.status is Status.DONE),
        begun=tuple(one for one in marked if one.status is Status.BEGUN),
        not_for_her=tuple(one for one in marked if one.status is Status.NOT_FOR_HER),
        next=following,
        elsewhere=tuple(mark for mark in seen if mark.node not in known),
    )


def may_mark(trajectory: Trajectory | None, key: str) -> Node | None:
    """The step of the version in force that may be marked; None for a moment, or for what this version has not."""
    node = None if trajectory is None else trajectory.node(key)
    return node if node is not None and node.moment is not None else None


def after(mark: Mark | None, said: Status) -> Status | None:
    """What is kept as *before* when `said` replaces a mark: what was said, unless it is the same."""
    if mark is None:
        return None
    return mark.before if mark.status is said else mark.status


def _steps(trajectory: Trajectory) -> tuple[Node, ...]:
    return tuple(step for moment in trajectory.moments for step in trajectory.steps_of(moment.key))


def _here(
    trajectory: Trajectory, situation: Situation, seen: tuple[Mark, ...], by_node: Mapping[str, Collection[Mark]]
) -> Node | None:
    """The moment of what began last; else that of the last step settled while something is left there; else the first
    moment, from there on, where a step that fits is left."""
    for wanted in (frozenset({Status.BEGUN}), frozenset({Status.DONE})):
        for mark in seen:
            step = trajectory.node(mark.node)
            if mark.status in wanted and step is not None and step.moment is not None:
                moment = trajectory.node(step.moment)
                if mark.status is Status.BEGUN or _left(trajectory, situation, by_node, step.moment):
                    return moment
    reached = [one for one in (trajectory.node(mark.node) for mark in seen) if one is not None]
    order = {moment.key: place for place, moment in enumerate(trajectory.moments)}
    first = max((order.get(step.moment or "", 0) for step in reached), default=0)
    for moment in trajectory.moments[first:]:
        if fits(moment, situation) and _left(trajectory, situation, by_node, moment.key):
            return moment
    return None


def _left(
    trajectory: Trajectory, situation: Situation, by_node: Mapping[str, Collection[Mark]], moment: str
) -> tuple[Node, ...]:
    """Steps of a moment that may concern her and of which nothing is said."""
    return tuple(step for step in trajectory.steps_of(moment) if step.key not in by_node and fits(step, situation))


def _next(
    trajectory: Trajectory, situation: Situation, by_node: Mapping[str, Collection[Mark]], here: Node | None
) -> tuple[StepShown, ...]:
    """What is left where she is, then in the moments that passages lead to from there or from its steps."""
    if here is None:
        return ()
    left = list(_left(trajectory, situation, by_node, here.key))
    for source in (here.key, *(step.key for step in trajectory.steps_of(here.key))):
        for edge in trajectory.following(source):
            target = trajectory.node(edge.target)
            if target is None or held(edge.conditions, situation).ok is False:
                continue
            moment = target.moment or target.key
            if moment != here.key and fits(trajectory.node(moment) or target, situation):
                left += _left(trajectory, situation, by_node, moment)
    chosen = tuple(dict.fromkeys(left))[:MOST_NEXT]
    return tuple(StepShown(step, leads=_leads(trajectory, step, situation)) for step in chosen)


def _leads(trajectory: Trajectory, step: Node, situation: Situation) -> tuple[UUID, ...]:
    """Services responsible at a step, or at its moment when the step names none, for her territory."""
    for key in (step.key, step.moment or ""):
        found = tuple(
            answer.service_id
            for answer in trajectory.answers_of(key)
            if answer.role == "lead" and (not answer.areas or situation.mrc is None or situation.mrc in answer.areas)
        )
        if found:
            return found
    return ()
