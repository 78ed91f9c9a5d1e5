"""The front door: finding help for the public, *À faire* for partners."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.access.permissions import PUBLIC, Permission
from core.home.queries import tasks
from core.kernel.web.routes import Answer, Assurance, Page, PageRequest, Redirect, Route, get


def show_home(session: Session, request: PageRequest) -> Answer:
    """Public: how to find help. Signed in: what waits for this person; plugins add their cards."""
    viewer = request.viewer
    if request.locked:
        return Redirect("/verrou")
    if viewer.is_anonymous:
        return Page("home/public.html", {"pages": request.house.hooks.public_pages()})
    held = frozenset(permission for permission in Permission if request.house.holds(viewer, permission))
    waiting = tasks(session, viewer, request.now, held)
    if request.wants_fragment:
        return Page("home/tasks.html", {"tasks": waiting, "may": held})
    cards = request.house.hooks.dashboard_cards(viewer, session, request.now)
    return Page("home/todo.html", {"tasks": waiting, "cards": cards, "may": held})


#: Public for the public; what waits for a person is told once a second factor was shown.
routes: tuple[Route, ...] = (get("/", show_home, permission=PUBLIC, name="home", assurance=Assurance.SECOND_FACTOR),)
