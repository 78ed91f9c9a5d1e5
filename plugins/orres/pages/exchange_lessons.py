"""`/comites/orres/lecons`: what exchanges taught, and what became of it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from core.api import (
    N_,
    Assurance,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    get,
    not_found,
    parse,
    post,
)

from ..access import edited_committee
from ..exchange_access import EXCHANGE
from ..forms.exchange import MoveForm
from ..queries.exchange_lessons import SIZE, drafts_to_join, list_lessons
from ..rules.exchange import LESSON_MOVES, LessonState
from ..services.exchange import NotNow
from ..services.exchange_lessons import move_lesson
from ..settings import EXCHANGES, LESSONS, VERSIONS
from .exchange_desk import desk_of
from .exchange_words import WORDS

MOVED = {
    LessonState.ATTACHED: N_("La leçon est jointe au brouillon."),
    LessonState.DONE: N_("La leçon est notée comme faite."),
    LessonState.ASIDE: N_("La leçon est mise de côté."),
    LessonState.OPEN: N_("La leçon est de nouveau à traiter."),
}
CHOOSE_DRAFT = N_("Choisissez le brouillon auquel joindre la leçon.")
Answer = Page | Redirect | Refusal


def show(session: Session, request: PageRequest) -> Answer:
    """The list, those to deal with first."""
    return _page(session, request, None)


def move(session: Session, request: PageRequest) -> Answer:
    """What becomes of one."""
    edited_committee(session, request.viewer)
    try:
        lesson_id = UUID(request.path["id"])
    except ValueError:
        return not_found()
    parsed = parse(MoveForm, request.form)
    value = parsed.value
    if value is None:
        return _page(session, request, parsed, 422)
    if value.state is LessonState.ATTACHED and value.version is None:
        return _page(session, request, parsed.with_error("", CHOOSE_DRAFT), 422)
    try:
        move_lesson(session, desk_of(request), lesson_id, value.state, seen=value.seen, number=value.version)
    except NotNow as refused:
        page = _page(session, request, parsed.with_error("", refused.message), refused.status)
        raise refused.showing(page) from refused
    return Redirect(LESSONS, MOVED[value.state])


def _page(session: Session, request: PageRequest, form: Parsed[MoveForm] | None, status: int = 200) -> Page:
    committee = edited_committee(session, request.viewer)
    typed = request.query.get("page", "1")
    page = max(1, int(typed) if typed.isdecimal() else 1)
    lessons, total = list_lessons(session, request.house.keyring, request.viewer, committee.id, page=page)
    context = {
        "lessons": lessons,
        "form": form,
        "drafts": drafts_to_join(session),
        "moves": LESSON_MOVES,
        "page": page,
        "pages": max(1, -(-total // SIZE)),
        "total": total,
        "list": LESSONS,
        "exchanges": EXCHANGES,
        "versions": VERSIONS,
        "words": WORDS,
    }
    template = "orres/exchange_lesson_rows.html" if request.wants_fragment else "orres/exchange_lessons.html"
    return Page(template, context, status)


_SURE = Assurance.SECOND_FACTOR
routes: tuple[Route, ...] = (
    get(LESSONS, show, permission=EXCHANGE, name="orres.lessons", assurance=_SURE),
    post(f"{LESSONS}/{{id}}", move, permission=EXCHANGE, name="orres.lesson_move", assurance=_SURE),
)
