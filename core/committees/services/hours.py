"""Entering hours, correcting them, and the organisation's answer; every change keeps old and new, by whom and why."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.registry import registry
from core.access.viewer import Viewer
from core.accounts.models import User
from core.committees.models.hours import HoursEntry
from core.committees.models.structure import Committee
from core.committees.queries.hours import COLUMNS, READ, EntryRow, entry_row
from core.committees.rules.durations import Refused
from core.committees.rules.hours import (
    ACTIVITY_LENGTH,
    SEVERAL_ONE_DAY,
    Act,
    Kind,
    Period,
    State,
    check_day_total,
    check_days,
    check_shared,
    may,
    next_state,
)
from core.committees.services.hours_changes import AT_ONCE, change_entries, day_totals, load_entry, undone_by
from core.kernel.clock import TORONTO
from core.kernel.db import add_row, lock_row, new_id
from core.kernel.errors import DomainError, Forbidden, Missing, Stale
from core.kernel.events import emit
from core.kernel.i18n import N_

UNKNOWN_COMMITTEE = N_("Choisissez un comité de la liste.")
REASON_NEEDED = N_("Dites pourquoi, en quelques mots.")
NOTHING_CHANGED = N_("Rien n’a changé.")
NOTHING_CHOSEN = N_("Choisissez au moins une inscription.")
UNDO_OVER = N_("Ce geste ne peut plus être annulé. Corrigez plutôt l’inscription.")


class HoursInvalid(DomainError):
    """A rule refuses one answer: `field` is where, `values` fill the French sentence's %(name)s."""

    def __init__(self, field: str, message: str, values: Mapping[str, object] | None = None) -> None:
        self.field = field
        self.values: Mapping[str, object] = values or {}
        super().__init__(message)


@dataclass(frozen=True)
class HoursGiven:
    """What one entry says. `shared`: time of the organisation and not of the viewer."""

    first_day: date
    last_day: date
    quarter_hours: int
    kind: Kind
    committee: str | None
    activity: str = ""
    persons: int | None = None
    shared: bool = False


@dataclass(frozen=True)
class Done:
    """A gesture on several entries: `left` were changed meanwhile, or cannot receive it."""

    batch_id: UUID
    entries: int
    quarter_hours: int
    left: int


def enter_hours(session: Session, viewer: Viewer, given: HoursGiven, *, key: str = "", now: datetime) -> UUID:
    """Enter hours of the viewer or of her or his organisation; the identifier of the entry.

    The same `key` (the form's) by the same person gives the same entry. Raises HoursInvalid, and Missing without the
    right to enter hours.
    """
    if viewer.organisation_id is None or viewer.user_id is None or not holds(viewer, Permission.HOURS_ENTER):
        raise Missing
    source_key = hashlib.sha256(f"form:{viewer.user_id}:{key}".encode()).hexdigest() if key else None
    # One person's entries wait for each other: two at once would each see a day with room left.
    lock_row(session, select(User.id).where(User.id == viewer.user_id))
    if source_key is not None:
        same = and_(HoursEntry.organisation_id == viewer.organisation_id, HoursEntry.source_key == source_key)
        there = session.scalar(select(HoursEntry.id).where(same))
        if there is not None:
            return UUID(str(there))
    user_id = None if given.shared else viewer.user_id
    check_given(session, given, user_id, now=now)
    entry_id = new_id()
    values = entry_values(given, user_id) | {
        "id": entry_id,
        "organisation_id": viewer.organisation_id,
        "entered_by": viewer.user_id,
        "source_key": source_key,
        "created_at": now,
    }
    add_row(session, HoursEntry, **values)
    emit(session, "hours.submitted", str(entry_id), topics=(f"org:{viewer.organisation_id}",), now=now)
    return entry_id


def repeat_last(session: Session, viewer: Viewer, entry_id: UUID, *, key: str = "", now: datetime) -> UUID:
    """Enter again, for today, what one entry says. Raises Missing when the viewer may not see it."""
    row = load_entry(session, viewer, entry_id)
    today = now.astimezone(TORONTO).date()
    shared = row.user_id is None
    kind = row.kind if row.kind is not Kind.SEVERAL else Kind.WORK
    given = HoursGiven(today, today, row.quarter_hours, kind, row.committee, row.activity, row.persons, shared)
    return enter_hours(session, viewer, given, key=key, now=now)


