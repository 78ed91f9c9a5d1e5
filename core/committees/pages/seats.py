"""`/comites/{slug}/sieges`: seats held by organisations, given, changed and ended by the chair or the coordination."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.committees.access import local_day
from core.committees.forms.seats import SeatForm
from core.committees.pages.finding import Place, managed
from core.committees.pages.overview import HOME
from core.committees.pages.words import WORDS
from core.committees.queries.structure import SeatView, admitted_organisations, people_who_may_sit, seats_of
from core.committees.rules.terms import ROLES
from core.committees.services.seats import SeatInput, SeatRefused, add_seat, change_seat, end_seat
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed, filled, parse
from core.kernel.web.routes import Answer, Assurance, Page, PageRequest, Redirect, Route, get, not_found, post

PATH = HOME + "/{slug}/sieges"
ADDED, CHANGED, ENDED = N_("Le siège est ajouté."), N_("Le siège est à jour."), N_("Le siège a pris fin.")


def show_seats(session: Session, request: PageRequest) -> Answer:
    """Seats in force, to come and over, and the form that adds one."""
    place = managed(session, request)
    return _list(session, request, place, filled({"starts_on": local_day(request.now), "voting": "true"}))


def add(session: Session, request: PageRequest) -> Answer:
    """Give an organisation a seat."""
    place = managed(session, request)
    parsed = parse(SeatForm, request.form)
    if parsed.value is None:
        return _list(session, request, place, parsed, 422)
    try:
        add_seat(session, request.viewer, place.committee.id, _input(parsed.value), request.now)
    except SeatRefused as refused:
        again = parsed.with_error(refused.field, refused.message)
        raise refused.showing(_list(session, request, place, again, 422)) from refused
    return Redirect(_address(place), ADDED)


def show_seat(session: Session, request: PageRequest) -> Answer:
    """One seat, in a form of its own."""
    place = managed(session, request)
    seat = _seat(session, request, place)
    if seat is None:
        return not_found()
    values = {
        "organisation": seat.organisation_id,
        "person": seat.person_id,
        "substitute": seat.substitute_id,
        "role": seat.role.value,
        "voting": "true" if seat.voting else None,
        "starts_on": seat.starts_on,
        "ends_on": seat.ends_on,
    }
    return _form(session, request, place, seat, filled(values))


def change(session: Session, request: PageRequest) -> Answer:
    """Change who sits, the role, the vote or the term."""
    place = managed(session, request)
    seat = _seat(session, request, place)
    if seat is None:
        return not_found()
    parsed = parse(SeatForm, request.form)
    if parsed.value is None:
        return _form(session, request, place, seat, parsed, 422)
    try:
        change_seat(session, request.house.keyring, request.viewer, seat.id, _input(parsed.value), request.now)
    except SeatRefused as refused:
        again = parsed.with_error(refused.field, refused.message)
        raise refused.showing(_form(session, request, place, seat, again, 422)) from refused
    return Redirect(_address(place), CHANGED)


def end(session: Session, request: PageRequest) -> Answer:
    """End a term now."""
    place = managed(session, request)
    seat = _seat(session, request, place)
    if seat is None:
        return not_found()
    end_seat(session, request.house.keyring, request.viewer, seat.id, request.now)
    return Redirect(_address(place), ENDED)


def _seat(session: Session, request: PageRequest, place: Place) -> SeatView | None:
    """The seat of the address, of this committee and not over."""
    try:
        wanted = UUID(request.path["seat"])
    except ValueError:
        return None
    found = seats_of(session, place.committee.id, request.now, keyring=request.house.keyring, all_terms=True)
    return next((seat for seat in found if seat.id == wanted and not seat.over), None)


def _list(session: Session, request: PageRequest, place: Place, form: Parsed[Any], status: int = 200) -> Page:
    seats = seats_of(session, place.committee.id, request.now, keyring=request.house.keyring, all_terms=True)
    context = {
        "committee": place.committee,
        "seats": tuple(seat for seat in seats if not seat.over),
        "past": tuple(seat for seat in seats if seat.over),
        "form": form,
        **_choices(session, request, None),
    }
    return Page("committees/seats.html", context, status)


def _form(
    session: Session, request: PageRequest, place: Place, seat: SeatView, form: Parsed[Any], status: int = 200
) -> Page:
    choices = _choices(session, request, seat)
    return Page("committees/seat.html", {"committee": place.committee, "seat": seat, "form": form, **choices}, status)


def _choices(session: Session, request: PageRequest, seat: SeatView | None) -> dict[str, object]:
    organisations = admitted_organisations(session) if seat is None else ((seat.organisation_id, seat.organisation),)
    names = dict(organisations)
    people = people_who_may_sit(session, request.house.keyring, seat.organisation_id if seat else None)
    return {
        "words": WORDS,
        "roles": tuple((role.value, label) for role, label in ROLES.items()),
        "organisations": organisations,
        "people": tuple(
            (person, name if seat is not None else f"{name} ({names.get(organisation, '')})")
            for person, organisation, name in people
        ),
    }


def _input(form: SeatForm) -> SeatInput:
    return SeatInput(
        form.organisation, form.person, form.substitute, form.role, form.voting, form.starts_on, form.ends_on
    )


def _address(place: Place) -> str:
    return f"{HOME}/{place.committee.slug}/sieges"


#: Who sits decides who votes.
_READ, _SURE = Permission.COMMITTEE_READ, Assurance.SECOND_FACTOR
routes: tuple[Route, ...] = (
    get(PATH, show_seats, permission=_READ, name="committee.seats"),
    post(PATH, add, permission=_READ, name="committee.seats.add", assurance=_SURE),
    get(PATH + "/{seat}", show_seat, permission=_READ, name="committee.seat"),
    post(PATH + "/{seat}", change, permission=_READ, name="committee.seat.change", assurance=_SURE),
    post(PATH + "/{seat}/fin", end, permission=_READ, name="committee.seat.end", assurance=_SURE),
)
