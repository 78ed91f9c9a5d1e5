"""What is typed about versions of the trajectory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from core.api import Form

from ..rules.conditions import Condition
from ..rules.editing import NodeText

Title = Annotated[str, StringConstraints(min_length=1, max_length=120)]
MaybeTitle = Annotated[str, StringConstraints(max_length=120)]
#: Real hours: at most ninety days.
Hours = Annotated[int, Field(ge=1, le=2160)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Mark = Annotated[str, StringConstraints(max_length=16)]
Code = Annotated[str, StringConstraints(max_length=24)]


class ConditionsForm(Form):
    """One list of codes for each subject of the closed vocabulary."""

    age_band: list[Code] = Field(default_factory=list)
    mrc: list[Code] = Field(default_factory=list)
    danger: list[Code] = Field(default_factory=list)
    minor: list[Code] = Field(default_factory=list)
    need: list[Code] = Field(default_factory=list)
    language: list[Code] = Field(default_factory=list)
    mark: Mark = ""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What is ticked, one condition a box."""
        named: tuple[tuple[str, Iterable[str]], ...] = (
            ("age_band", self.age_band),
            ("mrc", self.mrc),
            ("danger", self.danger),
            ("minor", self.minor),
            ("need", self.need),
            ("language", self.language),
        )
        return tuple(Condition(subject, value) for subject, values in named for value in values)


class NodeForm(ConditionsForm):
    """A moment or a step. `mark`: of the node as it was read."""

    title: Title
    title_en: MaybeTitle = ""
    summary: Annotated[str, StringConstraints(max_length=400)] = ""
    needs: list[Code] = Field(default_factory=list)
    delay_hours: Hours | None = None

    @property
    def text(self) -> NodeText:
        """The same for the rules."""
        return NodeText(self.title, self.title_en, self.summary, tuple(self.needs), self.delay_hours, self.conditions)


class NewNodeForm(Form):
    """A new moment, or a step of `moment`."""

    new_title: Title
    new_title_en: MaybeTitle = ""
    moment: Annotated[str, StringConstraints(max_length=60)] = ""


class EdgeForm(Form):
    """A new passage."""

    source: Key
    target: Key


class AnswerForm(Form):
    """A service that answers. `areas` blank: wherever the directory says it goes."""

    role: Literal["lead", "support", "information"]
    areas: list[Code] = Field(default_factory=list)
    delay_hours: Hours | None = None
    mark: Mark = ""


class VersionForm(Form):
    """What a version is called, and why it exists."""

    version_title: Annotated[str, StringConstraints(min_length=1, max_length=160)]
    note: Annotated[str, StringConstraints(max_length=600)] = ""


class CountForm(Form):
    """The count of changes that the page showed."""

    edits: Annotated[int, Field(ge=0)]


class ProposeForm(CountForm):
    """`knowing`: who proposes has read what is not mended."""

    knowing: bool = False


class PlaceForm(Form):
    """One place up or down."""

    to: Literal["up", "down"]
