"""Lessons: what an exchange taught, joined to a draft of the trajectory or proposed to a sheet of the directory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import (
    ANONYMOUS,
    OWN_FIELDS,
    DirectoryTarget,
    Event,
    House,
    Missing,
    Viewer,
    edit_states,
    emit,
    lock_row,
    new_id,
    propose_edit,
    record,
    require_second_factor,
    services_shown,
)

from .. import exchange_events as events
from ..access import edited_committee
from ..exchange_access import EXCHANGE
from ..models import Lesson, VersionRow
from ..rules.exchange import Act, LessonState, Target, lesson_may
from ..rules.graph import DRAFT
from . import exchange_telling as telling
from .drafts import Desk
from .exchange import NotNow, hold
from .exchange_texts import LESSONS, check, record_dismissed, sealed

#: A proposal that its organisation took up, as the directory says it.
ACCEPTED = "accepted"


@dataclass(frozen=True)
class NewLesson:
    """What the form says. About a sheet: `service_id`, the directory's `field` and its proposed `value`."""

    target: Target
    text: str
    service_id: UUID | None = None
    field: str = ""
    value: str = ""
    not_one: frozenset[str] = frozenset()


def sheet_fields(target: DirectoryTarget) -> tuple[str, ...]:
    """Fields of a sheet that another organisation may propose."""
    return tuple(field for field in target.fields if field not in OWN_FIELDS)


def write_lesson(session: Session, desk: Desk, code: str, new: NewLesson) -> UUID:
    """Keep a lesson of a discussion. About a sheet, the change is proposed to its organisation, which decides.

    Raises Missing (vignette, service or field that the viewer may not see), NamesSomebody, NotNow, and DomainError as
    the directory refuses a value.
    """
    vignette = hold(session, desk, code, Act.DISCUSS)
    assert desk.viewer.organisation_id is not None
    texts = {"lesson": new.text} | ({"value": new.value} if new.target is Target.DIRECTORY else {})
    said = check(session, texts, new.not_one)
    edit_id = _proposed(session, desk, new) if new.target is Target.DIRECTORY else None
    row = Lesson(
        id=new_id(),
        committee_id=vignette.committee_id,
        vignette_id=vignette.id,
        organisation_id=desk.viewer.organisation_id,
        author_id=desk.viewer.user_id,
        target=new.target.value,
        service_id=new.service_id if edit_id is not None else None,
        field=new.field if edit_id is not None else "",
        edit_id=edit_id,
        state=LessonState.OPEN.value,
        at=desk.now,
    )
    row.text_sealed = sealed(desk, LESSONS, row.id, "text_sealed", new.text)
    session.add(row)
    session.flush()
    record_dismissed(session, desk, vignette.id, said)
    telling.note(session, desk, vignette, "lesson_written", target=row.target)
    telling.tell(session, desk, vignette)
    _told(session, row.committee_id, desk.now)
    return row.id


def move_lesson(
    session: Session, desk: Desk, lesson_id: UUID, wanted: LessonState, *, seen: LessonState, number: int | None = None
) -> None:
    """Join a lesson to a draft, say that it is done, set it aside, or take it up again.

    `seen`: the state on the page; `number`: the draft's. Raises Missing, NotNow (moved meanwhile, no such draft).
    """
    require_second_factor(desk.viewer)
    committee = edited_committee(session, desk.viewer)
    lock_row(session, select(Lesson.id).where(Lesson.id == lesson_id))
    here = (Lesson.id == lesson_id) & (Lesson.committee_id == committee.id)
    row = session.scalars(select(Lesson).where(here).execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise Missing
    state = LessonState(row.state)
    if state is not seen or not lesson_may(state, Target(row.target), wanted):
        raise NotNow
    if wanted is LessonState.ATTACHED:
        draft = select(VersionRow.number).where(VersionRow.number == number, VersionRow.state == DRAFT)
        if number is None or session.scalar(draft) is None:
            raise NotNow
        row.version_number = number
    elif wanted is LessonState.OPEN:
        row.version_number = None
    row.state = wanted.value
    row.decided_by = None if wanted is LessonState.OPEN else desk.viewer.user_id
    # Joined to a draft it still waits: what counts its time is the end.
    row.decided_at = desk.now if wanted in (LessonState.DONE, LessonState.ASIDE) else None
    session.flush()
    _moved(session, desk.viewer, row, desk.now)


def follow_decision(session: Session, event: Event, house: House) -> None:
    """An organisation accepted what a lesson proposed to its sheet: the lesson is done. One that it declined waits for
    the committee, which reads so. Run again, it changes nothing."""
    edit_id = UUID(event.ref)
    lock_row(session, select(Lesson.id).where(Lesson.edit_id == edit_id))
    waits = (Lesson.edit_id == edit_id) & (Lesson.state == LessonState.OPEN.value)
    row = session.scalars(select(Lesson).where(waits).execution_options(populate_existing=True)).one_or_none()
    if row is None:
        return
    if edit_states(session, [edit_id]).get(edit_id) != ACCEPTED:
        _told(session, row.committee_id, house.clock.now())
        return
    row.state, row.decided_at = LessonState.DONE.value, house.clock.now()
    session.flush()
    _moved(session, ANONYMOUS, row, row.decided_at)


def _moved(session: Session, actor: Viewer, row: Lesson, now: datetime) -> None:
    record(
        session,
        case_id=None,
        organisation_id=row.organisation_id,
        actor=actor,
        action="orres.lesson_moved",
        subject=f"lesson:{row.id}",
        facts={"state": row.state},
        now=now,
    )
    _told(session, row.committee_id, now)


def _proposed(session: Session, desk: Desk, new: NewLesson) -> UUID:
    if new.service_id is None:
        raise Missing
    service = services_shown(session, desk.viewer, [new.service_id], desk.now).get(new.service_id)
    if service is None:
        raise Missing
    target = DirectoryTarget(service.organisation_id, service.id)
    if new.field not in sheet_fields(target):
        raise Missing
    return propose_edit(session, desk.viewer, target, new.field, new.value, now=desk.now, permission=EXCHANGE)


def _told(session: Session, committee_id: UUID, now: datetime) -> None:
    emit(session, events.LESSON_CHANGED, "lecons", topics={f"committee:{committee_id}"}, now=now)
