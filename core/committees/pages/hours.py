"""`/heures`: one's hours in a list, one entry with its history, its corrections; exports of what the list shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.committees.forms.hours import ActForm, BatchForm, CorrectForm, given_of
from core.committees.pages.hours_words import KIND_CHOICES, WORDS, Filter, changed_words, names_of, read_filter
from core.committees.queries.hours import (
    CommitteeChoice,
    EntryRow,
    EntryView,
    all_hours,
    committees,
    find_batch,
    find_entry,
    list_hours,
)
from core.committees.queries.hours_sums import hours_by_organisation, import_notes
from core.committees.rules.durations import plain_duration
from core.committees.rules.hours import ACTS, KINDS, STATES, Act, may
from core.committees.services.hours import HoursInvalid, act_on_hours, correct_hours, undo_hours
from core.kernel.errors import DomainError
from core.kernel.i18n import N_
from core.kernel.sheets import CSV_TYPE, XLSX_TYPE, Cell, write_csv, write_xlsx
from core.kernel.web.forms import FieldError, Parsed, parse
from core.kernel.web.routes import Answer, Assurance, File, Page, PageRequest, Redirect, Route, get, not_found, post

PATH = "/heures"
CORRECTED = N_("L’inscription est corrigée. L’ancienne version est gardée.")
UNDONE = N_("Le geste est annulé.")
DONE: Mapping[Act, str] = {
    Act.APPROVE: N_("L’inscription est approuvée."),
    Act.RETURN: N_("L’inscription est retournée avec votre motif."),
    Act.WITHDRAW: N_("L’inscription est retirée. Elle ne compte plus."),
    Act.RESTORE: N_("L’inscription est rétablie."),
}


def show_hours(session: Session, request: PageRequest) -> Answer:
    """The list, its filters in the address, its totals, and what sources print otherwise."""
    chosen = read_filter(request)
    known = committees(session)
    listing = list_hours(session, request.viewer, chosen.wanted, request.page)
    approves = request.house.holds(request.viewer, Permission.HOURS_APPROVE)
    context = {
        "listing": listing,
        "filter": chosen,
        "committees": known,
        "titles": titles(known),
        "names": names_of(session, request, listing.rows) if approves else {},
        "approves": approves,
        "oversees": request.house.holds(request.viewer, Permission.NETWORK_OVERSEE),
        "notes": _notes(session, request, chosen),
        "undo": undoing(session, request),
        **WORDS,
    }
    return Page("hours/list.html", context)


def _notes(session: Session, request: PageRequest, chosen: Filter) -> tuple[Any, ...]:
    if chosen.period is None or chosen.wanted.committee or chosen.wanted.kind or chosen.wanted.whose == "mine":
        return ()
    notes = import_notes(session, chosen.period, organisation_id=request.viewer.organisation_id)
    return tuple(note for note in notes if note.worth_saying)


def undoing(session: Session, request: PageRequest) -> Any:
    """The gesture just made, while it may be undone; nothing is asked of the database without one."""
    batch_id = identifier(request.query.get("geste", ""))
    return find_batch(session, request.viewer, batch_id, request.now) if batch_id is not None else None


def export(session: Session, request: PageRequest) -> Answer:
    """What the list shows, whole, as CSV or XLSX: no cell of it is ever computed by a spreadsheet."""
    rows = all_hours(session, request.viewer, read_filter(request).wanted)
    known = titles(committees(session))

    def say(text: str) -> str:
        return request.house.renderer.translator.translate(request.locale, text)

    header = [
        say(text)
        for text in (
            N_("Jour"),
            N_("Dernier jour"),
            N_("Comité"),
            N_("Activité"),
            N_("Nature"),
            N_("Heures"),
            N_("Quarts d’heure"),
            N_("Personnes"),
            N_("À qui"),
            N_("État"),
        )
    ]
    cells = [_cells(row, known, say) for row in rows]
    name = say(N_("heures"))
    if request.route.path.endswith(".xlsx"):
        return File(write_xlsx(say(N_("Heures")), header, cells), XLSX_TYPE, f"{name}.xlsx")
    return File(write_csv(header, cells), CSV_TYPE, f"{name}.csv")


def _cells(row: EntryRow, known: Mapping[str, str], say: Any) -> tuple[Cell, ...]:
    return (
        row.first_day.isoformat(),
        row.last_day.isoformat() if row.last_day != row.first_day else "",
        known.get(row.committee, row.committee) if row.committee else "",
        row.activity,
        say(KINDS[row.kind]),
        plain_duration(row.quarter_hours),
        row.quarter_hours,
        row.persons,
        say(N_("Une personne")) if row.user_id is not None else say(N_("L’organisme")),
        say(STATES[row.state]),
    )


def show_entry(session: Session, request: PageRequest) -> Answer:
    """One entry, what may be done to it, and everything done to it."""
    view = _found(session, request)
    return not_found() if view is None else _entry_page(session, request, view, None)


def correct(session: Session, request: PageRequest) -> Answer:
    """Correct an entry; what it said stays in its history with the reason."""
    view = _found(session, request)
    if view is None:
        return not_found()
    parsed = parse(CorrectForm, request.form)
    if parsed.value is None:
        return _entry_page(session, request, view, parsed, status=422)
    given = given_of(parsed)
    if isinstance(given, FieldError):
        return _entry_page(session, request, view, with_problem(parsed, given), status=422)
    try:
        batch = correct_hours(
            session,
            request.viewer,
            view.row.id,
            given,
            reason=parsed.value.reason,
            version=parsed.value.version,
            now=request.now,
        )
    except HoursInvalid as refused:
        problem = FieldError(refused.field, refused.message, refused.values)
        raise refused.showing(_entry_page(session, request, view, with_problem(parsed, problem))) from None
    except DomainError as refused:
        raise refused.showing(_entry_page(session, request, view, parsed.with_error("", refused.message))) from None
    return Redirect(f"{PATH}/{view.row.id}?geste={batch}", CORRECTED)


def act(session: Session, request: PageRequest) -> Answer:
    """Approve, return, withdraw or restore one entry."""
    view = _found(session, request)
    if view is None:
        return not_found()
    parsed = parse(ActForm, request.form)
    if parsed.value is None:
        return _entry_page(session, request, view, None, act_form=parsed, status=422)
    form = parsed.value
    try:
        batch = act_on_hours(
            session,
            request.viewer,
            view.row.id,
            Act(form.act),
            version=form.version,
            reason=form.reason,
            now=request.now,
        )
    except DomainError as refused:
        field, values = (refused.field, refused.values) if isinstance(refused, HoursInvalid) else ("", {})
        kept = with_problem(parsed, FieldError(field if field == "reason" else "", refused.message, values))
        raise refused.showing(_entry_page(session, request, view, None, act_form=kept)) from None
    return Redirect(f"{PATH}/{view.row.id}?geste={batch}", DONE[Act(form.act)])


def undo(session: Session, request: PageRequest) -> Answer:
    """Put back what one's last gesture changed."""
    parsed = parse(BatchForm, request.form)
    if parsed.value is None:
        return not_found()
    undo_hours(session, request.viewer, parsed.value.batch, now=request.now)
    return Redirect(PATH, UNDONE)


