"""Hours as pages and reports read them: what a viewer may see, its totals, one entry with its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.registry import register_rule, register_sql, registry
from core.access.rules import ALLOWED, Decision, deny
from core.access.viewer import Viewer
from core.committees.models.hours import HoursEntry, HoursRevision
from core.committees.models.structure import Committee
from core.committees.rules.hours import COUNTED, UNDO_SECONDS, Act, Kind, Source, State

PAGE_ROWS = 50
#: The filter for entries given to no committee; no slug looks like it.
NO_COMMITTEE = "-"
READ = "hours.read"
_COUNTED = tuple(state.value for state in COUNTED)


@dataclass(frozen=True)
class HoursFacts:
    """What the right to read asks of one entry."""

    organisation_id: UUID
    user_id: UUID | None
    entered_by: UUID | None


def may_read_hours(viewer: Viewer, facts: HoursFacts) -> Decision:
    """One's own time, what one entered, the organisation's shared time; all of it for who approves it."""
    hidden = deny("Cette page n’existe pas.", discoverable=False)
    if viewer.user_id is None or facts.organisation_id != viewer.organisation_id:
        return hidden
    if holds(viewer, Permission.HOURS_APPROVE):
        return ALLOWED
    if not holds(viewer, Permission.HOURS_ENTER):
        return hidden
    mine = facts.user_id is None or viewer.user_id in {facts.user_id, facts.entered_by}
    return ALLOWED if mine else hidden


def readable_hours(viewer: Viewer) -> ColumnElement[bool]:
    """`may_read_hours` as a condition on `HoursEntry`."""
    if viewer.user_id is None or viewer.organisation_id is None:
        return false()
    own = HoursEntry.organisation_id == viewer.organisation_id
    if holds(viewer, Permission.HOURS_APPROVE):
        return own
    if not holds(viewer, Permission.HOURS_ENTER):
        return false()
    mine = or_(
        HoursEntry.user_id.is_(None), HoursEntry.user_id == viewer.user_id, HoursEntry.entered_by == viewer.user_id
    )
    return and_(own, mine)


register_rule(READ, may_read_hours)
register_sql(READ, readable_hours)


@dataclass(frozen=True)
class HoursFilter:
    """What a list shows; None or "" filters nothing. Days are both included; `whose`: mine, shared or ""."""

    first_day: date | None = None
    last_day: date | None = None
    committee: str = ""
    kind: str = ""
    state: str = ""
    whose: str = ""


@dataclass(frozen=True)
class EntryRow:
    """One entry as listed. `user_id` None: time of the organisation."""

    id: UUID
    organisation_id: UUID
    user_id: UUID | None
    entered_by: UUID | None
    committee: str | None
    activity: str
    kind: Kind
    first_day: date
    last_day: date
    quarter_hours: int
    other_figure: int | None
    persons: int | None
    state: State
    version: int
    source: Source
    created_at: datetime
    return_reason: str | None


@dataclass(frozen=True)
class Listing:
    """One page of entries. `quarter_hours` adds the counted ones of the whole filter, `approved` the approved ones."""

    rows: tuple[EntryRow, ...]
    number: int
    pages: int
    total: int
    quarter_hours: int
    approved: int


@dataclass(frozen=True)
class Revision:
    """What an act changed: field -> value before and after, plain."""

    act: Act
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    reason: str | None
    user_id: UUID | None
    at: datetime


@dataclass(frozen=True)
class EntryView:
    """An entry and everything done to it, oldest first."""

    row: EntryRow
    revisions: tuple[Revision, ...]


@dataclass(frozen=True)
class CommitteeChoice:
    """A committee hours are given to. `active`: it may still be chosen."""

    slug: str
    title: str
    active: bool


@dataclass(frozen=True)
class Batch:
    """What one gesture did, to say it and offer to undo it."""

    id: UUID
    act: Act
    entries: int
    quarter_hours: int


COLUMNS = (
    HoursEntry.id,
    HoursEntry.organisation_id,
    HoursEntry.user_id,
    HoursEntry.entered_by,
    HoursEntry.committee,
    HoursEntry.activity,
    HoursEntry.kind,
    HoursEntry.first_day,
    HoursEntry.last_day,
    HoursEntry.quarter_hours,
    HoursEntry.other_figure,
    HoursEntry.persons,
    HoursEntry.state,
    HoursEntry.version,
    HoursEntry.source,
    HoursEntry.created_at,
    HoursEntry.return_reason,
)


def committees(session: Session) -> tuple[CommitteeChoice, ...]:
    """Every committee of the network, in order. One statement."""
    statement = select(Committee.slug, Committee.title, Committee.status).order_by(Committee.position, Committee.title)
    return tuple(CommitteeChoice(row.slug, row.title, row.status == "active") for row in session.execute(statement))


def list_hours(session: Session, viewer: Viewer, wanted: HoursFilter, page: int = 1) -> Listing:
    """A page of what the viewer may see, latest days first. Two statements, whatever the number of entries."""
    chosen = _chosen(viewer, wanted)
    counted = HoursEntry.state.in_(_COUNTED)
    approved = HoursEntry.state == State.APPROVED.value
    totals = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(case((counted, HoursEntry.quarter_hours), else_=0)), 0),
            func.coalesce(func.sum(case((approved, HoursEntry.quarter_hours), else_=0)), 0),
        ).where(chosen)
    ).one()
    pages = max(1, -(-totals[0] // PAGE_ROWS))
    number = min(max(page, 1), pages)
    rows = _rows(session, chosen, limit=PAGE_ROWS, offset=(number - 1) * PAGE_ROWS) if totals[0] else ()
    return Listing(rows, number, pages, int(totals[0]), int(totals[1]), int(totals[2]))


def all_hours(session: Session, viewer: Viewer, wanted: HoursFilter) -> tuple[EntryRow, ...]:
    """Everything the filter keeps, for an export; latest days first."""
    return _rows(session, _chosen(viewer, wanted))


def waiting(session: Session, viewer: Viewer) -> tuple[int, int]:
    """Entries the viewer's organisation has to approve, and the viewer's own returned ones. One statement."""
    approves = holds(viewer, Permission.HOURS_APPROVE)
    submitted = and_(HoursEntry.state == State.SUBMITTED.value, HoursEntry.organisation_id == viewer.organisation_id)
    returned = and_(
        HoursEntry.state == State.RETURNED.value,
        HoursEntry.organisation_id == viewer.organisation_id,
        or_(HoursEntry.user_id == viewer.user_id, HoursEntry.entered_by == viewer.user_id),
    )
    row = session.execute(
        select(
            select(func.count()).select_from(HoursEntry).where(submitted if approves else false()).scalar_subquery(),
            select(func.count()).select_from(HoursEntry).where(returned).scalar_subquery(),
        )
    ).one()
    return int(row[0] or 0), int(row[1] or 0)


def find_entry(session: Session, viewer: Viewer, entry_id: UUID) -> EntryView | None:
    """The entry and its history, or None when there is none for this viewer. Two statements."""
    rows = _rows(session, and_(registry.visible(viewer, READ), HoursEntry.id == entry_id))
    if not rows:
        return None
    history = session.execute(
        select(
            HoursRevision.act,
            HoursRevision.old,
            HoursRevision.new,
            HoursRevision.reason,
            HoursRevision.user_id,
            HoursRevision.at,
        )
        .where(HoursRevision.entry_id == entry_id)
        .order_by(HoursRevision.version)
    )
    return EntryView(rows[0], tuple(Revision(Act(row.act), *row[1:]) for row in history))


def last_entries(session: Session, viewer: Viewer, limit: int = 6) -> tuple[EntryRow, ...]:
    """What the viewer entered last by hand, latest first: what a new entry starts from."""
    entered = and_(
        HoursEntry.entered_by == viewer.user_id,
        HoursEntry.organisation_id == viewer.organisation_id,
        HoursEntry.source == Source.MANUAL.value,
        HoursEntry.state != State.WITHDRAWN.value,
    )
    statement = select(*COLUMNS).where(entered).order_by(HoursEntry.id.desc()).limit(limit)
    return tuple(entry_row(row) for row in session.execute(statement))


def find_batch(session: Session, viewer: Viewer, batch_id: UUID, now: datetime) -> Batch | None:
    """The viewer's own gesture while it may still be undone, else None."""
    row = session.execute(
        select(func.min(HoursRevision.act), func.count(), func.sum(HoursEntry.quarter_hours))
        .join(HoursEntry, HoursEntry.id == HoursRevision.entry_id)
        .where(undoable(viewer, batch_id, now))
    ).one()
    return Batch(batch_id, Act(row[0]), int(row[1]), int(row[2])) if row[1] else None


