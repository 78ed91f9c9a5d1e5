"""Pure rules of the board: who reads a note, and what may not be written on it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from core.api import ALLOWED, Decision, Viewer, deny

READ = "modele.read"
POST = "modele.post"
#: Known of a person who has written enough for a day: the board is everybody's.
TALKATIVE = "modele.talkative"
NOTES_A_DAY = 20

_EMAIL = r"[^\s@]+@[^\s@]+\.\w+"
_PHONE = r"(?<!\d)(?:\+?1?[\s.-]?)?\(?[2-9]\d{2}\)?[\s.-]?\d{3}[\s.-]?\d{4}(?!\d)"
_PERSONAL = re.compile(f"{_EMAIL}|{_PHONE}")


@dataclass(frozen=True)
class NoteFacts:
    """What decides who reads a note. `reserved`: only the organisation that wrote it."""

    organisation_id: UUID
    reserved: bool


def may_read(viewer: Viewer, note: NoteFacts | None) -> Decision:
    """The pure form of the restriction; its SQL twin is `queries.readable`. Without a note, the page itself."""
    if note is None or not note.reserved or note.organisation_id == viewer.organisation_id:
        return ALLOWED
    return deny("Cette note est réservée à l’organisme qui l’a écrite.", discoverable=False)


def may_post(viewer: Viewer, _facts: object) -> Decision:
    """The pure form of a restriction that reads what the plugin knows of the person; `queries.postable` in SQL."""
    return deny("Vous avez beaucoup écrit au babillard : la suite demain.") if TALKATIVE in viewer.known else ALLOWED


def looks_personal(text: str) -> bool:
    """An e-mail address or a North American phone number: a board never carries a way to reach a person."""
    return _PERSONAL.search(text) is not None
