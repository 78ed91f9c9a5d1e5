"""A person's calendar: its secret address, made and revoked on `/compte/calendrier`, read by a calendar program."""

from __future__ import annotations

from dataclasses import astuple

from sqlalchemy.orm import Session

from core.access.permissions import PUBLIC, Permission
from core.committees.ics import FeedEvent, calendar_bytes
from core.committees.queries.meeting_figures import feed_events, has_feed
from core.committees.services.calendar import feed_owner, new_feed, revoke_feed
from core.kernel.i18n import N_
from core.kernel.web.routes import Answer, File, Page, PageRequest, Redirect, Route, get, not_found, post

PATH = "/compte/calendrier"
REVOKED = N_("L’adresse du calendrier ne mène plus à rien.")


def show_calendar(session: Session, request: PageRequest) -> Answer:
    """Whether there is an address; how to make one."""
    return Page("committees/meetings/calendar.html", {"since": has_feed(session, request.viewer), "secret": None})


def make(session: Session, request: PageRequest) -> Answer:
    """A new address, shown this once; an earlier one stops working."""
    token = new_feed(session, request.viewer, request.now)
    secret = f"{request.house.settings.public_url}/calendrier/{token}.ics"
    return Page("committees/meetings/calendar.html", {"since": request.now, "secret": secret})


def revoke(session: Session, request: PageRequest) -> Answer:
    """Make the address mean nothing any more."""
    revoke_feed(session, request.viewer)
    return Redirect(PATH, REVOKED)


def feed(session: Session, request: PageRequest) -> Answer:
    """The calendar itself. Whoever holds the address learns when, and nothing else."""
    token, dot, extension = request.path["token"].rpartition(".")
    owner = feed_owner(session, token) if dot and extension == "ics" else None
    if owner is None:
        return not_found()
    added = request.house.hooks.calendar_events(owner, session, request.now)
    events = sorted(
        (*feed_events(session, owner, request.now), *(FeedEvent(*astuple(one)) for one in added)),
        key=lambda one: (one.starts_at, str(one.id)),
    )
    content = calendar_bytes(events, home=request.house.settings.public_url + "/", locale=request.locale)
    return File(content, "text/calendar; charset=utf-8", "rencontres.ics")


routes: tuple[Route, ...] = (
    get(PATH, show_calendar, permission=Permission.ACCOUNT_SELF, name="calendar"),
    post(PATH, make, permission=Permission.ACCOUNT_SELF, name="calendar.make"),
    post(PATH + "/fin", revoke, permission=Permission.ACCOUNT_SELF, name="calendar.revoke"),
    get("/calendrier/{token}", feed, permission=PUBLIC, name="calendar.feed", activity=False),
)
