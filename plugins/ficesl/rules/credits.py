"""Quizzes of self-paced capsules, and the hours of trainers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

#: Days after which attempts used up come back: one may learn, then try again.
REST_DAYS: Final = 7
QUARTER: Final = 15
MOST_CHOICES: Final = 6
QUESTION_LENGTH: Final = 300
CHOICE_LENGTH: Final = 160

ATTEMPTS_LEFT: Final = "Il reste %(left)s essais sur %(most)s."
USED_UP: Final = (
    "Les %(most)s essais sont utilisés. Revoyez la capsule : d’autres essais s’ouvrent le %(day)s, ou inscrivez-vous à "
    "une séance."
)
UNLIMITED: Final = "Le nombre d’essais n’est pas limité."
NOT_ALL_ANSWERED: Final = "Répondez à toutes les questions."

#: What a trainer's time went to, beside training itself: code of the committees' hours -> words.
WORK: Final[Mapping[str, str]] = {
    "facilitation": "Animation",
    "preparation": "Préparation",
    "travel": "Transport",
    "follow_up": "Retour",
}


@dataclass(frozen=True)
class Chances:
    """Whether one may try now, and why: French source text filled by `values`. `opens_at`: when attempts come back."""

    may: bool
    why: str
    values: Mapping[str, object] = field(default_factory=dict)
    opens_at: datetime | None = None
    #: The number of the next attempt.
    number: int = 1


@dataclass(frozen=True)
class Question:
    """One question of a quiz: `answer` is the index of the right choice."""

    text: str
    choices: tuple[str, ...]
    answer: int


def chances(attempts: Sequence[datetime], most: int | None, now: datetime) -> Chances:
    """Whether another attempt may begin. `attempts`: when those already made were, oldest first; `most`: None without
    limit.

    Attempts count by rounds of `most`; once a round is used up, the next one opens `REST_DAYS` after its last attempt.
    """
    number = len(attempts) + 1
    if most is None:
        return Chances(True, UNLIMITED, number=number)
    used = len(attempts) % most
    if attempts and used == 0:
        opens_at = attempts[-1] + timedelta(days=REST_DAYS)
        if now < opens_at:
            return Chances(False, USED_UP, {"most": most}, opens_at, number)
    return Chances(True, ATTEMPTS_LEFT, {"left": most - used, "most": most}, number=number)


def score(questions: Sequence[Question], answers: Sequence[int]) -> int:
    """Percent of right answers, rounded down: 2 of 3 is 66, so that a pass of 67 is not reached. Raises ValueError when
    the numbers of questions and of answers differ."""
    if not questions or len(questions) != len(answers):
        raise ValueError("one answer per question")
    right = sum(question.answer == answer for question, answer in zip(questions, answers, strict=True))
    return right * 100 // len(questions)


def read_choices(text: str) -> tuple[tuple[str, ...], int] | None:
    """Choices typed one a line, the right one marked by `*`: the choices and its index. None when they are not two to
    six different ones with exactly one marked."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    right = [index for index, line in enumerate(lines) if line.startswith("*")]
    plain = tuple(" ".join(line.removeprefix("*").split()) for line in lines)
    if not 2 <= len(plain) <= MOST_CHOICES or len(right) != 1 or len(set(plain)) != len(plain):
        return None
    return (plain, right[0]) if all(plain) and all(len(one) <= CHOICE_LENGTH for one in plain) else None


def written_choices(question: Question) -> str:
    """The same choices as they are typed."""
    return "\n".join(("*" if index == question.answer else "") + one for index, one in enumerate(question.choices))


def quarter_hours(minutes: int) -> int:
    """Quarter hours begun: the committees' hours know no smaller part (50 minutes of training are one hour)."""
    return -(-minutes // QUARTER)
