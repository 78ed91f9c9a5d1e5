"""*Suivre ma demande*: with her code and her word she sees where it stands, changes how she is joined, stops it all.

Nothing here says which organisation it is about; a wrong code, a wrong word and a referral long gone answer alike
(network rules §4). Code and word travel in the body of a POST only, never in an address.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from core.access.permissions import PUBLIC
from core.accounts.rules import FOLLOW_WINDOWS, address_prefix
from core.accounts.services import forget_attempts, too_many
from core.consent.services import Invalid
from core.kernel.crypto import Keyring
from core.kernel.web.forms import Parsed
from core.kernel.web.routes import Answer, Page, PageRequest, Route, get, post
from core.referrals import services
from core.referrals.codes import normalise
from core.referrals.forms.asking import parse
from core.referrals.forms.follow import FollowContactForm, FollowForm, contact_content, read_follow_contact
from core.referrals.services.follow import FollowView

UNKNOWN = "Ce code et ce mot ne vont pas ensemble. Vérifiez-les, puis recommencez."
THROTTLED = "Trop d’essais. Attendez quelques minutes, puis recommencez."

Act = Callable[[Session, Keyring, str, str, datetime], FollowView | None]


def show_form(session: Session, request: PageRequest) -> Answer:
    """The two boxes."""
    return Page("follow/form.html", {"form": None})


def show_status(session: Session, request: PageRequest) -> Answer:
    """Where her request stands."""
    return _answer(session, request, services.follow, done=None)


def withdraw(session: Session, request: PageRequest) -> Answer:
    """She takes her consent back: everything is cut at once, and can be undone for 72 hours."""
    return _answer(session, request, services.withdraw_herself, done="withdrawn")


def resume(session: Session, request: PageRequest) -> Answer:
    """She undoes her own withdrawal in time."""
    return _answer(session, request, services.resume_herself, done="resumed")


def stop_calls(session: Session, request: PageRequest) -> Answer:
    """*Ne plus m'appeler*: she keeps her place and calls herself."""
    return _answer(session, request, services.stop_calls, done="stopped")


def change_contact(session: Session, request: PageRequest) -> Answer:
    """A new safe way to join her."""
    parsed = read_follow_contact(request.form)
    if _throttled(session, request, parsed.raw("code")):
        return _refused(parsed, THROTTLED, 429)
    if parsed.value is None:
        view = services.follow(session, request.house.keyring, parsed.raw("code"), parsed.raw("word"), request.now)
        if view is None:
            return _refused(parsed, UNKNOWN, 422)
        return _status(view, parsed, None, 422)
    given, keyring = parsed.value, request.house.keyring
    contact = contact_content(given)
    try:
        view = services.change_contact(session, keyring, given.code, given.word, contact, request.now)
    except Invalid as refused:
        held = services.follow(session, keyring, given.code, given.word, request.now)
        assert held is not None  # the code and the word were right
        raise refused.showing(_status(held, parsed.with_error("way", refused.message), None, 422)) from refused
    if view is None:
        return _refused(parsed, UNKNOWN, 422)
    _recognised(session, request, given.code)
    return _status(view, parsed, "contact")


def _answer(session: Session, request: PageRequest, act: Act, *, done: str | None) -> Answer:
    parsed = parse(FollowForm, request.form)
    if _throttled(session, request, parsed.raw("code")):
        return _refused(parsed, THROTTLED, 429)
    if parsed.value is None:
        return Page("follow/form.html", {"form": parsed}, 422)
    view = act(session, request.house.keyring, parsed.value.code, parsed.value.word, request.now)
    if view is None:
        return _refused(parsed, UNKNOWN, 422)
    _recognised(session, request, parsed.value.code)
    return _status(view, parsed, done)


def _throttled(session: Session, request: PageRequest, code: str) -> bool:
    typed = _subject(code)
    address = address_prefix(request.client_address)
    subjects = {"address": address, "code": typed, "code_by_day": typed, "everyone": ""}
    return too_many(session, request.house.keyring, "follow", subjects, FOLLOW_WINDOWS, request.now)


def _subject(code: str) -> str:
    return normalise(code) or code[:40]


def _recognised(session: Session, request: PageRequest, code: str) -> None:
    """The right word clears what was mistyped before it: coming back often is not trying words."""
    for name in ("code", "code_by_day"):
        forget_attempts(session, request.house.keyring, "follow", name, _subject(code))


def _refused(parsed: Parsed[FollowForm] | Parsed[FollowContactForm], message: str, status: int) -> Page:
    return Page("follow/form.html", {"form": parsed.with_error("code", message)}, status)


def _status(
    view: FollowView, parsed: Parsed[FollowForm] | Parsed[FollowContactForm], done: str | None, status: int = 200
) -> Page:
    context = {"view": view, "code": parsed.raw("code"), "word": parsed.raw("word"), "done": done}
    return Page("follow/status.html", {**context, "form": parsed if parsed.errors else None}, status)


routes: tuple[Route, ...] = (
    get("/suivre", show_form, permission=PUBLIC, name="follow.form"),
    post("/suivre", show_status, permission=PUBLIC, name="follow.status"),
    post("/suivre/retirer", withdraw, permission=PUBLIC, name="follow.withdraw"),
    post("/suivre/reprendre", resume, permission=PUBLIC, name="follow.resume"),
    post("/suivre/ne-plus-appeler", stop_calls, permission=PUBLIC, name="follow.stop_calls"),
    post("/suivre/contact", change_contact, permission=PUBLIC, name="follow.contact"),
)
