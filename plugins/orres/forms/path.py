"""What is sent about a woman's path: closed codes only, no free text."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from core.api import Form, Modality

from ..rules.path import Status

Key = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class StepForm(Form):
    """A step and what is said of it. `seen`: what the page showed; `back`: which page to go back to."""

    step: Key
    said: Status
    seen: Status | Literal[""] = ""
    back: Literal["", "reference"] = ""


class UndoForm(Form):
    """The last thing said of a step is taken back."""

    step: Key
    back: Literal["", "reference"] = ""


class ShowForm(Form):
    """Her agreement, read with her."""

    other: UUID
    wording: Annotated[str, StringConstraints(max_length=64)] = ""
    attestation: list[str] = Field(default_factory=list)
    modality: Modality = Modality.SPOKEN


class StopForm(Form):
    """With whom she stops it."""

    other: UUID
