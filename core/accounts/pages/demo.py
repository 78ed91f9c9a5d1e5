"""The demo's invented people, one click each."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.access.permissions import PUBLIC
from core.accounts import queries, services
from core.accounts.rules import device_label, local_path
from core.kernel.web.routes import Answer, Assurance, Page, PageRequest, Redirect, Route, get, not_found, post


def show_personas(session: Session, request: PageRequest) -> Answer:
    """One card per invented person; only in demo mode."""
    if not request.house.settings.demo:
        return not_found()
    suite = local_path(request.query.get("suite", ""))
    return Page("accounts/demo.html", {"personas": queries.personas(session, request.house.keyring), "suite": suite})


def become_persona(session: Session, request: PageRequest) -> Answer:
    """Sign in as an invented person; only in demo mode."""
    if not request.house.settings.demo:
        return not_found()
    user_id = queries.demo_user(session, request.path["key"])
    if user_id is None:
        return not_found()
    services.end_sessions(session, request.now, session_id=request.browser_session)
    device = device_label(request.user_agent)
    token = services.open_session(session, user_id, request.now, second_factor=True, device=device, factor="demo")
    return Redirect(local_path(str(request.form.get("suite", ""))), sign_in=token)


routes: tuple[Route, ...] = (
    get("/demo", show_personas, permission=PUBLIC, name="accounts.demo", assurance=Assurance.NONE),
    post("/demo/{key}", become_persona, permission=PUBLIC, name="accounts.demo.post", assurance=Assurance.NONE),
)
