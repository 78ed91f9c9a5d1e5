"""How long a pause lasts. One delay for every pause: a longer or a shorter one would tell why it began.

While it lasts, what was granted stays reserved and nothing is paid. She has 72 hours to undo her own withdrawal
(network rules §4: *suspendu*, then final), so that the delay is longer than that; then the request closes, what was
reserved is released, and its texts are erased like those of any request that ended.
"""

from __future__ import annotations

from datetime import datetime, timedelta

#: What the page says of a pause. `%(at)s`: when it ends.
PAUSES: dict[str, str] = {
    "waits": "Sans reprise avant le %(at)s, la demande se ferme d’elle-même et la somme réservée est libérée.",
    "over": "La pause est terminée : la demande se ferme et la somme réservée est libérée.",
}


def pause_ends(paused_at: datetime, days: int) -> datetime:
    """When a pause ends (UTC): whole days of 24 real hours."""
    return paused_at + timedelta(days=days)


def pause_stands(paused_at: datetime, days: int, now: datetime) -> str:
    """Code of `PAUSES`: where this pause stands now."""
    return "waits" if now < pause_ends(paused_at, days) else "over"
