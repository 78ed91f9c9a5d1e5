"""*De quoi a-t-elle besoin maintenant?*: six questions at most, services with why and why not, references begun.

The answers travel in the form of the page (POST), never in its address: nothing of them lands in a log, a history or a
link. Nothing is kept either, but for partners the needs left without an answer, counted in codes. The public page reads
as anybody would, writes nothing, and asks somebody about herself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4, uuid5

from sqlalchemy.orm import Session

from core.api import (
    ANONYMOUS,
    DIRECTORY_WORDS,
    PUBLIC,
    Assurance,
    ConsentInvalid,
    Page,
    PageRequest,
    Permission,
    Prefill,
    Redirect,
    Route,
    ServiceShown,
    emergency_lines,
    get,
    open_prefilled,
    post,
)

from ..access import READ
from ..queries.guide import Guide, guide_for
from ..rules.graph import ROLES, Node
from ..rules.guide import REGION, UNMET_REASONS, Advice, Door, LeftOut, Proposed, advise
from ..rules.guide_questions import (
    AGE,
    LANGUAGE,
    PASSED,
    Answers,
    Question,
    next_question,
    previous_question,
    read_answers,
)
from ..services.unmet import forget_unmet, note_unmet
from ..settings import HOME
from .guide_labels import labels_of
from .guide_words import (
    ASKED,
    ASKED_HER,
    CHOOSE,
    CHOOSE_SERVICE,
    DIRECTORY,
    HINTS,
    NOT_SAID,
    NOT_SAID_HER,
    SAID_HER,
    SHORT,
)

GUIDE = f"{HOME}/guide"
#: The short address of the page for everybody (`core.api.PublicPage`).
PUBLIC_WORD = "guide"
#: Shown at once; the others open under them.
FIRST = 5
#: Answers with which a reference stops before it begins (network rules §4): the core's own pages say what to do.
STOP_DANGER, STOP_CHILD = "/references/nouvelle/arret/danger", "/references/nouvelle/arret/moins-de-12-ans"


@dataclass(frozen=True)
class Shown:
    """A proposal with what the directory says of it. `refer`: a reference may be begun for it here."""

    service: ServiceShown
    place: Proposed | LeftOut
    node: Node
    refer: bool = False


@dataclass(frozen=True)
class Turn:
    """What was posted: answers, the question that was shown, what was asked for. `run` names this way through."""

    answers: Answers
    at: str
    go: str
    run: UUID
    counted: bool


def begin(session: Session, request: PageRequest) -> Page:
    """The first question."""
    return _page(session, request, public=False)


def go_on(session: Session, request: PageRequest) -> Page:
    """The next question, another one, or the answer."""
    return _page(session, request, public=False)


def begin_public(session: Session, request: PageRequest) -> Page:
    """The first question, for everybody."""
    return _page(session, request, public=True)


def go_on_public(session: Session, request: PageRequest) -> Page:
    """The same turns for everybody: nothing is written, whoever asks reads what anybody may."""
    return _page(session, request, public=True)


def refer(session: Session, request: PageRequest) -> Page | Redirect:
    """Begin a reference for each organisation chosen: one is an ordinary draft, several are twins."""
    guide = guide_for(session, request.viewer, request.now)
    if guide is None:
        return _page(session, request, public=False)
    turn = _turn(request, guide)
    if turn.answers.danger:
        return Redirect(STOP_DANGER)
    if turn.answers.one(AGE) == "under_12":
        return Redirect(STOP_CHILD)
    only = str(request.form.get("only", ""))
    chosen = [only] if only else [str(one) for one in request.form.getlist("service")]
    prefills = _prefills(request, guide, turn.answers, chosen)
    if not prefills:
        return _results(session, request, guide, turn, public=False, problem=CHOOSE_SERVICE)
    try:
        keyring, group = request.house.keyring, _group(request, prefills)
        return Redirect(open_prefilled(session, keyring, request.viewer, group, prefills, request.now))
    except ConsentInvalid as refused:
        page = _results(session, request, guide, turn, public=False, problem=refused.message)
        raise refused.showing(page) from refused


def _group(request: PageRequest, prefills: Sequence[Prefill]) -> UUID:
    """The same choice of the same page is the same set, a double click included; another choice is another one."""
    try:
        drawn = UUID(str(request.form.get("draw", "")))
    except ValueError:
        drawn = uuid4()
    return uuid5(drawn, " ".join(sorted(str(one.recipient) for one in prefills)))


def _prefills(request: PageRequest, guide: Guide, answers: Answers, chosen: Sequence[str]) -> list[Prefill]:
    """One for each organisation of the chosen services that are still proposed, with the needs these answer."""
    owners = guide.referable(request.viewer)
    needs: dict[UUID, list[str]] = {}
    for one in _advice(request, guide, answers).proposed:
        if str(one.service_id) in chosen and one.service_id in owners:
            needs.setdefault(owners[one.service_id], []).extend(one.needs)
    age, language = answers.one(AGE) or "", answers.one(LANGUAGE) or "fr"
    return [Prefill(organisation, tuple(dict.fromkeys(found)), age, language) for organisation, found in needs.items()]


def _page(session: Session, request: PageRequest, *, public: bool) -> Page:
    """One turn."""
    guide = guide_for(session, ANONYMOUS if public else request.viewer, request.now)
    if guide is None:
        return Page("orres/guide.html", {"view": "none", "public": public})
    turn = _turn(request, guide)
    question, problem = _next(guide, turn)
    if question is None:
        return _results(session, request, guide, turn, public=public)
    names = [one.name for one in guide.questions]
    context = {
        **_common(request, guide, turn, public=public),
        "view": "question",
        "question": question,
        "options": labels_of(guide, request.locale)[question.name],
        "label": (ASKED_HER if public else ASKED)[question.name],
        "hint": HINTS[question.name],
        "chosen": turn.answers.said.get(question.name, ()),
        "passed": PASSED,
        "not_said": NOT_SAID_HER if public else NOT_SAID,
        "number": names.index(question.name) + 1,
        "total": len(names),
        "problem": problem,
    }
    return Page("orres/guide.html", context, 422 if problem else 200)


def _next(guide: Guide, turn: Turn) -> tuple[Question | None, str]:
    """The question to show and what is wrong with the one that was; None: the answer."""
    asked = {one.name: one for one in guide.questions}
    wanted = turn.go.removeprefix("change-")
    if turn.go == "see":
        return None, ""
    if turn.go == "back":
        return previous_question(guide.questions, turn.at) or guide.questions[0], ""
    if turn.go.startswith("change-") and wanted in asked:
        return asked[wanted], ""
    if turn.go == "next" and turn.at in asked and not turn.answers.answered(turn.at):
        return asked[turn.at], CHOOSE
    return next_question(guide.questions, turn.answers), ""


def _turn(request: PageRequest, guide: Guide) -> Turn:
    form = request.form
    given = {one.name: [str(value) for value in form.getlist(one.name)] for one in guide.questions}
    answers = read_answers(given, guide.questions)
    try:
        run = UUID(str(form.get("run", "")))
    except ValueError:
        run = uuid4()
    go = str(form.get("go", "next" if form else ""))
    return Turn(answers, str(form.get("at", "")), go, run, form.get("left_out") != "1" and go != "leave_out")


def _results(
    session: Session, request: PageRequest, guide: Guide, turn: Turn, *, public: bool, problem: str = ""
) -> Page:
    advice = _advice(request, guide, turn.answers)
    if not public:
        keyring, viewer = request.house.keyring, request.viewer
        if turn.counted:
            note_unmet(session, keyring, viewer, turn.run, advice.unmet, turn.answers.situation, request.now)
        else:
            forget_unmet(session, keyring, viewer, turn.run)
    may_refer = not public and request.house.holds(request.viewer, Permission.REFERRAL_SEND)
    owners = guide.referable(request.viewer) if may_refer else {}
    stopped = turn.answers.danger or turn.answers.one(AGE) == "under_12"
    nodes = {one.key: one for one in guide.trajectory.nodes}
    proposed = tuple(
        Shown(guide.shown[one.service_id], one, nodes[one.node], one.service_id in owners and not stopped)
        for one in advice.proposed
    )
    context = {
        **_common(request, guide, turn, public=public),
        "view": "results",
        "first": proposed[:FIRST],
        "more": proposed[FIRST:],
        "left_out": tuple(Shown(guide.shown[one.service_id], one, nodes[one.node]) for one in advice.left_out),
        "unmet": advice.unmet,
        "unmet_reasons": UNMET_REASONS,
        "draw": uuid4(),
        "counted": turn.counted,
        "doors": advice.talk_to,
        "referable": sum(one.refer for one in proposed),
        "stopped": stopped and bool(owners),
        "chosen": [str(one) for one in request.form.getlist("service")],
        "problem": problem,
    }
    return Page("orres/guide.html", context, 422 if problem else 200)


def _advice(request: PageRequest, guide: Guide, answers: Answers) -> Advice:
    situation = answers.situation
    lines = emergency_lines(request.house.settings)
    # Even where nobody receives and no number is set, the directory says who may be called.
    doors = (*guide.doors(situation.mrc, lines, request.locale), Door(DIRECTORY))
    return advise(guide.trajectory, guide.offered, situation, doors, moment=answers.moment)


def _common(request: PageRequest, guide: Guide, turn: Turn, *, public: bool) -> Mapping[str, object]:
    labels = labels_of(guide, request.locale)
    said = {
        name: tuple(labels[name].get(code, NOT_SAID) for code in codes) for name, codes in turn.answers.said.items()
    }
    return {
        "public": public,
        "action": f"/{PUBLIC_WORD}" if public else GUIDE,
        "refer_action": f"{GUIDE}/references",
        # A page sent by a form: changing language begins again rather than asking for an address that has no answers.
        "url_path": f"/{PUBLIC_WORD}" if public else GUIDE,
        "said": turn.answers.said,
        "answered": [(one.name, SHORT[one.name], said[one.name]) for one in guide.questions if one.name in said],
        "run": turn.run,
        "left_out_before": not turn.counted,
        "danger": turn.answers.danger,
        "lines": [line for line in emergency_lines(request.house.settings) if line.number],
        "version": guide.trajectory,
        "roles": ROLES,
        "said_as": SAID_HER if public else {},
        "words": DIRECTORY_WORDS,
        "labels": labels,
        "age": turn.answers.one(AGE),
        "place": turn.answers.situation.mrc if turn.answers.situation.mrc != REGION else None,
        "needs": turn.answers.of("needs"),
    }


routes: tuple[Route, ...] = (
    get(GUIDE, begin, permission=READ, name="orres.guide"),
    post(GUIDE, go_on, permission=READ, name="orres.guide.go"),
    post(
        f"{GUIDE}/references",
        refer,
        permission=Permission.REFERRAL_SEND,
        name="orres.guide.refer",
        assurance=Assurance.SECOND_FACTOR,
    ),
    get(f"/{PUBLIC_WORD}", begin_public, permission=PUBLIC, name="orres.guide_public"),
    # Mode read: for everybody, nothing can be written.
    post(f"/{PUBLIC_WORD}", go_on_public, permission=PUBLIC, mode="read", name="orres.guide_public.go"),
)