def correct_hours(
    session: Session,
    viewer: Viewer,
    entry_id: UUID,
    given: HoursGiven,
    *,
    reason: str,
    version: int,
    now: datetime,
) -> UUID:
    """Change what an entry says; the identifier of the gesture. Old and new values are kept with the reason.

    What was approved goes back for approval, unless who corrects it approves. Raises HoursInvalid, Missing, Forbidden,
    Stale.
    """
    row = load_entry(session, viewer, entry_id, lock=True)
    state = _allowed(viewer, row, Act.CORRECT)
    if row.version != version:
        raise Stale
    if not reason.strip():
        raise HoursInvalid("reason", REASON_NEEDED)
    if given.shared:
        user_id = None
    else:
        user_id = row.user_id or viewer.user_id
        lock_row(session, select(User.id).where(User.id == user_id))
    check_given(session, given, user_id, now=now, entry=row)
    wanted = entry_values(given, user_id) | {"state": state.value, "return_reason": None}
    if all(getattr(row, name) == value for name, value in wanted.items()):
        raise HoursInvalid("", NOTHING_CHANGED)
    batch = new_id()
    change_entries(session, viewer, [row], Act.CORRECT, wanted, batch=batch, reason=reason.strip(), now=now)
    emit(session, "hours.corrected", str(entry_id), topics=(f"org:{row.organisation_id}",), now=now)
    return batch


def act_on_hours(
    session: Session, viewer: Viewer, entry_id: UUID, act: Act, *, version: int, reason: str = "", now: datetime
) -> UUID:
    """Approve, return (with a reason), withdraw or restore one entry; the identifier of the gesture."""
    row = load_entry(session, viewer, entry_id, lock=True)
    state = _allowed(viewer, row, act)
    if row.version != version:
        raise Stale
    if act is Act.RETURN and not reason.strip():
        raise HoursInvalid("reason", REASON_NEEDED)
    if act is Act.RESTORE:
        _check_room(session, row.user_id, Period(row.first_day, row.last_day), row.quarter_hours, row.id)
    batch = new_id()
    wanted = _decision(viewer, act, state, reason, now)
    change_entries(session, viewer, [row], act, wanted, batch=batch, reason=reason.strip() or None, now=now)
    emit(session, f"hours.{_PAST[act]}", str(entry_id), topics=_told(row), now=now)
    return batch


def decide_hours(
    session: Session, viewer: Viewer, versions: Mapping[UUID, int], act: Act, *, reason: str = "", now: datetime
) -> Done:
    """Approve or return many entries at once, as one gesture that may be undone as one.

    `versions`: entry -> the version the person saw; those changed meanwhile are left and counted.
    """
    if act not in {Act.APPROVE, Act.RETURN} or not holds(viewer, Permission.HOURS_APPROVE):
        raise Forbidden
    if not versions:
        raise HoursInvalid("entries", NOTHING_CHOSEN)
    if act is Act.RETURN and not reason.strip():
        raise HoursInvalid("reason", REASON_NEEDED)
    chosen = sorted(versions)
    rows: list[EntryRow] = []
    for start in range(0, len(chosen), AT_ONCE):
        mine = and_(registry.visible(viewer, READ), HoursEntry.id.in_(chosen[start : start + AT_ONCE]))
        found = session.execute(select(*COLUMNS).where(mine).order_by(HoursEntry.id).with_for_update())
        rows += [
            row
            for row in map(entry_row, found)
            if row.version == versions[row.id] and may(act, row.state, author=False, approver=True)
        ]
    batch = new_id()
    for state in {row.state for row in rows}:
        after = next_state(act, state, approver=True)
        some = [row for row in rows if row.state is state]
        wanted = _decision(viewer, act, after, reason, now)
        change_entries(session, viewer, some, act, wanted, batch=batch, reason=reason.strip() or None, now=now)
    topics = {topic for row in rows for topic in _told(row)}
    if rows:
        emit(session, f"hours.{_PAST[act]}", str(batch), topics=topics, now=now)
    return Done(batch, len(rows), sum(row.quarter_hours for row in rows), len(versions) - len(rows))


