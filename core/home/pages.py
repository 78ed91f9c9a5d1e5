"""The front door: finding help for the public, *À faire* for partners."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.access.permissions import PUBLIC
from core.kernel.web.routes import Answer, Page, PageRequest, Route, get


def show_home(session: Session, request: PageRequest) -> Answer:
    """Public: how to find help. Signed in: what waits for this person."""
    if request.viewer.is_anonymous:
        return Page("home/public.html")
    cards = request.house.hooks.dashboard_cards(request.viewer, session, request.now)
    return Page("home/todo.html", {"cards": cards})


routes: tuple[Route, ...] = (get("/", show_home, permission=PUBLIC, name="home"),)
