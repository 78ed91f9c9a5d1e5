"""What people type in a clinical exchange and in an upkeep campaign."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from core.api import AgeBand, Form

from ..rules.exchange import MOST_QUARTERS, LessonState, Target

#: Tokens of findings said not to be a person.
Tokens = Annotated[list[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]], Field(max_length=60)]


class VignetteForm(Form):
    """A vignette, in the order of its page. `version`: when it is written otherwise."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    age_band: AgeBand
    area: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    since: Literal["now", "weeks", "months", "year", "long"]
    needs: Annotated[list[Annotated[str, StringConstraints(max_length=30)]], Field(min_length=1, max_length=14)]
    story: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    question: Annotated[str, StringConstraints(min_length=1, max_length=600)]
    reader: UUID
    not_person: Tokens = Field(default_factory=list)
    version: int = 0


class ActForm(Form):
    """An act on the version that was read."""

    version: int


class ReturnForm(Form):
    """What could tell who she is."""

    version: int
    remark: Annotated[str, StringConstraints(min_length=1, max_length=600)]
    not_person: Tokens = Field(default_factory=list)


class NoteForm(Form):
    """A note of the discussion."""

    note: Annotated[str, StringConstraints(min_length=1, max_length=1200)]
    not_person: Tokens = Field(default_factory=list)


class NoteBackForm(Form):
    """A note that its author takes back."""

    note_id: UUID


class LessonForm(Form):
    """A lesson; `service`, `field` and `value` are for a sheet of the directory."""

    target: Target
    lesson: Annotated[str, StringConstraints(min_length=1, max_length=800)]
    service: Annotated[str, StringConstraints(max_length=40)] = ""
    field: Annotated[str, StringConstraints(max_length=30)] = ""
    value: Annotated[str, StringConstraints(max_length=1000)] = ""
    not_person: Tokens = Field(default_factory=list)


class HoursForm(Form):
    """Time given to an exchange, in quarter hours."""

    quarter_hours: Annotated[int, Field(ge=1, le=MOST_QUARTERS)]


class MoveForm(Form):
    """What becomes of a lesson; `seen`: its state on the page; `version`: the draft it joins."""

    state: LessonState
    seen: LessonState
    version: int | None = None


class SheetForm(Form):
    """A sheet: empty for the organisation's own."""

    service: Annotated[str, StringConstraints(max_length=40)] = ""


class CorrectForm(Form):
    """A field's new value, empty to say nothing there; `exact`: the rest of the sheet is exact."""

    field: Annotated[str, StringConstraints(min_length=1, max_length=30)]
    value: Annotated[str, StringConstraints(max_length=4000)] = ""
    exact: bool = False


class DatesForm(Form):
    """Days of a campaign, both included."""

    number: int
    edits: int
    opens_on: date
    closes_on: date
