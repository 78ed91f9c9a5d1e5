"""What is typed about meetings, minutes, decisions and what follows from them."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator

from core.committees.rules.hours import Kind
from core.committees.services.meetings import MINUTES_LENGTH
from core.kernel.i18n import N_
from core.kernel.web.forms import Form

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
WEB_ADDRESS = N_("Écrivez une adresse complète, qui commence par https://.")


class MeetingForm(Form):
    """A meeting on the network's clock. `version`: what the person had before her eyes (changes only)."""

    title: Annotated[str, StringConstraints(max_length=160)]
    day: Day
    starts: time
    ends: time
    place: Annotated[str, StringConstraints(max_length=200)] = ""
    link: Annotated[str, StringConstraints(max_length=300)] = ""
    version: int = 0

    @field_validator("link")
    @classmethod
    def _a_web_address(cls, typed: str) -> str:
        """A link that somebody will follow is a web address, never a script."""
        if typed and (not typed.startswith("https://") or any(sign.isspace() for sign in typed)):
            raise ValueError(WEB_ADDRESS)
        return typed


class AgendaForm(Form):
    """One point a line."""

    agenda: Annotated[str, StringConstraints(max_length=9000)] = ""
    version: int


class MinutesForm(Form):
    """The draft of the minutes."""

    minutes: Annotated[str, StringConstraints(max_length=MINUTES_LENGTH)] = ""
    version: int


class VersionForm(Form):
    """What the person had before her eyes."""

    version: int


class HoursForm(Form):
    """What kind of time the attendance is entered as."""

    kind: Kind = Kind.MEETING


class DecisionForm(Form):
    """A line of the register."""

    text: Annotated[str, StringConstraints(max_length=600)]
    decided_on: Day
    meeting: str | None = None
    replaces: UUID | None = None


class FollowUpForm(Form):
    """What an organisation does, by when."""

    organisation: UUID
    what: Annotated[str, StringConstraints(max_length=300)]
    due_on: Day


class DoneForm(Form):
    """Whether it is done."""

    done: bool = False
