"""Who is on call, from when to when, in the users' zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import BeforeValidator

from core.kernel.clock import TORONTO
from core.kernel.i18n import N_
from core.referrals.forms.asking import Asking

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


class ShiftForm(Asking):
    """One period on call."""

    REQUIRED: ClassVar[Mapping[str, str]] = {
        "user": N_("Choisissez qui est de garde."),
        "starts_at": N_("Dites quand la garde commence."),
        "ends_at": N_("Dites quand la garde finit."),
    }

    user: UUID
    starts_at: Moment
    ends_at: Moment
