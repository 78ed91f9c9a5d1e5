"""Forms of the directory."""

from typing import Annotated, Literal

from pydantic import Field

from core.directory.rules.words import CapacityState, Problem
from core.kernel.web.forms import Form


class ReportForm(Form):
    """A visitor's report: one code."""

    problem: Problem


class EditForm(Form):
    """A new value for one field; empty clears it where that is allowed."""

    field: Annotated[str, Field(max_length=40)]
    value: Annotated[str, Field(max_length=4000)] = ""


class CapacityForm(Form):
    """`weeks` only counts with a waiting list."""

    state: CapacityState
    weeks: Annotated[int, Field(ge=0, le=104)] | None = None


class DecisionForm(Form):
    decision: Literal["accept", "decline"]


class ConfirmForm(Form):
    """Which sheet is exact: a service's identifier, or nothing for the organisation itself."""

    service: Annotated[str, Field(max_length=36)] = ""


class AddressForm(Form):
    """The confidential address of one's own organisation."""

    address: Annotated[str, Field(min_length=3, max_length=200)]
    phone: Annotated[str, Field(max_length=20)] = ""
    directions: Annotated[str, Field(max_length=400)] = ""
