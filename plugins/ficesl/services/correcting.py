"""An attestation whose credits were taken back (a presence corrected) is revoked by rule, and told.

What she holds on paper would otherwise say of her what the sheet no longer says: the public page, the badge's list, the
gate and the portrait follow. Corrected again, the credits make a new attestation with another code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.api import ANONYMOUS, Event, House, emit, holders_of, mail_people, record_each

from ..access import PEOPLE
from ..models import AttestationRow, Block, Course, Learner, Presence
from ..queries.attestations import credits_of, parts_of_courses
from ..rules.attestations import CORRECTED, still_stands
from .issuing import ISSUED
from .readiness import refresh

#: People looked at in one statement.
AT_ONCE = 500


def correct_attestations(session: Session, event: Event, house: House) -> None:
    """Subscriber of `TAKEN_BACK`: revoke what the credits of that module's people no longer hold.

    The person is told by the constant e-mail, or who keeps her when she has no account.
    """
    code, _, module = event.ref.partition(":")
    course_id = session.scalar(select(Course.id).where(Course.code == code))
    if course_id is None:
        return
    rows = session.execute(
        select(
            AttestationRow.id,
            AttestationRow.learner_id,
            AttestationRow.organisation_id,
            AttestationRow.version_id,
            AttestationRow.issued_on,
            Learner.user_id,
            Learner.erased_at,
        )
        .join(Learner, Learner.id == AttestationRow.learner_id)
        .where(
            AttestationRow.course_id == course_id,
            AttestationRow.revoked_at.is_(None),
            AttestationRow.learner_id.in_(
                select(Presence.learner_id)
                .join(Block, Block.id == Presence.block_id)
                .where(Block.module_id == UUID(module))
            ),
        )
        .order_by(AttestationRow.id)
    ).all()
    parts = {one.id: one.parts for one in parts_of_courses(session, [course_id]).get(course_id, ())}
    fallen: list[Any] = []
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        credits = credits_of(session, [row.learner_id for row in some], [course_id])
        fallen += [
            row
            for row in some
            if not still_stands(
                row.issued_on, parts.get(row.version_id, ()), credits.get((row.learner_id, course_id), ())
            )
        ]
    if fallen:
        _revoke(session, house, event, code, course_id, fallen)


def _revoke(session: Session, house: House, event: Event, code: str, course_id: UUID, fallen: Sequence[Any]) -> None:
    for start in range(0, len(fallen), AT_ONCE):
        ids = [row.id for row in fallen[start : start + AT_ONCE]]
        session.execute(
            update(AttestationRow)
            .where(AttestationRow.id.in_(ids), AttestationRow.revoked_at.is_(None))
            .values(revoked_at=event.at, revoked_reason=CORRECTED),
            execution_options={"synchronize_session": False},
        )
    accounts = {row.user_id for row in fallen if row.user_id is not None}
    held = {row.organisation_id for row in fallen if row.user_id is None and row.erased_at is None}
    keepers = {one.user_id for one in holders_of(session, [PEOPLE], organisations=held)} if held else set()
    mail_people(session, house.keyring, accounts | keepers, event.at)
    organisations = {row.organisation_id for row in fallen}
    refresh(session, event.at, courses=[course_id], organisations=organisations)
    emit(session, ISSUED, code, topics=sorted({f"org:{one}" for one in organisations} | {"network"}), now=event.at)
    counts = {one: sum(row.organisation_id == one for row in fallen) for one in organisations}
    record_each(
        session,
        {one: {"people": count, "reason": CORRECTED} for one, count in counts.items()},
        actor=ANONYMOUS,
        action="ficesl.attestation_revoked",
        subject=f"course:{code}",
        now=event.at,
    )
