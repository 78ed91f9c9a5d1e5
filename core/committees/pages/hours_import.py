"""`/heures/importer`: a file is looked at, then written; its template, its progress and the lines to correct."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from core.access.permissions import Permission
from core.committees.forms.hours import ConfirmForm, ImportForm
from core.committees.pages.hours import PATH, identifier, titles, with_problem
from core.committees.pages.hours_words import FIELDS, FIRST_FISCAL_YEAR, WORDS
from core.committees.queries.hours import committees
from core.committees.queries.hours_imports import ImportView, find_import, recent_imports, wrong_lines
from core.committees.queries.hours_sums import import_note
from core.committees.rules.hours import KINDS, Kind, fiscal_name, fiscal_year, fiscal_year_of
from core.committees.rules.hours_file import TEMPLATE, template_row
from core.committees.services.hours import HoursInvalid
from core.committees.services.hours_import import EMPTY, cancel_import, continue_import, stage_import, start_import
from core.kernel.clock import TORONTO
from core.kernel.errors import DomainError
from core.kernel.i18n import N_
from core.kernel.sheets import CSV_TYPE, XLSX_TYPE, Cell, write_csv, write_xlsx
from core.kernel.web.forms import FieldError, Parsed, parse
from core.kernel.web.routes import Answer, File, Page, PageRequest, Redirect, Route, get, not_found, post

HERE = f"{PATH}/importer"
#: Bytes of a file, its form included: some ten thousand lines. Above a megabyte, a form would spool to a file in clear.
MAX_FILE = 1_000_000
CANCELLED = N_("Le fichier est abandonné. Rien n’a été écrit.")
COLUMNS = {**FIELDS, "day": N_("Jour"), "hours": N_("Durée"), "place": N_("Lieu"), "other": N_("Autre chiffre")}
#: Lines to correct shown on the page; the file of errors has them all.
SHOWN = 30


def show_imports(session: Session, request: PageRequest) -> Answer:
    """Choose a file; the template; what was imported lately."""
    return _start_page(session, request, None)


def upload(session: Session, request: PageRequest) -> Answer:
    """Look at a file: nothing of it is written before the next page's yes."""
    file = request.form.get("file")
    content = file.file.read() if isinstance(file, UploadFile) else b""
    rest = FormData([(name, value) for name, value in request.form.multi_items() if name != "file"])
    parsed = parse(ImportForm, rest)
    if parsed.value is None:
        return _start_page(session, request, parsed, 422)
    if not content:
        return _start_page(session, request, parsed.with_error("file", EMPTY), 422)
    form, viewer = parsed.value, request.viewer
    try:
        staged = stage_import(
            session,
            viewer.organisation_id,
            content,
            viewer=viewer,
            mine=form.whose == "mine",
            approved=request.house.holds(viewer, Permission.HOURS_APPROVE),
            period=fiscal_year(form.year) if form.year is not None else None,
            now=request.now,
        )
    except HoursInvalid as refused:
        kept = with_problem(parsed, FieldError(refused.field, refused.message, refused.values))
        raise refused.showing(_start_page(session, request, kept)) from None
    return Redirect(f"{HERE}/{staged}")


def show_import(session: Session, request: PageRequest) -> Answer:
    """What the file holds, before; how far it is, during; what it added, after."""
    found = _found(session, request)
    return not_found() if found is None else _import_page(session, request, found)


def write(session: Session, request: PageRequest) -> Answer:
    """Write the right lines, the first thousand at once; pressed again, the next ones."""
    found = _found(session, request)
    if found is None:
        return not_found()
    parsed = parse(ConfirmForm, request.form)
    if parsed.value is None:
        return not_found()
    if found.state == "running":
        continue_import(session, found.id, now=request.now)
    else:
        try:
            start_import(session, request.viewer, found.id, wrong=parsed.value.wrong, now=request.now)
        except DomainError as refused:
            raise refused.showing(_import_page(session, request, found)) from None
    return Redirect(f"{HERE}/{found.id}")


