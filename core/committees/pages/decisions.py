"""`/comites/{slug}/decisions`: the register, and what each organisation does after a decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.committees.access import local_day
from core.committees.forms.meetings import DecisionForm, DoneForm, FollowUpForm
from core.committees.pages.meetings import ON_A_PAGE, Desk, desk_of, kept_desk
from core.committees.pages.overview import HOME
from core.committees.queries.decisions import decision_of, decisions_of, own_follow_ups, recent_meetings
from core.committees.queries.structure import admitted_organisations
from core.committees.rules.votes import RESULTS
from core.committees.services.decisions import DecisionRefused, add_follow_up, finish_follow_up, note_decision
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed, filled, parse
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, not_found, post

PATH = HOME + "/{slug}/decisions"
OWN = "/suivis"
NOTED, ASKED = N_("La décision est au registre."), N_("Le suivi est noté, et l’organisme est prévenu.")
DONE, OPEN = N_("C’est noté comme fait."), N_("C’est noté comme à faire.")


def show_register(session: Session, request: PageRequest) -> Answer:
    """The register, latest first, with the form that adds a line."""
    desk = desk_of(session, request)
    today = local_day(request.now)
    known = {"decided_on": today, "meeting": request.query.get("rencontre")}
    return _register(session, request, desk, filled(known))


def note(session: Session, request: PageRequest) -> Answer:
    """Add a line to the register."""
    desk = kept_desk(session, request)
    parsed = parse(DecisionForm, request.form)
    if parsed.value is None:
        return _register(session, request, desk, parsed, 422)
    form = parsed.value
    try:
        note_decision(
            session,
            request.viewer,
            desk.place.committee.id,
            form.text,
            form.decided_on,
            request.now,
            meeting_code=form.meeting,
            replaces=form.replaces,
        )
    except DecisionRefused as refused:
        again = parsed.with_error(refused.field, refused.message)
        raise refused.showing(_register(session, request, desk, again)) from refused
    return Redirect(_address(desk), NOTED)


def show_follow_up(session: Session, request: PageRequest) -> Answer:
    """The form that asks an organisation to do something."""
    return _follow_up_page(session, request, kept_desk(session, request), filled({}))


def ask(session: Session, request: PageRequest) -> Answer:
    """Ask an organisation to do something by a day."""
    desk = kept_desk(session, request)
    decision = decision_of(session, request.viewer, desk.place.committee.id, request.path["decision"])
    if decision is None:
        return not_found()
    parsed = parse(FollowUpForm, request.form)
    if parsed.value is None:
        return _follow_up_page(session, request, desk, parsed, 422)
    form = parsed.value
    try:
        add_follow_up(
            session,
            request.house.keyring,
            request.viewer,
            decision.id,
            form.organisation,
            form.what,
            form.due_on,
            request.now,
        )
    except DecisionRefused as refused:
        again = parsed.with_error(refused.field, refused.message)
        raise refused.showing(_follow_up_page(session, request, desk, again)) from refused
    return Redirect(_address(desk), ASKED)


def finish(session: Session, request: PageRequest) -> Answer:
    """Say that a follow-up is done, or take that back."""
    return _finish(session, request, _address(desk_of(session, request)))


def show_own(session: Session, request: PageRequest) -> Answer:
    """What the viewer's organisation has to do, whether or not she sits in the committee that asked."""
    page = request.page
    lines, total = own_follow_ups(session, request.viewer, limit=ON_A_PAGE, offset=(page - 1) * ON_A_PAGE)
    context = {
        "follow_ups": lines,
        "page": page,
        "pages": max(1, -(-total // ON_A_PAGE)),
        "total": total,
        "today": local_day(request.now),
    }
    fragment = request.wants_fragment
    return Page("committees/meetings/own_rows.html" if fragment else "committees/meetings/own.html", context)


def finish_own(session: Session, request: PageRequest) -> Answer:
    """The same as `finish`, from the organisation's own list."""
    return _finish(session, request, OWN)


def _finish(session: Session, request: PageRequest, back: str) -> Answer:
    parsed = parse(DoneForm, request.form)
    try:
        wanted = UUID(request.path["follow_up"])
    except ValueError:
        return not_found()
    if parsed.value is None:
        return not_found()
    finish_follow_up(session, request.viewer, wanted, request.now, done=parsed.value.done)
    return Redirect(back, DONE if parsed.value.done else OPEN)


def _register(session: Session, request: PageRequest, desk: Desk, form: Parsed[Any], status: int = 200) -> Page:
    page = request.page
    committee = desk.place.committee
    lines, total = decisions_of(session, request.viewer, committee.id, limit=ON_A_PAGE, offset=(page - 1) * ON_A_PAGE)
    context = {
        "desk": desk,
        "committee": committee,
        "decisions": lines,
        "results": RESULTS,
        "page": page,
        "pages": max(1, -(-total // ON_A_PAGE)),
        "total": total,
        "today": local_day(request.now),
        "form": form,
        "meetings": recent_meetings(session, committee.id, request.now) if desk.keeps else (),
        "open_decisions": tuple(line for line in lines if line.replaced_by is None),
    }
    fragment = request.wants_fragment and status == 200
    template = "committees/meetings/register.html" if fragment else "committees/meetings/decisions.html"
    return Page(template, context, status)


def _follow_up_page(session: Session, request: PageRequest, desk: Desk, form: Parsed[Any], status: int = 200) -> Answer:
    decision = decision_of(session, request.viewer, desk.place.committee.id, request.path["decision"])
    if decision is None:
        return not_found()
    context = {
        "committee": desk.place.committee,
        "decision": decision,
        "form": form,
        "organisations": admitted_organisations(session),
    }
    return Page("committees/meetings/follow_up.html", context, status)


def _address(desk: Desk) -> str:
    return f"{HOME}/{desk.place.committee.slug}/decisions"


_READ = Permission.COMMITTEE_READ
routes: tuple[Route, ...] = (
    get(PATH, show_register, permission=_READ, name="decisions"),
    post(PATH, note, permission=_READ, name="decisions.note"),
    get(PATH + "/{decision}/suivi", show_follow_up, permission=_READ, name="decision.follow_up"),
    post(PATH + "/{decision}/suivi", ask, permission=_READ, name="decision.follow_up.ask"),
    post(HOME + "/{slug}/suivis/{follow_up}", finish, permission=_READ, name="follow_up.finish"),
    get(OWN, show_own, permission=Permission.DIRECTORY_READ_PARTNERS, name="follow_ups"),
    post(OWN + "/{follow_up}", finish_own, permission=Permission.DIRECTORY_READ_PARTNERS, name="follow_ups.finish"),
)
