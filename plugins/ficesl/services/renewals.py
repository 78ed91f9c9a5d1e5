"""Before an attestation ends: the constant e-mail at 60, 30 and 7 days, once each, to the person or who keeps her."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, exists, insert, or_, select
from sqlalchemy.orm import Session, aliased

from core.api import Keyring, emit, holders_of, mail_people, new_id

from ..access import PEOPLE
from ..models import AttestationRow, Course, Learner, RenewalReminder
from ..queries.attestations import local_day
from ..rules.attestations import REMINDERS, reminder_due

_LATER = aliased(AttestationRow)
#: The reference is the course's code.
ENDING = "ficesl.attestation_ending"
#: Reminded in one transaction; the rest at the next run, an hour later: 100,000 in two days.
BATCH = 2_000


def remind_endings(session: Session, keyring: Keyring, now: datetime) -> int:
    """Send what is due; how many attestations were reminded. An attestation renewed meanwhile is left alone.

    Several of one organisation make one e-mail to who keeps its people: how many is on the page, not in the message.
    """
    today = local_day(now)
    renewed = exists().where(
        _LATER.learner_id == AttestationRow.learner_id,
        _LATER.course_id == AttestationRow.course_id,
        _LATER.revoked_at.is_(None),
        or_(_LATER.expires_on.is_(None), _LATER.expires_on > AttestationRow.expires_on),
    )
    ending = and_(
        AttestationRow.revoked_at.is_(None),
        AttestationRow.expires_on >= today,
        AttestationRow.expires_on <= today + timedelta(days=max(REMINDERS)),
    )
    rows = session.execute(
        select(
            AttestationRow.id,
            AttestationRow.expires_on,
            Course.code,
            Learner.user_id,
            Learner.organisation_id,
        )
        .join(Learner, Learner.id == AttestationRow.learner_id)
        .join(Course, Course.id == AttestationRow.course_id)
        .where(
            ending,
            Learner.left_at.is_(None),
            Learner.erased_at.is_(None),
            ~renewed,
        )
        .order_by(AttestationRow.expires_on, AttestationRow.id)
    ).all()
    sent: dict[UUID, list[int]] = defaultdict(list)
    known = select(RenewalReminder.attestation_id, RenewalReminder.days)
    # Joined, not named one by one: a whole region may have been trained in the same month
    for one in session.execute(
        known.join(AttestationRow, AttestationRow.id == RenewalReminder.attestation_id).where(ending)
    ):
        sent[one.attestation_id].append(one.days)
    due = [(row, days) for row in rows if (days := reminder_due(row.expires_on, today, sent[row.id])) is not None]
    due = due[:BATCH]
    if not due:
        return 0
    session.execute(
        insert(RenewalReminder),
        [{"id": new_id(), "attestation_id": row.id, "days": days, "at": now} for row, days in due],
    )
    accounts = {row.user_id for row, _ in due if row.user_id is not None}
    held = {row.organisation_id for row, _ in due if row.user_id is None}
    keepers = {one.user_id for one in holders_of(session, [PEOPLE], organisations=held)} if held else set()
    mail_people(session, keyring, accounts | keepers, now)
    topics: dict[str, set[str]] = defaultdict(set)
    for row, _ in due:
        topics[row.code].add(f"user:{row.user_id}" if row.user_id is not None else f"org:{row.organisation_id}")
    for code in sorted(topics):
        emit(session, ENDING, code, topics=sorted(topics[code]), now=now)
    return len(due)
