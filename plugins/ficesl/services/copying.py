"""What a version is made of, copied into the draft that follows it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.api import new_id, read_file, store_file

from ..models import EvaluationQuestion, Material, Module, Prerequisite, QuizQuestion
from .desk import Desk


def copy_contents(session: Session, desk: Desk, source: UUID, target: UUID) -> None:
    """Parts and their quizzes, prerequisites, the evaluation's form, links and files; what people did is not copied.

    A file is encrypted again under a key of its own: shredding that of one version leaves the other's.
    """
    parts: dict[UUID, UUID] = {}
    rows = []
    for row in session.execute(select(*Module.__table__.columns).where(Module.version_id == source)):
        parts[row.id] = new_id()
        rows.append({**row._mapping, "id": parts[row.id], "version_id": target})
    _insert(session, Module, rows)
    quizzes = select(*QuizQuestion.__table__.columns).where(QuizQuestion.module_id.in_(parts))
    _insert(
        session,
        QuizQuestion,
        [{**row._mapping, "id": new_id(), "module_id": parts[row.module_id]} for row in session.execute(quizzes)],
    )
    for model in (Prerequisite, EvaluationQuestion):
        found = session.execute(select(*model.__table__.columns).where(model.version_id == source))
        _insert(session, model, [{**row._mapping, "id": new_id(), "version_id": target} for row in found])
    materials = session.execute(select(*Material.__table__.columns).where(Material.version_id == source)).all()
    _insert(
        session,
        Material,
        [
            {**row._mapping, "id": new_id(), "version_id": target, "file_id": _file(session, desk, row.file_id)}
            for row in materials
        ],
    )


def _file(session: Session, desk: Desk, file_id: UUID | None) -> UUID | None:
    if file_id is None:
        return None
    return store_file(session, desk.keyring, read_file(session, desk.keyring, file_id), desk.now)


def _insert(session: Session, model: type[Any], rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(model), rows)
