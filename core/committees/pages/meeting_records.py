"""What is written about a meeting: agenda, attendance and its hours, minutes, documents."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from core.access.permissions import Permission
from core.committees.forms.meetings import AgendaForm, HoursForm, MinutesForm, VersionForm
from core.committees.pages.meetings import PATH, WORDS, Desk, address, found_meeting, kept_desk, meeting_page
from core.committees.queries.meetings import MeetingView, document_file
from core.committees.queries.structure import admitted_organisations
from core.committees.rules.agenda import Point, agenda_text, parse_agenda
from core.committees.rules.meetings import Presence
from core.committees.services.documents import add_document, remove_document
from core.committees.services.hours import HoursInvalid
from core.committees.services.meetings import (
    AgendaInput,
    Mark,
    MeetingRefused,
    adopt_minutes,
    enter_attendance_hours,
    set_agenda,
    take_attendance,
    write_minutes,
)
from core.kernel.errors import DomainError, Stale
from core.kernel.files import MAX_FILE_BYTES, clean, read_file
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed, filled, parse
from core.kernel.web.routes import Answer, Compute, File, Page, PageRequest, Redirect, Route, get, not_found, post

AGENDA_TOO_LONG = N_("Un ordre du jour a au plus 40 points de 200 caractères.")
AGENDA_SET, ATTENDANCE_TAKEN = N_("L’ordre du jour est à jour."), N_("Les présences sont notées.")
HOURS_ENTERED = N_("Les heures sont inscrites : chaque organisme approuve les siennes.")
HOURS_KNOWN = N_("Les heures de cette rencontre étaient déjà inscrites.")
MINUTES_KEPT, MINUTES_ADOPTED = N_("Le projet est enregistré."), N_("Le procès-verbal est adopté.")
DOCUMENT_ADDED, DOCUMENT_REMOVED = N_("Le document est joint."), N_("Le document est retiré.")
NO_FILE = N_("Choisissez un fichier.")
NUMBER = N_("Entrez un nombre de 1 à 99.")
#: Bytes of an upload: the file and its form.
MAX_UPLOAD = MAX_FILE_BYTES + 20_000


def show_agenda(session: Session, request: PageRequest) -> Answer:
    """The agenda as text, one point a line."""
    desk = kept_desk(session, request)
    found = found_meeting(session, request, desk)
    points = tuple(Point(line.title, line.minutes) for line in found.agenda)
    return _agenda_page(desk, found, filled({"agenda": agenda_text(points), "version": found.version}))


def save_agenda(session: Session, request: PageRequest) -> Answer:
    """Write the whole agenda."""
    desk = kept_desk(session, request)
    found = found_meeting(session, request, desk)
    parsed = parse(AgendaForm, request.form)
    if parsed.value is None:
        return _agenda_page(desk, found, parsed, 422)
    points = parse_agenda(parsed.value.agenda)
    if points is None:
        return _agenda_page(desk, found, parsed.with_error("agenda", AGENDA_TOO_LONG), 422)
    items = [AgendaInput(point.title, point.minutes) for point in points]
    try:
        set_agenda(session, request.viewer, found.line.code, parsed.value.version, items, request.now)
    except (MeetingRefused, Stale) as refused:
        field = refused.field if isinstance(refused, MeetingRefused) else ""
        raise refused.showing(_agenda_page(desk, found, parsed.with_error(field, refused.message))) from refused
    return Redirect(address(desk, found.line.code), AGENDA_SET)


def show_attendance(session: Session, request: PageRequest) -> Answer:
    """Each seat and each guest, marked as it was left."""
    desk = kept_desk(session, request)
    found = found_meeting(session, request, desk)
    typed: dict[str, object] = {}
    for line in found.attendance:
        typed[f"presence-{line.organisation_id}"] = line.presence.value if line.presence else None
        typed[f"persons-{line.organisation_id}"] = line.persons or 1
    return _attendance_page(session, desk, found, filled(typed))


def save_attendance(session: Session, request: PageRequest) -> Answer:
    """Write who was represented; organisations left unmarked stay unmarked."""
    desk = kept_desk(session, request)
    found = found_meeting(session, request, desk)
    typed = {name: (str(value),) for name, value in request.form.multi_items() if not name.startswith("_")}
    parsed: Parsed[Any] = Parsed(None, (), typed)
    offered = {line.organisation_id for line in found.attendance}
    names = dict(admitted_organisations(session))
    marks: dict[UUID, Mark] = {}
    for organisation_id in sorted(offered | set(names), key=str):
        presence, persons = parsed.raw(f"presence-{organisation_id}"), parsed.raw(f"persons-{organisation_id}") or "1"
        if not presence:
            continue
        if presence not in set(Presence):
            return not_found()
        if not (persons.isascii() and persons.isdecimal() and 0 < int(persons[:4]) < 100):
            parsed = parsed.with_error(f"persons-{organisation_id}", NUMBER)
            continue
        marks[organisation_id] = Mark(Presence(presence), int(persons))
    guest = parsed.raw("guest")
    if guest:
        wanted = next((one for one in names if str(one) == guest), None)
        if wanted is None:
            return not_found()
        marks.setdefault(wanted, Mark(Presence.PRESENT))
    if parsed.errors:
        return _attendance_page(session, desk, found, parsed, 422)
    try:
        take_attendance(session, request.viewer, found.line.code, marks, request.now)
    except MeetingRefused as refused:
        again = parsed.with_error(refused.field, refused.message)
        raise refused.showing(_attendance_page(session, desk, found, again)) from refused
    back = address(desk, found.line.code)
    return Redirect(f"{back}/presences" if guest else back, ATTENDANCE_TAKEN)


def enter_hours(session: Session, request: PageRequest) -> Answer:
    """Enter the meeting's length as hours of whoever was there."""
    desk = kept_desk(session, request)
    parsed = parse(HoursForm, request.form)
    if parsed.value is None:
        return meeting_page(session, request, desk, form=parsed, status=422)
    code = found_meeting(session, request, desk).line.code
    try:
        done = enter_attendance_hours(session, request.viewer, code, parsed.value.kind, request.now)
    except HoursInvalid as refused:
        again = parsed.with_error("", refused.message)
        raise refused.showing(meeting_page(session, request, desk, form=again)) from refused
    return Redirect(address(desk, code), HOURS_ENTERED if done.entered else HOURS_KNOWN)


