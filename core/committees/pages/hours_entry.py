"""`/heures/nouvelle`: hours entered in a few touches, starting from what was entered last."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.committees.forms.hours import HoursForm, RepeatForm, given_of
from core.committees.pages.hours import PATH, identifier, titles, with_problem
from core.committees.pages.hours_words import KIND_CHOICES, WORDS
from core.committees.queries.hours import committees, find_entry, last_entries
from core.committees.rules.hours import Act, Kind
from core.committees.services.hours import HoursInvalid, act_on_hours, enter_hours, repeat_last
from core.kernel.clock import TORONTO
from core.kernel.i18n import N_
from core.kernel.web.forms import FieldError, Parsed, parse
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, not_found, post

TAKEN_BACK = N_("L’inscription est retirée. Rien n’est compté.")


def show_new(session: Session, request: PageRequest) -> Answer:
    """The form, its committee and kind those of the last entry; under it, what was just entered."""
    return _page(session, request, None)


def enter(session: Session, request: PageRequest) -> Answer:
    """Enter hours; the page comes back ready for the next entry and says what was kept."""
    parsed = parse(HoursForm, request.form)
    if parsed.value is None:
        return _page(session, request, parsed, 422)
    given = given_of(parsed)
    if isinstance(given, FieldError):
        return _page(session, request, with_problem(parsed, given), 422)
    try:
        entry = enter_hours(session, request.viewer, given, key=_key(request), now=request.now)
    except HoursInvalid as refused:
        kept = with_problem(parsed, FieldError(refused.field, refused.message, refused.values))
        raise refused.showing(_page(session, request, kept)) from None
    return Redirect(f"{PATH}/nouvelle?inscrite={entry}")


def repeat(session: Session, request: PageRequest) -> Answer:
    """Enter one's last hours again, for today."""
    parsed = parse(RepeatForm, request.form)
    if parsed.value is None:
        return not_found()
    try:
        entry = repeat_last(session, request.viewer, parsed.value.entry, key=_key(request), now=request.now)
    except HoursInvalid as refused:
        problem = Parsed[Any](None, (FieldError("", refused.message, refused.values),), {})
        raise refused.showing(_page(session, request, problem, fresh=True)) from None
    return Redirect(f"{PATH}/nouvelle?inscrite={entry}")


def take_back(session: Session, request: PageRequest) -> Answer:
    """Withdraw what was just entered: the form is shown again, nothing is counted."""
    parsed = parse(RepeatForm, request.form)
    view = find_entry(session, request.viewer, parsed.value.entry) if parsed.value else None
    if view is None:
        return not_found()
    row = view.row
    act_on_hours(session, request.viewer, row.id, Act.WITHDRAW, version=row.version, now=request.now)
    return Redirect(f"{PATH}/nouvelle", TAKEN_BACK)


def _page(
    session: Session, request: PageRequest, form: Parsed[Any] | None, status: int = 200, *, fresh: bool = False
) -> Page:
    recent = last_entries(session, request.viewer)
    last = recent[0] if recent else None
    known = committees(session)
    made = identifier(request.query.get("inscrite", ""))
    context = {
        "form": None if fresh else form,
        "refused": form.errors if fresh and form is not None else (),
        "committees": known,
        "titles": titles(known),
        "kinds": KIND_CHOICES,
        "last": last,
        "last_kind": last.kind.value if last and last.kind is not Kind.SEVERAL else "",
        "activities": tuple(dict.fromkeys(row.activity for row in recent if row.activity)),
        "made": next((row for row in recent if row.id == made), None),
        "today": request.now.astimezone(TORONTO).date().isoformat(),
        **WORDS,
    }
    return Page("hours/new.html", context, status)


def _key(request: PageRequest) -> str:
    return str(request.form.get("_key", ""))[:64]


ENTER = Permission.HOURS_ENTER
routes: tuple[Route, ...] = (
    get(f"{PATH}/nouvelle", show_new, permission=ENTER, name="hours.new"),
    post(f"{PATH}/nouvelle", enter, permission=ENTER, name="hours.enter"),
    post(f"{PATH}/repeter", repeat, permission=ENTER, name="hours.repeat"),
    post(f"{PATH}/reprendre", take_back, permission=ENTER, name="hours.take_back"),
)
