"""Reads about clinical exchanges: what one may read, the page of one, and what waits for a reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.api import Finding, Keyring, Viewer, admitted_organisations, can, open_text, visible

from ..exchange_access import EXCHANGE, VignetteFacts, side_of
from ..models import GivenHours, Lesson, Note, NotOne, Vignette
from ..rules.exchange import OPEN, Act, Side, State, acts_of
from ..services.drafts import Desk
from ..services.exchange import facts_of
from ..services.exchange_hours import took_part
from ..services.exchange_texts import NOTES, VIGNETTES, dismissed_in

SIZE = 20


@dataclass(frozen=True)
class VignetteLine:
    """A vignette in a list. `mine`: the viewer wrote it; `to_read`: her second reading is expected."""

    code: str
    state: State
    title: str
    age_band: str
    area_label: str
    area_label_en: str
    created_at: datetime
    notes: int
    mine: bool
    to_read: bool


@dataclass(frozen=True)
class NoteView:
    """A note, its organisation only: who wrote it is said to nobody but her (`mine`)."""

    id: UUID
    organisation: str
    text: str
    at: datetime
    mine: bool


@dataclass(frozen=True)
class VignetteView:
    """One vignette for one viewer, with what she may do now.

    `said`: what its author said was not a person, for the second reader; `hours`: quarter hours the viewer counted,
    None when she has not.
    """

    id: UUID
    code: str
    state: State
    version: int
    side: Side
    acts: frozenset[Act]
    age_band: str
    area_code: str
    area_label: str
    area_label_en: str
    since: str
    needs: tuple[str, ...]
    title: str
    story: str
    question: str
    remark: str
    organisation: str
    reader_organisation: str
    reader_id: UUID | None
    created_at: datetime
    shared_at: datetime | None
    ended_at: datetime | None
    notes: tuple[NoteView, ...]
    said: tuple[tuple[str, Finding], ...]
    took_part: bool
    hours: int | None

    @property
    def erased(self) -> bool:
        """Its texts are gone."""
        return not self.story


def list_vignettes(
    session: Session, keyring: Keyring, viewer: Viewer, *, ended: bool, page: int = 1
) -> tuple[tuple[VignetteLine, ...], int]:
    """Vignettes the viewer may read, hers and her readings first, and how many in all. Two statements."""
    states = (State.CLOSED, State.WITHDRAWN) if ended else (State.WAITING, State.RETURNED, State.SHARED)
    where = visible(viewer, EXCHANGE), Vignette.state.in_([one.value for one in states])
    total = session.scalar(select(func.count()).select_from(Vignette).where(*where)) or 0
    notes = select(func.count()).where(Note.vignette_id == Vignette.id).correlate(Vignette).scalar_subquery()
    waits = Vignette.state != State.SHARED.value
    rows = session.execute(
        select(Vignette, notes.label("notes"))
        .where(*where)
        .order_by(waits.desc(), Vignette.created_at.desc(), Vignette.id)
        .limit(SIZE)
        .offset((page - 1) * SIZE)
    )
    return tuple(_line(keyring, viewer, one, count) for one, count in rows), total


@dataclass(frozen=True)
class WaitingLine:
    """A vignette to read again (`to_read`), or that came back to who wrote it. Its code alone: no text on a card."""

    code: str
    created_at: datetime
    to_read: bool


def to_read_again(session: Session, viewer: Viewer) -> tuple[WaitingLine, ...]:
    """What waits for the viewer: her second readings, and what came back to her. One statement."""
    reading = (Vignette.reader_id == viewer.user_id) & (Vignette.state == State.WAITING.value)
    back = (Vignette.author_id == viewer.user_id) & (Vignette.state == State.RETURNED.value)
    rows = session.execute(
        select(Vignette.code, Vignette.created_at, Vignette.state)
        .where(visible(viewer, EXCHANGE), reading | back)
        .order_by(Vignette.created_at)
        .limit(SIZE)
    )
    return tuple(WaitingLine(row.code, row.created_at, row.state == State.WAITING.value) for row in rows)


def find_vignette(session: Session, desk: Desk, code: str) -> VignetteView | None:
    """A vignette by its code; None when there is none or the viewer may not know of it. Seven statements at most."""
    row = session.scalars(select(Vignette).where(Vignette.code == code)).one_or_none()
    if row is None:
        return None
    facts = facts_of(row)
    side = side_of(desk.viewer, facts)
    if side is None or not _may_read(desk.viewer, facts):
        return None
    names = dict(admitted_organisations(session))
    state = State(row.state)

    def text(column: str) -> str:
        return open_text(desk.keyring, VIGNETTES, row.id, column, getattr(row, column))

    texts = {"title": text("title_sealed"), "story": text("story_sealed"), "question": text("question_sealed")}
    hours = session.scalar(
        select(GivenHours.quarter_hours).where(
            GivenHours.vignette_id == row.id, GivenHours.user_id == desk.viewer.user_id
        )
    )
    return VignetteView(
        id=row.id,
        code=row.code,
        state=state,
        version=row.version,
        side=side,
        acts=acts_of(state, side),
        age_band=row.age_band,
        area_code=row.area_code,
        area_label=row.area_label,
        area_label_en=row.area_label_en,
        since=row.since,
        needs=tuple(row.needs),
        **texts,
        remark=text("remark_sealed"),
        organisation=names.get(row.organisation_id, ""),
        reader_organisation=names.get(row.reader_organisation_id, ""),
        reader_id=row.reader_id,
        created_at=row.created_at,
        shared_at=row.shared_at,
        ended_at=row.ended_at,
        notes=_notes(session, desk, row.id, names) if state in OPEN or side is not Side.MEMBER else (),
        said=dismissed_in(session, texts) if side is Side.READER and state is State.WAITING else (),
        took_part=took_part(session, desk, row),
        hours=hours,
    )


def about_person(session: Session, user_id: UUID) -> list[dict[str, str]]:
    """What an account did in exchanges: codes and moments."""
    acts: list[dict[str, str]] = []
    for said, column, at, join in (
        ("vignette", Vignette.author_id, Vignette.created_at, None),
        ("second_reading", Vignette.reader_id, Vignette.created_at, None),
        ("note", Note.author_id, Note.at, Note),
        ("lesson", Lesson.author_id, Lesson.at, Lesson),
        ("not_one", NotOne.user_id, NotOne.at, NotOne),
        ("hours", GivenHours.user_id, GivenHours.at, GivenHours),
    ):
        statement = select(Vignette.code, at).where(column == user_id).order_by(at)
        if join is not None:
            statement = statement.join(join, join.vignette_id == Vignette.id)
        for code, moment in session.execute(statement):
            acts.append({"act": said, "vignette": code, "at": f"{moment:%Y-%m-%dT%H:%M:%S%z}"})
    return acts


def _may_read(viewer: Viewer, facts: VignetteFacts) -> bool:
    return can(viewer, EXCHANGE, facts).allowed


def _line(keyring: Keyring, viewer: Viewer, row: Vignette, notes: int) -> VignetteLine:
    state = State(row.state)
    return VignetteLine(
        code=row.code,
        state=state,
        title=open_text(keyring, VIGNETTES, row.id, "title_sealed", row.title_sealed),
        age_band=row.age_band,
        area_label=row.area_label,
        area_label_en=row.area_label_en,
        created_at=row.created_at,
        notes=notes,
        mine=row.author_id == viewer.user_id,
        to_read=row.reader_id == viewer.user_id and state is State.WAITING,
    )


def _notes(session: Session, desk: Desk, vignette_id: UUID, names: dict[UUID, str]) -> tuple[NoteView, ...]:
    rows = session.scalars(select(Note).where(Note.vignette_id == vignette_id).order_by(Note.at, Note.id))
    return tuple(
        NoteView(
            row.id,
            names.get(row.organisation_id, ""),
            open_text(desk.keyring, NOTES, row.id, "text_sealed", row.text_sealed),
            row.at,
            row.author_id is not None and row.author_id == desk.viewer.user_id,
        )
        for row in rows
    )
