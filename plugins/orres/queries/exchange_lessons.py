"""Reads about lessons: those of a vignette, of a draft of the trajectory, and the committee's list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from core.api import Keyring, ServiceName, Viewer, admitted_organisations, edit_states, open_text, service_names

from ..exchange_access import side_of
from ..models import AnswerRow, Lesson, VersionRow, Vignette
from ..rules.exchange import LessonState, State, Target, reads
from ..rules.graph import DRAFT, PUBLISHED
from ..services.exchange import facts_of
from ..services.exchange_texts import LESSONS

SIZE = 20


@dataclass(frozen=True)
class LessonView:
    """A lesson. `vignette`: the code of the exchange, "" once it is gone or while the viewer may not read it;
    `service` None when the lesson is about no sheet, or about one that the viewer may not read; `outcome`: what its
    organisation decided, a code of `OUTCOMES`, "" for a lesson about no sheet."""

    id: UUID
    target: Target
    state: LessonState
    text: str
    organisation: str
    vignette: str
    service: ServiceName | None
    field: str
    version_number: int | None
    at: datetime
    outcome: str


def lessons_of_vignette(
    session: Session, keyring: Keyring, viewer: Viewer, vignette_id: UUID
) -> tuple[LessonView, ...]:
    """Lessons drawn from one exchange, in order."""
    return _views(session, keyring, viewer, Lesson.vignette_id == vignette_id)


def lessons_of_version(session: Session, keyring: Keyring, viewer: Viewer, number: int) -> tuple[LessonView, ...]:
    """Lessons joined to a version of the trajectory: for who works on it (`orres.follow` is the caller's to ask)."""
    return _views(session, keyring, viewer, Lesson.version_number == number)


def list_lessons(
    session: Session, keyring: Keyring, viewer: Viewer, committee_id: UUID, *, page: int = 1
) -> tuple[tuple[LessonView, ...], int]:
    """The committee's lessons, those to deal with first, and how many in all."""
    here = Lesson.committee_id == committee_id
    total = session.scalar(select(func.count()).select_from(Lesson).where(here)) or 0
    found = _views(session, keyring, viewer, here, waiting_first=True, limit=SIZE, offset=(page - 1) * SIZE)
    return found, total


def open_lessons(session: Session, committee_id: UUID) -> int:
    """How many wait to be dealt with. One statement."""
    here = (Lesson.committee_id == committee_id) & (Lesson.state == LessonState.OPEN.value)
    return session.scalar(select(func.count()).select_from(Lesson).where(here)) or 0


def sheets_in_force(session: Session, viewer: Viewer) -> tuple[ServiceName, ...]:
    """Services of the trajectory in force that the viewer may read: those an exchange speaks of. Two statements."""
    ids = session.scalars(
        select(AnswerRow.service_id)
        .join(VersionRow, VersionRow.id == AnswerRow.version_id)
        .where(VersionRow.state == PUBLISHED)
        .distinct()
    ).all()
    return tuple(sorted(service_names(session, viewer, ids).values(), key=lambda one: (one.organisation, one.name)))


def drafts_to_join(session: Session) -> tuple[tuple[int, str], ...]:
    """Number and title of the drafts of the trajectory, the newest first. One statement."""
    rows = session.execute(
        select(VersionRow.number, VersionRow.title)
        .where(VersionRow.state == DRAFT)
        .order_by(VersionRow.number.desc())
        .limit(SIZE)
    )
    return tuple((row.number, row.title) for row in rows)


def _views(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    where: ColumnElement[bool],
    *,
    waiting_first: bool = False,
    limit: int = 200,
    offset: int = 0,
) -> tuple[LessonView, ...]:
    """Statements do not grow with the number of lessons."""
    waits = case((Lesson.state == LessonState.OPEN.value, 0), (Lesson.state == LessonState.ATTACHED.value, 1), else_=2)
    order: Sequence[Any] = (waits, Lesson.at.desc(), Lesson.id) if waiting_first else (Lesson.at, Lesson.id)
    rows = session.execute(
        select(Lesson, Vignette)
        .outerjoin(Vignette, Vignette.id == Lesson.vignette_id)
        .where(where)
        .order_by(*order)
        .limit(limit)
        .offset(offset)
    ).all()
    if not rows:
        return ()
    names: Mapping[UUID, str] = dict(admitted_organisations(session))
    about = [row.Lesson.service_id for row in rows if row.Lesson.service_id is not None]
    services = service_names(session, viewer, about)
    outcomes = edit_states(session, [row.Lesson.edit_id for row in rows if row.Lesson.edit_id is not None])
    return tuple(
        LessonView(
            id=row.Lesson.id,
            target=Target(row.Lesson.target),
            state=LessonState(row.Lesson.state),
            text=open_text(keyring, LESSONS, row.Lesson.id, "text_sealed", row.Lesson.text_sealed),
            organisation=names.get(row.Lesson.organisation_id, ""),
            vignette=_code(viewer, row.Vignette),
            service=services.get(row.Lesson.service_id) if row.Lesson.service_id is not None else None,
            field=row.Lesson.field,
            version_number=row.Lesson.version_number,
            at=row.Lesson.at,
            outcome=outcomes.get(row.Lesson.edit_id, ""),
        )
        for row in rows
    )


def _code(viewer: Viewer, vignette: Vignette | None) -> str:
    if vignette is None:
        return ""
    return vignette.code if reads(State(vignette.state), side_of(viewer, facts_of(vignette))) else ""
