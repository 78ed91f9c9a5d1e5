"""Periodic work of the board."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.api import House

from . import services
from .settings import NAME, Settings


def unpin_old_notes(session: Session, house: House, now: datetime) -> None:
    """Every day: a note pinned for more than `pin_days` goes back among the others."""
    days = house.hooks.settings(NAME, Settings).pin_days
    services.unpin_before(session, now - timedelta(days=days))
