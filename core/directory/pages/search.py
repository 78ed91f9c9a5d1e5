"""The directory: search, a service, an organisation, a sheet to give. Public; partners see their tier."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import QueryParams

from core.access.permissions import PUBLIC, Permission
from core.directory.models import ServiceTerm, TaxonomyTerm
from core.directory.pages.words import AUDIENCES, LANGUAGES, WORDS
from core.directory.queries.organisations import reader_for
from core.directory.queries.places import find_municipality, municipality_choices
from core.directory.queries.search import SearchQuery, search
from core.directory.queries.views import organisation_page, service_page
from core.directory.queries.vocabulary import ELSEWHERE, Place, vocabulary
from core.directory.rules.hours import ranges
from core.directory.rules.text import stems
from core.directory.rules.visibility import Reader
from core.directory.rules.words import Audience
from core.kernel.web.routes import Answer, Page, PageRequest, Route, get, not_found

LONGEST_TEXT = 200


@dataclass(frozen=True)
class Filters:
    """What the address says, kept as typed for the form. `unknown_place`: not in the region's list."""

    q: str
    besoin: str
    lieu: str
    pour: str
    age: str
    langue: str
    ouvert: bool
    places: bool
    unknown_place: bool = False

    @property
    def narrowed(self) -> bool:
        return any((self.besoin, self.pour, self.age, self.langue, self.ouvert, self.places))

    def address(self) -> str:
        """The page's own address, every filter kept: to share, and to turn pages."""
        values = {
            "q": self.q,
            "besoin": self.besoin,
            "lieu": self.lieu,
            "pour": self.pour,
            "age": self.age,
            "langue": self.langue,
            "ouvert": "1" if self.ouvert else "",
            "places": "1" if self.places else "",
        }
        kept = urlencode({name: value for name, value in values.items() if value})
        return f"/annuaire?{kept}" if kept else "/annuaire"


def show_directory(session: Session, request: PageRequest) -> Answer:
    """Search and browse; whatever the address holds, it answers."""
    reader = reader_for(request.viewer)
    filters, query = _read(session, reader, request.query)
    result = search(session, reader, query, request.now)
    context = {
        "filters": filters,
        "result": result,
        "needs": _needs(session),
        "towns": tuple(town.name for town in municipality_choices(session)),
        "audiences": tuple((code, label) for code, label in AUDIENCES.items() if code != Audience.EVERYONE),
        "languages": tuple(LANGUAGES.items()),
        **_shared(request),
    }
    return Page("directory/results.html" if request.wants_fragment else "directory/search.html", context)


def _read(session: Session, reader: Reader, query: QueryParams) -> tuple[Filters, SearchQuery]:
    """Unknown values are dropped rather than refused: an old link still leads somewhere."""
    q = query.get("q", "").strip()[:LONGEST_TEXT]
    lieu = query.get("lieu", "").strip()[:80]
    pour = query.get("pour", "")
    audience = Audience(pour) if pour in {a.value for a in Audience} else None
    typed = query.get("age", "")
    age = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 and int(typed) <= 120 else None
    besoin = query.get("besoin", "")
    need = session.scalar(select(TaxonomyTerm.code).where(TaxonomyTerm.code == besoin)) if besoin else None
    language = query.get("langue", "") if query.get("langue", "") in LANGUAGES else None
    place = _place(session, reader, lieu)
    page = query.get("page", "1")
    filters = Filters(
        q,
        need or "",
        lieu,
        pour if audience else "",
        "" if age is None else str(age),
        language or "",
        query.get("ouvert") == "1",
        query.get("places") == "1",
        bool(lieu) and place is None,
    )
    return filters, SearchQuery(
        text=q,
        need=need,
        place=place.key if place else (ELSEWHERE.key if lieu else None),
        audience=audience,
        age=age,
        open_now=filters.ouvert,
        language=language,
        with_room=filters.places,
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 5 else 1,
    )


def _place(session: Session, reader: Reader, text: str) -> Place | None:
    """A key, a name of town or MRC, or a town mistyped."""
    if not text:
        return None
    known = vocabulary(session, reader.tier.value)
    if text in known.by_key:
        return known.by_key[text]
    named = tuple(stems(text.removeprefix("MRC ")))
    if named == tuple(stems(ELSEWHERE.name)):
        return ELSEWHERE
    if named in known.places:
        return known.places[named]
    town = find_municipality(session, text)
    return known.by_key.get(town.code) if town is not None else None


def _needs(session: Session) -> tuple[tuple[str, str, str], ...]:
    """Terms that at least one service or one of their children holds: no choice leads nowhere."""
    used = set(session.scalars(select(ServiceTerm.term_code).distinct()))
    rows = session.execute(
        select(TaxonomyTerm.code, TaxonomyTerm.parent_code, TaxonomyTerm.name, TaxonomyTerm.name_en).order_by(
            TaxonomyTerm.position
        )
    ).all()
    wanted = used | {row.parent_code for row in rows if row.code in used}
    return tuple((row.code, row.name, row.name_en) for row in rows if row.code in wanted)


def show_service(session: Session, request: PageRequest) -> Answer:
    """One service."""
    card = service_page(session, reader_for(request.viewer), request.path["id"], request.now)
    if card is None:
        return not_found()
    return Page("directory/service.html", {"card": card, "week": ranges(card.hours), **_shared(request)})


def show_sheet(session: Session, request: PageRequest) -> Answer:
    """A sheet to print and give. `discrete=1`: a number and hours, nothing that says what kind of service it is."""
    card = service_page(session, reader_for(request.viewer), request.path["id"], request.now)
    if card is None:
        return not_found()
    discreet = request.query.get("discrete") == "1"
    template = "directory/sheet_discreet.html" if discreet else "directory/sheet.html"
    return Page(template, {"card": card, "week": ranges(card.hours), **_shared(request)})


def show_organisation(session: Session, request: PageRequest) -> Answer:
    """One organisation; partners also see *qui est qui*, rooms lent and the history of the fields."""
    page = organisation_page(session, reader_for(request.viewer), request.path["id"], request.now)
    if page is None:
        return not_found()
    context = {"organisation": page, "week": ranges(page.hours), **_shared(request)}
    return Page("directory/organisation.html", context)


def _shared(request: PageRequest) -> Mapping[str, object]:
    viewer = request.viewer
    return {
        "words": WORDS,
        "may_propose": request.house.holds(viewer, Permission.DIRECTORY_PROPOSE),
        "partner": reader_for(viewer).is_partner,
        "viewer_organisation_id": viewer.organisation_id,
    }


routes: tuple[Route, ...] = (
    get("/annuaire", show_directory, permission=PUBLIC, name="directory"),
    get("/annuaire/services/{id}", show_service, permission=PUBLIC, name="directory_service"),
    get("/annuaire/services/{id}/feuille", show_sheet, permission=PUBLIC, name="directory_sheet"),
    get("/annuaire/organismes/{id}", show_organisation, permission=PUBLIC, name="directory_organisation"),
)
