"""A stretch of a session: in one day, on hours that exist once, without the clocks changing in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONGEST = timedelta(hours=12)
FURTHEST = timedelta(days=1096)
#: Code of a refusal → (field, sentence).
BLOCK_REFUSALS: dict[str, tuple[str, str]] = {
    "midnight": (
        "ends",
        "Un bloc tient dans une journée. S’il dépasse minuit, faites-en deux\u00a0: avant minuit, et le lendemain.",
    ),
    "missing_hour": (
        "starts",
        "Cette heure n’existe pas\u00a0: cette nuit-là, on avance l’heure. Choisissez une heure après 3 h.",
    ),
    "twice": (
        "starts",
        "Cette heure vient deux fois\u00a0: cette nuit-là, on recule l’heure. Choisissez une heure après 2 h.",
    ),
    "clock_change": (
        "ends",
        "L’heure change pendant ce bloc\u00a0: sa durée serait fausse d’une heure. Faites-en deux, avant et après.",
    ),
    "too_long": ("ends", "Un bloc dure au plus douze heures. Faites-en deux."),
    "too_far": ("day", "Choisissez une date d’ici trois ans."),
    "overlap": ("starts", "Un autre bloc de cette séance occupe déjà ces heures."),
}


@dataclass(frozen=True)
class Stretch:
    """From when to when, aware UTC."""

    starts_at: datetime
    ends_at: datetime

    @property
    def minutes(self) -> int:
        """Its length."""
        return int((self.ends_at - self.starts_at).total_seconds()) // 60


def stretch(day: date, starts: time, ends: time, zone: ZoneInfo) -> Stretch | str:
    """The instants of a day's hours on the network's clock, or a code of `BLOCK_REFUSALS`.

    An end at or before the start would be after midnight: refused, like an hour that the clocks skip or repeat, and a
    block in which they change, whose length on the wall would not be the one that is credited.
    """
    if ends <= starts:
        return "midnight"
    instants = []
    for wall in (starts, ends):
        naive = datetime.combine(day, wall.replace(tzinfo=None, second=0, microsecond=0))
        first, second = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        instant = first.astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) != naive:
            return "missing_hour"
        if first.utcoffset() != second.utcoffset():
            return "twice"
        instants.append((instant, first.utcoffset()))
    (starts_at, before), (ends_at, after) = instants
    if before != after:
        return "clock_change"
    return "too_long" if ends_at - starts_at > LONGEST else Stretch(starts_at, ends_at)


def block_refusal(new: Stretch, others: Iterable[Stretch], now: datetime) -> str | None:
    """Code of `BLOCK_REFUSALS` for a block beside the others of its session, or None."""
    if new.starts_at - now > FURTHEST:
        return "too_far"
    if any(new.starts_at < one.ends_at and one.starts_at < new.ends_at for one in others):
        return "overlap"
    return None
