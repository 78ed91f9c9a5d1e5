"""What statistics keep of a path that ends: one row for each step, in codes, that soon lies among others."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from core.api import House, coarse_minutes, fiscal_quarter

from ..models import PathRow, StepFact, StepRow

#: More than one path has steps: written again together, fewer rows could still be those of one person.
AT_LEAST_TOGETHER = 25


def keep_facts(session: Session, path: PathRow, now: datetime) -> None:
    """The step, who, a coarse wait since the path began, the quarter: nothing that leads back."""
    quarter = fiscal_quarter(now)
    facts = [
        {
            "id": uuid4(),
            "ended_quarter": quarter,
            "node_key": row.node_key,
            "organisation_id": row.organisation_id,
            "status": row.status,
            "wait_minutes": coarse_minutes(path.started_at, row.begun_at or row.marked_at),
            "settled": False,
        }
        for row in session.scalars(select(StepRow).where(StepRow.path_id == path.id))
    ]
    if facts:
        session.execute(insert(StepFact), facts)


def settle(session: Session, house: House, now: datetime) -> None:
    """Write the latest facts again, together, in a random order and under new identifiers, as the core does with its
    own: PostgreSQL keeps with each row the transaction that wrote it."""
    rows = [
        dict(row._mapping)
        for row in session.execute(select(*StepFact.__table__.columns).where(StepFact.settled.is_(False)))
    ]
    if len(rows) < AT_LEAST_TOGETHER:
        return
    session.execute(delete(StepFact).where(StepFact.id.in_([row["id"] for row in rows])))
    secrets.SystemRandom().shuffle(rows)
    session.execute(insert(StepFact), [{**row, "id": uuid4(), "settled": True} for row in rows])


def erase_before(session: Session, before: datetime) -> int:
    """Delete the facts of quarters that were over at that moment (UTC); how many."""
    done = session.execute(delete(StepFact).where(StepFact.ended_quarter < fiscal_quarter(before)))
    return int(getattr(done, "rowcount", 0))
