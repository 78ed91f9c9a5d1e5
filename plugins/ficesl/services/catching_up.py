"""What the hour does: count readiness anew, and issue what a lost event would have left out."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import emit

from ..attendance_events import UNHEARD
from ..models import AttestationRow, Course, Credit
from .issuing import BATCH, NEXT, attest
from .readiness import refresh

#: How far back credits are looked at again.
BACK = timedelta(days=2)


def catch_up(session: Session, now: datetime) -> int:
    """Recount everybody, and look again at the courses whose credits came lately without an attestation since."""
    recent = (
        select(Course.code)
        .join(Credit, Credit.course_id == Course.id)
        .outerjoin(
            AttestationRow,
            (AttestationRow.learner_id == Credit.learner_id)
            & (AttestationRow.course_id == Credit.course_id)
            & (AttestationRow.at >= Credit.at),
        )
        .where(Credit.at >= now - BACK, AttestationRow.id.is_(None))
        .distinct()
    )
    start = int((now - BACK).timestamp())
    for code in session.scalars(recent).all():
        emit(session, NEXT, f"{code}:{start}:{UUID(int=0)}", topics=[UNHEARD], now=now)
    return refresh(session, now)


def attest_everybody(session: Session, now: datetime) -> int:
    """Issue what every credit completes (the demo, an import of the past), then count everybody; how many there are."""
    issued = 0
    for course_id in session.scalars(select(Credit.course_id).distinct().order_by(Credit.course_id)).all():
        learners = session.scalars(
            select(Credit.learner_id).where(Credit.course_id == course_id).distinct().order_by(Credit.learner_id)
        ).all()
        for start in range(0, len(learners), BATCH):
            issued += len(attest(session, learners[start : start + BATCH], [course_id], now))
    refresh(session, now)
    return issued
