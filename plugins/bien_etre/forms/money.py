"""What people type about the money. Amounts are texts: `parse_cents` reads them."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from core.api import Form

from ..rules.figures import Why
from ..rules.money import Route

Money = Annotated[str, StringConstraints(min_length=1, max_length=20)]
Code = Annotated[str, StringConstraints(max_length=12)]
Count = Annotated[int, Field(ge=1, le=500)]


class EnvelopeForm(Form):
    """A new envelope; caps are read beside it, one field a category."""

    funder: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    year: Annotated[int, Field(ge=2020, le=2100)]
    amount: Money
    cap_housing: str = ""
    cap_safety: str = ""
    cap_food: str = ""
    cap_transport: str = ""
    cap_health: str = ""
    cap_steps: str = ""
    cap_other: str = ""


class AllotForm(Form):
    """More money in an envelope, for the sum in cents that was read."""

    amount: Money
    was: Annotated[int, Field(ge=0)]


class ReceiptForm(Form):
    """What a receipt justifies; its file is read beside it."""

    amount: Money


class WhyForm(Form):
    """Why a request was not accepted."""

    why: Why


class DecisionForm(Form):
    """The code of the vote that decided."""

    decision: Annotated[str, StringConstraints(min_length=1, max_length=12)]


class PaymentForm(Form):
    """A payment to prepare."""

    amount: Money
    route: Route
    stock: UUID | None = None


class PurchaseForm(Form):
    """Cards to buy."""

    envelope: UUID
    label: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    face: Money
    cards: Count


class ReserveForm(Form):
    """Cards for a partner's nights."""

    organisation: UUID
    stock: UUID
    cards: Annotated[int, Field(ge=0, le=500)]
    cap: Money
    until: date
    decision: Code = ""


class HandForm(Form):
    """How many cards, from which reserve. Nothing else is asked."""

    reserve: UUID
    cards: Count


class RatifyForm(Form):
    """What the committee said."""

    verdict: Annotated[str, StringConstraints(pattern="^(ratified|refused)$")]
    decision: Code = ""
