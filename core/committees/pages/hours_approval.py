"""`/heures/a-approuver`: what waits for the organisation, approved or returned one by one, chosen, or all at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.committees.forms.hours import DecisionForm
from core.committees.pages.hours import PATH, identifier, titles, undoing, with_problem
from core.committees.pages.hours_words import WORDS, names_of
from core.committees.queries.hours import HoursFilter, all_hours, committees, list_hours
from core.committees.rules.hours import Act, State
from core.committees.services.hours import HoursInvalid, decide_hours
from core.kernel.errors import Stale
from core.kernel.i18n import N_
from core.kernel.web.forms import FieldError, Parsed, parse
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, post

WAITING = HoursFilter(state=State.SUBMITTED.value)
LEFT = N_("Certaines inscriptions ont changé pendant ce temps : elles restent à approuver.")


def show_waiting(session: Session, request: PageRequest) -> Answer:
    """The entries that wait, oldest gesture first said, with what to do of them."""
    return _page(session, request, None)


def decide(session: Session, request: PageRequest) -> Answer:
    """Approve or return what was chosen, as one gesture that may be undone."""
    parsed = parse(DecisionForm, request.form)
    if parsed.value is None:
        return _page(session, request, parsed, 422)
    form = parsed.value
    if form.everything:
        rows = all_hours(session, request.viewer, WAITING)
        if len(rows) != form.expected:
            # Somebody entered or took away hours since: the person looks again before saying yes to all.
            raise Stale().showing(_page(session, request, parsed.with_error("", Stale.message)))
        versions = {row.id: row.version for row in rows}
    else:
        versions = dict(_chosen(form.entries))
    try:
        done = decide_hours(session, request.viewer, versions, Act(form.act), reason=form.reason, now=request.now)
    except HoursInvalid as refused:
        kept = with_problem(parsed, FieldError(refused.field, refused.message, refused.values))
        raise refused.showing(_page(session, request, kept)) from None
    return Redirect(f"{PATH}/a-approuver?geste={done.batch_id}", LEFT if done.left else None)


def _chosen(entries: tuple[str, ...]) -> list[tuple[UUID, int]]:
    chosen = []
    for text in entries:
        entry, _, version = text.partition(":")
        entry_id = identifier(entry)
        if entry_id is not None and version.isascii() and version.isdecimal():
            chosen.append((entry_id, int(version)))
    return chosen


def _page(session: Session, request: PageRequest, form: Parsed[Any] | None, status: int = 200) -> Page:
    listing = list_hours(session, request.viewer, WAITING, request.page)
    context = {
        "listing": listing,
        "names": names_of(session, request, listing.rows),
        "titles": titles(committees(session)),
        "form": form,
        "undo": undoing(session, request) if request.route.method == "GET" else None,
        **WORDS,
    }
    return Page("hours/approve.html", context, status)


APPROVE = Permission.HOURS_APPROVE
routes: tuple[Route, ...] = (
    get(f"{PATH}/a-approuver", show_waiting, permission=APPROVE, name="hours.waiting"),
    post(f"{PATH}/a-approuver", decide, permission=APPROVE, name="hours.decide"),
)
