"""What ends soon, for the card of *À faire*; and what is held about a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core.api import Viewer

from ..models import AttestationRow, Learner, Version
from ..rules.attestations import REMINDERS
from ..settings import ATTESTATIONS, READINESS
from .attestations import local_day
from .names import keeps_people


def card(session: Session, *, viewer: Viewer, now: datetime) -> Mapping[str, Any] | None:
    """My attestations that end within 60 days, and how many of my organisation's do; None when none does. Two
    statements at most."""
    today = local_day(now)
    soon = (
        AttestationRow.revoked_at.is_(None)
        & (AttestationRow.expires_on >= today)
        & (AttestationRow.expires_on <= today + timedelta(days=max(REMINDERS)))
    )
    mine = session.execute(
        select(AttestationRow.code, AttestationRow.expires_on, Version.title, Version.title_en)
        .join(Learner, Learner.id == AttestationRow.learner_id)
        .join(Version, Version.id == AttestationRow.version_id)
        .where(soon, Learner.user_id == viewer.user_id)
        .order_by(AttestationRow.expires_on, AttestationRow.id)
        .limit(5)
    ).all()
    people = 0
    if keeps_people(viewer):
        counted = select(func.count(case((Learner.left_at.is_(None), 1)))).select_from(AttestationRow)
        ours = counted.join(Learner, Learner.id == AttestationRow.learner_id).where(
            soon, Learner.organisation_id == viewer.organisation_id, Learner.erased_at.is_(None)
        )
        people = session.scalar(ours) or 0
    if not mine and not people:
        return None
    return {
        "ending": [dict(row._mapping) for row in mine],
        "people": people,
        "list": ATTESTATIONS,
        "ours": f"{ATTESTATIONS}/organisme",
        "readiness": READINESS,
    }
