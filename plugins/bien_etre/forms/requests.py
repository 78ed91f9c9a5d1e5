"""What people type about a request. Amounts are read by the page, with the setting's limit."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from core.api import AgeBand, BallotForm, Form, Modality

from ..rules.requests import Category, Lafu, Payment

Required = Annotated[str, StringConstraints(min_length=1, max_length=800)]
Optional = Annotated[str, StringConstraints(max_length=800)]
#: Tokens of findings said not to be a person.
Tokens = Annotated[list[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]], Field(max_length=40)]


class RequestForm(Form):
    """A request, in the order of its page: errors are listed in that order. `attestation`, `modality`, `wording`: only
    with a referral."""

    reference: Annotated[str, StringConstraints(max_length=12)] = ""
    wording: Annotated[str, StringConstraints(max_length=64)] = ""
    category: Category
    amount: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    why_now: Required
    needed_by: date
    age_band: AgeBand
    area: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    lafu: Lafu
    lafu_since: date | None = None
    lafu_detail: Optional = ""
    tried: Optional = ""
    payment: Payment
    urgent: bool = False
    attestation: list[str] = Field(default_factory=list)
    modality: Modality = Modality.SPOKEN
    not_person: Tokens = Field(default_factory=list)


class VoteForm(BallotForm):
    """A ballot, with findings of its reason said not to be a person."""

    not_person: Tokens = Field(default_factory=list)


class AskForm(Form):
    """A question of the committee."""

    question: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    not_person: Tokens = Field(default_factory=list)


class AnswerForm(Form):
    """The requester's answer."""

    question_id: UUID
    answer: Annotated[str, StringConstraints(min_length=1, max_length=800)]
    not_person: Tokens = Field(default_factory=list)


class AmountForm(Form):
    """Another amount, for the version that was read."""

    version: int
    new_amount: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class VersionForm(Form):
    """An act on the version that was read."""

    version: int


class DeclareForm(Form):
    """Who steps aside."""

    scope: Literal["person", "organisation"]
