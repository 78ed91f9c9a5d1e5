"""What people type in the pages of attendance, capsules and evaluations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from pydantic import Field

from core.api import Form

from ..rules.attendance import LONGEST, Mark
from ..services.attendance import SheetMark

#: Fields of one person on the sheet: presence, minutes late, minutes early, key of the mark, key of the mark seen.
STATE, LATE, EARLY, KEY, SEEN = "s.", "l.", "e.", "k.", "v."
PRESENT, ABSENT = "present", "absent"
_KEY_LENGTH = 64


class CheckInForm(Form):
    """The code of the screen; the work e-mail of somebody without an account."""

    code: str = Field(min_length=1, max_length=20)
    email: str = Field(default="", max_length=254)


class EmptyForm(Form):
    """A button."""


class EvaluationFormForm(Form):
    """The statements of an evaluation, one a line."""

    scale: str = Field(min_length=1, max_length=2_000)
    texts: str = Field(default="", max_length=2_000)


class HoursForm(Form):
    """Quarter hours that a trainer adds to those of a block."""

    preparation: int = Field(default=0, ge=0, le=96)
    travel: int = Field(default=0, ge=0, le=96)
    follow_up: int = Field(default=0, ge=0, le=96)


class PublishedForm(Form):
    """A printed table; the fiscal year it tells of, for those that do not say it."""

    year: str = Field(default="", pattern=r"^(\d{4}-\d{4})?$")


class CountForm(Form):
    """Whether a marked line is added."""

    counted: Literal["true", "false"]


def read_sheet_form(fields: Mapping[str, object], learners: frozenset[UUID] | None = None) -> list[SheetMark]:
    """The marks of a sheet: a person without a presence chosen has none. Malformed identifiers are left out; minutes
    that are not a number count as too many, so that the rule refuses them with its sentence."""
    marks = []
    for name, value in fields.items():
        if not name.startswith(STATE) or value not in (PRESENT, ABSENT):
            continue
        identifier = name.removeprefix(STATE)
        try:
            learner_id = UUID(identifier)
        except ValueError:
            continue
        if learners is not None and learner_id not in learners:
            continue
        late, early = (_minutes(fields.get(prefix + identifier, "")) for prefix in (LATE, EARLY))
        mark = Mark(True, late, early) if value == PRESENT else Mark(False)
        key, seen = (str(fields.get(prefix + identifier, ""))[:_KEY_LENGTH] for prefix in (KEY, SEEN))
        marks.append(SheetMark(learner_id, mark, key, seen))
    return marks


def read_answers(fields: Mapping[str, object]) -> tuple[dict[UUID, int], dict[UUID, str]]:
    """Answers of an evaluation: `a.<statement>` a step of the scale, `t.<statement>` a text."""
    steps: dict[UUID, int] = {}
    texts: dict[UUID, str] = {}
    for name, value in fields.items():
        kind, _, identifier = name.partition(".")
        said = str(value).strip()
        if kind not in ("a", "t") or not said:
            continue
        try:
            question_id = UUID(identifier)
        except ValueError:
            continue
        if kind == "t":
            texts[question_id] = said
        elif said.isascii() and said.isdecimal() and len(said) == 1:
            steps[question_id] = int(said)
    return steps, texts


def _minutes(said: object) -> int:
    text = str(said).strip()
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else LONGEST + 1
