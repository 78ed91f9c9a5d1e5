"""Evaluations of trainings on the four-point scale, and when their results may be read. Pure.

Anonymous by construction: an answer is one more in a count, never a row. Counts are shown once, at the closing, and
from five people: counts shown after each answer would tell the newest one by subtraction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

#: Fewer people than this never make a result (network rules §4: small cells).
LEAST: Final = 5
#: Days after the last block during which people may answer, unless the trainer closes before.
OPEN_DAYS: Final = 14
TEXT_LENGTH: Final = 800
QUESTION_LENGTH: Final = 160
#: The scale of the printed evaluations, lowest first.
SCALE: Final = ("Pas du tout", "Un peu", "Oui", "Beaucoup")

TOO_FEW: Final = "Moins de %(least)s personnes ont répondu : rien n’est montré, pour que personne ne soit reconnue."
STILL_OPEN: Final = (
    "Les résultats se lisent une fois l’évaluation fermée, le %(day)s au plus tard : montrés après chaque réponse, ils "
    "diraient qui vient de répondre."
)
ALREADY: Final = "Vous avez déjà répondu. Une réponse ne se retrouve pas : elle ne se change donc pas."
CLOSED: Final = "L’évaluation est fermée."
NOT_OPEN: Final = "L’évaluation s’ouvre au dernier bloc de la formation."
NOTHING: Final = "Répondez à au moins un énoncé."


class Kind(StrEnum):
    """A question is answered on the scale or in words."""

    SCALE = "scale"
    TEXT = "text"


#: What is asked while a version has no form of its own: the four statements that every printed meeting shared.
DEFAULT_FORM: Final[tuple[tuple[Kind, str], ...]] = (
    (Kind.SCALE, "L’information était facile à comprendre"),
    (Kind.SCALE, "Le thème est utile dans mon travail"),
    (Kind.SCALE, "J’ai appris de nouvelles choses"),
    (Kind.SCALE, "Je recommanderais cette formation"),
    (Kind.TEXT, "Ce que vous voulez ajouter, sans nommer personne"),
)


class Standing(StrEnum):
    """Where a session's evaluation stands."""

    BEFORE = "before"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class Reading:
    """Whether results may be read; otherwise why not, in French source text filled by `values`."""

    may: bool
    why: str = ""
    values: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Line:
    """One statement as it is shown: percentages of its answers (they add up to 100), None when there are too few."""

    question: str
    answers: int
    shares: tuple[int, ...] | None


def standing(last_starts: datetime, last_ends: datetime, closed_at: datetime | None, now: datetime) -> Standing:
    """`last_starts`, `last_ends`: of the session's last block. It opens with that block."""
    if closed_at is not None or now >= closes_at(last_ends):
        return Standing.CLOSED
    return Standing.OPEN if now >= last_starts else Standing.BEFORE


def closes_at(last_ends: datetime) -> datetime:
    """When an evaluation closes by itself."""
    return last_ends + timedelta(days=OPEN_DAYS)


def reading(state: Standing, sent: int) -> Reading:
    """Whether results of `sent` people may be read: closed for good, and enough of them."""
    if state is not Standing.CLOSED:
        return Reading(False, STILL_OPEN)
    return Reading(True) if sent >= LEAST else Reading(False, TOO_FEW, {"least": LEAST})


def line(question: str, counts: Sequence[int]) -> Line:
    """A statement's line: each statement needs `LEAST` answers of its own, since one may be skipped."""
    total = sum(counts)
    return Line(question, total, percentages(counts) if total >= LEAST else None)


def percentages(counts: Sequence[int]) -> tuple[int, ...]:
    """Whole percentages that add up to 100: the largest remainders are rounded up, the higher step first among equals.

    (0, 1, 3, 6) of ten is (0, 10, 30, 60); thirds are 33, 33 and 34.
    """
    total = sum(counts)
    if total == 0:
        return tuple(0 for _ in counts)
    floors = [count * 100 // total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda at: (counts[at] * 100 % total, at), reverse=True)
    for at in by_remainder[: 100 - sum(floors)]:
        floors[at] += 1
    return tuple(floors)


def satisfied(counts: Sequence[int]) -> int:
    """Answers of the two upper steps."""
    return sum(counts[2:])
