"""`/comites`: the tree and what waits; `/comites/{slug}`: mandate, seats, votes, decisions, panels of plugins."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.committees.forms.seats import MandateForm
from core.committees.pages.finding import Place, managed, place_of
from core.committees.pages.words import WORDS
from core.committees.queries.structure import children_of, seats_of, tree
from core.committees.queries.votes import alternates_asked, decisions, open_votes
from core.committees.services.seats import SeatRefused, change_mandate
from core.kernel.hooks.contributions import PanelPage
from core.kernel.i18n import N_
from core.kernel.web.forms import filled, parse
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, post

HOME = "/comites"
MANDATE_WRITTEN = N_("Le mandat est à jour.")


def show_tree(session: Session, request: PageRequest) -> Answer:
    """Every committee, the viewer's first, with its vacancies; votes under way where she sits."""
    branches = tree(session, request.viewer, request.now)
    context = {
        "branches": branches,
        "mine": tuple(one for one in branches if one.mine),
        "votes": open_votes(session, request.viewer, request.now),
        "asked": alternates_asked(session, request.viewer),
        "words": WORDS,
    }
    return Page("committees/votes_list.html" if request.wants_fragment else "committees/tree.html", context)


def show_committee(session: Session, request: PageRequest) -> Answer:
    """One committee. Whoever doesn't sit there sees its mandate and the organisations that do."""
    place = place_of(session, request)
    committee = place.committee
    context: dict[str, Any] = {"place": place, "committee": committee, "words": WORDS}
    if place.reads:
        page = request.page
        lines, total = decisions(session, request.viewer, request.now, committee.id, page=page)
        context |= {
            "votes": open_votes(session, request.viewer, request.now, committee.id),
            "decisions": lines,
            "total": total,
            "page": page,
            "pages": max(1, -(-total // 20)),
        }
    if request.wants_fragment:
        return Page("committees/committee_votes.html", context)
    keyring = request.house.keyring if place.reads else None
    context |= {
        "seats": seats_of(session, committee.id, request.now, keyring=keyring),
        "children": children_of(session, committee.id),
        "panels": request.house.hooks.panels(
            PanelPage("committee", committee.slug, {"member": "yes" if place.reads else "no"}),
            request.viewer,
            session,
            request.now,
        ),
    }
    return Page("committees/committee.html", context)


def show_mandate(session: Session, request: PageRequest) -> Answer:
    """The mandate, in a form of its own."""
    place = managed(session, request)
    found = place.committee
    values = {"mandate": found.mandate, "mandate_from": found.mandate_from, "mandate_until": found.mandate_until}
    return _mandate_page(place, filled(values))


def save_mandate(session: Session, request: PageRequest) -> Answer:
    """Write the mandate."""
    place = managed(session, request)
    parsed = parse(MandateForm, request.form)
    if parsed.value is None:
        return _mandate_page(place, parsed, 422)
    form = parsed.value
    try:
        change_mandate(
            session,
            request.viewer,
            place.committee.id,
            form.mandate,
            form.mandate_from,
            form.mandate_until,
            request.now,
        )
    except SeatRefused as refused:
        raise refused.showing(_mandate_page(place, parsed.with_error(refused.field, refused.message), 422)) from refused
    return Redirect(f"{HOME}/{place.committee.slug}", MANDATE_WRITTEN)


def _mandate_page(place: Place, form: object, status: int = 200) -> Page:
    return Page("committees/mandate.html", {"committee": place.committee, "form": form}, status)


routes: tuple[Route, ...] = (
    get(HOME, show_tree, permission=Permission.COMMITTEE_READ, name="committees"),
    get(HOME + "/{slug}", show_committee, permission=Permission.COMMITTEE_READ, name="committee"),
    get(HOME + "/{slug}/mandat", show_mandate, permission=Permission.COMMITTEE_READ, name="committee.mandate"),
    post(HOME + "/{slug}/mandat", save_mandate, permission=Permission.COMMITTEE_READ, name="committee.mandate.save"),
)
