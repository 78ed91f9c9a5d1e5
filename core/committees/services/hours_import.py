"""Importing hours: a file is read and checked first, written only once confirmed, in batches that may be resumed.

The same line of the same organisation is written once, however often its file is sent: its key is what it says.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.viewer import ANONYMOUS, Viewer
from core.accounts.models import User
from core.committees.models.hours import HoursEntry, HoursImport, HoursImportLine
from core.committees.queries.hours import committees
from core.committees.rules.durations import QUARTERS_A_DAY, Refused
from core.committees.rules.hours import PERIOD_OVER, Period, Source, State
from core.committees.rules.hours_file import Line, Problem, Reading, committee_names, line_key, read_lines
from core.committees.services.hours import HoursInvalid
from core.committees.services.hours_changes import day_totals, upsert_entry
from core.directory.models import Organisation
from core.kernel.clock import TORONTO
from core.kernel.db import add_row, lock_row, new_id
from core.kernel.errors import Missing, Stale
from core.kernel.events import emit
from core.kernel.i18n import N_
from core.kernel.sheets import UnreadableSheet, read_sheet

#: Lines written in one transaction: well under a second on either engine.
BATCH: Final = 1000
#: What was staged and never confirmed is forgotten after this long; what is over, at once but for its wrong lines.
KEPT: Final = timedelta(days=7)
ANNUAL: Final = Path(__file__).resolve().parents[1] / "data"
UNREADABLE = N_("Ce fichier n’est ni un CSV ni un XLSX lisible. Enregistrez-le de nouveau depuis le tableur.")
EMPTY = N_("Choisissez un fichier CSV ou XLSX.")


@dataclass(frozen=True)
class Progress:
    """Where an import stands. `left`: lines still to write."""

    written: int
    left: int
    done: bool


def stage_import(
    session: Session,
    organisation_id: UUID,
    content: bytes,
    *,
    viewer: Viewer = ANONYMOUS,
    mine: bool = False,
    approved: bool = False,
    period: Period | None = None,
    now: datetime,
) -> UUID:
    """Read and check a file; write none of it yet. The identifier of the import.

    `mine`: the time is the viewer's and not the organisation's. `period`: the days of lines that tell none. Raises
    HoursInvalid at field `file` or `year` when nothing can be read.
    """
    if not content:
        raise HoursInvalid("file", EMPTY)
    reading = Reading(
        committee_names((one.slug, one.title) for one in committees(session)),
        now.astimezone(TORONTO).date(),
        period,
        shared=not mine,
    )
    try:
        read = read_lines(read_sheet(content), reading)
    except UnreadableSheet:
        raise HoursInvalid("file", UNREADABLE) from None
    except Refused as refused:
        raise HoursInvalid("file", refused.message, refused.values) from refused
    owner = viewer.user_id if mine else None
    keyed = _keyed(read.lines, f"{owner or ''}")
    there = _there(session, organisation_id, [key for _, key in keyed if key])
    over = _over(session, owner, [line for line, key in keyed if key and key not in there]) if owner else {}
    import_id = new_id()
    rows = [_staged(import_id, line, key, there, over.get(line.number)) for line, key in keyed]
    states = Counter(row["state"] for row in rows)
    days = [day for line in read.lines for day in (line.first_day, line.last_day) if day]
    add_row(
        session,
        HoursImport,
        id=import_id,
        organisation_id=organisation_id,
        user_id=viewer.user_id,
        mine=mine,
        approved=approved,
        digest=hashlib.sha256(content).digest(),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        printed_total=read.printed_total,
        lines=len(rows),
        wrong=states["wrong"],
        known=states["known"],
        created_at=now,
    )
    session.execute(insert(HoursImportLine), rows)
    return import_id


def start_import(session: Session, viewer: Viewer, import_id: UUID, *, wrong: int, now: datetime) -> Progress:
    """Write the right lines: the first batch at once, the others by `continue_import`.

    `wrong`: how many lines the person knows are left out. Raises Missing, and Stale when that is not what was staged.
    """
    row = _locked(session, viewer, import_id)
    if row.state == "staged":
        if row.wrong != wrong:
            raise Stale
        _set(session, import_id, state="running")
    elif row.state == "cancelled":
        raise Stale
    return continue_import(session, import_id, now=now)


def continue_import(session: Session, import_id: UUID, *, now: datetime, most: int = BATCH) -> Progress:
    """Write the next batch of a running import. Stopped anywhere, it goes on where it was; nothing is written twice."""
    source = HoursImport
    row = lock_row(session, select(source.__table__).where(source.id == import_id))
    if row is None:
        raise Missing
    if row.state != "running":
        return Progress(row.written, 0, done=row.state == "done")
    line = HoursImportLine
    ready = and_(line.import_id == import_id, line.state == "ready")
    batch = session.execute(
        select(line.number, line.read, line.source_key).where(ready).order_by(line.number).limit(most)
    ).all()
    entered, over = _write(session, row, batch, now) if batch else (0, [])
    if over:
        _leave_out(session, import_id, over)
    numbers = [one.number for one in batch]
    if numbers:
        session.execute(
            update(line)
            .where(ready, line.number >= numbers[0], line.number <= numbers[-1])
            .values(state="written")
            .execution_options(synchronize_session=False)
        )
    left = session.scalar(select(func.count()).select_from(line).where(ready)) or 0
    written, wrong = row.written + entered, row.wrong + len(over)
    if left:
        _set(session, import_id, written=written, wrong=wrong)
    else:
        _set(session, import_id, written=written, wrong=wrong, state="done", finished_at=now)
        session.execute(delete(line).where(line.import_id == import_id, line.state != "wrong"))
        if written:
            emit(session, "hours.submitted", str(import_id), topics=(f"org:{row.organisation_id}",), now=now)
    if row.user_id is not None:
        emit(session, "hours.import", str(import_id), topics=(f"user:{row.user_id}",), now=now)
    return Progress(written, left, done=not left)


def continue_running(session: Session, now: datetime) -> int:
    """The next batch of the oldest running import, for the job; how many lines are left in it."""
    running = select(HoursImport.id).where(HoursImport.state == "running").order_by(HoursImport.id).limit(1)
    import_id = session.scalar(running)
    return continue_import(session, import_id, now=now).left if import_id is not None else 0


def cancel_import(session: Session, viewer: Viewer, import_id: UUID, *, now: datetime) -> None:
    """Give up a file that is not written yet; its lines are forgotten. Raises Missing, Stale once it is running."""
    row = _locked(session, viewer, import_id)
    if row.state not in {"staged", "cancelled"}:
        raise Stale
    _set(session, import_id, state="cancelled", finished_at=now)
    session.execute(delete(HoursImportLine).where(HoursImportLine.import_id == import_id))


def forget_imports(session: Session, now: datetime) -> None:
    """Forget what was staged and never confirmed, and the wrong lines of what is over, after seven days."""
    source, line = HoursImport, HoursImportLine
    old = source.created_at < now - KEPT
    stale = select(source.id).where(old, source.state == "staged")
    session.execute(delete(line).where(line.import_id.in_(select(source.id).where(old, source.state != "running"))))
    session.execute(
        update(source)
        .where(source.id.in_(stale))
        .values(state="cancelled", finished_at=now)
        .execution_options(synchronize_session=False)
    )


def import_annual(session: Session, name: str, *, now: datetime) -> UUID:
    """Import a yearly table of `core/committees/data/annual_<name>` (such as 2023_2024), all at once; the import.

    Raises Missing without such a folder or its organisation. Done again, it adds nothing.
    """
    folder = ANNUAL / f"annual_{name}"
    if not (folder / "import.toml").is_file():
        raise Missing
    said = tomllib.loads((folder / "import.toml").read_text("utf-8"))
    owner = session.scalar(select(Organisation.id).where(Organisation.slug == said["organisation"]))
    if owner is None:
        raise Missing
    period = Period(said["first_day"], said["last_day"])
    content = (folder / said["file"]).read_bytes()
    done = and_(HoursImport.organisation_id == owner, HoursImport.state == "done")
    same = and_(done, HoursImport.digest == hashlib.sha256(content).digest())
    before = session.scalar(select(HoursImport.id).where(same).limit(1))
    if before is not None:
        return UUID(str(before))
    import_id = stage_import(session, owner, content, approved=True, period=period, now=now)
    finish_import(session, import_id, now=now)
    return import_id


def finish_import(session: Session, import_id: UUID, *, now: datetime) -> Progress:
    """Write every right line of a staged import in this transaction: for commands, which hold no page."""
    run_import(session, import_id)
    progress = continue_import(session, import_id, now=now)
    while not progress.done:
        progress = continue_import(session, import_id, now=now)
    return progress


def run_import(session: Session, import_id: UUID) -> None:
    """Confirm a staged import: `continue_import` then writes it, here or in the server's job."""
    staged = and_(HoursImport.id == import_id, HoursImport.state == "staged")
    session.execute(
        update(HoursImport).where(staged).values(state="running").execution_options(synchronize_session=False)
    )


