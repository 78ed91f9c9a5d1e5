"""One's own account: devices, language, factors, agreements."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.accounts import queries, services
from core.accounts.rules import TITLES
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, not_found, post


def show_account(session: Session, request: PageRequest) -> Answer:
    """One's own account: devices, language, factors, agreements accepted."""
    absolute = timedelta(hours=request.house.settings.session_absolute_hours)
    devices = queries.devices(session, request.viewer, request.now, absolute=absolute)
    agreements = queries.accepted_agreements(session, request.viewer)
    return Page("accounts/account.html", {"devices": devices, "agreements": agreements, "titles": TITLES})


def end_device(session: Session, request: PageRequest) -> Answer:
    """End one of the viewer's own sessions."""
    absolute = timedelta(hours=request.house.settings.session_absolute_hours)
    own = {
        str(device.id): device for device in queries.devices(session, request.viewer, request.now, absolute=absolute)
    }
    device = own.get(request.path["device"])
    if device is None:
        return not_found()
    services.end_sessions(session, request.now, session_id=UUID(str(device.id)))
    if device.current:
        return Redirect("/", sign_out=True)
    return Redirect("/compte", notice="La session de cet appareil est terminée.")


def end_others(session: Session, request: PageRequest) -> Answer:
    """*Terminer toutes les autres sessions*: this browser alone stays."""
    services.end_other_sessions(session, request.viewer.user_id, request.browser_session, request.now)
    return Redirect("/compte", notice="Toutes les autres sessions sont terminées.")


routes: tuple[Route, ...] = (
    get("/compte", show_account, permission=Permission.ACCOUNT_SELF, name="accounts.account"),
    post("/compte/autres-appareils", end_others, permission=Permission.ACCOUNT_SELF, name="accounts.end_others"),
    post("/compte/appareils/{device}", end_device, permission=Permission.ACCOUNT_SELF, name="accounts.end_device"),
)
