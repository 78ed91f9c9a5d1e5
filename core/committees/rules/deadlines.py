"""When a vote ends: local wall time to an instant, safe on the two days the clocks change; reminders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SHORTEST = timedelta(hours=1)
LONGEST = timedelta(days=92)
#: Shares of the time, in percent, at which those who have not voted are reminded.
REMINDERS = (50, 90)

#: Code of a refusal → sentence.
DEADLINE_REFUSALS: dict[str, str] = {
    "missing_hour": "Cette heure n’existe pas : ce jour-là, on avance l’heure. Choisissez une heure plus tard.",
    "too_soon": "Laissez au moins une heure pour voter.",
    "too_late": "Choisissez une échéance dans les trois prochains mois.",
}


def local_instant(wall: datetime, zone: ZoneInfo) -> datetime | None:
    """The UTC instant of a naive wall time, None when it does not exist (clocks go forward over it).

    An hour that comes twice (clocks go back) means its second coming: nobody loses time to vote.
    """
    if wall.tzinfo is not None:
        raise ValueError("a wall time has no zone")
    instant = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != wall:
        return None
    return instant


def deadline_refusal(closes_at: datetime, now: datetime) -> str | None:
    """Code of `DEADLINE_REFUSALS`, or None when this deadline leaves time to vote."""
    if closes_at - now < SHORTEST:
        return "too_soon"
    return "too_late" if closes_at - now > LONGEST else None


def reminder_due(opens_at: datetime, closes_at: datetime, now: datetime, reminded: int) -> int | None:
    """The latest share of `REMINDERS` that is past and not told yet (`reminded`: the last one told), else None.

    Shares are of real seconds, so that a change of clock does not move them.
    """
    if now >= closes_at:
        return None
    whole, passed = (closes_at - opens_at).total_seconds(), (now - opens_at).total_seconds()
    due = [share for share in REMINDERS if share > reminded and passed * 100 >= whole * share]
    return due[-1] if due else None
