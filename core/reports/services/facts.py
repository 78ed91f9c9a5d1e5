"""Writing one fact per ending, in the ending's own transaction, then losing its place among the others."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from core.kernel.clock import TORONTO
from core.kernel.db import add_row
from core.referrals.endings import Ending
from core.reports.models import ReportFact
from core.reports.rules.facts import NO_PRIORITY, coarse
from core.reports.rules.periods import quarter_of

#: Fewer are left where they are: alone in its transaction, a row would be as easy to follow as before.
AT_LEAST_TOGETHER = 5


def write_fact(session: Session, ending: Ending) -> None:
    """Keep the codes of an ending: quarters in the users' zone, lengths in steps, a random identifier."""
    add_row(
        session,
        ReportFact,
        id=uuid4(),
        ended_quarter=quarter_of(ending.ended_at.astimezone(TORONTO).date()).code,
        submitted_quarter=quarter_of(ending.submitted_at.astimezone(TORONTO).date()).code,
        kind=ending.kind,
        channel=ending.channel,
        origin_type=ending.origin_type,
        origin_id=ending.origin_id,
        recipient_id=ending.recipient_id,
        area_code=ending.area_code,
        age_band=ending.age_band,
        needs=joined(ending.needs),
        urgent=ending.urgent,
        priority=ending.priority or NO_PRIORITY,
        outcome=ending.outcome,
        taken=ending.taken,
        reached=ending.minutes_to_contact is not None,
        answer_minutes=_coarse(ending.minutes_to_answer),
        contact_minutes=_coarse(ending.minutes_to_contact),
        end_minutes=coarse(ending.minutes_to_end),
        settled=False,
    )


def quarter_at(at: datetime) -> str:
    """Code of the fiscal quarter of an instant (aware), by the users' calendar: `2023T1`."""
    return quarter_of(at.astimezone(TORONTO).date()).code


def coarse_between(start: datetime, end: datetime) -> int:
    """Minutes from one instant to another (aware), in coarse steps; none when the second comes first."""
    return coarse(max(0, -int(-(end - start).total_seconds() // 60)))


def joined(codes: tuple[str, ...]) -> str:
    """Codes as the column keeps them: sorted, each between commas."""
    return f",{','.join(sorted(set(codes)))}," if codes else ","


def settle_facts(session: Session) -> int:
    """Write the latest facts again, together, in a random order and under new identifiers; returns how many.

    PostgreSQL keeps with each row the transaction that wrote it and its place in the file: both were those of the
    ending. Afterwards they are those of this job, alike for all.
    """
    rows: list[dict[str, Any]] = [
        dict(row._mapping)
        for row in session.execute(select(*ReportFact.__table__.columns).where(ReportFact.settled.is_(False)))
    ]
    if len(rows) < AT_LEAST_TOGETHER:
        return 0
    session.execute(delete(ReportFact).where(ReportFact.id.in_([row["id"] for row in rows])))
    secrets.SystemRandom().shuffle(rows)
    session.execute(insert(ReportFact), [{**row, "id": uuid4(), "settled": True} for row in rows])
    return len(rows)


def _coarse(minutes: int | None) -> int | None:
    return None if minutes is None else coarse(minutes)
