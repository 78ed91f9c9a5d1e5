"""Lists of versions, and what needs attention in the one in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from core.api import TORONTO, Viewer, service_states

from ..models import AnswerRow, NodeRow, UndoRow, VersionRow
from ..rules.graph import DRAFT, PUBLISHED, RETIRED
from ..rules.versions import base_moved

#: Versions on one page.
PAGE_SIZE = 20


@dataclass(frozen=True)
class VersionLine:
    """A version in a list. Days are local; `steps` counts its steps; `moved`: another one came into force since it was
    copied, so that it is to be made again over it."""

    number: int
    state: str
    title: str
    note: str
    based_on: int | None
    edits: int
    vote_code: str | None
    created_at: datetime
    proposed_at: datetime | None
    adopted_at: datetime | None
    published_on: date | None
    retired_on: date | None
    steps: int
    moved: bool
    undoable: bool = False

    @property
    def read_by_all(self) -> bool:
        """In force, or replaced: every partner reads it."""
        return self.state in (PUBLISHED, RETIRED)


@dataclass(frozen=True)
class Flag:
    """A service of the version in force that needs attention. `why`: a code of `WHY`; `label`: what it was called."""

    service_id: UUID
    why: str
    label: str
    verified_on: date | None


#: Why a service of the version in force is flagged.
WHY = {
    "gone": "N’est plus au répertoire, ou les partenaires ne peuvent plus le voir",
    "stale": "N’a pas été confirmé depuis plus d’un an",
}


def versions(session: Session, *, all_states: bool, page: int = 1) -> tuple[tuple[VersionLine, ...], int]:
    """A page of versions, the newest first, and how many pages there are. `all_states`: those at work too. Two
    statements."""
    shown = [] if all_states else [VersionRow.state.in_((PUBLISHED, RETIRED))]
    total = session.scalar(select(func.count()).select_from(VersionRow).where(*shown)) or 0
    return _lines(session, shown, PAGE_SIZE, (page - 1) * PAGE_SIZE), max(1, -(-total // PAGE_SIZE))


def at_work(session: Session) -> tuple[VersionLine, ...]:
    """Drafts, proposals and adopted versions, the newest first. One statement."""
    return _lines(session, [VersionRow.state.not_in((PUBLISHED, RETIRED))], PAGE_SIZE, 0)


def version_line(session: Session, number: int) -> VersionLine | None:
    """One version; None when there is none of that number. One statement."""
    return next(iter(_lines(session, [VersionRow.number == number], 1, 0)), None)


def in_force(session: Session) -> VersionLine | None:
    """The version in force. One statement."""
    return next(iter(_lines(session, [VersionRow.state == PUBLISHED], 1, 0)), None)


def flags(session: Session, viewer: Viewer, now: datetime) -> tuple[Flag, ...]:
    """Services of the version in force that left the directory, closed, or were not confirmed for over a year. Two
    statements, whatever their number."""
    rows = session.execute(
        select(AnswerRow.service_id, func.max(AnswerRow.label).label("label"))
        .join(VersionRow, VersionRow.id == AnswerRow.version_id)
        .where(VersionRow.state == PUBLISHED)
        .group_by(AnswerRow.service_id)
    )
    return flagged(session, viewer, {row.service_id: row.label for row in rows}, now)


def as_partners(viewer: Viewer) -> Viewer:
    """Who reads the directory as partners do, without what only the viewer's own organisation may see."""
    return replace(viewer, organisation_id=None)


def flagged(session: Session, viewer: Viewer, services: Mapping[UUID, str], now: datetime) -> tuple[Flag, ...]:
    """The flags of these services (identifier → label), the same whoever asks: one that only the reader's own
    organisation may see is gone for the partners who are sent there. One statement."""
    states = service_states(session, as_partners(viewer), services, now)
    found = []
    for service_id, label in services.items():
        state = states.get(service_id)
        if state is None:
            found.append(Flag(service_id, "gone", label, None))
        elif state.freshness == "stale":
            found.append(Flag(service_id, "stale", label, state.verified_on))
    return tuple(sorted(found, key=lambda one: (list(WHY).index(one.why), one.label, str(one.service_id))))


def _lines(session: Session, shown: Sequence[ColumnElement[bool]], limit: int, offset: int) -> tuple[VersionLine, ...]:
    steps = (
        select(func.count())
        .select_from(NodeRow)
        .where(NodeRow.version_id == VersionRow.id, NodeRow.kind == "step")
        .scalar_subquery()
    )
    current = select(VersionRow.number).where(VersionRow.state == PUBLISHED).limit(1).scalar_subquery()
    undo = select(func.count()).select_from(UndoRow).where(UndoRow.version_id == VersionRow.id).scalar_subquery()
    rows = session.execute(
        select(VersionRow, steps.label("steps"), current.label("current"), undo.label("undo"))
        .where(*shown)
        .order_by(VersionRow.number.desc())
        .limit(limit)
        .offset(offset)
    )
    return tuple(_line(row.VersionRow, row.steps, row.current, row.undo) for row in rows)


def _line(row: VersionRow, steps: int, current: int | None, undo: int) -> VersionLine:
    open_ = row.state not in (PUBLISHED, RETIRED)
    return VersionLine(
        number=row.number,
        state=row.state,
        title=row.title,
        note=row.note,
        based_on=row.based_on,
        edits=row.edits,
        vote_code=row.vote_code,
        created_at=row.created_at,
        proposed_at=row.proposed_at,
        adopted_at=row.adopted_at,
        published_on=_day(row.published_at),
        retired_on=_day(row.retired_at),
        steps=steps,
        moved=open_ and base_moved(row.based_on, current),
        undoable=row.state == DRAFT and undo > 0,
    )


def _day(at: datetime | None) -> date | None:
    return None if at is None else at.astimezone(TORONTO).date()
