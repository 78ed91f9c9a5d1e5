"""What the chair and the coordination type about seats and mandates."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from core.committees.rules.terms import SeatRole
from core.kernel.web.forms import Form

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]


class SeatForm(Form):
    """A seat. Without a person it is vacant; without an end it lasts until further notice."""

    organisation: UUID
    person: UUID | None = None
    substitute: UUID | None = None
    role: SeatRole
    voting: bool = False
    starts_on: Day
    ends_on: Day | None = None


class MandateForm(Form):
    """What the committee is for, and from when to when."""

    mandate: Annotated[str, StringConstraints(max_length=2000)] = ""
    mandate_from: Day | None = None
    mandate_until: Day | None = None
