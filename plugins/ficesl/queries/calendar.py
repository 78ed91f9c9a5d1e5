"""Blocks of a person's sessions, for her calendar feed: when, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.api import CalendarEvent

from ..models import Block, Learner, Registration, Trainer, TrainingSession

#: How long a calendar remembers what is over.
PAST = timedelta(days=366)


def blocks_of(session: Session, user_id: UUID, now: datetime) -> Sequence[CalendarEvent]:
    """Blocks of sessions where she has a seat, waits for none, or trains; cancelled ones too, and those whose seat she
    gave back. One statement."""
    seat = (
        select(Registration.state)
        .join(Learner, Learner.id == Registration.learner_id)
        .where(Registration.session_id == TrainingSession.id, Learner.user_id == user_id)
        .limit(1)
        .correlate(TrainingSession)
        .scalar_subquery()
    )
    gives = select(Trainer.session_id).where(Trainer.user_id == user_id)
    given = TrainingSession.id.in_(gives)
    rows = session.execute(
        select(
            Block.id,
            Block.starts_at,
            Block.ends_at,
            Block.sequence,
            Block.changed_at,
            Block.cancelled_at,
            TrainingSession.state,
            TrainingSession.sequence.label("session_sequence"),
            TrainingSession.changed_at.label("session_changed_at"),
            seat.label("seat"),
            given.label("gives"),
        )
        .join(TrainingSession, TrainingSession.id == Block.session_id)
        .where(
            TrainingSession.state != "draft",
            Block.ends_at > now - PAST,
            or_(given, seat.in_(["registered", "cancelled"])),
        )
        .order_by(Block.starts_at)
    )
    return tuple(
        CalendarEvent(
            row.id,
            row.starts_at,
            row.ends_at,
            # Both only grow, so that their sum grows with each change of the block or of its session
            row.sequence + row.session_sequence + (row.seat == "cancelled"),
            row.cancelled_at is not None or row.state == "cancelled" or (row.seat == "cancelled" and not row.gives),
            max(row.changed_at, row.session_changed_at),
        )
        for row in rows
    )
