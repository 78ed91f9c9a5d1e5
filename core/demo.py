"""The demo: the region's real network, invented people, and a few invented requests so that no list is empty."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.accounts.seed import seed_personas
from core.directory.services import seed_network
from core.kernel.crypto import Keyring


def seed_demo(session: Session, keyring: Keyring, now: datetime) -> None:
    """Fill an empty demo database; run again, it adds only what is missing."""
    seed_network(session, keyring, now)
    seed_personas(session, keyring, now)