def _locked(session: Session, viewer: Viewer, import_id: UUID) -> Any:
    mine = and_(
        HoursImport.id == import_id,
        HoursImport.organisation_id == viewer.organisation_id,
        HoursImport.user_id == viewer.user_id,
    )
    if not holds(viewer, Permission.HOURS_ENTER):
        raise Missing
    row = lock_row(session, select(HoursImport.__table__).where(mine))
    if row is None:
        raise Missing
    return row


def _set(session: Session, import_id: UUID, **values: Any) -> None:
    changed = update(HoursImport).where(HoursImport.id == import_id).values(**values)
    session.execute(changed.execution_options(synchronize_session=False))


def _keyed(lines: tuple[Line, ...], owner: str) -> list[tuple[Line, str]]:
    """Each line with its key, "" when it must be corrected; two equal lines of a file are two entries."""
    seen: Counter[str] = Counter()
    keyed = []
    for line in lines:
        key = ""
        if not line.problems:
            first = line_key(line, owner, 0)
            key = line_key(line, owner, seen[first]) if seen[first] else first
            seen[first] += 1
        keyed.append((line, key))
    return keyed


def _there(session: Session, organisation_id: UUID, keys: list[str]) -> set[str]:
    there: set[str] = set()
    for start in range(0, len(keys), BATCH):
        some = keys[start : start + BATCH]
        own = and_(HoursEntry.organisation_id == organisation_id, HoursEntry.source_key.in_(some))
        there |= {key for key in session.scalars(select(HoursEntry.source_key).where(own)) if key}
    return there


