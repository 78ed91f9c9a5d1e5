"""Who is on call, from when to when, in the users' zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator

from core.kernel.clock import TORONTO
from core.kernel.i18n import N_
from core.kernel.web.forms import Form

WHEN = N_("Entrez une date et une heure, par exemple 2026-11-27 17:00.")


def _moment(typed: object) -> datetime:
    """What a date-and-time box sends (or the same with a space), as an aware UTC datetime."""
    try:
        naive = datetime.fromisoformat(str(typed).strip().replace(" h ", ":"))
    except ValueError as wrong:
        raise ValueError(WHEN) from wrong
    if naive.tzinfo is not None or not 2000 < naive.year < 2200:
        raise ValueError(WHEN)
    return naive.replace(tzinfo=TORONTO).astimezone(UTC)


Moment = Annotated[datetime, BeforeValidator(_moment)]


class ShiftForm(Form):
    """One period on call."""

    user: UUID
    starts_at: Moment
    ends_at: Moment
