"""What stands between a person and a page, beyond her role: the lock, the agreements, a second factor."""

from __future__ import annotations

from datetime import datetime, timedelta

#: Levels of `core.kernel.web.routes.Assurance`, as numbers: a rule imports no web.
SESSION, SECOND_FACTOR, STEP_UP = 1, 2, 3

#: A factor shown this long ago still counts as just shown (security S10).
STEP_UP_LASTS = timedelta(minutes=5)

LOCK_PATH = "/verrou"
AGREEMENT_PATH = "/entente"
FACTOR_PATH = "/connexion/facteur"
STEP_UP_PATH = "/confirmer"


def first_detour(
    *,
    locked: bool,
    must_agree: bool,
    second_factor: bool,
    stepped_up_at: datetime | None,
    anonymous: bool,
    assurance: int,
    now: datetime,
) -> str | None:
    """Path of the page to go through before a route of that assurance, None when there is none.

    A locked session speaks for nobody, so that only a route that asks for a person meets its lock.
    """
    if locked:
        return LOCK_PATH if anonymous else None
    if anonymous or assurance < SESSION:
        return None
    if must_agree:
        return AGREEMENT_PATH
    if assurance >= SECOND_FACTOR and not second_factor:
        return FACTOR_PATH
    if assurance >= STEP_UP and (stepped_up_at is None or now - stepped_up_at > STEP_UP_LASTS):
        return STEP_UP_PATH
    return None