def undoable(viewer: Viewer, batch_id: UUID, now: datetime) -> ColumnElement[bool]:
    """Revisions of the gesture that are the viewer's, recent, and the last thing done to their entry."""
    return and_(
        HoursRevision.batch_id == batch_id,
        HoursRevision.user_id == viewer.user_id,
        HoursRevision.act != Act.UNDO.value,
        HoursRevision.at >= now - timedelta(seconds=UNDO_SECONDS),
        HoursRevision.version == HoursEntry.version,
    )


def _chosen(viewer: Viewer, wanted: HoursFilter) -> ColumnElement[bool]:
    conditions = [registry.visible(viewer, READ)]
    if wanted.first_day is not None:
        conditions.append(HoursEntry.first_day >= wanted.first_day)
    if wanted.last_day is not None:
        conditions.append(HoursEntry.last_day <= wanted.last_day)
    if wanted.committee == NO_COMMITTEE:
        conditions.append(HoursEntry.committee.is_(None))
    elif wanted.committee:
        conditions.append(HoursEntry.committee == wanted.committee)
    if wanted.kind:
        conditions.append(HoursEntry.kind == wanted.kind)
    if wanted.state:
        conditions.append(HoursEntry.state == wanted.state)
    else:
        conditions.append(HoursEntry.state != State.WITHDRAWN.value)
    if wanted.whose == "mine":
        conditions.append(HoursEntry.user_id == viewer.user_id)
    elif wanted.whose == "shared":
        conditions.append(HoursEntry.user_id.is_(None))
    return and_(*conditions)


def _rows(
    session: Session, condition: ColumnElement[bool], *, limit: int | None = None, offset: int = 0
) -> tuple[EntryRow, ...]:
    ordered = select(*COLUMNS).where(condition).order_by(HoursEntry.first_day.desc(), HoursEntry.id.desc())
    statement = ordered.limit(limit).offset(offset) if limit is not None else ordered
    return tuple(entry_row(row) for row in session.execute(statement))


def entry_row(row: Any) -> EntryRow:
    """A row that holds `COLUMNS` (and maybe more) as a value."""
    values = {column.key: getattr(row, column.key) for column in COLUMNS}
    codes = {"kind": Kind(row.kind), "state": State(row.state), "source": Source(row.source)}
    return EntryRow(**(values | codes))