def show_minutes(session: Session, request: PageRequest) -> Answer:
    """The draft, in a form."""
    desk = kept_desk(session, request)
    found = found_meeting(session, request, desk)
    return _minutes_page(desk, found, filled({"minutes": found.minutes, "version": found.version}))


def save_minutes(session: Session, request: PageRequest) -> Answer:
    """Keep the draft."""
    desk = kept_desk(session, request)
    found = found_meeting(session, request, desk)
    parsed = parse(MinutesForm, request.form)
    if parsed.value is None:
        return _minutes_page(desk, found, parsed, 422)
    form, code = parsed.value, found.line.code
    try:
        write_minutes(session, request.house.keyring, request.viewer, code, form.version, form.minutes, request.now)
    except (MeetingRefused, Stale) as refused:
        raise refused.showing(_minutes_page(desk, found, parsed.with_error("", refused.message))) from refused
    return Redirect(address(desk, code), MINUTES_KEPT)


def adopt(session: Session, request: PageRequest) -> Answer:
    """Adopt the minutes as they were shown."""
    desk = kept_desk(session, request)
    parsed = parse(VersionForm, request.form)
    if parsed.value is None:
        return meeting_page(session, request, desk, form=parsed, status=422)
    code = found_meeting(session, request, desk).line.code
    adopt_minutes(session, request.viewer, code, parsed.value.version, request.now)
    return Redirect(address(desk, code), MINUTES_ADOPTED)


