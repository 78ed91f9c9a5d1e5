"""`/comites/ficesl/presence`: « je suis là », with the code of the screen; with an account or with a work e-mail."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.api import PUBLIC, Page, PageRequest, Parsed, Route, get, parse, post

from ..forms.attendance import CheckInForm
from ..services.attendance import CheckInRefused, check_in
from .attendance_words import CHECK_IN, OPINION, THROTTLED, desk, email_marks, throttled


def show_form(session: Session, request: PageRequest) -> Page:
    """The form; a script reads the code that a scanned address has after its #."""
    return _form(None)


def arrive(session: Session, request: PageRequest) -> Page:
    """Note a presence. A refusal is an answer, so that the attempt stays counted."""
    parsed = parse(CheckInForm, request.form)
    if parsed.value is None:
        return _form(parsed, 422)
    given = parsed.value
    if throttled(session, request, "checkin", given.email):
        return _form(parsed.with_error("code", THROTTLED), 429)
    keyring, tolerance = request.house.keyring, desk(request).settings.tolerance_minutes
    marks = email_marks(keyring, given.email) if request.viewer.user_id is None else ()
    try:
        block = check_in(session, keyring, request.viewer, given.code, marks, request.now, tolerance)
    except CheckInRefused as refused:
        return _form(parsed.with_error(refused.field, refused.message), refused.status)
    return Page("ficesl/checked_in.html", {"block": block, "opinion": OPINION})


def _form(parsed: Parsed[CheckInForm] | None, status: int = 200) -> Page:
    return Page("ficesl/check_in.html", {"form": parsed, "here": CHECK_IN}, status)


routes: tuple[Route, ...] = (
    get(CHECK_IN, show_form, permission=PUBLIC, name="ficesl.check_in_form"),
    post(CHECK_IN, arrive, permission=PUBLIC, name="ficesl.check_in"),
)
