"""Events of the board and what follows them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.api import Event, House

from . import services
from .settings import NAME, Settings

NOTE_POSTED = "modele.note_posted"
#: The operator's command, and the act that it records.
ARCHIVE, ARCHIVED = "modele.archive", "modele.archived"


def keep_board_short(session: Session, event: Event, house: House) -> None:
    """Archive what no longer fits. Running twice changes nothing more."""
    settings = house.hooks.settings(NAME, Settings)
    services.archive_beyond(session, settings.board_size, house.clock.now())
