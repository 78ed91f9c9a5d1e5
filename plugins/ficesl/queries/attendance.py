"""Blocks, their sheet and their screen, as who gives the session reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from core.api import Viewer, format_duration

from ..models import Block, Module, Presence, Registration, Trainer, TrainerHours, TrainingSession, Version
from ..rules.attendance import Credited, Mark, credited, mark_of, minutes_between
from ..rules.credits import quarter_hours

#: A sheet opens that long before its block.
SHEET_BEFORE = timedelta(minutes=30)
HELD = and_(Block.cancelled_at.is_(None), TrainingSession.state.in_(("open", "done")))


@dataclass(frozen=True)
class BlockView:
    """A block of a session that the viewer gives. `minutes` of the block; `module_minutes` at most credited."""

    id: UUID
    session_id: UUID
    code: str
    version_id: UUID
    module_id: UUID
    committee_id: UUID
    organisation_id: UUID
    title: str
    title_en: str
    module_title: str
    module_title_en: str
    module_minutes: int
    starts_at: datetime
    ends_at: datetime
    place: str | None

    @property
    def minutes(self) -> int:
        """Minutes that really pass."""
        return minutes_between(self.starts_at, self.ends_at)

    @property
    def sheet_opens(self) -> datetime:
        """From when presences are noted."""
        return self.starts_at - SHEET_BEFORE


@dataclass(frozen=True)
class SheetRow:
    """One registered person. `mark` None: nothing noted yet; `key`: the mark that is there; `source` of it."""

    learner_id: UUID
    mark: Mark | None
    key: str
    source: str
    credited: Credited | None


@dataclass(frozen=True)
class BlockLine:
    """A block in the list of a session. `noted`: presences and absences written, `present`: people who were there."""

    id: UUID
    module_title: str
    module_title_en: str
    starts_at: datetime
    ends_at: datetime
    noted: int
    present: int


@dataclass(frozen=True)
class Proposed:
    """Hours of a block that its trainer may confirm, in quarter hours."""

    block_id: UUID
    code: str
    title: str
    title_en: str
    starts_at: datetime
    ends_at: datetime
    quarter_hours: int

    @property
    def shown(self) -> str:
        """`4 h`, its space unbreakable."""
        return format_duration(self.quarter_hours)


def gives(user_id: UUID | None) -> ColumnElement[bool]:
    """The viewer gives the session, as a condition on `TrainingSession`."""
    mine = and_(Trainer.session_id == TrainingSession.id, Trainer.user_id == user_id)
    return exists().where(mine)


def _blocks() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Block.id,
            Block.session_id,
            TrainingSession.code,
            TrainingSession.version_id,
            Block.module_id,
            TrainingSession.committee_id,
            TrainingSession.organisation_id,
            Version.title,
            Version.title_en,
            Module.title.label("module_title"),
            Module.title_en.label("module_title_en"),
            Module.minutes.label("module_minutes"),
            Block.starts_at,
            Block.ends_at,
            Block.place,
        )
        .join(TrainingSession, TrainingSession.id == Block.session_id)
        .join(Version, Version.id == TrainingSession.version_id)
        .join(Module, Module.id == Block.module_id)
        .where(HELD)
    )


def find_block(session: Session, viewer: Viewer, code: str, block_id: UUID) -> BlockView | None:
    """A block of a session that the viewer gives, else None. One statement."""
    if viewer.user_id is None:
        return None
    wanted = _blocks().where(Block.id == block_id, TrainingSession.code == code, gives(viewer.user_id))
    row = session.execute(wanted).first()
    return None if row is None else BlockView(**row._mapping)


def block_by_id(session: Session, block_id: UUID) -> BlockView | None:
    """A block that takes place, whoever asks: for services. One statement."""
    row = session.execute(_blocks().where(Block.id == block_id)).first()
    return None if row is None else BlockView(**row._mapping)


def open_blocks(session: Session, now: datetime, before: timedelta, after: timedelta) -> tuple[BlockView, ...]:
    """Blocks that take check-ins now. One statement; a network holds few sessions at once."""
    wanted = _blocks().where(Block.starts_at <= now + before, Block.ends_at > now - after)
    return tuple(BlockView(**row._mapping) for row in session.execute(wanted.order_by(Block.starts_at, Block.id)))


_NOTED = (
    Registration.learner_id,
    Presence.minutes,
    Presence.arrived_at,
    Presence.left_at,
    Presence.client_key,
    Presence.source,
)


def find_sheet(
    session: Session, viewer: Viewer, code: str, block_id: UUID, tolerance: int
) -> tuple[BlockView, tuple[SheetRow, ...]] | None:
    """A block that the viewer gives with its rows, as `find_block` then `sheet_rows`, else None. One statement."""
    if viewer.user_id is None:
        return None
    registered = and_(Registration.session_id == Block.session_id, Registration.state == "registered")
    rows = session.execute(
        _blocks()
        .add_columns(*_NOTED)
        .outerjoin(Registration, registered)
        .outerjoin(Presence, and_(Presence.learner_id == Registration.learner_id, Presence.block_id == Block.id))
        .where(Block.id == block_id, TrainingSession.code == code, gives(viewer.user_id))
        .order_by(Registration.queue)
    ).all()
    if not rows:
        return None
    block = BlockView(**{field.name: getattr(rows[0], field.name) for field in fields(BlockView)})
    # A session where nobody is registered gives one row, of nobody.
    return block, tuple(_sheet_row(block, row, tolerance) for row in rows if row.learner_id is not None)


def sheet_rows(session: Session, block: BlockView, tolerance: int) -> tuple[SheetRow, ...]:
    """Who is registered and what is noted of each, in the order of registration. One statement."""
    rows = session.execute(
        select(*_NOTED)
        .outerjoin(Presence, and_(Presence.learner_id == Registration.learner_id, Presence.block_id == block.id))
        .where(Registration.session_id == block.session_id, Registration.state == "registered")
        .order_by(Registration.queue)
    )
    return tuple(_sheet_row(block, row, tolerance) for row in rows)


def _sheet_row(block: BlockView, row: Any, tolerance: int) -> SheetRow:
    if row.minutes is None:
        return SheetRow(row.learner_id, None, "", "", None)
    mark = mark_of(block.starts_at, block.ends_at, row.minutes, row.arrived_at, row.left_at)
    why = credited(block.minutes, mark, tolerance)
    return SheetRow(row.learner_id, mark, row.client_key or "", row.source, why)


def counts_of(session: Session, block: BlockView) -> tuple[int, int]:
    """(people there, people registered). One statement."""
    there = select(func.count()).select_from(Presence).where(Presence.block_id == block.id, Presence.minutes > 0)
    registered = (
        select(func.count())
        .select_from(Registration)
        .where(Registration.session_id == block.session_id, Registration.state == "registered")
    )
    row = session.execute(select(there.scalar_subquery(), registered.scalar_subquery())).one()
    return int(row[0]), int(row[1])


def blocks_of(session: Session, viewer: Viewer, code: str) -> tuple[BlockLine, ...]:
    """Blocks of a session that the viewer gives, with how many presences each has. One statement."""
    noted = select(func.count()).select_from(Presence).where(Presence.block_id == Block.id)
    present = noted.where(Presence.minutes > 0).correlate(Block).scalar_subquery()
    rows = session.execute(
        select(
            Block.id,
            Module.title,
            Module.title_en,
            Block.starts_at,
            Block.ends_at,
            noted.correlate(Block).scalar_subquery().label("noted"),
            present.label("present"),
        )
        .join(TrainingSession, TrainingSession.id == Block.session_id)
        .join(Module, Module.id == Block.module_id)
        .where(TrainingSession.code == code, HELD, gives(viewer.user_id))
        .order_by(Block.starts_at, Block.id)
    )
    return tuple(BlockLine(*row) for row in rows)


def proposed_hours(session: Session, user_id: UUID, now: datetime, days: int = 60) -> tuple[Proposed, ...]:
    """Blocks that the person gave lately and whose hours she has neither entered nor set aside. One statement."""
    done = exists().where(TrainerHours.block_id == Block.id, TrainerHours.user_id == user_id)
    rows = session.execute(
        select(Block.id, TrainingSession.code, Version.title, Version.title_en, Block.starts_at, Block.ends_at)
        .join(TrainingSession, TrainingSession.id == Block.session_id)
        .join(Version, Version.id == TrainingSession.version_id)
        .where(HELD, gives(user_id), Block.ends_at <= now, Block.ends_at > now - timedelta(days=days), ~done)
        .order_by(Block.starts_at, Block.id)
    )
    return tuple(
        Proposed(*row, quarter_hours=quarter_hours(minutes_between(row.starts_at, row.ends_at))) for row in rows
    )


def sheets_to_fill(session: Session, user_id: UUID, now: datetime) -> tuple[Proposed, ...]:
    """Blocks that the person gives and whose sheet is open and empty: those of today, and of the last seven days. One
    statement."""
    noted = exists().where(Presence.block_id == Block.id, Presence.source == "sheet")
    rows = session.execute(
        select(Block.id, TrainingSession.code, Version.title, Version.title_en, Block.starts_at, Block.ends_at)
        .join(TrainingSession, TrainingSession.id == Block.session_id)
        .join(Version, Version.id == TrainingSession.version_id)
        .where(
            HELD,
            gives(user_id),
            Block.starts_at <= now + SHEET_BEFORE,
            Block.ends_at > now - timedelta(days=7),
            or_(~noted, Block.ends_at > now),
        )
        .order_by(Block.starts_at, Block.id)
    )
    return tuple(Proposed(*row, quarter_hours=0) for row in rows)


def explained(rows: Sequence[SheetRow]) -> Mapping[str, int]:
    """How many were there, away, and not noted yet."""
    there = sum(row.mark is not None and row.mark.present for row in rows)
    away = sum(row.mark is not None and not row.mark.present for row in rows)
    return {"there": there, "away": away, "left": len(rows) - there - away}
