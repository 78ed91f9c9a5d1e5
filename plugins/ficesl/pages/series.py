"""`/comites/ficesl/parcours`: units × capsules over years, and what to give next."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from core.api import (
    CSV_TYPE,
    N_,
    TORONTO,
    DomainError,
    File,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    admitted_organisations,
    filled,
    get,
    not_found,
    parse,
    post,
    write_csv,
)

from ..access import MANAGE, READ
from ..forms.training import SeriesForm
from ..queries.series import Matrix, all_units, list_series, matrix, sees_region
from ..queries.training import course_by_code, published_courses
from ..rules.series import CELL_STATES, CellState, proposals
from ..services import series
from ..settings import SERIES
from .training_words import WORDS, desk_for, keeps_training

ONE = f"{SERIES}/{{code}}"
Answer = Page | Redirect | Refusal | File
OPENED, SAVED = N_("Le parcours est ouvert."), N_("C’est enregistré.")
CHOOSE = N_("Choisissez au moins une unité.")
#: How a cell is signed, beside its words.
SIGNS = {"done": "done", "planned": "wait", "missing": "closed"}


def show_series_list(session: Session, request: PageRequest) -> Answer:
    """Series where one's organisation has a unit; all of them for the committee and the coordination."""
    region = _region(session, request)
    context = {
        "lines": list_series(session, request.viewer, region=region),
        "keeps": keeps_training(session, request),
        "words": WORDS,
    }
    return Page("ficesl/series_list.html", context)


def show_series(session: Session, request: PageRequest) -> Answer:
    """One series: its matrix, and what to give next."""
    return _series(session, request, None) or not_found()


def show_new(session: Session, request: PageRequest) -> Answer:
    """The form of a new series."""
    if not keeps_training(session, request):
        return not_found()
    return _form(session, request, filled({"starts_on": request.now.astimezone(TORONTO).date()}))


def open_series(session: Session, request: PageRequest) -> Answer:
    """A series of a course, for some units."""
    if not keeps_training(session, request):
        return not_found()
    parsed = parse(SeriesForm, request.form)
    typed = parsed.value
    course = None if typed is None else course_by_code(session, typed.course)
    if typed is None or course is None or not typed.teams:
        form = parsed if typed is None else parsed.with_error("teams", CHOOSE)
        return _form(session, request, form, 422)
    teams: dict[Any, date | None] = dict.fromkeys(typed.teams, typed.target_on)
    try:
        code = series.open_series(session, desk_for(request), course, typed.starts_on, teams)
    except DomainError as refused:
        raise refused.showing(_form(session, request, parsed.with_error("teams", CHOOSE))) from refused
    return Redirect(f"{SERIES}/{code}", OPENED)


def aim(session: Session, request: PageRequest) -> Answer:
    """Other units, or another day by which those that are ticked should be over."""
    found = _matrix(session, request)
    if found is None or not keeps_training(session, request):
        return not_found()
    parsed = parse(SeriesForm, request.form)
    if parsed.value is None or not parsed.value.teams:
        form = parsed if parsed.value is None else parsed.with_error("teams", CHOOSE)
        return _series(session, request, form, 422) or not_found()
    kept = {row.team_id: row.target_on for row in found.rows}
    wanted = parsed.value.target_on
    teams = {team: wanted or kept.get(team) for team in parsed.value.teams}
    series.aim_series(session, desk_for(request), found.code, teams)
    return Redirect(f"{SERIES}/{found.code}", SAVED)


def end(session: Session, request: PageRequest) -> Answer:
    """It is over, or goes on after all."""
    found = _matrix(session, request)
    if found is None or not keeps_training(session, request):
        return not_found()
    series.end_series(session, desk_for(request), found.code, undo=found.ended_at is not None)
    return Redirect(f"{SERIES}/{found.code}", SAVED)


def export(session: Session, request: PageRequest) -> Answer:
    """The matrix as a table."""
    found = _matrix(session, request)
    if found is None:
        return not_found()
    say = request.house.renderer.translator.translate
    header = [say(request.locale, N_("Organisme")), say(request.locale, N_("Unité"))]
    header += [one.title_en if request.locale == "en" and one.title_en else one.title for one in found.capsules]
    rows = []
    for row in found.rows:
        cells = [
            " ".join(part for part in (say(request.locale, CELL_STATES[one.state]), str(one.day or "")) if part)
            for one in row.cells
        ]
        rows.append((row.organisation, row.team, *cells))
    return File(write_csv(header, rows), CSV_TYPE, f"{say(request.locale, N_('parcours'))}.csv")


def _region(session: Session, request: PageRequest) -> bool:
    return keeps_training(session, request) or sees_region(request.viewer, None)


def _matrix(session: Session, request: PageRequest) -> Matrix | None:
    region = _region(session, request)
    return matrix(session, request.viewer, request.path["code"], request.now, region=region)


def _series(session: Session, request: PageRequest, form: Parsed[Any] | None, status: int = 200) -> Page | None:
    found = _matrix(session, request)
    if found is None:
        return None
    today = request.now.astimezone(TORONTO).date()
    keeps = keeps_training(session, request)
    context = {
        "found": found,
        "sum": found.sum,
        "proposals": () if found.ended_at else proposals(found.rows, found.capsules, today),
        "missing": CellState.MISSING,
        "signs": SIGNS,
        "keeps": keeps,
        "units": _units(session) if keeps else (),
        "form": form,
        "words": WORDS,
    }
    return Page("ficesl/series_body.html" if request.wants_fragment else "ficesl/series.html", context, status)


def _units(session: Session) -> list[tuple[str, str]]:
    names = dict(admitted_organisations(session))
    units = [(str(unit), f"{names.get(where, '')} · {name}") for unit, name, where in all_units(session)]
    return sorted(units, key=lambda one: one[1])


def _form(session: Session, request: PageRequest, form: Parsed[Any], status: int = 200) -> Page:
    context = {"form": form, "courses": published_courses(session), "units": _units(session), "words": WORDS}
    return Page("ficesl/series_form.html", context, status)


routes: tuple[Route, ...] = (
    get(SERIES, show_series_list, permission=READ, name="ficesl.series_list"),
    get(f"{SERIES}/nouveau", show_new, permission=MANAGE, name="ficesl.series_new"),
    post(f"{SERIES}/nouveau", open_series, permission=MANAGE, name="ficesl.series_open"),
    get(ONE, show_series, permission=READ, name="ficesl.series"),
    get(ONE + "/export.csv", export, permission=READ, name="ficesl.series_export"),
    post(ONE + "/unites", aim, permission=MANAGE, name="ficesl.series_aim"),
    post(ONE + "/fin", end, permission=MANAGE, name="ficesl.series_end"),
)
