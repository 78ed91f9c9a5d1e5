"""Reports listen to the endings of referrals: the room below does not know who keeps its statistics."""

from __future__ import annotations

from core.referrals.endings import record_endings
from core.reports.services.facts import write_fact


def listen() -> None:
    """Keep a fact of every ending from now on, in this process."""
    record_endings(write_fact)
