"""What a version adds, removes and changes, readable; and the same changes made again over another version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal

from .graph import MOMENT, Answer, Edge, Node, Trajectory

Kind = Literal["added", "removed", "changed"]
KINDS: Final[Mapping[str, str]] = {"added": "Ajouté", "removed": "Retiré", "changed": "Changé"}
WHAT: Final[Mapping[str, str]] = {
    "moment": "Moments",
    "step": "Étapes",
    "edge": "Passages",
    "answer": "Services qui répondent",
}
#: What may change of a part, in the order it is said.
FIELDS: Final[Mapping[str, str]] = {
    "title": "Titre",
    "title_en": "Titre en anglais",
    "summary": "Résumé",
    "moment": "Moment",
    "position": "Ordre",
    "needs": "Besoins",
    "delay_hours": "Délai attendu",
    "conditions": "Conditions",
    "role": "Rôle",
    "areas": "Territoires",
}
Part = Node | Edge | Answer
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Detail:
    """One field of a part: a code of `FIELDS`, its value before and after, as the part holds it."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Difference:
    """One part that a version adds, removes or changes. `before` is None when added, `after` when removed."""

    kind: Kind
    what: str
    before: Part | None
    after: Part | None
    details: tuple[Detail, ...] = ()

    @property
    def part(self) -> Part:
        """The part as it is now, else as it was."""
        found = self.after if self.after is not None else self.before
        assert found is not None
        return found


@dataclass(frozen=True)
class Redone:
    """A draft made again over another version. `clashes`: what both changed, where the other version's stays."""

    content: Trajectory
    clashes: tuple[Difference, ...]


def differences(before: Trajectory | None, after: Trajectory) -> tuple[Difference, ...]:
    """Every difference, by kind of part, then in the order of the version. `before` None: all of it is added."""
    olds = {} if before is None else parts_of(before)
    news = parts_of(after)
    found: list[Difference] = []
    for key, new in news.items():
        old = olds.get(key)
        if old is None:
            found.append(Difference("added", what_of(new), None, new))
        elif old != new:
            found.append(Difference("changed", what_of(new), old, new, _details(old, new)))
    found += [Difference("removed", what_of(old), old, None) for key, old in olds.items() if key not in news]
    order = list(WHAT)
    return tuple(sorted(found, key=lambda one: order.index(one.what)))


def parts_of(content: Trajectory) -> dict[Key, Part]:
    """Every part under a key that stays from a version to the next."""
    found: dict[Key, Part] = {("node", one.key): one for one in content.nodes}
    found |= {("edge", one.source, one.target): one for one in content.edges}
    found |= {("answer", one.node, one.service_id): one for one in content.answers}
    return found


def what_of(part: Part) -> str:
    """A code of `WHAT`."""
    if isinstance(part, Node):
        return "moment" if part.kind == MOMENT else "step"
    return "edge" if isinstance(part, Edge) else "answer"


def made_again(base: Trajectory | None, theirs: Trajectory, ours: Trajectory) -> Redone:
    """The changes from `base` to `ours` over `theirs`. A part that both changed differently stays as in `theirs` and is
    a clash; so is a part of ours that hangs on what `theirs` removed."""
    olds = {} if base is None else parts_of(base)
    there, here = parts_of(theirs), parts_of(ours)
    made: dict[Key, Part] = {}
    clashes: list[Difference] = []
    for key in {**there, **here}:
        old, their, our = olds.get(key), there.get(key), here.get(key)
        kept = their if our == old else our
        if our != old and their not in (old, our):
            kept = their
            clashes.append(_clash(their, our))
        if kept is not None:
            made[key] = kept
    content = _assembled(ours, made)
    kept_parts = parts_of(content)
    loose = [one for key, one in made.items() if key not in kept_parts]
    return Redone(content, (*clashes, *(Difference("removed", what_of(one), one, None) for one in loose)))


def _clash(their: Part | None, our: Part | None) -> Difference:
    """From what stays (theirs) to what the draft wanted."""
    if their is None or our is None:
        kept = their if their is not None else our
        assert kept is not None
        return Difference("removed" if our is None else "added", what_of(kept), their, our)
    return Difference("changed", what_of(our), their, our, _details(their, our))


def _assembled(ours: Trajectory, made: Mapping[Key, Part]) -> Trajectory:
    """Without what hangs on nothing. Titles and state are the draft's."""
    nodes = tuple(one for one in made.values() if isinstance(one, Node))
    moments = {one.key for one in nodes if one.kind == MOMENT}
    nodes = tuple(one for one in nodes if one.kind == MOMENT or one.moment in moments)
    known = {one.key for one in nodes}
    edges = (one for one in made.values() if isinstance(one, Edge))
    answers = (one for one in made.values() if isinstance(one, Answer))
    return replace(
        ours,
        nodes=nodes,
        edges=tuple(one for one in edges if one.source in known and one.target in known),
        answers=tuple(one for one in answers if one.node in known),
    )


def _details(old: Part, new: Part) -> tuple[Detail, ...]:
    changed = {
        one.name for one in fields(new) if one.name in FIELDS and getattr(old, one.name) != getattr(new, one.name)
    }
    return tuple(Detail(name, getattr(old, name), getattr(new, name)) for name in FIELDS if name in changed)
