"""*Demandes reçues*, the live list, and *Nos références*, what was sent."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.directory.queries import capacity_of
from core.kernel.web.routes import Answer, Page, PageRequest, Route, get
from core.referrals.pages import labels
from core.referrals.queries.lists import QUEUE_LISTS, queue, sent
from core.referrals.rules import vocabulary


def show_queue(session: Session, request: PageRequest) -> Answer:
    """Unanswered first; `?liste=` waiting, held or closed. A fragment holds the rows alone."""
    which = request.query.get("liste", "open")
    which = which if which in QUEUE_LISTS else "open"
    listing = queue(session, request.viewer, request.now, request.page, which)
    context = {
        "listing": listing,
        "which": which,
        "labels": labels,
        "words": vocabulary,
        "calacs": request.viewer.organisation_type == "calacs",
    }
    if request.wants_fragment:
        return Page("referrals/queue_rows.html", context)
    rooms = capacity_of(session, request.viewer.organisation_id)
    places = tuple(service for service in rooms.services if service.acceptance == "here") if rooms else ()
    return Page("referrals/queue.html", {**context, "places": places})


def show_sent(session: Session, request: PageRequest) -> Answer:
    """What the organisation sent, in the words a sender may see."""
    listing = sent(session, request.viewer, request.now, request.page)
    context = {"listing": listing, "labels": labels}
    if request.wants_fragment:
        return Page("referrals/sent_rows.html", context)
    return Page("referrals/sent.html", context)


routes: tuple[Route, ...] = (
    get("/demandes", show_queue, permission=Permission.REFERRAL_RECEIVE, name="referrals.queue"),
    get("/references", show_sent, permission=Permission.REFERRAL_READ, name="referrals.sent"),
)
