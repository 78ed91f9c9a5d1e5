"""When sessions begin and end."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..models import Block


def begins_at(session: Session, session_id: UUID) -> datetime | None:
    """When its first block that takes place begins (UTC), None without any."""
    held = (Block.session_id == session_id) & Block.cancelled_at.is_(None)
    return session.scalar(select(func.min(Block.starts_at)).where(held))


def ends_at(session: Session, session_id: UUID) -> datetime | None:
    """When its last one ends."""
    held = (Block.session_id == session_id) & Block.cancelled_at.is_(None)
    return session.scalar(select(func.max(Block.ends_at)).where(held))
