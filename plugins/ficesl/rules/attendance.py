"""Minutes that a block credits to somebody: who was there, how late, how early gone. Pure.

Everything is counted in whole minutes between two instants (UTC), so that a block that crosses midnight or a change of
clock credits the time that really passed. The sheet notes minutes late and minutes early rather than an hour on the
clock: in the night the clocks go back, 1 h 30 comes twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

#: Arriving late and leaving early together, up to so many minutes, takes nothing away (the network's default).
TOLERANCE: Final = 10
#: No block lasts longer (minutes).
LONGEST: Final = 24 * 60

WHOLE: Final = "Bloc complet : %(minutes)s min."
TOLERATED: Final = "Bloc complet : %(minutes)s min. Il manque %(missed)s min, on en tolère %(tolerance)s."
PARTIAL: Final = "%(minutes)s min sur %(block)s : %(late)s min de retard, %(early)s min avant la fin."
ABSENT: Final = "Absence : rien n’est crédité."

NOT_A_NUMBER: Final = "Les minutes vont de 0 à la durée du bloc."
NOTHING_LEFT: Final = "Retard et départ couvrent tout le bloc (%(block)s min) : notez plutôt une absence."


@dataclass(frozen=True)
class Mark:
    """What the sheet says of one person: there or not, minutes late, minutes gone before the end."""

    present: bool
    late: int = 0
    early: int = 0


@dataclass(frozen=True)
class Credited:
    """Minutes credited, and why: French source text filled by `values`."""

    minutes: int
    why: str
    values: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused(Exception):
    """A mark that no block can hold, in French source text filled by `values`."""

    message: str
    values: Mapping[str, int] = field(default_factory=dict)


def minutes_between(starts_at: datetime, ends_at: datetime) -> int:
    """Whole minutes that really pass between two aware instants. Raises ValueError for naive or reversed ones."""
    if starts_at.tzinfo is None or ends_at.tzinfo is None:
        raise ValueError("instants are aware")
    # Two values of one zone subtract as clocks on a wall do (PEP 495): in UTC they subtract as time does.
    seconds = ends_at.timestamp() - starts_at.timestamp()
    if seconds < 0:
        raise ValueError("the end comes before the start")
    return int(seconds // 60)


def check_mark(block: int, mark: Mark) -> None:
    """`block`: its minutes. Raises Refused for minutes below zero, over the block, or that leave nothing of it."""
    if not mark.present:
        return
    if not (0 <= mark.late <= block and 0 <= mark.early <= block):
        raise Refused(NOT_A_NUMBER)
    if mark.late + mark.early >= block:
        raise Refused(NOTHING_LEFT, {"block": block})


def credited(block: int, mark: Mark, tolerance: int = TOLERANCE) -> Credited:
    """Minutes that a block of `block` minutes credits. Raises Refused like `check_mark`.

    Up to `tolerance` minutes missed in all, the block counts whole; beyond, the minutes of presence count, to the
    minute.
    """
    check_mark(block, mark)
    if not mark.present:
        return Credited(0, ABSENT)
    missed = mark.late + mark.early
    if missed == 0:
        return Credited(block, WHOLE, {"minutes": block})
    if missed <= tolerance:
        return Credited(block, TOLERATED, {"minutes": block, "missed": missed, "tolerance": tolerance})
    left = block - missed
    return Credited(left, PARTIAL, {"minutes": left, "block": block, "late": mark.late, "early": mark.early})


def instants(starts_at: datetime, ends_at: datetime, mark: Mark) -> tuple[datetime | None, datetime | None]:
    """When somebody who was late arrived and when somebody who left early left; None where neither applies."""
    if not mark.present:
        return None, None
    arrived = starts_at + timedelta(minutes=mark.late) if mark.late else None
    return arrived, ends_at - timedelta(minutes=mark.early) if mark.early else None


def mark_of(
    starts_at: datetime, ends_at: datetime, minutes: int, arrived_at: datetime | None, left_at: datetime | None
) -> Mark:
    """The mark behind what is kept; zero minutes is an absence."""
    if minutes == 0:
        return Mark(False)
    late = minutes_between(starts_at, arrived_at) if arrived_at else 0
    return Mark(True, late, minutes_between(left_at, ends_at) if left_at else 0)


def arriving(starts_at: datetime, ends_at: datetime, now: datetime) -> Mark:
    """The mark of somebody who checks in now: early or on time is no lateness."""
    late = minutes_between(starts_at, now) if now > starts_at else 0
    return Mark(True, min(late, max(0, minutes_between(starts_at, ends_at) - 1)))


def choices(block: int) -> tuple[int, ...]:
    """Minutes offered on the sheet: 5, 10, 15, 20, then quarter hours, all shorter than the block."""
    steps = (5, 10, 15, 20, *range(30, LONGEST, 15))
    return tuple(step for step in steps if step < block)


def of_module(blocks: Iterable[int], module: int) -> int:
    """Minutes of a module: those of its blocks added, never more than the module lasts (its breaks are not learnt)."""
    return min(sum(blocks), module)
