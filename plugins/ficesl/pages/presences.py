"""`/comites/ficesl/seances/{code}/presences`: the blocks of a session, their sheet, and the screen of the code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import (
    CSV_TYPE,
    N_,
    Assurance,
    Data,
    DomainError,
    File,
    Page,
    PageRequest,
    Redirect,
    Route,
    get,
    new_id,
    not_found,
    post,
    write_csv,
)

from ..access import READ
from ..forms.attendance import PRESENT, STATE, read_sheet_form
from ..queries.attendance import (
    BlockView,
    SheetRow,
    blocks_of,
    counts_of,
    explained,
    find_block,
    find_sheet,
    sheet_rows,
)
from ..queries.names import names_for
from ..rules import checkin
from ..rules.attendance import choices
from ..services.attendance import Noted, Problem, SheetMark, mark_presences, screen_code
from ..settings import SESSIONS
from .attendance_words import CHECK_IN, SHEETS, WORDS, Answer, desk, identifier, qr, say, session_code

ONE = f"{SHEETS}/{{block}}"
NOTED = N_("La feuille est enregistrée.")
HEADER = (N_("Personne"), N_("Présence"), N_("Minutes créditées"), N_("Pourquoi"))
THERE, AWAY, NOTHING = N_("Présence"), N_("Absence"), N_("Rien de noté")


def show_blocks(session: Session, request: PageRequest) -> Answer:
    """The blocks of a session that the viewer gives."""
    code = session_code(request)
    blocks = blocks_of(session, request.viewer, code) if code else ()
    if code is None or not blocks:
        return not_found()
    return Page("ficesl/blocks.html", {"code": code, "blocks": blocks, "back": f"{SESSIONS}/{code}"})


def show_sheet(session: Session, request: PageRequest) -> Answer:
    """The sheet of a block; reading the names is journaled."""
    found = _found(session, request)
    return not_found() if found is None else _sheet(session, request, *found)


def note_sheet(session: Session, request: PageRequest) -> Answer | Data:
    """Marks of a sheet: all of it from the plain form, some of them from the phone's script (`_intent=json`)."""
    block = _block(session, request)
    if block is None:
        return not_found()
    given, settings = desk(request), desk(request).settings
    fields = {name: value for name, value in request.form.multi_items() if isinstance(value, str)}
    marks = read_sheet_form(fields)
    if fields.get("all") == PRESENT:
        rows = sheet_rows(session, block, settings.tolerance_minutes)
        chosen = {mark.learner_id for mark in marks}
        empty = [row.learner_id for row in rows if row.mark is None and row.learner_id not in chosen]
        marks += read_sheet_form({f"{STATE}{learner_id}": PRESENT for learner_id in empty})
    scripted = fields.get("_intent") == "json"
    try:
        noted = mark_presences(session, given, block, _keyed(marks), settings.tolerance_minutes)
    except DomainError as refused:
        if scripted:
            return Data({"refused": say(request, refused.message)}, 422)
        raise
    if scripted:
        return Data(_told(request, noted))
    if noted.problems:
        rows = sheet_rows(session, block, settings.tolerance_minutes)
        return _sheet(session, request, block, rows, noted.problems, 422)
    return Redirect(_address(block), NOTED)


def export_sheet(session: Session, request: PageRequest) -> Answer | File:
    """The sheet as a table; no cell of it is a formula."""
    found = _found(session, request)
    if found is None:
        return not_found()
    block, rows = found
    names = _names(session, request, rows)
    lines = [
        (
            names.get(row.learner_id, ""),
            say(request, NOTHING if row.mark is None else THERE if row.mark.present else AWAY),
            row.credited.minutes if row.credited else None,
            say(request, row.credited.why, **row.credited.values) if row.credited else "",
        )
        for row in rows
    ]
    header = [say(request, one) for one in HEADER]
    return File(write_csv(header, lines), CSV_TYPE, f"presences-{block.code}.csv")


