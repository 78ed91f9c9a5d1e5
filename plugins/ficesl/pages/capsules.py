"""`/comites/ficesl/capsules`: capsules followed alone, their quiz, and its questions."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.api import (
    N_,
    TORONTO,
    Page,
    PageRequest,
    Redirect,
    Role,
    Route,
    get,
    not_found,
    parse,
    post,
)

from ..access import MANAGE, READ, REGISTER
from ..forms.attendance import EmptyForm
from ..queries.capsules import Capsule, capsule, capsules, questions_of, tried
from ..queries.training import next_sessions
from ..rules.credits import Question, read_choices, written_choices
from ..services.capsules import QUIZ_WRONG, QuizRefused, save_quiz, try_quiz, watch_capsule
from .attendance_words import CAPSULES, Answer, desk, identifier, keeps

ONE = f"{CAPSULES}/{{module}}"
WATCHED = N_("La capsule est créditée.")
QUIZ_SAVED = N_("Le questionnaire est enregistré.")
#: Empty questions offered below those that are there.
ROOM = 3


def show_capsules(session: Session, request: PageRequest) -> Page:
    """Capsules of the versions in force, and what the viewer has done of each."""
    found = capsules(session, request.viewer.user_id)
    return Page("ficesl/capsules.html", {"capsules": found, "here": CAPSULES, "keeps": keeps(session, request)})


def show_capsule(session: Session, request: PageRequest) -> Answer:
    """One capsule: its video, its quiz, how many attempts are left."""
    found = _capsule(session, request)
    return not_found() if found is None else _page(session, request, found)


def watch(session: Session, request: PageRequest) -> Answer:
    """« Je l’ai regardée », for a capsule without a quiz."""
    found = _capsule(session, request)
    if found is None or parse(EmptyForm, request.form).value is None:
        return not_found()
    try:
        watch_capsule(session, desk(request), found)
    except QuizRefused as refused:
        raise refused.showing(_page(session, request, found, error=refused.message, status=422)) from None
    return Redirect(f"{CAPSULES}/{found.id}", WATCHED)


def attempt(session: Session, request: PageRequest) -> Answer:
    """One attempt at the quiz; what was answered stays on the page when one answer is missing."""
    found = _capsule(session, request)
    if found is None:
        return not_found()
    given = [_index(request.form.get(f"q{number}")) for number in range(found.questions)]
    try:
        percent, passed = try_quiz(session, desk(request), found, given)
    except QuizRefused as refused:
        page = _page(session, request, found, error=refused.message, given=given, status=422)
        raise refused.showing(page) from None
    again = _capsule(session, request)
    return _page(session, request, again or found, percent=percent, passed=passed)


def edit_quiz(session: Session, request: PageRequest) -> Answer:
    """The questions, one after the other; each with its choices one a line, the right one marked."""
    found = _kept(session, request)
    if found is None:
        return not_found()
    there = [(one.text, written_choices(one)) for one in questions_of(session, found.id)]
    return _edit(found, there)


def keep_quiz(session: Session, request: PageRequest) -> Answer:
    """Write the questions; one left empty is taken away."""
    found = _kept(session, request)
    if found is None:
        return not_found()
    typed = list(zip(_texts(request, "text"), _texts(request, "choices"), strict=False))
    written = [(text, said) for text, said in typed if text.strip() or said.strip()]
    read = [(text, read_choices(said)) for text, said in written]
    if any(said is None or not text.strip() for text, said in read):
        return _edit(found, written, QUIZ_WRONG, 422)
    questions = [Question(" ".join(text.split()), said[0], said[1]) for text, said in read if said is not None]
    try:
        save_quiz(session, desk(request), found, questions)
    except QuizRefused as refused:
        raise refused.showing(_edit(found, written, refused.message, 422)) from None
    return Redirect(f"{CAPSULES}/{found.id}/questions", QUIZ_SAVED)


def _capsule(session: Session, request: PageRequest) -> Capsule | None:
    module_id = identifier(request, "module")
    return None if module_id is None else capsule(session, request.viewer.user_id, module_id)


def _kept(session: Session, request: PageRequest) -> Capsule | None:
    module_id = identifier(request, "module")
    if module_id is None or not keeps(session, request):
        return None
    return capsule(session, request.viewer.user_id, module_id, drafts=True)


def _page(
    session: Session,
    request: PageRequest,
    found: Capsule,
    *,
    error: str = "",
    given: list[int | None] | None = None,
    percent: int | None = None,
    passed: bool = False,
    status: int = 200,
) -> Page:
    standing = tried(session, request.viewer.user_id, found.id, found.attempts, request.now)
    opens = standing.chances.opens_at
    context = {
        "capsule": found,
        "questions": questions_of(session, found.id),
        "chances": standing.chances,
        "opens_on": opens.astimezone(TORONTO).date() if opens else None,
        "last_score": standing.last_score,
        "sessions": () if standing.chances.may else next_sessions(session, found.course_id, request.now, 3),
        "error": error,
        "given": given or [],
        "percent": percent,
        "passed": passed,
        "here": f"{CAPSULES}/{found.id}",
        "list": CAPSULES,
        "learns": bool(request.viewer.roles - {Role.NETWORK_COORDINATION}),
    }
    return Page("ficesl/capsule.html", context, status)


def _edit(found: Capsule, questions: list[tuple[str, str]], error: str = "", status: int = 200) -> Page:
    rows = [*questions, *[("", "")] * ROOM]
    context = {"capsule": found, "rows": rows, "error": error, "here": f"{CAPSULES}/{found.id}"}
    return Page("ficesl/quiz.html", context, status)


def _texts(request: PageRequest, name: str) -> list[str]:
    return [str(one) for one in request.form.getlist(name)]


def _index(said: object) -> int | None:
    text = str(said or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else None


routes: tuple[Route, ...] = (
    get(CAPSULES, show_capsules, permission=READ, name="ficesl.capsules"),
    get(f"{ONE}/questions", edit_quiz, permission=MANAGE, name="ficesl.quiz"),
    post(f"{ONE}/questions", keep_quiz, permission=MANAGE, name="ficesl.quiz_save"),
    get(ONE, show_capsule, permission=READ, name="ficesl.capsule"),
    post(f"{ONE}/vue", watch, permission=REGISTER, name="ficesl.capsule_watched"),
    post(f"{ONE}/questionnaire", attempt, permission=REGISTER, name="ficesl.capsule_quiz"),
)
