"""What the pages of attendance, capsules and evaluations share: addresses, who asks, words in her language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

import segno
from markupsafe import Markup
from sqlalchemy.orm import Session

from core.api import (
    Keyring,
    Page,
    PageRequest,
    Redirect,
    Refusal,
    Window,
    address_prefix,
    committee_by_slug,
    normal_code,
    too_many,
)

from ..access import sits
from ..rules.checkin import MOMENTS
from ..rules.credits import WORK
from ..services.desk import SESSION, Desk, desk_of
from ..services.likeness import marks
from ..settings import HOME, SESSIONS, SLUG

Answer = Page | Redirect | Refusal
CHECK_IN = f"{HOME}/presence"
OPINION = f"{HOME}/avis"
CAPSULES = f"{HOME}/capsules"
MY_HOURS = f"{HOME}/mes-heures"
PUBLISHED = f"{HOME}/publie"
SHEETS = f"{SESSIONS}/{{code}}/presences"
EVALUATION = f"{SESSIONS}/{{code}}/evaluation"

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "moments": {one.value: words for one, words in MOMENTS.items()},
    "work": WORK,
}
#: Typing the code of the screen: a person, a room behind one address, everybody. A code is one of a million and lives
#: a minute: the limits keep guessing hopeless, and let two hundred people of one building in.
WINDOWS: Final[Mapping[str, Window]] = {
    "person": Window(10, timedelta(minutes=10)),
    "address": Window(500, timedelta(minutes=10)),
    "everyone": Window(3000, timedelta(minutes=10)),
}
THROTTLED = "Trop d’essais. Attendez dix minutes, ou demandez à la personne qui anime de noter votre présence."


def desk(request: PageRequest) -> Desk:
    """Who acts."""
    return desk_of(request.house, request.viewer, request.now)


def keeps(session: Session, request: PageRequest) -> bool:
    """Whether the viewer sits in this committee, which keeps catalogue, quizzes and printed figures. One statement."""
    committee = committee_by_slug(session, SLUG) if request.viewer.committees else None
    return committee is not None and sits(request.viewer, committee.id)


def session_code(request: PageRequest) -> str | None:
    """The code of the session in the address."""
    return normal_code(SESSION, request.path.get("code", ""))


def identifier(request: PageRequest, name: str) -> UUID | None:
    """An identifier of the address."""
    try:
        return UUID(request.path.get(name, ""))
    except ValueError:
        return None


def say(request: PageRequest, text: str, **values: object) -> str:
    """A French source text in the reader's language."""
    return request.house.renderer.translator.translate(request.locale, text, **values)


def email_marks(keyring: Keyring, email: str) -> tuple[bytes, ...]:
    """Keyed hash of a work e-mail, none for an empty one."""
    mark = marks(keyring, "", email)[1]
    return () if mark is None else (mark,)


def throttled(session: Session, request: PageRequest, kind: str, email: str) -> bool:
    """Count one attempt at a code; whether there were too many."""
    viewer = request.viewer
    person = str(viewer.user_id) if viewer.user_id is not None else email.strip().lower()[:254]
    subjects = {"person": person, "address": address_prefix(request.client_address), "everyone": ""}
    return too_many(session, request.house.keyring, f"ficesl.{kind}", subjects, WINDOWS, request.now)


def qr(address: str) -> Markup:
    """A QR code as a drawing in the page: black on white whatever the colours of the page."""
    drawn = segno.make(address, error="m", micro=False).svg_inline(scale=6, border=3, dark="#000", light="#fff")
    return Markup(drawn)  # drawn by segno from an address of ours