def show_screen(session: Session, request: PageRequest) -> Answer:
    """The code to project; its part is asked again at each step of thirty seconds, never by a stream."""
    block = _block(session, request)
    if block is None:
        return not_found()
    moment = checkin.moment(block.starts_at, block.ends_at, request.now)
    shown = moment is checkin.Moment.OPEN
    code = screen_code(request.house.keyring, block.id, request.now) if shown else ""
    address = f"{request.house.settings.public_url}{CHECK_IN}"
    there, registered = counts_of(session, block)
    context = {
        "block": block,
        "moment": moment.value,
        "words": WORDS,
        "code": checkin.spaced(code) if code else "",
        "next_in": checkin.seconds_left(request.now),
        "address": address,
        # In the fragment, which browsers send to no server: no log holds it.
        "qr": qr(f"{address}#{code}") if code else None,
        "there": there,
        "registered": registered,
        "here": f"{_address(block)}/ecran",
        "sheet": _address(block),
    }
    return Page("ficesl/screen_code.html" if request.wants_fragment else "ficesl/screen.html", context)


def _block(session: Session, request: PageRequest) -> BlockView | None:
    code, block_id = session_code(request), identifier(request, "block")
    return None if code is None or block_id is None else find_block(session, request.viewer, code, block_id)


def _found(session: Session, request: PageRequest) -> tuple[BlockView, Sequence[SheetRow]] | None:
    """The block and its rows, together: a sheet is read in six statements, its names and their journal included."""
    code, block_id = session_code(request), identifier(request, "block")
    if code is None or block_id is None:
        return None
    return find_sheet(session, request.viewer, code, block_id, desk(request).settings.tolerance_minutes)


def _address(block: BlockView) -> str:
    return f"{SESSIONS}/{block.code}/presences/{block.id}"


def _names(session: Session, request: PageRequest, rows: Sequence[SheetRow]) -> Mapping[UUID, str]:
    days = desk(request).settings.names_days
    learners = [row.learner_id for row in rows]
    return names_for(session, request.house.keyring, request.viewer, learners, request.now, days=days)


def _sheet(
    session: Session,
    request: PageRequest,
    block: BlockView,
    rows: Sequence[SheetRow],
    problems: Sequence[Problem] = (),
    status: int = 200,
) -> Page:
    names = _names(session, request, rows)
    shown = sorted(rows, key=lambda row: names.get(row.learner_id, "").casefold())
    keyring = request.house.keyring
    mark = keyring.pseudonym("ficesl.sheet", f"{request.viewer.user_id}:{block.id}").hex()[:32]
    context = {
        "block": block,
        "rows": shown,
        "names": names,
        "problems": {one.learner_id: one for one in problems},
        "counts": explained(rows),
        "choices": choices(block.minutes),
        "opened": request.now >= block.sheet_opens,
        "tolerance": desk(request).settings.tolerance_minutes,
        # Names what the phone keeps: neither who, nor which session.
        "kept_under": mark,
        "here": _address(block),
        "list": SHEETS.format(code=block.code),
    }
    return Page("ficesl/sheet.html", context, status)


def _keyed(marks: Sequence[SheetMark]) -> list[SheetMark]:
    """Marks of a plain form have no key of their own: they get one."""
    return [mark if mark.key else SheetMark(mark.learner_id, mark.mark, new_id().hex, mark.seen) for mark in marks]


def _told(request: PageRequest, noted: Noted) -> Mapping[str, object]:
    """What the script is answered: identifiers, minutes and sentences; no name."""
    problems = {}
    for one in noted.problems:
        there = None if one.there is None else {"p": one.there.present, "l": one.there.late, "e": one.there.early}
        problems[str(one.learner_id)] = {
            "message": say(request, one.message, **one.values),
            "there": there,
            "key": one.key,
        }
    kept = {str(learner_id): {"minutes": minutes, "key": key} for learner_id, (minutes, key) in noted.kept.items()}
    return {"kept": kept, "problems": problems}


_SURE = Assurance.SECOND_FACTOR
routes: tuple[Route, ...] = (
    get(SHEETS, show_blocks, permission=READ, name="ficesl.blocks"),
    get(f"{ONE}/feuille.csv", export_sheet, permission=READ, mode="write", name="ficesl.sheet_file", assurance=_SURE),
    get(f"{ONE}/ecran", show_screen, permission=READ, name="ficesl.screen", assurance=_SURE),
    get(ONE, show_sheet, permission=READ, mode="write", name="ficesl.sheet", assurance=_SURE),
    post(ONE, note_sheet, permission=READ, name="ficesl.note_sheet", assurance=_SURE),
)
