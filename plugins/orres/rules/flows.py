"""Where references go, by type of partner, by moment and by territory, and where they stop. Pure.

Everything here is exact. What the network's report hides is decided by the core, on all the tables of the plugin
together; what the core cannot know is settled here first, by leaving a line without its counts:

- an organisation reads its own references exactly and may subtract them: a line is left out where that would leave
  from one to four to the others (`is_few`);
- the moment of a reference follows from its needs, and the core publishes how many name each need: a line is left out
  where one of these numbers less the line, or less all the lines up to it, would be small; and where these numbers
  together, less the lines, would say that a few name several needs.

A reference belongs to one moment: the first, in the order of the trajectory, that answers one of its needs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import sub
from typing import Final
from uuid import UUID

from core.api import FlowFact, is_few

from .graph import Trajectory

#: The line of references that no moment of the version in force answers.
OUTSIDE: Final = ""
CALACS: Final = "calacs"

Split = tuple[int, ...]
"""The numbers of one line, which never overlap."""


@dataclass(frozen=True)
class Step:
    """One step that ended with its path, in codes: `minutes` from the path's beginning, coarse."""

    node: str
    holder: UUID
    status: str
    minutes: int
    number: int


@dataclass(frozen=True)
class FlowLine:
    """One line: its code, its counts or None where they are left out, and the lengths of its waits."""

    code: str
    counts: Split | None
    measured: Mapping[int, int]
    held: tuple[Mapping[int, int], ...] = ()


def moment_of(trajectory: Trajectory | None, needs: Collection[str]) -> str:
    """The first moment that answers one of these needs; `OUTSIDE` when none does."""
    for moment, answered in needs_of(trajectory):
        if answered.intersection(needs):
            return moment
    return OUTSIDE


def needs_of(trajectory: Trajectory | None) -> tuple[tuple[str, frozenset[str]], ...]:
    """Each moment with the needs that it answers, by itself or by one of its steps, in order."""
    if trajectory is None:
        return ()
    return tuple(
        (moment.key, frozenset(moment.needs).union(*(step.needs for step in trajectory.steps_of(moment.key))))
        for moment in trajectory.moments
    )


def between(facts: Sequence[FlowFact], origins: Iterable[str]) -> tuple[FlowLine, ...]:
    """By type of partner that referred: to a CALACS, to another organisation."""
    return _lines(
        facts, tuple(origins), lambda fact: fact.origin, _holders(facts), lambda fact: fact.recipient == CALACS
    )


def by_moment(facts: Sequence[FlowFact], trajectory: Trajectory | None) -> tuple[FlowLine, ...]:
    """By moment, however they ended. The last line is outside the trajectory."""
    return _moments(facts, trajectory, facts)


def left_by_moment(facts: Sequence[FlowFact], trajectory: Trajectory | None) -> tuple[FlowLine, ...]:
    """By moment: ended without being taken. Beside `by_moment`, each leaves the number of those that were taken, which
    is a count like another."""
    lines = _moments([fact for fact in facts if not fact.taken], trajectory, facts)
    taken = _moments([fact for fact in facts if fact.taken], trajectory, facts)
    return tuple(
        one if other.counts is not None and not is_few(other.counts) else replace(one, counts=None)
        for one, other in zip(lines, taken, strict=True)
    )


def by_area(facts: Sequence[FlowFact], areas: Iterable[str]) -> tuple[FlowLine, ...]:
    """By territory: lengths alone; their numbers are in the report already."""
    return _lines(facts, tuple(areas), lambda fact: fact.area, _holders(facts), None)


def by_step(steps: Sequence[Step], keys: Iterable[str]) -> tuple[FlowLine, ...]:
    """By step of the version in force: done, begun and left there. Steps that were not for her are not waited for."""
    kept = [one for one in steps if one.status != "not_for_her"]
    facts = [FlowFact("", "", one.holder, one.node, (), one.status == "done", one.minutes, one.number) for one in kept]
    return _lines(facts, tuple(keys), lambda fact: fact.area, _holders(facts), lambda fact: fact.taken)


