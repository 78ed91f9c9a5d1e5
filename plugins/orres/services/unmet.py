"""Counting the needs that the guide leaves without an answer, once for each way through it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.api import Keyring, Viewer, dialect_name, fiscal_quarter

from ..models import UnmetRow
from ..rules.conditions import Situation, minor_of
from ..rules.guide import Unmet

_AGES = {"yes": "minor", "no": "adult", None: "unknown"}


def note_unmet(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    run: UUID,
    unmet: Sequence[Unmet],
    situation: Situation,
    now: datetime,
) -> None:
    """Count these needs for this way through the guide: what it counted before is replaced, so that answers may change
    and pages be sent again. `run` is drawn by the page. `now` gives the fiscal quarter and nothing else."""
    forget_unmet(session, keyring, viewer, run)
    if not unmet or viewer.organisation_id is None:
        return
    same = {
        "run": mark_of(keyring, viewer, run),
        "organisation_id": viewer.organisation_id,
        "quarter": fiscal_quarter(now),
        "area": situation.mrc or "",
        "age": _AGES[minor_of(situation)],
    }
    build = postgresql.insert if dialect_name(session) == "postgresql" else sqlite.insert
    rows = [{**same, "id": uuid4(), "need": one.need, "reason": one.reason} for one in unmet]
    # The same page sent twice at once counts once.
    session.execute(build(UnmetRow).values(rows).on_conflict_do_nothing(index_elements=["run", "need"]))


def forget_unmet(session: Session, keyring: Keyring, viewer: Viewer, run: UUID) -> None:
    """Leave this way through the guide out of the count: a trial, or an example given to a class."""
    session.execute(
        delete(UnmetRow).where(UnmetRow.run == mark_of(keyring, viewer, run)),
        execution_options={"synchronize_session": False},
    )


def mark_of(keyring: Keyring, viewer: Viewer, run: UUID) -> UUID:
    """What a row keeps of a way through the guide: nobody finds one from the other without the key, and another
    organisation's is another."""
    return UUID(bytes=keyring.pseudonym("orres.unmet", f"{viewer.organisation_id}|{run}")[:16])


def erase_before(session: Session, before: datetime) -> int:
    """Delete the counts of the quarters that were over at `before` (aware UTC); how many."""
    gone = session.execute(
        delete(UnmetRow).where(UnmetRow.quarter < fiscal_quarter(before)),
        execution_options={"synchronize_session": False},
    )
    return int(getattr(gone, "rowcount", 0))
