"""`/comites/ficesl/mes-heures`: hours of the blocks that one gave, to confirm in one tap."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.api import (
    N_,
    HoursInvalid,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Route,
    format_duration,
    get,
    not_found,
    parse,
    post,
)

from ..access import READ
from ..forms.attendance import EmptyForm, HoursForm
from ..queries.attendance import proposed_hours
from ..rules.credits import WORK
from ..services.trainer_hours import confirm_hours, set_hours_aside
from .attendance_words import MY_HOURS, Answer, desk, identifier

ENTERED = N_("Vos heures sont inscrites. Votre organisme les approuve, comme les autres.")
ASIDE = N_("Ces heures ne vous seront plus proposées.")
#: Quarter hours offered for what is added to the block.
CHOICES = (1, 2, 3, 4, 6, 8, 10, 12, 16)


def show_hours(session: Session, request: PageRequest) -> Page:
    """What is proposed."""
    return _page(session, request)


def confirm(session: Session, request: PageRequest) -> Answer:
    """Enter the hours of one block."""
    block_id = identifier(request, "block")
    if block_id is None:
        return not_found()
    parsed = parse(HoursForm, request.form)
    if parsed.value is None:
        return _page(session, request, parsed, 422)
    added = {kind: getattr(parsed.value, kind) for kind in WORK if kind != "facilitation"}
    try:
        confirm_hours(session, desk(request), block_id, added)
    except HoursInvalid as refused:
        message = refused.message % dict(refused.values) if refused.values else refused.message
        raise refused.showing(_page(session, request, parsed.with_error("", message), 422)) from None
    return Redirect(MY_HOURS, ENTERED)


def put_aside(session: Session, request: PageRequest) -> Answer:
    """Not here."""
    block_id = identifier(request, "block")
    if block_id is None or parse(EmptyForm, request.form).value is None:
        return not_found()
    set_hours_aside(session, desk(request), block_id)
    return Redirect(MY_HOURS, ASIDE)


def _page(session: Session, request: PageRequest, form: Parsed[Any] | None = None, status: int = 200) -> Page:
    user_id = request.viewer.user_id
    context = {
        "proposed": proposed_hours(session, user_id, request.now) if user_id is not None else (),
        "choices": [(quarters, format_duration(quarters)) for quarters in CHOICES],
        "work": WORK,
        "form": form,
        "here": MY_HOURS,
    }
    return Page("ficesl/my_hours.html", context, status)


routes: tuple[Route, ...] = (
    get(MY_HOURS, show_hours, permission=READ, name="ficesl.my_hours"),
    post(f"{MY_HOURS}/{{block}}", confirm, permission=READ, name="ficesl.hours_confirm"),
    post(f"{MY_HOURS}/{{block}}/ecarter", put_aside, permission=READ, name="ficesl.hours_aside"),
)