def cancel(session: Session, request: PageRequest) -> Answer:
    """Give the file up."""
    found = _found(session, request)
    if found is None:
        return not_found()
    cancel_import(session, request.viewer, found.id, now=request.now)
    return Redirect(HERE, CANCELLED)


def errors(session: Session, request: PageRequest) -> Answer:
    """The lines to correct, as they were typed, with what is wrong: corrected, the same file is sent again."""
    found = _found(session, request)
    if found is None:
        return not_found()
    translate = request.house.renderer.translator.translate

    def say(text: str, **values: Any) -> str:
        return translate(request.locale, text, **values)

    rows: list[tuple[Cell, ...]] = []
    names = ("day", "last_day", "committee", "activity", "kind", "hours", "persons")
    for line in wrong_lines(session, found.id):
        typed = {**line.cells, "committee": line.cells.get("committee", line.cells.get("place", ""))}
        said = " ".join(say(message, **values) for _, message, values in line.problems)
        rows.append((*(typed.get(name, "") for name in names), line.number, said))
    header = (*(say(heading) for heading in TEMPLATE), say(N_("Ligne du fichier")), say(N_("À corriger")))
    return File(write_csv(header, rows), CSV_TYPE, f"{say(N_('a-corriger'))}.csv")


def template(session: Session, request: PageRequest) -> Answer:
    """An empty table with its headings and one line that shows how to fill it."""

    def say(text: str) -> str:
        return request.house.renderer.translator.translate(request.locale, text)

    header = tuple(say(heading) for heading in TEMPLATE)
    rows = [template_row(say(KINDS[Kind.MEETING]), say(N_("Échanges cliniques")))]
    name = say(N_("modele-heures"))
    if request.route.path.endswith(".xlsx"):
        return File(write_xlsx(say(N_("Heures")), header, rows), XLSX_TYPE, f"{name}.xlsx")
    return File(write_csv(header, rows), CSV_TYPE, f"{name}.csv")


def _start_page(session: Session, request: PageRequest, form: Parsed[Any] | None, status: int = 200) -> Page:
    current = fiscal_year_of(request.now.astimezone(TORONTO).date())
    context = {
        "form": form,
        "years": tuple((year, fiscal_name(year)) for year in range(current, FIRST_FISCAL_YEAR - 1, -1)),
        "recent": recent_imports(session, request.viewer),
        "committees": tuple(one for one in committees(session) if one.active),
        **WORDS,
    }
    return Page("hours/import.html", context, status)


def _import_page(session: Session, request: PageRequest, found: ImportView) -> Page:
    known = titles(committees(session))
    if request.wants_fragment:
        return Page("hours/import_progress.html", {"found": found, **WORDS})
    note = import_note(session, found.id) if found.state == "done" else None
    context = {
        "found": found,
        "wrong": wrong_lines(session, found.id, limit=SHOWN) if found.wrong else (),
        "columns": COLUMNS,
        "titles": known,
        "notes": (note,) if note is not None and note.worth_saying else (),
        **WORDS,
    }
    return Page("hours/import_one.html", context)


def _found(session: Session, request: PageRequest) -> ImportView | None:
    import_id = identifier(request.path["import"])
    return find_import(session, request.viewer, import_id) if import_id is not None else None


ENTER = Permission.HOURS_ENTER
routes: tuple[Route, ...] = (
    get(HERE, show_imports, permission=ENTER, name="hours.imports"),
    post(HERE, upload, permission=ENTER, max_body=MAX_FILE, name="hours.upload"),
    get(f"{HERE}/modele.csv", template, permission=ENTER, name="hours.template_csv"),
    get(f"{HERE}/modele.xlsx", template, permission=ENTER, name="hours.template_xlsx"),
    get(f"{HERE}/{{import}}", show_import, permission=ENTER, name="hours.import"),
    get(f"{HERE}/{{import}}/erreurs.csv", errors, permission=ENTER, name="hours.import_errors"),
    post(f"{HERE}/{{import}}/ecrire", write, permission=ENTER, name="hours.import_write"),
    post(f"{HERE}/{{import}}/abandonner", cancel, permission=ENTER, name="hours.import_cancel"),
)
