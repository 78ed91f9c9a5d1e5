"""`/comites/ficesl/personnes/listes`: a list is pasted or sent, looked at, then written; for a session too."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from core.api import (
    CSV_TYPE,
    N_,
    Compute,
    DomainError,
    File,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    UnreadableSheet,
    filled,
    get,
    not_found,
    parse,
    post,
    read_sheet,
    write_csv,
)

from ..access import PEOPLE as KEEP
from ..forms.training import ListForm
from ..queries.people import ListView, find_list, list_lines
from ..queries.sessions import session_view
from ..rules.catalogue import AUDIENCES
from ..rules.lists import LINE_PROBLEMS, LIST_PROBLEMS, TEMPLATE, UnreadableList, table_of
from ..services import lists
from ..services.desk import note
from ..services.people import AUDIENCE_OF_TYPE
from ..settings import PEOPLE, SESSIONS
from .training_words import WORDS, desk_for, identifier

LISTS = f"{PEOPLE}/listes"
ONE = f"{LISTS}/{{list}}"
OF_SESSION = f"{SESSIONS}/{{code}}/liste"
Answer = Page | Redirect | Refusal | File | Compute
#: Bytes of a list, its form included: some ten thousand lines.
MAX_LIST = 1_000_000
UNREADABLE = N_("Ce fichier n’est ni un CSV ni un XLSX lisible. Enregistrez-le de nouveau depuis le tableur.")
CANCELLED = N_("La liste est abandonnée. Rien n’a été écrit.")
#: Lines shown on the page, of each kind; the file of errors has them all.
SHOWN = 60


def show_new(session: Session, request: PageRequest) -> Answer:
    """Paste a list or choose a file."""
    return _start(session, request, None) or not_found()


def look(session: Session, request: PageRequest) -> Answer:
    """Look at a list between two transactions: ten thousand names take seconds to compare."""
    title = _session(session, request)
    if "code" in request.path and title is None:
        return not_found()
    sent = request.form.get("file")
    content = sent.file.read() if isinstance(sent, UploadFile) else b""
    rest = FormData([(name, value) for name, value in request.form.multi_items() if name != "file"])
    parsed = parse(ListForm, rest)
    if parsed.value is None:
        return _start(session, request, parsed, 422) or not_found()
    typed, desk = parsed.value, desk_for(request)
    given = lists.material(session, desk, typed.audience)

    def read() -> Any:
        try:
            return lists.judge(read_sheet(content) if content else table_of(typed.people), given)
        except UnreadableSheet:
            return UNREADABLE
        except UnreadableList as refused:
            return LIST_PROBLEMS[refused.code]

    def then(later: Session, result: Any) -> Page | Redirect | Refusal:
        if isinstance(result, str):
            field = "file" if content else "people"
            return _start(later, request, parsed.with_error(field, result), 422) or not_found()
        list_id = lists.store_list(later, desk, result, given, session_id=None if title is None else title[0])
        return Redirect(f"{LISTS}/{list_id}")

    return Compute(read, then)


def show_list(session: Session, request: PageRequest) -> Answer:
    """What the list holds, before; how far it is, during; what it added, after."""
    found = _found(session, request)
    return not_found() if found is None else _list(session, request, found)


def write(session: Session, request: PageRequest) -> Answer:
    """Write it, with an answer for each line that resembles somebody; pressed again, the next ones."""
    found = _found(session, request)
    if found is None:
        return not_found()
    answers = {}
    for name, value in request.form.multi_items():
        number = name.removeprefix("ligne-")
        if name.startswith("ligne-") and number.isascii() and number.isdigit() and value in {"same", "other"}:
            answers[int(number)] = str(value)
    rest = "other" if request.form.get("rest") == "other" else ""
    try:
        if found.state == "running":
            lists.continue_list(session, desk_for(request), found.id)
        else:
            lists.start_list(session, desk_for(request), found.id, answers, rest=rest)
    except DomainError as refused:
        raise refused.showing(_list(session, request, found)) from refused
    return Redirect(f"{LISTS}/{found.id}")


def cancel(session: Session, request: PageRequest) -> Answer:
    """Give the list up."""
    found = _found(session, request)
    if found is None:
        return not_found()
    lists.cancel_list(session, desk_for(request), found.id)
    return Redirect(PEOPLE, CANCELLED)


def errors(session: Session, request: PageRequest) -> Answer:
    """The lines to correct, as they were typed, with what is wrong."""
    found = _found(session, request)
    if found is None:
        return not_found()
    say = request.house.renderer.translator.translate
    rows = []
    for line in _typed(session, request, found.id, "wrong", 10_000):
        said = " ".join(say(request.locale, LINE_PROBLEMS[code]) for code in line["problems"])
        rows.append((line["name"], line["email"], line["team"], line["audience"], said))
    _note(session, request, len(rows))
    header = [say(request.locale, one) for one in (*TEMPLATE, N_("À corriger"))]
    return File(write_csv(header, rows), CSV_TYPE, f"{say(request.locale, N_('a-corriger'))}.csv")


def template(session: Session, request: PageRequest) -> Answer:
    """An empty table with its headings and one line that shows how to fill it."""
    say = request.house.renderer.translator.translate
    header = [say(request.locale, one) for one in TEMPLATE]
    example = (say(request.locale, N_("Prénom Nom")), "", "", say(request.locale, AUDIENCES["worker"]))
    return File(write_csv(header, [example]), CSV_TYPE, f"{say(request.locale, N_('modele-personnes'))}.csv")


def _session(session: Session, request: PageRequest) -> tuple[UUID, str, str] | None:
    """The session of the address: identifier, code, title."""
    if "code" not in request.path:
        return None
    found = session_view(session, request.house.keyring, request.viewer, request.path["code"])
    return None if found is None else (found.line.id, found.line.code, found.line.title)


def _start(session: Session, request: PageRequest, form: Parsed[Any] | None, status: int = 200) -> Page | None:
    title = _session(session, request)
    if "code" in request.path and title is None:
        return None
    audience = AUDIENCE_OF_TYPE.get(request.viewer.organisation_type, "other")
    context = {
        "form": form if form is not None else filled({"audience": audience}),
        "of_session": title,
        "action": f"{SESSIONS}/{title[1]}/liste" if title else LISTS,
        "template": f"{LISTS}/modele.csv",
        "words": WORDS,
    }
    return Page("ficesl/list_new.html", context, status)


def _found(session: Session, request: PageRequest) -> ListView | None:
    list_id = identifier(request.path["list"])
    return None if list_id is None else find_list(session, request.viewer, list_id)


def _list(session: Session, request: PageRequest, found: ListView) -> Page:
    if request.wants_fragment:
        return Page("ficesl/list_progress.html", {"found": found, "address": f"{LISTS}/{found.id}", "words": WORDS})
    staged = found.state == "staged"
    context: dict[str, Any] = {
        "found": found,
        "alike": _typed(session, request, found.id, "alike", SHOWN) if staged else [],
        "wrong": _typed(session, request, found.id, "wrong", SHOWN) if found.wrong else [],
        "address": f"{LISTS}/{found.id}",
        "words": WORDS,
    }
    _note(session, request, sum(len(context[state]) for state in ("alike", "wrong")))
    return Page("ficesl/list_one.html", context)


def _note(session: Session, request: PageRequest, people: int) -> None:
    """Names were read: the journal has a line."""
    if people:
        note(session, desk_for(request), "names_read", "learners", request.viewer.organisation_id, people=people)


def _typed(session: Session, request: PageRequest, list_id: UUID, state: str, limit: int) -> list[dict[str, Any]]:
    desk = desk_for(request)
    return [
        lists.typed_of(desk, row.id, row.typed_sealed) | {"number": row.number, "problems": row.problems}
        for row in list_lines(session, list_id, state, limit)
        if row.typed_sealed is not None
    ]


routes: tuple[Route, ...] = (
    get(LISTS, show_new, permission=KEEP, name="ficesl.list_new"),
    post(LISTS, look, permission=KEEP, max_body=MAX_LIST, name="ficesl.list_look"),
    get(f"{LISTS}/modele.csv", template, permission=KEEP, name="ficesl.list_template"),
    get(ONE, show_list, permission=KEEP, mode="write", name="ficesl.list"),
    post(ONE, write, permission=KEEP, name="ficesl.list_write"),
    post(ONE + "/abandonner", cancel, permission=KEEP, name="ficesl.list_cancel"),
    get(ONE + "/erreurs.csv", errors, permission=KEEP, mode="write", name="ficesl.list_errors"),
    get(OF_SESSION, show_new, permission=KEEP, name="ficesl.session_list_new"),
    post(OF_SESSION, look, permission=KEEP, max_body=MAX_LIST, name="ficesl.session_list_look"),
)
