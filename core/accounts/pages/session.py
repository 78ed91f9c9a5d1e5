"""What the script of a signed-in page asks: how long the session still lasts, and *Rester connecté*."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from core.access.permissions import PUBLIC, Permission
from core.accounts import services
from core.kernel.web.house import TimeLeft
from core.kernel.web.routes import Answer, Assurance, Data, PageRequest, Route, get, post


def tell_session(session: Session, request: PageRequest) -> Answer:
    """`state`: live, locked or over; seconds left. Asking is no activity: a script asks without anybody there."""
    if request.left is not None:
        return Data(_told("live", request.left))
    return Data({"state": "locked" if request.locked else "over"})


def stay(session: Session, request: PageRequest) -> Answer:
    """Somebody is there: she pressed a button or a key."""
    if request.browser_session is None or request.left is None:
        return Data({"state": "over"})
    services.touch_session(session, request.browser_session, request.now)
    return Data(_told("live", replace(request.left, until_lock=request.left.idle)))


def _told(state: str, left: TimeLeft) -> dict[str, object]:
    return {"state": state, "lock": left.until_lock, "end": left.until_end, "warning": left.warning}


routes: tuple[Route, ...] = (
    get("/session", tell_session, permission=PUBLIC, name="accounts.session", activity=False, assurance=Assurance.NONE),
    post(
        "/session/active",
        stay,
        permission=Permission.ACCOUNT_SELF,
        name="accounts.stay",
        activity=False,
        assurance=Assurance.NONE,
    ),
)
