"""Periodic work of the money."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.api import House

from .services.watching import tell_late
from .settings import NAME, Settings


def tell_unratified(session: Session, house: House, now: datetime) -> None:
    """Every hour: what two signatures granted, and cards handed at night, not ratified in `ratify_hours`."""
    hours = house.hooks.settings(NAME, Settings).ratify_hours
    tell_late(session, house.keyring, now - timedelta(hours=hours), now)
