"""The published version on paper and to take away: a poster, a pocket guide, their PDF, and one file for no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from markupsafe import Markup
from sqlalchemy.orm import Session

from core.api import (
    NEEDS,
    PUBLIC,
    TORONTO,
    Compute,
    File,
    Page,
    PageRequest,
    Redirect,
    Route,
    alone,
    as_document,
    get,
    pdf_available,
)

from ..access import READ
from ..queries.takeaway import Leaflet, read_leaflet
from ..rules.layout_shapes import SMALL, Drawing
from ..rules.layout_text import folded
from ..rules.takeaway import PARTNERS, Stop, by_service
from ..rules.takeaway import PUBLIC as PUBLIC_TIER
from ..settings import TRAJECTORY
from .takeaway_words import NO_PDF, NO_VERSION, saying, shared
from .version_page import drawing_of

Answer = Page | Redirect | Compute
POSTER, POCKET, CARRY = f"{TRAJECTORY}/affiche", f"{TRAJECTORY}/poche", f"{TRAJECTORY}/emporter"
FOLDER = Path(__file__).resolve().parents[1]
#: A tabloid sheet (11 × 17 in) less its margins, the heading and the foot: millimetres for the drawing.
SHEET = (259.0, 335.0)
#: Points of the smallest letter that one still reads on a wall.
LEGIBLE = 5.5
_POINTS_IN_MM = 72 / 25.4


def show_poster(session: Session, request: PageRequest) -> Answer:
    """The poster, to print from the browser."""
    leaflet = read_leaflet(session, request.viewer, PARTNERS, request.now)
    if leaflet is None:
        return _none()
    return Page("orres/takeaway_poster.html", {**_poster(request, leaflet), "pdf": pdf_available(), "here": POSTER})


def show_pocket(session: Session, request: PageRequest) -> Answer:
    """The pocket guide, to print from the browser."""
    leaflet = read_leaflet(session, request.viewer, PARTNERS, request.now)
    if leaflet is None:
        return _none()
    return Page("orres/takeaway_pocket.html", {**_pocket(request, leaflet), "pdf": pdf_available(), "here": POCKET})


def give_poster(session: Session, request: PageRequest) -> Answer:
    """The poster as a tagged PDF of one page."""
    return _pdf(session, request, POSTER)


def give_pocket(session: Session, request: PageRequest) -> Answer:
    """The pocket guide as a tagged PDF: four of its pages make a letter sheet."""
    return _pdf(session, request, POCKET)


def show_carry(session: Session, request: PageRequest) -> Answer:
    """What the single file is, for whom, and where to take it."""
    leaflet = read_leaflet(session, request.viewer, PARTNERS, request.now)
    if leaflet is None:
        return _none()
    return Page("orres/takeaway_carry.html", {"version": leaflet.version, "carry": CARRY, "trajectory": TRAJECTORY})


def give_file(session: Session, request: PageRequest) -> Answer:
    """The file for partners: public and partners' services."""
    return _file(session, request, PARTNERS)


def give_public_file(session: Session, request: PageRequest) -> Answer:
    """The file for anybody: public services, a neutral name, nothing of how partners share the work."""
    return _file(session, request, PUBLIC_TIER)


def _none() -> Redirect:
    return Redirect(TRAJECTORY, notice=NO_VERSION)


def _pdf(session: Session, request: PageRequest, what: str) -> Answer:
    leaflet = read_leaflet(session, request.viewer, PARTNERS, request.now)
    if leaflet is None:
        return _none()
    if not pdf_available():
        return Redirect(what, notice=NO_PDF)
    name = "affiche" if what == POSTER else "poche"
    context = _poster(request, leaflet) if what == POSTER else _pocket(request, leaflet)
    template = f"orres/takeaway_{'poster' if what == POSTER else 'pocket'}"
    style = (FOLDER / "templates" / f"{template}_document.css").read_text(encoding="utf-8")

    def make() -> File:
        html = alone(request.house, f"{template}_document.html", context, request.locale)
        made = _document(html, style, f"orres-{name}-{leaflet.version.number}")
        return File(made, "application/pdf", _filename(request, leaflet, name, "pdf"))

    return Compute(make, _hand_over)


@lru_cache(maxsize=8)
def _document(html: str, style: str, name: str) -> bytes:
    """The PDF of that text. A paper is the same for every partner: a second of work once, not for each of them."""
    return as_document(html, style, name)


