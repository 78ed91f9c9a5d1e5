"""`/comites/bien-etre/demandes`: the committee's live queue, and one's own requests."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.api import Page, PageRequest, Route, get

from ..access import MEMBERS, READ, STAFF
from ..queries.requests import SIZE, list_requests
from ..settings import REQUESTS
from .new import NEW
from .words import WORDS


def show_list(session: Session, request: PageRequest) -> Page:
    """Requests under way, or with `?terminees=1` those that ended."""
    ended = request.query.get("terminees") == "1"
    page = request.page
    lines, total = list_requests(session, request.viewer, request.now, ended=ended, page=page)
    context = {
        "lines": lines,
        "total": total,
        "page": page,
        "pages": max(1, -(-total // SIZE)),
        "ended": ended,
        "words": WORDS,
        "list": REQUESTS,
        "new": NEW,
        "staff": bool(request.viewer.roles & STAFF),
        "member": bool(request.viewer.roles & MEMBERS),
    }
    return Page("bien_etre/rows.html" if request.wants_fragment else "bien_etre/list.html", context)


routes: tuple[Route, ...] = (get(REQUESTS, show_list, permission=READ, name="bien_etre.list"),)
