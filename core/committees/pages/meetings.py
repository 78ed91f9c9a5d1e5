"""`/comites/{slug}/rencontres`: the list, one meeting, planning, moving, cancelling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.committees.forms.meetings import MeetingForm
from core.committees.pages.finding import Place, place_of
from core.committees.pages.overview import HOME
from core.committees.queries.hands import votes_at
from core.committees.queries.meetings import MeetingLine, MeetingView, meeting, meetings_of
from core.committees.rules.deadlines import local_instant
from core.committees.rules.hours import KINDS, Kind
from core.committees.rules.meetings import (
    MEETING_STATES,
    MINUTES_STATES,
    PRESENCES,
    Command,
    MeetingState,
    MinutesState,
    refusal,
)
from core.committees.rules.votes import RESULTS
from core.committees.services.meetings import (
    NAME_NOBODY,
    MeetingInput,
    MeetingRefused,
    cancel_meeting,
    change_meeting,
    plan_meeting,
)
from core.kernel.clock import TORONTO
from core.kernel.errors import Forbidden, Missing, Stale
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed, filled, parse
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, post

PATH = HOME + "/{slug}/rencontres"
PLANNED, CHANGED, CANCELLED = N_("La rencontre est prévue."), N_("La rencontre est à jour."), N_("Annulée.")
ON_A_PAGE = 20
WORDS = {"states": MEETING_STATES, "minutes": MINUTES_STATES, "presences": PRESENCES, "results": RESULTS}
#: Kinds of time that a meeting's attendance may be.
ATTENDANCE_KINDS = tuple((kind.value, KINDS[kind]) for kind in (Kind.MEETING, Kind.FACILITATION, Kind.WORK))


@dataclass(frozen=True)
class Desk:
    """A committee, and whether the viewer keeps its records."""

    place: Place
    keeps: bool


def desk_of(session: Session, request: PageRequest) -> Desk:
    """The committee of the address, for those who may read it. Raises Missing, Forbidden."""
    place = place_of(session, request)
    if not place.reads:
        raise Forbidden(N_("Vous ne siégez pas à ce comité."))
    return Desk(place, place.keeps)


def kept_desk(session: Session, request: PageRequest) -> Desk:
    """The same, for those who keep its records. Raises Missing, Forbidden."""
    desk = desk_of(session, request)
    if not desk.keeps:
        raise Forbidden(N_("Seuls la présidence, le secrétariat du comité et la coordination peuvent faire cela."))
    return desk


def found_meeting(session: Session, request: PageRequest, desk: Desk) -> MeetingView:
    """The meeting of the address, of this committee. Raises Missing."""
    found = meeting(session, request.house.keyring, request.viewer, request.path["code"])
    if found is None or found.committee_id != desk.place.committee.id:
        raise Missing
    return found


def address(desk: Desk, code: str = "") -> str:
    """The page of a meeting, or of the list."""
    base = f"{HOME}/{desk.place.committee.slug}/rencontres"
    return f"{base}/{code}" if code else base


def meeting_page(
    session: Session, request: PageRequest, desk: Desk, *, form: Parsed[Any] | None = None, status: int = 200
) -> Page:
    """A meeting's page; `form` is a refused upload or entry shown again on it."""
    found = found_meeting(session, request, desk)
    line = found.line
    fragment = request.wants_fragment and form is None
    offer = desk.place.manages and not fragment and ballots_may_come(line)
    votes = votes_at(session, request.viewer, found, request.now, offer=offer)
    context = {
        "desk": desk,
        "committee": desk.place.committee,
        "meeting": found,
        "words": WORDS,
        "form": form,
        "can": {
            command.value: desk.keeps and refusal(line.state, line.minutes_state, command) is None
            for command in Command
        },
        "begun": request.now >= line.starts_at,
        "kinds": ATTENDANCE_KINDS,
        "name_nobody": NAME_NOBODY,
        "votes": tuple(one for one in votes if one.here),
        "offered": tuple(one for one in votes if not one.here),
    }
    return Page("committees/meetings/body.html" if fragment else "committees/meetings/meeting.html", context, status)


def ballots_may_come(line: MeetingLine) -> bool:
    """Whether a vote may still be put on this meeting's agenda."""
    return line.state is not MeetingState.CANCELLED and line.minutes_state is not MinutesState.ADOPTED


