"""The demo: the region's real network, invented people, and a few invented requests so that no list is empty."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from core.accounts.models import User
from core.accounts.seed import seed_personas
from core.committees.services.syncing import seed_demo_seats, sync_committees
from core.directory.services import seed_network
from core.kernel.crypto import Keyring
from core.reports.seed import seed_facts


def holds_real_people(session: Session) -> bool:
    """Whether somebody who is not a demo's invented person has an account here. An empty database holds nobody."""
    if not inspect(session.connection()).has_table(User.__tablename__):
        return False
    return session.execute(select(User.id).where(User.demo_key.is_(None)).limit(1)).first() is not None


def seed_demo(session: Session, keyring: Keyring, now: datetime) -> None:
    """Fill an empty demo database; run again, it adds only what is missing."""
    seed_network(session, keyring, now)
    seed_personas(session, keyring, now)
    sync_committees(session, None, now)
    seed_demo_seats(session, now)
    seed_facts(session, now)