def _file(session: Session, request: PageRequest, tier: str) -> Answer:
    leaflet = read_leaflet(session, request.viewer, tier, request.now)
    if leaflet is None:
        # A visitor has no page of the trajectory to be sent to: the directory is hers.
        return _none() if tier == PARTNERS else Redirect("/annuaire")
    content = file_context(request, leaflet, tier)

    def make() -> File:
        html = alone(request.house, "orres/takeaway_file.html", content, request.locale)
        name = "trajectoire" if tier == PARTNERS else "renseignements"
        return File(html.encode(), "text/html; charset=utf-8", _filename(request, leaflet, name, "html"))

    return Compute(make, _hand_over)


def _hand_over(_session: Session, made: File) -> File:
    return made


def file_context(request: PageRequest, leaflet: Leaflet, tier: str) -> dict[str, object]:
    """What the single file is rendered with: its style and script inside, and a policy that lets nothing else in."""
    style, script = _inside("takeaway_file.css"), _inside("takeaway_file.js")
    policy = (
        f"default-src 'none'; style-src 'sha256-{_digest(style)}'; script-src 'sha256-{_digest(script)}'; "
        "form-action 'none'; base-uri 'none'"
    )
    partners = tier == PARTNERS
    _, drawing = drawing_of(leaflet, request.locale, saying(request)) if partners else (None, "")
    return {
        **_common(request, leaflet),
        "style": Markup("<style>{}</style>").format(Markup(style)),
        "script": Markup("<script>{}</script>").format(Markup(script)),
        "policy": policy,
        "partners": partners,
        "drawing": drawing,
        "doors": leaflet.doors,
        "used": _used(leaflet),
        "folded": folded,
    }


def _used(leaflet: Leaflet) -> Mapping[str, frozenset[str]]:
    """Choices that lead somewhere in this version: no other is offered."""
    every = [one for moment in leaflet.stops for one in moment.every if one.helps]
    helps = [one for stop in every for one in stop.helps]
    return {
        "needs": frozenset(code for stop in every for code in stop.needs),
        "areas": frozenset(code for one in helps for code in one.areas),
        "bands": frozenset(code for one in helps for code in one.bands),
        "languages": frozenset(code for one in helps for code in one.service.languages),
    }


@cache
def _inside(name: str) -> str:
    """Text of a file of this plugin that goes inside the single file."""
    return (FOLDER / "static" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _common(request: PageRequest, leaflet: Leaflet) -> dict[str, object]:
    return {
        "version": leaflet.version,
        "stops": leaflet.stops,
        "areas": leaflet.areas,
        "made_on": request.now.astimezone(TORONTO).date(),
        "trajectory": TRAJECTORY,
        **shared(request, leaflet.areas),
    }


def _poster(request: PageRequest, leaflet: Leaflet) -> dict[str, object]:
    drawing, svg = drawing_of(leaflet, request.locale, saying(request), phones=True)
    return {**_common(request, leaflet), "drawing": svg, "legible": legible(drawing)}


def legible(drawing: Drawing) -> bool:
    """Whether the smallest letters can be read once the drawing fits one sheet."""
    scale = min(SHEET[0] / drawing.width, SHEET[1] / drawing.height)
    return SMALL * scale * _POINTS_IN_MM >= LEGIBLE


def _pocket(request: PageRequest, leaflet: Leaflet) -> dict[str, object]:
    return {**_common(request, leaflet), "index": _needs_index(leaflet.stops), "found": by_service(leaflet.stops)}


def _needs_index(stops: tuple[Stop, ...]) -> tuple[tuple[str, tuple[Stop, ...]], ...]:
    """Each need and the steps that answer it, in the order of the list of needs."""
    every = [one for moment in stops for one in (moment.steps or (moment,))]
    rows = ((words, tuple(one for one in every if code in one.needs)) for code, words in NEEDS.items())
    return tuple((words, where) for words, where in rows if where)


def _filename(request: PageRequest, leaflet: Leaflet, name: str, kind: str) -> str:
    return f"{name}-v{leaflet.version.number}-{request.now.astimezone(TORONTO):%Y-%m-%d}.{kind}"


routes: tuple[Route, ...] = (
    get(POSTER, show_poster, permission=READ, name="orres.poster"),
    get(f"{POSTER}/pdf", give_poster, permission=READ, name="orres.poster_pdf"),
    get(POCKET, show_pocket, permission=READ, name="orres.pocket"),
    get(f"{POCKET}/pdf", give_pocket, permission=READ, name="orres.pocket_pdf"),
    get(CARRY, show_carry, permission=READ, name="orres.carry"),
    get(f"{CARRY}/partenaires", give_file, permission=READ, name="orres.carry_partners"),
    get(f"{CARRY}/public", give_public_file, permission=PUBLIC, name="orres.carry_public"),
)
