"""A version of the trajectory: its drawing, and the same as lists. The published one is every partner's."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup
from sqlalchemy.orm import Session

from core.api import N_, Page, PageRequest, Refusal, Route, get, not_found

from ..access import READ, committee_here, followed_committee
from ..queries.takeaway import Leaflet, read_version
from ..queries.trajectory import published, trajectory_of
from ..queries.versions import WHY, Flag, flags
from ..rules.graph import PUBLISHED, RETIRED, Trajectory
from ..rules.layout import lay_out
from ..rules.layout_shapes import Drawing, Text
from ..rules.takeaway import Stop
from ..settings import HOME, TRAJECTORY, VERSIONS
from .layout_svg import as_svg
from .takeaway_words import Say, area_names, conditions_said, lasting, saying, shared, titled

#: Names of organisations written in a box.
_NAMES = 2
NBSP = "\u00a0"


def show_published(session: Session, request: PageRequest) -> Page:
    """The version in force."""
    version = published(session)
    if version is None:
        return Page("orres/version_none.html", {"follows": _follows(session, request), "home": HOME})
    return _page(session, request, read_version(session, request.viewer, version, request.now))


def show_version(session: Session, request: PageRequest) -> Page | Refusal:
    """Any version: those that are or were in force for every partner, the others for who follows the committee."""
    asked = request.path["number"]
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0
    version = trajectory_of(session, number)
    if version is None:
        return not_found()
    if version.state not in (PUBLISHED, RETIRED):
        followed_committee(session, request.viewer)
    return _page(session, request, read_version(session, request.viewer, version, request.now))


def drawing_of(leaflet: Leaflet, locale: str, say: Say, *, phones: bool = False) -> tuple[Drawing, Markup]:
    """The drawing and its SVG. `phones`: with a number to call, for paper."""
    names = area_names(leaflet.areas, locale)
    every = [one for moment in leaflet.stops for one in moment.every]
    texts = {one.node.key: Text(titled(one.node, locale), _small(one, say, phones)) for one in every}
    words = {
        (edge.source, edge.target): conditions_said(edge.conditions, say, names)
        for edge in leaflet.version.edges
        if edge.conditions
    }
    drawing = lay_out(leaflet.version, texts, words)
    title = say(N_("Dessin de la version %(number)s"), number=leaflet.version.number)
    description = say(
        N_("Chaque bande est un moment, chaque boîte une étape. Les listes de la page disent la même chose.")
    )
    return drawing, as_svg(drawing, "dessin", title, description, say)


def _small(stop: Stop, say: Say, phones: bool) -> tuple[str, ...]:
    """Who is responsible, the delay; on paper, a number each."""
    leads = {one.service.organisation: one.service for one in stop.helps if one.role == "lead"}
    lines = []
    for name, service in list(leads.items())[:_NAMES]:
        # An invented service has no number on paper: nobody is to call it
        found = () if service.fictitious else service.phones
        number = next((one.number for one in found if one.kind != "fax"), "")
        lines.append(f"{name} {number.replace(' ', NBSP)}".strip() if phones else name)
    if len(leads) > _NAMES:
        lines.append(say(N_("et %(n)s de plus"), n=len(leads) - _NAMES))
    if stop.node.delay_hours is not None:
        lines.append(say(N_("Délai : %(delay)s"), delay=lasting(stop.node.delay_hours, say)))
    return tuple(lines)


def _page(session: Session, request: PageRequest, leaflet: Leaflet) -> Page:
    _, drawing = drawing_of(leaflet, request.locale, saying(request))
    follows = _follows(session, request)
    context = {
        "version": leaflet.version,
        "stops": leaflet.stops,
        "drawing": drawing,
        "in_force": leaflet.version.state == PUBLISHED,
        "follows": follows,
        "gone": _gone(session, request, leaflet.version) if follows else {},
        "why": WHY,
        "home": HOME,
        "versions": VERSIONS,
        "trajectory": TRAJECTORY,
        **shared(request, leaflet.areas),
    }
    return Page("orres/version_page.html", context)


def _gone(session: Session, request: PageRequest, version: Trajectory) -> Mapping[str, tuple[Flag, ...]]:
    """For who follows the work, the services that the version in force names and partners no longer see, by the key of
    the node where each stands. One that is out of date says so itself, to everybody. Two statements."""
    if version.state != PUBLISHED:
        return {}
    left = {one.service_id: one for one in flags(session, request.viewer, request.now) if one.why == "gone"}
    found: dict[str, tuple[Flag, ...]] = {}
    for answer in version.answers if left else ():
        if answer.service_id in left:
            found[answer.node] = (*found.get(answer.node, ()), left[answer.service_id])
    return found


def _follows(session: Session, request: PageRequest) -> bool:
    """Whether the committee's own pages are hers to read."""
    return committee_here(session, request.viewer)[0] is not None


routes: tuple[Route, ...] = (
    get(TRAJECTORY, show_published, permission=READ, name="orres.trajectory"),
    get(f"{VERSIONS}/{{number}}", show_version, permission=READ, name="orres.version"),
)
