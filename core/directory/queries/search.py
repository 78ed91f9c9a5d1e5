"""Searching the directory: text, place and filters in; cards with reasons out; never a dead end."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.directory.queries.cards import ServiceCard, cards
from core.directory.queries.engine import Interpretation, find, interpret
from core.directory.queries.vocabulary import Place, Vocabulary, vocabulary
from core.directory.rules.matching import PersonFacts, audience_for, match
from core.directory.rules.scope import area_token, audience_token, language_token, need_token, tier_token
from core.directory.rules.visibility import Reader
from core.directory.rules.words import AreaKind, Audience, CapacityState

PAGE_SIZE = 20
#: Candidates read from the engine; beyond, a person narrows the search rather than turns pages.
CANDIDATES = 200
OTHERS = 6
#: Needs whose services open the door to the others, shown when nothing fits.
FIRST_DOORS = ("aide-immediate", "ecoute", "premiere-rencontre", "victimes", "protection-jeunesse", "sante-jeunesse")


@dataclass(frozen=True)
class SearchQuery:
    """What the address of the page says. `place` is a `Place.key`; it wins over a place found in the text."""

    text: str = ""
    need: str | None = None
    place: str | None = None
    audience: Audience | None = None
    age: int | None = None
    open_now: bool = False
    language: str | None = None
    with_room: bool = False
    page: int = 1

    @property
    def blank(self) -> bool:
        return self == SearchQuery(page=self.page)


@dataclass(frozen=True)
class SearchResult:
    """`cards` of the page, `total` of them all. `broadened`: some words were not found together. `others`: who can help
    besides, always filled when there is little or nothing."""

    cards: tuple[ServiceCard, ...]
    total: int
    page: int
    pages: int
    place: Place | None
    interpretation: Interpretation
    broadened: bool
    others: tuple[ServiceCard, ...]


def search(session: Session, reader: Reader, query: SearchQuery, now: datetime) -> SearchResult:
    """Search as `reader`. At most about fifteen statements, whatever the number of services."""
    known = vocabulary(session, reader.tier.value)
    read = interpret(query.text, known)
    place = known.by_key.get(query.place) if query.place else read.place
    person = _person(query, place, read.audience)
    scopes = _scopes(reader, query, known, place, person)
    ranked = (
        find(session, read.words, scopes, boost=read.boost, limit=CANDIDATES) if read.words or not read.unknown else []
    )
    broadened = False
    if not ranked and len(read.words) > 1:
        ranked = find(session, read.words, scopes, any_word=True, boost=read.boost, limit=CANDIDATES)
        broadened = bool(ranked)
    fitting = _fitting(session, reader, ranked, query, person, now)
    pages = max(1, -(-len(fitting) // PAGE_SIZE))
    page = min(max(1, query.page), pages)
    shown = tuple(fitting[(page - 1) * PAGE_SIZE : page * PAGE_SIZE])
    others: tuple[ServiceCard, ...] = ()
    if len(fitting) < 3 and not query.blank:
        others = who_can_help(session, reader, person, place, now, without=frozenset(card.id for card in fitting))
    return SearchResult(shown, len(fitting), page, pages, place, read, broadened, others)


def who_can_help(
    session: Session,
    reader: Reader,
    person: PersonFacts,
    place: Place | None,
    now: datetime,
    *,
    without: frozenset[UUID] = frozenset(),
    limit: int = OTHERS,
) -> tuple[ServiceCard, ...]:
    """Services that receive this person whatever the need: those that open doors first, the nearest first. From the
    data alone; when nothing covers the place, the whole directory is asked."""
    known = vocabulary(session, reader.tier.value)
    base = [[tier_token(reader.tier.value)], *_audience_scope(person)]
    doors = [need_token(code) for code in FIRST_DOORS]
    attempts = [[*base, doors], base]
    if place is not None:
        areas = list(known.area_tokens(place))
        attempts = [[*base, areas, doors], [*base, areas], *attempts]
    # The language is left aside: a door where an interpreter can be asked for is better than no door.
    person = replace(person, language=None)
    anywhere = replace(person, municipality_code=None, mrc_code=None, region_code=None)
    found: dict[UUID, ServiceCard] = {}
    owners: set[UUID] = set()
    for position, scopes in enumerate(attempts):
        covering = person if place is not None and position < 2 else anywhere
        fitting = _fitting(session, reader, find(session, (), scopes), SearchQuery(), covering, now)
        for card in sorted(fitting, key=_doors, reverse=True):
            # One service of each organisation: six names help more than six doors of one house.
            if card.id not in without and card.organisation_id not in owners:
                owners.add(card.organisation_id)
                found[card.id] = card
        if len(found) >= min(limit, 3):
            break
    return tuple(found.values())[:limit]


def _doors(card: ServiceCard) -> tuple[int, int]:
    """Certain before doubtful, then how many doors the service opens."""
    certain = card.match is None or card.match.certain
    return int(certain), sum(term.code in FIRST_DOORS for term in card.terms)


def _person(query: SearchQuery, place: Place | None, said: Audience | None) -> PersonFacts:
    return PersonFacts(
        query.audience or (said if query.age is None else None),
        query.age,
        place.municipality_code if place else None,
        place.mrc_code if place else None,
        place.region_code if place else None,
        query.language,
    )


def _audience_scope(person: PersonFacts) -> list[list[str]]:
    audience = audience_for(person.audience, person.age)
    if audience is None:
        return []
    names = [audience.value, "unknown"]
    if audience is not Audience.WORKERS:
        names.append(Audience.EVERYONE.value)
    return [[audience_token(name) for name in names]]


def _scopes(
    reader: Reader, query: SearchQuery, known: Vocabulary, place: Place | None, person: PersonFacts
) -> list[list[str]]:
    scopes = [[tier_token(reader.tier.value)], *_audience_scope(person)]
    if query.need:
        scopes.append([need_token(query.need)])
    if place is not None:
        scopes.append(list(known.area_tokens(place)))
    if query.language:
        scopes.append([language_token(query.language), language_token("unknown")])
    return scopes


def _fitting(
    session: Session,
    reader: Reader,
    ranked: list[tuple[UUID, float]],
    query: SearchQuery,
    person: PersonFacts,
    now: datetime,
) -> list[ServiceCard]:
    """Cards that fit, best first: the engine's rank, then what is near and certain."""
    found = cards(session, reader, (service_id for service_id, _ in ranked), now)
    best = min((rank for _, rank in ranked), default=0.0)
    scored: list[tuple[float, str, ServiceCard]] = []
    for service_id, rank in ranked:
        card = found.get(service_id)
        if card is None:
            continue
        judged = match(card.facts, person)
        if not judged.fits or (query.open_now and not card.state.open):
            continue
        if query.with_room and card.capacity_state not in (CapacityState.OPEN, CapacityState.ASSESSMENT):
            continue
        nearness = 0.25 if _near(card, person) else 0.0
        score = (rank / best if best else 0.0) + nearness + (0.1 if judged.certain else 0.0)
        score += 0.2 if _named(card, person) else 0.0
        scored.append((-score, card.sort_key, replace(card, match=judged if judged.reasons else None)))
    scored.sort(key=lambda item: (item[0], item[1]))
    return [card for _, _, card in scored]


def _named(card: ServiceCard, person: PersonFacts) -> bool:
    """Whether the service is for this audience by name rather than for anyone."""
    audience = audience_for(person.audience, person.age)
    return audience is not None and any(rule.audience is audience for rule in card.eligibility)


def _near(card: ServiceCard, person: PersonFacts) -> bool:
    """Whether the service names the town or the MRC rather than the whole region or province."""
    own = {
        area_token(AreaKind.MUNICIPALITY, person.municipality_code or "-"),
        area_token(AreaKind.MRC, person.mrc_code or "-"),
    }
    return any(area_token(AreaKind(area.kind), area.code) in own for area in card.areas)