def stalls(whole: int | None, left: int | None, minutes: int | None, expected_hours: int | None) -> frozenset[str]:
    """Why references stop at a line, from what is shown of it: `late` (half wait longer than expected), `left` (one in
    three or more ends there). Nothing hidden is read: None is a number that is not shown."""
    found = set()
    if minutes is not None and expected_hours is not None and minutes > expected_hours * 60:
        found.add("late")
    if whole and left is not None and left * 3 >= whole:
        found.add("left")
    return frozenset(found)


def _moments(
    kept: Sequence[FlowFact], trajectory: Trajectory | None, facts: Sequence[FlowFact]
) -> tuple[FlowLine, ...]:
    """`kept` by moment, for the holders of all the `facts`."""
    moments = needs_of(trajectory)
    codes = (*(code for code, _needs in moments), OUTSIDE)
    holders = _holders(facts)
    told = _told_by_needs(kept, moments, trajectory)
    lines = _lines(kept, codes, lambda fact: moment_of(trajectory, fact.needs), holders, None)
    return tuple(replace(one, counts=None) if one.code in told else one for one in lines)


def _lines(
    facts: Sequence[FlowFact],
    codes: tuple[str, ...],
    line_of: Callable[[FlowFact], str],
    holders: Sequence[UUID],
    first: Callable[[FlowFact], bool] | None,
) -> tuple[FlowLine, ...]:
    """Every code, in order, whether anything is there or not: a missing line would tell. `first` None: one number."""
    found = []
    for code in codes:
        mine = [fact for fact in facts if line_of(fact) == code]
        each = [[fact for fact in mine if fact.holder == holder] for holder in holders]
        whole, held = _split(mine, first), [_split(own, first) for own in each]
        # What a holder is left with, number by number
        tells = any(is_few([_NOBODY, *(count - own[side] for own in held)]) for side, count in enumerate(whole))
        found.append(FlowLine(code, None if tells else whole, _measured(mine), tuple(_measured(own) for own in each)))
    return tuple(found)


#: A count that is no secret: small ones of everybody are the core's to hide.
_NOBODY: Final = 1_000_000


def _told_by_needs(
    facts: Sequence[FlowFact], moments: Sequence[tuple[str, frozenset[str]]], trajectory: Trajectory | None
) -> frozenset[str]:
    """Moments whose number, beside those of needs that the report shows, would give a small one back."""
    placed = [(fact, moment_of(trajectory, fact.needs)) for fact in facts]
    # Everybody, then what is left when each holder subtracts her own
    views = [placed, *([one for one in placed if one[0].holder != own] for own in sorted({f.holder for f in facts}))]
    hidden: set[str] = set()
    for place, (code, needs) in enumerate(moments):
        upto = {one for one, _needs in moments[: place + 1]}
        named = frozenset[str]().union(*(each for _one, each in moments[: place + 1]))
        here = [sum(fact.number for fact, moment in view if moment == code) for view in views]
        so_far = [sum(fact.number for fact, moment in view if moment in upto) for view in views]
        # How often their needs are named, more than once by whoever names several: less the lines, how many do
        twice = [sum(fact.number * len(named.intersection(fact.needs)) for fact, _moment in view) for view in views]
        # That nobody does is said of nobody
        if any(is_few([_NOBODY, one]) for one in map(sub, twice, so_far)):
            hidden.add(code)
        for need in sorted(named):
            asked = [sum(fact.number for fact, _moment in view if need in fact.needs) for view in views]
            inside = needs == {need} and place and is_few(map(sub, asked, here))
            around = named != {need} and is_few(map(sub, so_far, asked))
            if inside or around:
                hidden.add(code)
    return frozenset(hidden)


def _split(facts: Iterable[FlowFact], first: Callable[[FlowFact], bool] | None) -> Split:
    one = other = 0
    for fact in facts:
        if first is None or first(fact):
            one += fact.number
        else:
            other += fact.number
    return (one,) if first is None else (one, other)


def _holders(facts: Iterable[FlowFact]) -> list[UUID]:
    return sorted({fact.holder for fact in facts}, key=str)


def _measured(facts: Iterable[FlowFact]) -> dict[int, int]:
    found: dict[int, int] = {}
    for fact in facts:
        if fact.minutes is not None:
            found[fact.minutes] = found.get(fact.minutes, 0) + fact.number
    return found
