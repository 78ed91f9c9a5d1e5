"""When a training is complete, until when its attestation holds, and the sentence that says why. Days are passed in.

Complete: each module of the version was credited with at least its minutes, in this version or in an earlier one that
taught the same module (its lineage), and each prerequisite is valid that day. Half a module twice is not a module: the
longest credit of a lineage counts, credits are never added.
"""

from __future__ import annotations

import calendar
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

#: Thirty symbols without 0 O 1 I L U: read aloud and typed without doubt. Twelve of them: 5·10^17 codes.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS, GROUP = 3, 4


class Status(StrEnum):
    """What the public check says. `UNKNOWN`: no attestation bears this code."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


#: Reason codes of a revocation, in words. Free text could name somebody.
REASONS: Mapping[str, str] = {
    "attendance": "Présence notée par erreur",
    "wrong_person": "Attestation d’une autre personne",
    "text": "Erreur dans l’attestation",
    "asked": "À la demande de la personne",
}
#: Revoked by rule, never chosen in a form: a presence was corrected and what the attestation says is no longer so.
CORRECTED = "correction"
#: What the person and who keeps her read of it.
WHY: Mapping[str, str] = {**REASONS, CORRECTED: "Une présence a été corrigée"}
#: After these, the credits that stand decide alone: the attestation may be issued anew from them.
REISSUED = frozenset({"text", CORRECTED})


@dataclass(frozen=True)
class Part:
    """A module to have done. `minutes`: its duration."""

    lineage_id: UUID
    title: str
    minutes: int


@dataclass(frozen=True)
class Credit:
    """Minutes credited for one lineage, and the day they were done."""

    lineage_id: UUID
    minutes: int
    on_day: date


@dataclass(frozen=True)
class Needed:
    """A prerequisite, and whether a valid attestation of it is held that day."""

    title: str
    valid: bool


@dataclass(frozen=True)
class Lacking:
    """A module not done, or not whole: `done` minutes of `minutes`."""

    title: str
    minutes: int
    done: int


@dataclass(frozen=True)
class Completion:
    """Whether everything is done. `on_day`: the day the last part was; `first_day`: the oldest part that counts."""

    lacking: tuple[Lacking, ...]
    prerequisites: tuple[str, ...]
    minutes: int
    first_day: date | None
    on_day: date | None

    @property
    def complete(self) -> bool:
        """Nothing is missing, and there was something to do."""
        return not self.lacking and not self.prerequisites and self.on_day is not None


@dataclass(frozen=True)
class Issued:
    """An attestation given earlier for the same course."""

    version_id: UUID
    issued_on: date
    revoked_reason: str | None = None


def completion(parts: Sequence[Part], credits: Iterable[Credit], needed: Iterable[Needed] = ()) -> Completion:
    """What is done and what is missing, modules in their order."""
    best: dict[UUID, Credit] = {}
    for credit in credits:
        kept = best.get(credit.lineage_id)
        # The longest counts; of two as long, the latest: doing it again renews it
        if kept is None or (credit.minutes, credit.on_day) > (kept.minutes, kept.on_day):
            best[credit.lineage_id] = credit
    lacking = []
    days = []
    for part in parts:
        credit_of = best.get(part.lineage_id)
        if credit_of is None or credit_of.minutes < part.minutes:
            lacking.append(Lacking(part.title, part.minutes, credit_of.minutes if credit_of else 0))
        else:
            days.append(credit_of.on_day)
    return Completion(
        tuple(lacking),
        tuple(one.title for one in needed if not one.valid),
        sum(part.minutes for part in parts),
        min(days, default=None),
        max(days, default=None),
    )


def to_issue(done: Completion, version_id: UUID, earlier: Iterable[Issued]) -> bool:
    """Whether a new attestation is due.

    One per version, then one each time everything is done anew: nothing is renewed by doing one capsule again. After
    a revocation for an error of attendance the same holds; after an error in the text, the same credits serve.
    """
    if not done.complete or done.first_day is None:
        return False
    barring = [one for one in earlier if one.version_id == version_id and one.revoked_reason not in REISSUED]
    return all(one.issued_on < done.first_day for one in barring)


def still_stands(issued_on: date, parts: Sequence[Part], credits: Iterable[Credit]) -> bool:
    """Whether what an attestation says is still credited: every module whole, the last one no earlier than its day.

    Prerequisites are not asked again: they were valid the day it was issued.
    """
    done = completion(parts, credits)
    return done.complete and done.on_day is not None and issued_on <= done.on_day


def last_day(issued_on: date, validity_months: int | None) -> date | None:
    """The last day of validity, included: the same day so many months later, or that month's last one (29 February).

    None: it never ends.
    """
    if validity_months is None:
        return None
    months = issued_on.year * 12 + issued_on.month - 1 + validity_months
    year, month = divmod(months, 12)
    return date(year, month + 1, min(issued_on.day, calendar.monthrange(year, month + 1)[1]))


def status(revoked: bool, expires_on: date | None, today: date) -> Status:
    """What the attestation is today. Revoked stays revoked."""
    if revoked:
        return Status.REVOKED
    return Status.EXPIRED if expires_on is not None and expires_on < today else Status.VALID


def hours(minutes: int) -> str:
    """`1 h 30`, `45 min`, `14 h`, with no-break spaces."""
    whole, left = divmod(minutes, 60)
    if not whole:
        return f"{left}\u00a0min"
    return f"{whole}\u00a0h\u00a0{left:02d}" if left else f"{whole}\u00a0h"


def missing_sentence(done: Completion, say: Callable[..., str]) -> str:
    """One sentence of what is missing, "" when all is done. `say(french, **values)` translates."""
    if done.complete:
        return ""
    parts = []
    for one in done.lacking:
        if one.done:
            values = {"title": one.title, "done": hours(one.done), "whole": hours(one.minutes)}
            parts.append(say("« %(title)s » (%(done)s sur %(whole)s)", **values))
        else:
            parts.append(say("« %(title)s » (%(whole)s)", title=one.title, whole=hours(one.minutes)))
    parts += [say("la formation préalable « %(title)s »", title=title) for title in done.prerequisites]
    if not parts:
        return say("Cette formation n’a pas encore de module.")
    if len(parts) == 1:
        return say("Il manque %(part)s.", part=parts[0])
    return say("Il manque %(parts)s et %(last)s.", parts=", ".join(parts[:-1]), last=parts[-1])


#: The texts of `missing_sentence`, for the check that each has its English.
SENTENCES = (
    "« %(title)s » (%(done)s sur %(whole)s)",
    "« %(title)s » (%(whole)s)",
    "la formation préalable « %(title)s »",
    "Cette formation n’a pas encore de module.",
    "Il manque %(part)s.",
    "Il manque %(parts)s et %(last)s.",
)


def new_check_code(choose: Callable[[str], str] = secrets.choice) -> str:
    """`7K3M-9QRT-2BCD`: what is printed under an attestation. Drawn at random, so that none can be guessed."""
    return "-".join("".join(choose(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def normal_check_code(typed: str) -> str | None:
    """The code as it is kept, for what somebody typed (case, spaces, hyphens forgiven), or None."""
    symbols = [symbol for symbol in typed.upper() if symbol.isalnum()]
    if len(symbols) != GROUPS * GROUP or any(symbol not in ALPHABET for symbol in symbols):
        return None
    return "-".join("".join(symbols[at : at + GROUP]) for at in range(0, GROUPS * GROUP, GROUP))


#: Days before the end at which a reminder leaves.
REMINDERS = (60, 30, 7)


def reminder_due(expires_on: date, today: date, sent: Iterable[int]) -> int | None:
    """The reminder to send today, None for none. Late, only the nearest one leaves, never two at once."""
    left = (expires_on - today).days
    if left < 0:
        return None
    reached = [days for days in REMINDERS if left <= days]
    due = min(reached, default=None)
    return due if due is not None and due not in set(sent) else None
