"""Periodic work of the money."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.api import House

from .services.cards import tell_late_handings
from .settings import NAME, Settings


def tell_unratified(session: Session, house: House, now: datetime) -> None:
    """Every hour: cards handed at night and not ratified in `ratify_hours` are told once, and stay shown."""
    hours = house.hooks.settings(NAME, Settings).ratify_hours
    tell_late_handings(session, now - timedelta(hours=hours), now)
