"""Reads of a woman's path: the version in force with her marks in one statement, and what names are shown."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from core.api import Alongside, ServiceName, Viewer, organisation_names, service_names

from ..models import PathRow, StepRow, VersionRow
from ..rules.conditions import Situation
from ..rules.graph import PUBLISHED, Trajectory
from ..rules.path import Mark, PathShown, Reader, Status, path_shown, visible
from .trajectory import draft_or_version

#: Published versions never change: read once for each process, the last ones kept.
_KEPT = 4
_read: OrderedDict[UUID, Trajectory] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class PathView:
    """A path as one organisation may see it, with the names it shows. `own`: the reader's organisation."""

    code: str
    own: UUID
    shown: PathShown
    organisations: Mapping[UUID, tuple[str, str | None]]
    services: Mapping[UUID, ServiceName]
    published: bool

    @property
    def empty(self) -> bool:
        """Nothing is marked that this reader may see."""
        return not (self.shown.done or self.shown.begun or self.shown.not_for_her or self.shown.elsewhere)


def path_view(session: Session, viewer: Viewer, beside: Alongside) -> PathView:
    """What the viewer's organisation sees of that person's path. Three statements once the version was read."""
    assert viewer.organisation_id is not None
    reader = Reader(viewer.organisation_id, beside.disclosers)
    trajectory, marks = version_and_marks(session, beside.mark)
    shown = path_shown(trajectory, situation_of(beside), marks, reader)
    return PathView(
        beside.code,
        reader.organisation,
        shown,
        organisation_names(session, shown.organisations),
        service_names(session, viewer, shown.services),
        published=trajectory is not None,
    )


def own_mark(session: Session, mark: bytes, reader: Reader, node: str) -> Mark | None:
    """What the reader's own organisation says of a step. One statement."""
    found = visible(version_and_marks(session, mark)[1], Reader(reader.organisation))
    return next((one for one in found if one.node == node), None)


def version_and_marks(session: Session, mark: bytes) -> tuple[Trajectory | None, tuple[Mark, ...]]:
    """The version in force and every mark of a path, whoever made it: `rules.path` takes away what is not shown."""
    rows = session.execute(
        select(VersionRow.id, StepRow)
        .select_from(VersionRow)
        .outerjoin(PathRow, PathRow.case_mark == mark)
        .outerjoin(StepRow, StepRow.path_id == PathRow.id)
        .where(VersionRow.state == PUBLISHED)
    ).all()
    if not rows:
        return None, _marks(session.scalars(select(StepRow).join(PathRow).where(PathRow.case_mark == mark)))
    return _version(session, rows[0].id), _marks(row.StepRow for row in rows if row.StepRow is not None)


def situation_of(beside: Alongside) -> Situation:
    """What her own reference says of her situation; nothing where its preview is erased."""
    return Situation(
        age_band=beside.age_band,
        mrc=beside.area_code,
        needs=frozenset(beside.needs),
        languages=frozenset({beside.language} if beside.language else ()),
    )


def _version(session: Session, version_id: UUID) -> Trajectory | None:
    with _lock:
        known = _read.get(version_id)
    if known is not None:
        return known
    found = draft_or_version(session, and_(VersionRow.id == version_id, VersionRow.state == PUBLISHED))
    if found is not None:
        with _lock:
            _read[version_id] = found
            while len(_read) > _KEPT:
                _read.popitem(last=False)
    return found


def _marks(rows: Iterable[StepRow]) -> tuple[Mark, ...]:
    return tuple(
        Mark(
            row.organisation_id,
            row.node_key,
            Status(row.status),
            row.marked_at,
            None if row.before is None else Status(row.before),
        )
        for row in rows
    )
