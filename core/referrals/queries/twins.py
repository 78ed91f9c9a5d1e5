"""Which references of a set of twins are sent, for the person who opened it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.directory.models import Organisation
from core.referrals.models import Referral
from core.referrals.rules.workflow import State


@dataclass(frozen=True)
class SentTwin:
    """`code` leads to its own page and its own receipt."""

    code: str
    recipient_id: UUID
    name: str
    at: datetime


def sent_twins(session: Session, viewer: Viewer, keys: Sequence[str]) -> tuple[SentTwin, ...]:
    """Those that these forms sent, in the order of their keys; a colleague's are not shown. One statement."""
    rows = session.execute(
        select(Referral.idempotency_key, Referral.code, Referral.recipient_id, Organisation.name, Referral.submitted_at)
        .join(Organisation, Organisation.id == Referral.recipient_id)
        .where(
            Referral.idempotency_key.in_(keys),
            Referral.origin_id == viewer.organisation_id,
            Referral.sender_user_id == viewer.user_id,
            Referral.state != State.DRAFT.value,
        )
    ).all()
    at = {key: position for position, key in enumerate(keys)}
    # What is sent has a recipient and a date.
    told = sorted(rows, key=lambda row: at[row.idempotency_key])
    return tuple(SentTwin(*cast("tuple[str, UUID, str, datetime]", tuple(row[1:]))) for row in told)