def show_network(session: Session, request: PageRequest) -> Answer:
    """Coordination: what each organisation gave to each committee. Sums only, no activity."""
    chosen = read_filter(request)
    rows = hours_by_organisation(session, chosen.bounded(request.now))
    notes = import_notes(session, chosen.bounded(request.now))
    known = committees(session)
    context = {
        "rows": rows,
        "total": sum(row.quarter_hours for row in rows),
        "approved": sum(row.approved for row in rows),
        "filter": chosen,
        "titles": titles(known),
        "notes": tuple(note for note in notes if note.worth_saying),
        **WORDS,
    }
    return Page("hours/network.html", context)


def _entry_page(
    session: Session,
    request: PageRequest,
    view: EntryView,
    form: Parsed[Any] | None,
    *,
    act_form: Parsed[Any] | None = None,
    status: int = 200,
) -> Page:
    row, viewer = view.row, request.viewer
    author = viewer.user_id in {row.user_id, row.entered_by}
    approver = request.house.holds(viewer, Permission.HOURS_APPROVE)
    known = committees(session)
    names = names_of(session, request, (row,), *(one.user_id for one in view.revisions))
    whole, rest = divmod(row.quarter_hours * 15, 60)
    context = {
        "row": row,
        "history": tuple(
            (ACTS[one.act], changed_words(one, titles(known)), one.reason, one.at, names.get(one.user_id, ""))
            for one in reversed(view.revisions)
        ),
        "names": names,
        "titles": titles(known),
        "committees": known,
        "able": {one.value: may(one, row.state, author=author, approver=approver) for one in Act},
        "form": form,
        "act_form": act_form,
        "hours_value": whole,
        "minutes_value": rest,
        "undo": undoing(session, request) if request.route.method == "GET" else None,
        "kinds": KIND_CHOICES,
        **WORDS,
    }
    return Page("hours/entry.html", context, status)


def _found(session: Session, request: PageRequest) -> EntryView | None:
    entry_id = identifier(request.path["entry"])
    return find_entry(session, request.viewer, entry_id) if entry_id is not None else None


def titles(known: tuple[CommitteeChoice, ...]) -> dict[str, str]:
    """Slug -> title."""
    return {one.slug: one.title for one in known}


def with_problem(parsed: Parsed[Any], problem: FieldError) -> Parsed[Any]:
    """The form refused at one more field, its French sentence still to fill."""
    return replace(parsed, value=None, errors=(*parsed.errors, problem))


def identifier(text: str) -> UUID | None:
    """The identifier an address carries, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


ENTER = Permission.HOURS_ENTER
_FRESH = Assurance.STEP_UP
routes: tuple[Route, ...] = (
    get(PATH, show_hours, permission=ENTER, name="hours"),
    # A file leaves the platform: a factor of the last five minutes first (security S10)
    get(f"{PATH}/export.csv", export, permission=ENTER, mode="slow", name="hours.csv", assurance=_FRESH),
    get(f"{PATH}/export.xlsx", export, permission=ENTER, mode="slow", name="hours.xlsx", assurance=_FRESH),
    post(f"{PATH}/annuler", undo, permission=ENTER, name="hours.undo"),
    get(f"{PATH}/reseau", show_network, permission=Permission.NETWORK_OVERSEE, name="hours.network"),
)
#: After every other address under `/heures`: an identifier looks like any of them.
entry_routes: tuple[Route, ...] = (
    get(f"{PATH}/{{entry}}", show_entry, permission=ENTER, name="hours.entry"),
    post(f"{PATH}/{{entry}}/corriger", correct, permission=ENTER, name="hours.correct"),
    post(f"{PATH}/{{entry}}/geste", act, permission=ENTER, name="hours.act"),
)