def undo_hours(session: Session, viewer: Viewer, batch_id: UUID, *, now: datetime) -> int:
    """Put back what the viewer's gesture changed; how many entries. Raises DomainError when it is too late."""
    found = undone_by(session, viewer, batch_id, now)
    if not found:
        raise DomainError(UNDO_OVER)
    batch = new_id()
    alike: dict[str, list[tuple[EntryRow, dict[str, Any]]]] = {}
    for row, before in found:
        if row.state is State.WITHDRAWN or before.keys() & {"first_day", "last_day", "quarter_hours", "user_id"}:
            period = Period(before.get("first_day", row.first_day), before.get("last_day", row.last_day))
            quarter_hours = before.get("quarter_hours", row.quarter_hours)
            _check_room(session, before.get("user_id", row.user_id), period, quarter_hours, row.id)
        alike.setdefault(repr(sorted(before.items())), []).append((row, before))
    for some in alike.values():
        wanted = dict(some[0][1])
        if wanted.get("state") == State.SUBMITTED.value:
            wanted |= {"decided_by": None, "decided_at": None}
        change_entries(session, viewer, [row for row, _ in some], Act.UNDO, wanted, batch=batch, reason=None, now=now)
    topics = {topic for row, _ in found for topic in _told(row)}
    emit(session, "hours.undone", str(batch), topics=topics, now=now)
    return len(found)


def check_given(
    session: Session, given: HoursGiven, user_id: UUID | None, *, now: datetime, entry: EntryRow | None = None
) -> None:
    """Everything a rule or the database may refuse in what was given. Raises HoursInvalid at the right field."""
    period = Period(given.first_day, given.last_day)
    try:
        check_days(period.first_day, period.last_day, now.astimezone(TORONTO).date())
    except Refused as refused:
        raise HoursInvalid("day", refused.message, refused.values) from refused
    if given.kind is Kind.SEVERAL and period.days == 1:
        raise HoursInvalid("kind", SEVERAL_ONE_DAY)
    kept = entry is not None and entry.committee == given.committee
    if given.committee is not None and not kept:
        known = and_(Committee.slug == given.committee, Committee.status == "active")
        if session.scalar(select(Committee.id).where(known)) is None:
            raise HoursInvalid("committee", UNKNOWN_COMMITTEE)
    if user_id is None:
        try:
            check_shared(given.quarter_hours, period.days, given.persons)
        except Refused as refused:
            raise HoursInvalid("hours", refused.message, refused.values) from refused
    else:
        _check_room(session, user_id, period, given.quarter_hours, entry.id if entry else None)


def _check_room(session: Session, user_id: UUID | None, period: Period, quarter_hours: int, but: UUID | None) -> None:
    if user_id is None:
        return
    already = 0
    if period.days == 1:
        totals = day_totals(session, (user_id,), period.first_day, period.last_day, but=but)
        already = totals.get((user_id, period.first_day), 0)
    try:
        check_day_total(already, quarter_hours, period.days)
    except Refused as refused:
        raise HoursInvalid("hours", refused.message, refused.values) from refused


def entry_values(given: HoursGiven, user_id: UUID | None) -> dict[str, Any]:
    """The columns of what was given."""
    return {
        "user_id": user_id,
        "committee": given.committee,
        "activity": " ".join(given.activity.split())[:ACTIVITY_LENGTH],
        "kind": given.kind.value,
        "first_day": given.first_day,
        "last_day": given.last_day,
        "quarter_hours": given.quarter_hours,
        "persons": given.persons,
    }


_PAST: Mapping[Act, str] = {
    Act.APPROVE: "approved",
    Act.RETURN: "returned",
    Act.WITHDRAW: "withdrawn",
    Act.RESTORE: "restored",
}


def _allowed(viewer: Viewer, row: EntryRow, act: Act) -> State:
    author, approver = viewer.user_id in {row.user_id, row.entered_by}, holds(viewer, Permission.HOURS_APPROVE)
    if not may(act, row.state, author=author, approver=approver):
        raise Forbidden
    return next_state(act, row.state, approver=approver)


def _decision(viewer: Viewer, act: Act, state: State, reason: str, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"state": state.value, "return_reason": reason.strip() if act is Act.RETURN else None}
    if act in {Act.APPROVE, Act.RETURN}:
        values |= {"decided_by": viewer.user_id, "decided_at": now}
    return values


def _told(row: EntryRow) -> tuple[str, ...]:
    return (f"org:{row.organisation_id}",)
