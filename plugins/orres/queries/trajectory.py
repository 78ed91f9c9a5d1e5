"""A version of the trajectory, whole, and the services it names as a viewer may see them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from core.api import TORONTO, ServiceShown, Viewer, services_shown

from ..models import AnswerRow, ConditionRow, EdgeRow, NodeRow, VersionRow
from ..rules.conditions import Condition
from ..rules.graph import PUBLISHED, RETIRED, Answer, Edge, Kind, Node, Role, Trajectory

__all__ = [
    "ServiceShown",
    "draft_or_version",
    "edge_key",
    "in_force_on",
    "labels_in",
    "published",
    "services_of",
    "trajectory_of",
]

Owned = Mapping[tuple[str, str], tuple[Condition, ...]]


def published(session: Session) -> Trajectory | None:
    """The version in force; None while nothing was published. Four statements whatever its size."""
    return draft_or_version(session, VersionRow.state == PUBLISHED)


def in_force_on(session: Session, day: date) -> Trajectory | None:
    """The version in force at the end of a local day; before any was, the first one that came into force. Four
    statements.

    What is told of a year is cut by this version: cut again by each new one, the same references would give back small
    numbers by difference.
    """
    end = datetime.combine(day + timedelta(days=1), time.min, TORONTO)
    came = select(VersionRow.id).where(VersionRow.state.in_((PUBLISHED, RETIRED)), VersionRow.published_at.is_not(None))
    last = came.where(VersionRow.published_at < end).order_by(VersionRow.published_at.desc(), VersionRow.number.desc())
    first = came.order_by(VersionRow.published_at, VersionRow.number)
    chosen = func.coalesce(last.limit(1).scalar_subquery(), first.limit(1).scalar_subquery())
    return draft_or_version(session, VersionRow.id == chosen)


def trajectory_of(session: Session, number: int) -> Trajectory | None:
    """The version of that number in any state: who may read it is the caller's to ask. Four statements."""
    return draft_or_version(session, VersionRow.number == number)


def services_of(session: Session, viewer: Viewer, ids: Collection[UUID], now: datetime) -> dict[UUID, ServiceShown]:
    """The services named, filtered by the directory's own rules: one the viewer may not read is missing, like one that
    left. Statements do not grow with their number."""
    return services_shown(session, viewer, ids, now)


def edge_key(source: str, target: str) -> str:
    """How the conditions of a passage name it."""
    return f"{source}>{target}"


def draft_or_version(session: Session, which: ColumnElement[bool]) -> Trajectory | None:
    """The one version for which `which` holds on `VersionRow`. Four statements."""
    columns = (VersionRow.id, VersionRow.number, VersionRow.state, VersionRow.title, VersionRow.published_at)
    rows = session.execute(
        select(*columns, NodeRow)
        .outerjoin(NodeRow, NodeRow.version_id == VersionRow.id)
        .where(which)
        .order_by(NodeRow.position, NodeRow.key)
    ).all()
    if not rows:
        return None
    version = rows[0]
    owned = _conditions(session, version.id)
    at = version.published_at
    return Trajectory(
        number=version.number,
        state=version.state,
        title=version.title,
        published_on=None if at is None else at.astimezone(TORONTO).date(),
        nodes=tuple(_node(row.NodeRow, owned) for row in rows if row.NodeRow is not None),
        edges=_edges(session, version.id, owned),
        answers=_answers(session, version.id),
    )


def _node(row: NodeRow, owned: Owned) -> Node:
    return Node(
        key=row.key,
        kind=cast("Kind", row.kind),
        moment=row.moment_key,
        title=row.title,
        title_en=row.title_en,
        summary=row.summary,
        position=row.position,
        needs=tuple(row.needs),
        delay_hours=row.delay_hours,
        conditions=owned.get(("node", row.key), ()),
    )


def _conditions(session: Session, version_id: UUID) -> Owned:
    columns = (ConditionRow.owner, ConditionRow.owner_key, ConditionRow.subject, ConditionRow.value)
    found: dict[tuple[str, str], list[Condition]] = {}
    for owner, key, subject, value in session.execute(
        select(*columns).where(ConditionRow.version_id == version_id).order_by(*columns)
    ):
        found.setdefault((owner, key), []).append(Condition(subject, value))
    return {key: tuple(conditions) for key, conditions in found.items()}


def _edges(session: Session, version_id: UUID, owned: Owned) -> tuple[Edge, ...]:
    rows = session.execute(
        select(EdgeRow.source, EdgeRow.target, EdgeRow.position)
        .where(EdgeRow.version_id == version_id)
        .order_by(EdgeRow.position, EdgeRow.source, EdgeRow.target)
    )
    return tuple(
        Edge(source, target, position, owned.get(("edge", edge_key(source, target)), ()))
        for source, target, position in rows
    )


def _answers(session: Session, version_id: UUID) -> tuple[Answer, ...]:
    columns: tuple[Any, ...] = (
        AnswerRow.node_key,
        AnswerRow.service_id,
        AnswerRow.role,
        AnswerRow.areas,
        AnswerRow.delay_hours,
    )
    rows = session.execute(
        select(*columns).where(AnswerRow.version_id == version_id).order_by(AnswerRow.node_key, AnswerRow.id)
    )
    return tuple(
        Answer(node, service_id, cast("Role", role), tuple(areas), delay)
        for node, service_id, role, areas, delay in rows
    )


def labels_in(session: Session, number: int) -> dict[UUID, str]:
    """Service → what it was called when it was put in that version: for who reads one whose services left."""
    rows = session.execute(
        select(AnswerRow.service_id, AnswerRow.label)
        .join(VersionRow, VersionRow.id == AnswerRow.version_id)
        .where(VersionRow.number == number)
        .distinct()
    )
    return {row.service_id: row.label for row in rows}


def next_number(session: Session) -> int:
    """The number of the next version."""
    return (session.scalar(select(func.max(VersionRow.number))) or 0) + 1
