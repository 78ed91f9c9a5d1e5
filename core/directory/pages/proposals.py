"""Saying that something is wrong: a code for visitors, a new value for partners."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import PUBLIC, Permission
from core.directory.forms import EditForm, ReportForm
from core.directory.pages.words import PROBLEMS, WORDS
from core.directory.queries.addresses import PLACE_FIELD
from core.directory.queries.organisations import reader_for
from core.directory.queries.views import organisation_page, service_page
from core.directory.services.edits import OWN_FIELDS, propose_edit, report_problem
from core.directory.services.fields import Target, current_value
from core.kernel.errors import DomainError
from core.kernel.i18n import N_
from core.kernel.web.forms import parse
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, not_found, post


@dataclass(frozen=True)
class Sheet:
    """What is talked about, and where its page is. `placed`: its town may be read."""

    target: Target
    name: str
    name_en: str | None
    url: str
    owner_id: UUID
    placed: bool = True


def _sheet(session: Session, request: PageRequest) -> Sheet | None:
    reader, key = reader_for(request.viewer), request.path["id"]
    if request.route.path.startswith("/annuaire/services/"):
        card = service_page(session, reader, key, request.now)
        if card is None:
            return None
        url = f"/annuaire/services/{card.slug}"
        return Sheet(Target(card.organisation_id, card.id), card.name, card.name_en, url, card.organisation_id)
    page = organisation_page(session, reader, key, request.now)
    if page is None:
        return None
    url, placed = f"/annuaire/organismes/{page.slug}", not page.has_confidential_address
    return Sheet(Target(page.id), page.name, page.name_en, url, page.id, placed)


def show_report(session: Session, request: PageRequest) -> Answer:
    """What is wrong? One choice, no text, so that nobody writes about a person."""
    sheet = _sheet(session, request)
    return not_found() if sheet is None else _report_page(sheet, None)


def _report_page(sheet: Sheet, form: object, status: int = 200) -> Page:
    context = {"sheet": sheet, "form": form, "problems": tuple(PROBLEMS.items())}
    return Page("directory/report.html", context, status)


def send_report(session: Session, request: PageRequest) -> Answer:
    """Count the report and go back to the page."""
    sheet = _sheet(session, request)
    if sheet is None:
        return not_found()
    parsed = parse(ReportForm, request.form)
    if parsed.value is None:
        return _report_page(sheet, parsed, 422)
    report_problem(session, reader_for(request.viewer), sheet.target, parsed.value.problem, now=request.now)
    return Redirect(sheet.url, N_("Merci. L’organisme verra votre signalement."))


def show_proposal(session: Session, request: PageRequest) -> Answer:
    """Choose a field, then write its new value beside the one in force."""
    sheet = _sheet(session, request)
    if sheet is None:
        return not_found()
    field = request.query.get("champ", "")
    return _proposal_page(session, sheet, field if field in _fields(sheet) else "", None)


def _fields(sheet: Sheet) -> tuple[str, ...]:
    kept = OWN_FIELDS if sheet.placed else OWN_FIELDS | {PLACE_FIELD}
    return tuple(field for field in sheet.target.fields if field not in kept)


def _proposal_page(session: Session, sheet: Sheet, field: str, form: object, status: int = 200) -> Page:
    context = {
        "sheet": sheet,
        "field": field,
        "fields": _fields(sheet),
        "current": current_value(session, sheet.target, field) if field else "",
        "form": form,
        "words": WORDS,
    }
    return Page("directory/propose.html", context, status)


def send_proposal(session: Session, request: PageRequest) -> Answer:
    """Send the proposal to the organisation that holds the field."""
    sheet = _sheet(session, request)
    if sheet is None:
        return not_found()
    parsed = parse(EditForm, request.form)
    field = parsed.raw("field") if parsed.raw("field") in _fields(sheet) else ""
    if parsed.value is None or not field:
        kept = parsed if parsed.errors else parsed.with_error("field", N_("Choisissez une des réponses proposées."))
        return _proposal_page(session, sheet, field, kept, 422)
    try:
        propose_edit(session, request.viewer, sheet.target, field, parsed.value.value, now=request.now)
    except DomainError as refusal:
        shown = _proposal_page(session, sheet, field, parsed.with_error("value", refusal.message), 422)
        raise refusal.showing(shown) from None
    return Redirect(sheet.url, N_("Proposition envoyée. L’organisme décidera."))


routes: tuple[Route, ...] = tuple(
    route
    for kind in ("services", "organismes")
    for route in (
        get(f"/annuaire/{kind}/{{id}}/signaler", show_report, permission=PUBLIC, name=f"directory_report_{kind}"),
        post(f"/annuaire/{kind}/{{id}}/signaler", send_report, permission=PUBLIC, name=f"directory_report_{kind}_send"),
        get(
            f"/annuaire/{kind}/{{id}}/proposer",
            show_proposal,
            permission=Permission.DIRECTORY_PROPOSE,
            name=f"directory_propose_{kind}",
        ),
        post(
            f"/annuaire/{kind}/{{id}}/proposer",
            send_proposal,
            permission=Permission.DIRECTORY_PROPOSE,
            name=f"directory_propose_{kind}_send",
        ),
    )
)
