"""`/comites/ficesl/publie`: figures of printed reports, line by line, with their right sums; their import."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from core.api import (
    CSV_TYPE,
    N_,
    File,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Route,
    Stack,
    UnreadableSheet,
    format_duration,
    get,
    not_found,
    parse,
    post,
    printed_rows,
    read_sheet,
    shares,
    write_csv,
)

from ..access import MANAGE, READ
from ..forms.attendance import CountForm, PublishedForm
from ..queries.published import Meeting, PublishedRow, printed_total, published_lines, published_meetings, totals_of
from ..rules.evaluations import LEAST, SCALE
from ..rules.published import NOT_KNOWN, SAME_TWICE, TRAINING, WORKSHOP
from ..services.published import FileRefused, Imported, count_line, import_published
from .attendance_words import PUBLISHED, Answer, desk, identifier, keeps, say

COUNTED, SET_ASIDE = N_("La ligne est additionnée."), N_("La ligne n’est plus additionnée.")
DRAWN = N_("Les chiffres sont dans le tableau.")
#: Tables that the platform itself ships for a year, and the year (core's printed report).
SHIPPED, SHIPPED_YEAR = ("workshops", "evaluations"), 2023
HEADS = {
    TRAINING: (N_("Période"), N_("Formation"), N_("Public"), N_("Organisme"), N_("Séances"), N_("Heures"),
               N_("Personnes"), N_("Additionnée")),
    WORKSHOP: (N_("Période"), N_("Lieu"), N_("Jeunes"), N_("Adultes"), N_("Groupes"), N_("Heures")),
}  # fmt: skip


def show(session: Session, request: PageRequest) -> Page:
    """Trainings, prevention workshops, evaluations."""
    return _page(session, request)


def upload(session: Session, request: PageRequest) -> Answer:
    """Import one of the known tables; the page says what became of each line."""
    if not keeps(session, request):
        return not_found()
    file = request.form.get("file")
    content = file.file.read() if isinstance(file, UploadFile) else b""
    parsed = parse(PublishedForm, FormData([pair for pair in request.form.multi_items() if pair[0] != "file"]))
    if parsed.value is None:
        return _page(session, request, parsed, status=422)
    try:
        rows = read_sheet(content)
    except UnreadableSheet:
        return _page(session, request, parsed.with_error("file", NOT_KNOWN), status=422)
    return _import(session, request, parsed, rows, parsed.value.year or None)


def take_shipped(session: Session, request: PageRequest) -> Answer:
    """Import a table of the printed report that the platform ships already."""
    name = request.path["name"]
    rows = printed_rows(SHIPPED_YEAR, name) if name in SHIPPED else []
    if not rows or not keeps(session, request):
        return not_found()
    table = [list(rows[0]), *(list(row.values()) for row in rows)]
    parsed = parse(PublishedForm, FormData([]))
    return _import(session, request, parsed, table, f"{SHIPPED_YEAR}-{SHIPPED_YEAR + 1}")


def count(session: Session, request: PageRequest) -> Answer:
    """Say that a marked line is a training of its own, or that it is not."""
    line_id, parsed = identifier(request, "line"), parse(CountForm, request.form)
    if line_id is None or parsed.value is None or not keeps(session, request):
        return not_found()
    counted = parsed.value.counted == "true"
    count_line(session, desk(request), line_id, counted=counted)
    return Redirect(PUBLISHED, COUNTED if counted else SET_ASIDE)


def export(session: Session, request: PageRequest) -> Answer | File:
    """The lines as a table; nothing in it is a formula."""
    kind = request.path["kind"]
    if kind not in HEADS:
        return not_found()
    rows = published_lines(session, kind)
    header = [say(request, one) for one in HEADS[kind]]
    return File(write_csv(header, [_cells(request, kind, row) for row in rows]), CSV_TYPE, f"ficesl-{kind}.csv")


def _cells(request: PageRequest, kind: str, row: PublishedRow) -> list[str | int | None]:
    line, hours = row.line, row.hours
    if kind == WORKSHOP:
        return [line.period, line.title, line.young, line.adults, line.groups, hours]
    counted = say(request, N_("oui") if row.counted else N_("non"))
    return [line.period, line.title, line.audience, line.organisation, line.sessions, hours, line.people, counted]


def _import(
    session: Session,
    request: PageRequest,
    parsed: Parsed[PublishedForm],
    rows: Sequence[Sequence[str]],
    year: str | None,
) -> Page:
    try:
        done = import_published(session, desk(request), rows, year)
    except FileRefused as refused:
        again = parsed.with_error("file", say(request, refused.message, **refused.values))
        raise refused.showing(_page(session, request, again, status=422)) from None
    return _page(session, request, done=done)


def _page(
    session: Session,
    request: PageRequest,
    form: Parsed[PublishedForm] | None = None,
    done: Imported | None = None,
    status: int = 200,
) -> Page:
    trainings, workshops = (published_lines(session, kind) for kind in (TRAINING, WORKSHOP))
    titles = {row.id: row.line.title for row in trainings}
    meetings = published_meetings(session)
    sums = totals_of(trainings)
    context = {
        "trainings": trainings,
        "training_sums": sums,
        "either": format_duration(sums.quarter_hours + sums.aside) if sums.aside else "",
        "workshops": [row for row in workshops if not row.line.printed_total],
        "workshop_sums": totals_of(workshops),
        "printed": printed_total(workshops),
        "meetings": [(one, _chart(request, one), _rows(one)) for one in meetings],
        "titles": titles,
        "duration": format_duration,
        "same_twice": SAME_TWICE,
        "scale": SCALE,
        "least": LEAST,
        "form": form,
        "done": done,
        "keeps": keeps(session, request),
        "here": PUBLISHED,
        "shipped": SHIPPED,
    }
    return Page("ficesl/published.html", context, status)


def _rows(meeting: Meeting) -> list[list[str]]:
    """A statement and its percentages, as printed: 49,5 stays 49,5."""
    return [
        [one.question, *(f"{tenth // 10},{tenth % 10}" if tenth % 10 else f"{tenth // 10}" for tenth in one.tenths)]
        for one in meeting.statements
    ]


def _chart(request: PageRequest, meeting: Meeting) -> object:
    rows = [Stack(one.question, tuple(tenth / 10 for tenth in one.tenths)) for one in meeting.statements]
    scale = [say(request, step) for step in SCALE]
    identifier = f"publie-{meeting.period}-{meeting.number}"
    return shares(identifier, meeting.theme, say(request, DRAWN), scale, rows)


routes: tuple[Route, ...] = (
    get(PUBLISHED, show, permission=READ, name="ficesl.published"),
    post(PUBLISHED, upload, permission=MANAGE, name="ficesl.published_import"),
    post(f"{PUBLISHED}/reprendre/{{name}}", take_shipped, permission=MANAGE, name="ficesl.published_shipped"),
    post(f"{PUBLISHED}/lignes/{{line}}", count, permission=MANAGE, name="ficesl.published_count"),
    get(f"{PUBLISHED}/{{kind}}.csv", export, permission=READ, name="ficesl.published_file"),
)