def show_meetings(session: Session, request: PageRequest) -> Answer:
    """What comes, soonest first; then what was, page by page."""
    desk = desk_of(session, request)
    page = request.page
    committee = desk.place.committee
    coming, _ = meetings_of(session, request.viewer, committee.id, request.now, past=False, limit=50)
    past, total = meetings_of(
        session, request.viewer, committee.id, request.now, past=True, limit=ON_A_PAGE, offset=(page - 1) * ON_A_PAGE
    )
    context = {
        "desk": desk,
        "committee": committee,
        "coming": coming,
        "past": past,
        "page": page,
        "pages": max(1, -(-total // ON_A_PAGE)),
        "total": total,
        "words": WORDS,
    }
    return Page("committees/meetings/rows.html" if request.wants_fragment else "committees/meetings/list.html", context)


def show_meeting(session: Session, request: PageRequest) -> Answer:
    """One meeting."""
    return meeting_page(session, request, desk_of(session, request))


def show_new(session: Session, request: PageRequest) -> Answer:
    """The form of a new meeting."""
    return _form_page(kept_desk(session, request), None, filled({}))


def plan(session: Session, request: PageRequest) -> Answer:
    """Plan a meeting and tell the committee."""
    desk = kept_desk(session, request)
    parsed = parse(MeetingForm, request.form)
    if parsed.value is None:
        return _form_page(desk, None, parsed, 422)
    try:
        code = plan_meeting(
            session,
            request.house.keyring,
            request.viewer,
            desk.place.committee.id,
            _given(parsed.value),
            request.now,
        )
    except MeetingRefused as refused:
        raise refused.showing(_form_page(desk, None, parsed.with_error(refused.field, refused.message))) from refused
    return Redirect(address(desk, code), PLANNED)


def show_change(session: Session, request: PageRequest) -> Answer:
    """The form of a meeting that is planned already."""
    desk = kept_desk(session, request)
    found = found_meeting(session, request, desk)
    return _form_page(desk, found, _typed(found))


def change(session: Session, request: PageRequest) -> Answer:
    """Move or rename a meeting."""
    desk = kept_desk(session, request)
    found = found_meeting(session, request, desk)
    parsed = parse(MeetingForm, request.form)
    if parsed.value is None:
        return _form_page(desk, found, parsed, 422)
    code, form = found.line.code, parsed.value
    try:
        change_meeting(session, request.house.keyring, request.viewer, code, form.version, _given(form), request.now)
    except (MeetingRefused, Stale) as refused:
        field = refused.field if isinstance(refused, MeetingRefused) else ""
        raise refused.showing(_form_page(desk, found, parsed.with_error(field, refused.message))) from refused
    return Redirect(address(desk, code), CHANGED)


def cancel(session: Session, request: PageRequest) -> Answer:
    """Cancel a meeting that is planned."""
    desk = kept_desk(session, request)
    code = found_meeting(session, request, desk).line.code
    cancel_meeting(session, request.house.keyring, request.viewer, code, request.now)
    return Redirect(address(desk, code), CANCELLED)


def _given(form: MeetingForm) -> MeetingInput:
    """Instants of what was typed on the network's clock. Raises MeetingRefused for an hour that does not exist."""
    starts = local_instant(datetime.combine(form.day, form.starts.replace(tzinfo=None)), TORONTO)
    ends = local_instant(datetime.combine(form.day, form.ends.replace(tzinfo=None)), TORONTO)
    if starts is None or ends is None:
        raise MeetingRefused("missing_hour")
    return MeetingInput(form.title, form.place, form.link, starts, ends)


def _typed(found: MeetingView) -> Parsed[Any]:
    starts, ends = found.line.starts_at.astimezone(TORONTO), found.line.ends_at.astimezone(TORONTO)
    return filled(
        {
            "title": found.line.title,
            "day": starts.date(),
            "starts": f"{starts:%H:%M}",
            "ends": f"{ends:%H:%M}",
            "place": found.line.place,
            "link": found.link,
            "version": found.version,
        }
    )


def _form_page(desk: Desk, found: MeetingView | None, form: Parsed[Any], status: int = 200) -> Page:
    context = {"desk": desk, "committee": desk.place.committee, "meeting": found, "form": form, "words": WORDS}
    return Page("committees/meetings/form.html", context, status)


routes: tuple[Route, ...] = (
    get(PATH, show_meetings, permission=Permission.COMMITTEE_READ, name="meetings"),
    get(PATH + "/nouvelle", show_new, permission=Permission.COMMITTEE_READ, name="meetings.new"),
    post(PATH + "/nouvelle", plan, permission=Permission.COMMITTEE_READ, name="meetings.plan"),
    get(PATH + "/{code}", show_meeting, permission=Permission.COMMITTEE_READ, name="meeting"),
    get(PATH + "/{code}/modifier", show_change, permission=Permission.COMMITTEE_READ, name="meeting.edit"),
    post(PATH + "/{code}/modifier", change, permission=Permission.COMMITTEE_READ, name="meeting.change"),
    post(PATH + "/{code}/annuler", cancel, permission=Permission.COMMITTEE_READ, name="meeting.cancel"),
)
