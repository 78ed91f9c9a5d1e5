"""Writing the content of a version: only the rows that change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from core.api import new_id

from ..models import AnswerRow, ConditionRow, EdgeRow, NodeRow
from ..queries.trajectory import edge_key
from ..rules.graph import Answer, Edge, Node, Trajectory

#: Rows named in one statement: SQLite and PostgreSQL both take far more values.
BATCH = 400


def write_content(
    session: Session, version_id: UUID, before: Trajectory, after: Trajectory, labels: Mapping[UUID, str]
) -> None:
    """Bring the rows of a version from `before` to `after`. `labels`: service → what it is called, for new answers."""
    given = (session, version_id)
    held = _labels_held(session, version_id)
    _bring(*given, NodeRow, _nodes(before), _nodes(after))
    _bring(*given, EdgeRow, _edges(before), _edges(after))
    _bring(*given, AnswerRow, _answers(before, held), _answers(after, {**labels, **held}))
    gone, added = _conditions(before) - _conditions(after), _conditions(after) - _conditions(before)
    for owner, key, subject, value in sorted(gone):
        session.execute(
            delete(ConditionRow).where(
                ConditionRow.version_id == version_id,
                ConditionRow.owner == owner,
                ConditionRow.owner_key == key,
                ConditionRow.subject == subject,
                ConditionRow.value == value,
            )
        )
    names = ("owner", "owner_key", "subject", "value")
    _insert(session, ConditionRow, [dict(zip(names, one, strict=True)) for one in sorted(added)], version_id)
    session.flush()


Rows = Mapping[tuple[Any, ...], Mapping[str, Any]]


def _bring(session: Session, version_id: UUID, table: Any, before: Rows, after: Rows) -> None:
    """Keys are the columns that name a row in its version, in the order of the mapping's values."""
    for key in before.keys() - after.keys():
        session.execute(delete(table).where(*_named(table, version_id, before[key], len(key))))
    for key in sorted(after.keys() & before.keys(), key=str):
        changed = {name: value for name, value in after[key].items() if before[key][name] != value}
        if changed:
            session.execute(update(table).where(*_named(table, version_id, after[key], len(key))).values(**changed))
    _insert(session, table, [after[key] for key in after if key not in before], version_id)


def _named(table: Any, version_id: UUID, row: Mapping[str, Any], width: int) -> list[Any]:
    names = list(row)[:width]
    return [table.version_id == version_id, *(getattr(table, name) == row[name] for name in names)]


def _insert(session: Session, table: Any, rows: Iterable[Mapping[str, Any]], version_id: UUID) -> None:
    made = [{"id": new_id(), "version_id": version_id, **row} for row in rows]
    for start in range(0, len(made), BATCH):
        session.execute(insert(table), made[start : start + BATCH])


def _nodes(content: Trajectory) -> Rows:
    return {(one.key,): _node(one) for one in content.nodes}


def _node(one: Node) -> Mapping[str, Any]:
    return {
        "key": one.key,
        "kind": one.kind,
        "moment_key": one.moment,
        "title": one.title,
        "title_en": one.title_en,
        "summary": one.summary,
        "position": one.position,
        "needs": list(one.needs),
        "delay_hours": one.delay_hours,
    }


def _edges(content: Trajectory) -> Rows:
    return {(one.source, one.target): _edge(one) for one in content.edges}


def _edge(one: Edge) -> Mapping[str, Any]:
    return {"source": one.source, "target": one.target, "position": one.position}


def _answers(content: Trajectory, labels: Mapping[UUID, str]) -> Rows:
    return {(one.node, one.service_id): _answer(one, labels) for one in content.answers}


def _answer(one: Answer, labels: Mapping[UUID, str]) -> Mapping[str, Any]:
    return {
        "node_key": one.node,
        "service_id": one.service_id,
        "role": one.role,
        "areas": list(one.areas),
        "delay_hours": one.delay_hours,
        "label": labels.get(one.service_id, ""),
    }


def _conditions(content: Trajectory) -> set[tuple[str, str, str, str]]:
    nodes = {("node", one.key, *_pair(kept)) for one in content.nodes for kept in one.conditions}
    return nodes | {
        ("edge", edge_key(one.source, one.target), *_pair(kept)) for one in content.edges for kept in one.conditions
    }


def _pair(condition: Any) -> tuple[str, str]:
    return condition.subject, condition.value


def _labels_held(session: Session, version_id: UUID) -> dict[UUID, str]:
    rows = session.execute(
        select(AnswerRow.service_id, AnswerRow.label).where(AnswerRow.version_id == version_id).distinct()
    )
    return {row.service_id: row.label for row in rows}
