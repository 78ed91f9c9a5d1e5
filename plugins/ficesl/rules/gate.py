"""The gate: from a day, a permission needs a valid training. The rule, day by day, and why.

It closes on the latest of these days, each plus the days of grace: the day it begins, the day the person's account
was opened, the day after the last validity of an attestation of hers. A revoked attestation opens nothing. Restrict
only: a gate never gives a permission to anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

#: Permissions decided one referral at a time: the pages stay open, and what is urgent passes.
BY_REFERRAL = frozenset({"referral_receive"})


class Passage(StrEnum):
    """Why one passes, or not."""

    BEFORE = "before"
    VALID = "valid"
    GRACE = "grace"
    CLOSED = "closed"


@dataclass(frozen=True)
class Gate:
    """`permission` needs a valid training `course` (its code) from `starts_on`; `grace_days` more for each person."""

    permission: str
    course: str
    starts_on: date
    grace_days: int = 0

    @property
    def fact(self) -> str:
        """What a person's session knows when she passes."""
        return f"ficesl.passes.{self.permission}.{self.course}"


@dataclass(frozen=True)
class Held:
    """An attestation of the gate's course. `expires_on`: its last day, None: it never ends."""

    issued_on: date
    expires_on: date | None
    revoked: bool = False


@dataclass(frozen=True)
class Verdict:
    """`until`: the last day one passes, None while nothing ends it; `trained`: the last day of the training itself."""

    passage: Passage
    until: date | None = None
    trained: date | None = None

    @property
    def passes(self) -> bool:
        """Whether the permission is left to its holder today."""
        return self.passage is not Passage.CLOSED

    @property
    def since(self) -> date | None:
        """The first day without the permission; None while it is not known."""
        return self.until + timedelta(days=1) if self.until else None


def verdict(gate: Gate, since: date, held: Iterable[Held], today: date) -> Verdict:
    """Whether somebody whose account was opened on `since` passes today, and until when.

    `queries.gate.passing` is its SQL twin (a test proves them equal).
    """
    mine = [one for one in held if not one.revoked and one.issued_on <= today]
    if any(one.expires_on is None for one in mine):
        return Verdict(Passage.VALID)
    ends = [one.expires_on for one in mine if one.expires_on is not None]
    trained = max(ends, default=None)
    starts = [gate.starts_on, min(since, today), *([trained + timedelta(days=1)] if trained else [])]
    until = max(starts) + timedelta(days=gate.grace_days - 1)
    if today < gate.starts_on:
        return Verdict(Passage.BEFORE, max(until, gate.starts_on - timedelta(days=1)), trained)
    if trained is not None and today <= trained:
        return Verdict(Passage.VALID, until, trained)
    return Verdict(Passage.GRACE if today <= until else Passage.CLOSED, until, trained)


#: What each passage says on the person's page. Values: `day`.
WORDS: Mapping[Passage, str] = {
    Passage.BEFORE: "Cette exigence n’est pas encore en vigueur.",
    Passage.VALID: "Votre formation est valide.",
    Passage.GRACE: "Votre formation n’est pas valide. Un délai vous est laissé.",
    Passage.CLOSED: "Votre formation n’est pas valide, et le délai est passé.",
}
#: Said wherever the gate refuses.
REFUSED = "Cette action demande une formation valide, et la vôtre ne l’est pas. Voyez la prochaine séance."