def _over(session: Session, owner: UUID, lines: list[Line]) -> dict[int, Problem]:
    """Lines that would give one person more than 24 h in a day, with what is there already and the lines before."""
    if not lines:
        return {}
    days = [line.period.first_day for line in lines]
    totals: dict[date, int] = defaultdict(int)
    for (_, day), total in day_totals(session, (owner,), min(days), max(days)).items():
        totals[day] = total
    over = {}
    for line in lines:
        period = line.period
        already = totals[period.first_day] if period.days == 1 else 0
        if already + line.quarter_hours > QUARTERS_A_DAY * period.days:
            over[line.number] = Problem("hours", PERIOD_OVER)
        elif period.days == 1:
            totals[period.first_day] += line.quarter_hours
    return over


def _staged(import_id: UUID, line: Line, key: str, there: set[str], over: Problem | None) -> dict[str, Any]:
    problems = (*line.problems, *((over,) if over else ()))
    state = "wrong" if problems else "known" if key in there else "ready"
    return {
        "import_id": import_id,
        "number": line.number,
        "state": state,
        "cells": dict(line.cells),
        "problems": [[one.column, one.message, dict(one.values)] for one in problems],
        "read": None if problems else _plain(line),
        "source_key": key or None,
    }


def _plain(line: Line) -> dict[str, Any]:
    return {
        "committee": line.committee,
        "activity": line.activity,
        "kind": line.kind.value,
        "first_day": line.period.first_day.isoformat(),
        "last_day": line.period.last_day.isoformat(),
        "quarter_hours": line.quarter_hours,
        "other_figure": line.other_figure,
        "persons": line.persons,
    }


def _leave_out(session: Session, import_id: UUID, numbers: list[int]) -> None:
    """Lines that were right when the file was read and no longer are join those to correct: page and file say them."""
    problem = [["hours", PERIOD_OVER, {}]]
    session.execute(
        update(HoursImportLine)
        .where(HoursImportLine.import_id == import_id, HoursImportLine.number.in_(numbers))
        .values(state="wrong", problems=problem, read=None)
        .execution_options(synchronize_session=False)
    )


def _write(session: Session, row: Any, batch: Any, now: datetime) -> tuple[int, list[int]]:
    """Write staged lines; how many were not there already, and the numbers of those left out: a person whose day
    filled up meanwhile keeps 24 h."""
    owner = row.user_id if row.mine else None
    lines = [dict(one.read) | {"source_key": one.source_key, "number": one.number} for one in batch]
    for line in lines:
        line["first_day"], line["last_day"] = (
            date.fromisoformat(line["first_day"]),
            date.fromisoformat(line["last_day"]),
        )
    if owner is not None:
        lock_row(session, select(User.id).where(User.id == owner))
        lines = _with_room(session, owner, lines)
    kept = {line.pop("number") for line in lines}
    over = [one.number for one in batch if one.number not in kept]
    if not lines:
        return 0, over
    state = State.APPROVED if row.approved else State.SUBMITTED
    base = {
        "organisation_id": row.organisation_id,
        "user_id": owner,
        "entered_by": row.user_id,
        "state": state.value,
        "version": 1,
        "source": Source.IMPORT.value,
        "import_id": row.id,
        "created_at": now,
        "decided_by": row.user_id if row.approved else None,
        "decided_at": now if row.approved else None,
    }
    inserted = upsert_entry(session).on_conflict_do_nothing(index_elements=["organisation_id", "source_key"])
    written = session.execute(
        inserted.returning(HoursEntry.id), [base | line | {"id": new_id()} for line in lines]
    ).all()
    return len(written), over


def _with_room(session: Session, owner: UUID, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    days = [line["first_day"] for line in lines]
    totals = day_totals(session, (owner,), min(days), max(days))
    there = _there_for(session, lines)
    kept = []
    for line in lines:
        day = (owner, line["first_day"])
        single = line["first_day"] == line["last_day"]
        if single and line["source_key"] not in there:
            if totals.get(day, 0) + line["quarter_hours"] > QUARTERS_A_DAY:
                continue
            totals[day] = totals.get(day, 0) + line["quarter_hours"]
        kept.append(line)
    return kept


def _there_for(session: Session, lines: list[dict[str, Any]]) -> set[str | None]:
    keys = [line["source_key"] for line in lines]
    return set(session.scalars(select(HoursEntry.source_key).where(HoursEntry.source_key.in_(keys))))