def upload(session: Session, request: PageRequest) -> Answer:
    """Clean a file outside the transaction, then attach it."""
    desk = kept_desk(session, request)
    code = found_meeting(session, request, desk).line.code
    file = request.form.get("file")
    content = file.file.read() if isinstance(file, UploadFile) else b""
    name = (file.filename or "") if isinstance(file, UploadFile) else ""
    if not content:
        return _refused_upload(session, request, desk, NO_FILE)

    def work() -> Any:
        try:
            return clean(name, content)
        except DomainError as refused:
            return refused

    def then(later: Session, done: Any) -> Page | Redirect:
        if not isinstance(done, DomainError):
            try:
                add_document(later, request.house.keyring, request.viewer, code, done, request.now)
            except MeetingRefused as refused:
                done = refused
        if isinstance(done, DomainError):
            return _refused_upload(later, request, desk, done.message)
        return Redirect(address(desk, code), DOCUMENT_ADDED)

    return Compute(work, then)


def download(session: Session, request: PageRequest) -> Answer:
    """A document, to those who may read the committee; never shown by the browser itself."""
    document = _identifier(request.path["document"])
    file_id = document_file(session, request.viewer, request.path["code"], document) if document else None
    if file_id is None:
        return not_found()
    file = read_file(session, request.house.keyring, file_id)
    return File(file.content, file.media_type, file.name)


def remove(session: Session, request: PageRequest) -> Answer:
    """Take a document away for good."""
    desk = kept_desk(session, request)
    code, document = found_meeting(session, request, desk).line.code, _identifier(request.path["document"])
    if document is None:
        return not_found()
    remove_document(session, request.viewer, code, document, request.now)
    return Redirect(address(desk, code), DOCUMENT_REMOVED)


def _identifier(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _refused_upload(session: Session, request: PageRequest, desk: Desk, message: str) -> Page:
    empty: Parsed[Any] = filled({})
    return meeting_page(session, request, desk, form=empty.with_error("file", message), status=422)


def _agenda_page(desk: Desk, found: MeetingView, form: Parsed[Any], status: int = 200) -> Page:
    return _page("agenda", desk, found, form, status)


def _minutes_page(desk: Desk, found: MeetingView, form: Parsed[Any], status: int = 200) -> Page:
    return _page("minutes", desk, found, form, status)


def _attendance_page(session: Session, desk: Desk, found: MeetingView, form: Parsed[Any], status: int = 200) -> Page:
    there = {line.organisation_id for line in found.attendance}
    guests = tuple(pair for pair in admitted_organisations(session) if pair[0] not in there)
    return _page("attendance", desk, found, form, status, guests=guests)


def _page(name: str, desk: Desk, found: MeetingView, form: Parsed[Any], status: int, **more: object) -> Page:
    context = {"desk": desk, "committee": desk.place.committee, "meeting": found, "form": form, "words": WORDS, **more}
    return Page(f"committees/meetings/{name}.html", context, status)


_READ = Permission.COMMITTEE_READ
routes: tuple[Route, ...] = (
    get(PATH + "/{code}/ordre", show_agenda, permission=_READ, name="meeting.agenda"),
    post(PATH + "/{code}/ordre", save_agenda, permission=_READ, name="meeting.agenda.save"),
    get(PATH + "/{code}/presences", show_attendance, permission=_READ, name="meeting.attendance"),
    post(PATH + "/{code}/presences", save_attendance, permission=_READ, name="meeting.attendance.save"),
    post(PATH + "/{code}/heures", enter_hours, permission=_READ, name="meeting.hours"),
    get(PATH + "/{code}/proces-verbal", show_minutes, permission=_READ, name="meeting.minutes"),
    post(PATH + "/{code}/proces-verbal", save_minutes, permission=_READ, name="meeting.minutes.save"),
    post(PATH + "/{code}/adopter", adopt, permission=_READ, name="meeting.minutes.adopt"),
    post(PATH + "/{code}/documents", upload, permission=_READ, name="meeting.upload", max_body=MAX_UPLOAD),
    get(PATH + "/{code}/documents/{document}", download, permission=_READ, name="meeting.document"),
    post(PATH + "/{code}/documents/{document}/retirer", remove, permission=_READ, name="meeting.document.remove"),
)
