"""What the guide asks: six questions at most, none about who she is, each answered from a closed list or passed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from core.api import AGE_BANDS, LANGUAGES, NEEDS

from .conditions import AGE_BAND, DANGER, MINOR, MRC, YES, YES_NO, Condition, Situation
from .conditions import LANGUAGE as LANGUAGE_SUBJECT
from .graph import Trajectory

NEEDS_NOW, AGE, PLACE, MOMENT, LANGUAGE = "needs", "age", "place", "moment", "language"
#: In the order they are asked: danger before anything else, then what changes the answer most.
ORDER: Final = (DANGER, NEEDS_NOW, AGE, PLACE, MOMENT, LANGUAGE)
#: The promise of the guide, held by the length of `ORDER`.
MOST: Final = len(ORDER)
#: The answer to any question that is not known, or that one would rather not say.
PASSED: Final = "unknown"


@dataclass(frozen=True)
class Question:
    """`options`: the codes that may be answered, in order; `many`: several at once."""

    name: str
    options: tuple[str, ...]
    many: bool = False


@dataclass(frozen=True)
class Answers:
    """What was answered so far: closed codes by question; `(PASSED,)` for one that was passed."""

    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, name: str) -> tuple[str, ...]:
        """The answer to a question; empty while it is not answered, and when it was passed."""
        return tuple(one for one in self.said.get(name, ()) if one != PASSED)

    def one(self, name: str) -> str | None:
        """The single answer to a question, or None."""
        return next(iter(self.of(name)), None)

    def answered(self, name: str) -> bool:
        """Whether the question was answered, be it by *not known*."""
        return bool(self.said.get(name))

    @property
    def danger(self) -> bool:
        """Immediate danger was said."""
        return self.one(DANGER) == YES

    @property
    def moment(self) -> str | None:
        """The moment of the trajectory she is at, when it was said."""
        return self.one(MOMENT)

    @property
    def situation(self) -> Situation:
        """The same for the rules of the trajectory."""
        return Situation(
            age_band=self.one(AGE),
            mrc=self.one(PLACE),
            danger=self.one(DANGER),
            needs=frozenset(self.of(NEEDS_NOW)),
            languages=frozenset(self.of(LANGUAGE)),
        )


def questions(
    trajectory: Trajectory, places: Sequence[str], *, ages: bool, areas: bool, languages: bool
) -> tuple[Question, ...]:
    """The questions whose answer can change something, in order; at most `MOST`.

    `places`: codes of `core.api.areas`. `ages`, `areas`, `languages`: whether a service of the trajectory says whom it
    receives, where, in which languages. Danger and needs are always asked: the first saves, the second counts.
    """
    subjects = {one.subject for one in _conditions(trajectory)}
    answering = any(answer.areas for answer in trajectory.answers)
    asked = {
        DANGER: True,
        NEEDS_NOW: True,
        AGE: ages or bool(subjects & {AGE_BAND, MINOR}),
        PLACE: len(places) > 1 and (areas or answering or MRC in subjects),
        MOMENT: len(trajectory.moments) > 1,
        LANGUAGE: languages or LANGUAGE_SUBJECT in subjects,
    }
    options: Mapping[str, Iterable[str]] = {
        DANGER: YES_NO,
        NEEDS_NOW: NEEDS,
        AGE: AGE_BANDS,
        PLACE: places,
        MOMENT: [moment.key for moment in trajectory.moments],
        LANGUAGE: LANGUAGES,
    }
    return tuple(Question(name, tuple(options[name]), many=name == NEEDS_NOW) for name in ORDER if asked[name])


def read_answers(given: Mapping[str, Collection[str]], asked: Sequence[Question]) -> Answers:
    """The answers that stand in the closed lists, without repeats; whatever else was sent is as if it had not been.

    One answer at most to a question of one; *not known* beside an answer is dropped.
    """
    said: dict[str, tuple[str, ...]] = {}
    for question in asked:
        values = set(given.get(question.name, ()))
        kept = tuple(code for code in question.options if code in values)
        if kept:
            said[question.name] = kept if question.many else kept[:1]
        elif PASSED in values:
            said[question.name] = (PASSED,)
    return Answers(said)


def next_question(asked: Sequence[Question], answers: Answers) -> Question | None:
    """The first question without an answer; None when every one has its own."""
    return next((question for question in asked if not answers.answered(question.name)), None)


def previous_question(asked: Sequence[Question], name: str) -> Question | None:
    """The question before that one; None at the first."""
    names = [question.name for question in asked]
    at = names.index(name) if name in names else 0
    return asked[at - 1] if at else None


def _conditions(trajectory: Trajectory) -> Iterable[Condition]:
    for node in trajectory.nodes:
        yield from node.conditions
    for edge in trajectory.edges:
        yield from edge.conditions
