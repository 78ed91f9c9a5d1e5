"""What members and the chair type about votes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from core.committees.rules.amounts import AMOUNT_REFUSAL, parse_cents
from core.committees.rules.deadlines import DEADLINE_REFUSALS, local_instant
from core.committees.rules.votes import Choice, Method, Tie
from core.kernel.clock import TORONTO
from core.kernel.i18n import N_
from core.kernel.web.forms import Form

WHEN = N_("Entrez une date et une heure, par exemple 2026-11-27 17:00.")


def _moment(typed: object) -> datetime:
    """What a date-and-time box sends (local wall time), as an aware UTC instant, safe when the clocks change."""
    try:
        wall = datetime.fromisoformat(str(typed).strip().replace(" h ", ":"))
    except ValueError as wrong:
        raise ValueError(WHEN) from wrong
    if wall.tzinfo is not None or not 2000 < wall.year < 2200:
        raise ValueError(WHEN)
    instant = local_instant(wall, TORONTO)
    if instant is None:
        raise ValueError(DEADLINE_REFUSALS["missing_hour"])
    return instant


def _cents(typed: object) -> int:
    cents = parse_cents(str(typed))
    if cents is None:
        raise ValueError(AMOUNT_REFUSAL)
    return cents


Moment = Annotated[datetime, BeforeValidator(_moment)]
Cents = Annotated[int, BeforeValidator(_cents)]


class VoteForm(Form):
    """A question put to the committee. `quorum` in percent of the seats that can vote."""

    question: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    method: Method
    asked: Annotated[int, Field(ge=2, le=40)] | None = None
    quorum: Literal["51", "67", "100"] = "51"
    tie: Tie = Tie.REFUSED
    early: bool = False
    named: bool = False
    closes_at: Moment


class BallotForm(Form):
    """One ballot. `amount` in dollars, only for another amount than the one asked."""

    choice: Choice
    amount: Cents | None = None
    reason: Annotated[str, StringConstraints(max_length=400)] = ""


class RecusalForm(Form):
    """Who steps aside."""

    scope: Literal["person", "organisation"]


class ExtendForm(Form):
    """A new deadline."""

    closes_at: Moment


class AgendaVoteForm(Form):
    """Which vote goes on a meeting's agenda, by its code."""

    vote: Annotated[str, StringConstraints(min_length=1, max_length=16)]


class ConfirmForm(Form):
    """Which hands are confirmed: those that were shown."""

    shown: UUID


class AlternateForm(Form):
    """Who the other CALACS names."""

    person: UUID
