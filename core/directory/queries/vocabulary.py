"""The words and places the search knows, kept in memory under the version of the index that holds them."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.directory.models import Municipality, SearchState, SearchWord, ServiceArea
from core.directory.rules.scope import area_token
from core.directory.rules.text import stem, stems, words
from core.directory.rules.words import AreaKind

#: Shorter words are never corrected: too many of them are one letter away from another.
SHORTEST = 4


def typing_errors(word: str) -> int:
    """How many letters may be wrong, missing, added or swapped in a word of this length."""
    return 1 if len(word) < 8 else 2 if len(word) < 11 else 3


@dataclass(frozen=True)
class Place:
    """Where the person is. `key` is what an address holds: `61025`, `mrc-610` or `ailleurs`."""

    key: str
    name: str
    municipality_code: str | None = None
    mrc_code: str | None = None
    region_code: str | None = None

    @property
    def elsewhere(self) -> bool:
        return self.key == ELSEWHERE.key


ELSEWHERE = Place("ailleurs", "Ailleurs au Québec", region_code="elsewhere")


@dataclass(frozen=True)
class Vocabulary:
    """Of one tier. `ordered` is sorted, for prefixes; `places` is by the stems of their names."""

    known: frozenset[str]
    stems: frozenset[str]
    ordered: tuple[str, ...]
    places: Mapping[tuple[str, ...], Place]
    by_key: Mapping[str, Place]
    place_words: Mapping[str, Place]
    region_tokens: Mapping[str, str]

    def begins(self, word: str) -> bool:
        """Whether a known word begins with this one."""
        index = bisect_left(self.ordered, word)
        return index < len(self.ordered) and self.ordered[index].startswith(word)

    def correction(self, word: str) -> str | None:
        """The closest known word within a typing error, or None."""
        return closest(word, self.ordered)

    def place_like(self, word: str) -> tuple[Place, int] | None:
        """A place with a one-word name, mistyped or not finished, and how many letters differ."""
        if len(word) >= 5:
            begun = {place.key: place for name, place in self.place_words.items() if name.startswith(word)}
            if len(begun) == 1:
                return next(iter(begun.values())), 0
        name = closest(word, self.place_words)
        return None if name is None else (self.place_words[name], OSA.distance(word, name))

    def area_tokens(self, place: Place) -> tuple[str, ...]:
        """Every area of service that may hold the place; unknown territories are never excluded."""
        always = (area_token(AreaKind.PROVINCE, "QC"), area_token(None, ""))
        if place.elsewhere:
            own = {other.region_code for other in self.by_key.values()}
            return (*always, *(token for code, token in self.region_tokens.items() if code not in own))
        found = [*always]
        if place.municipality_code is not None:
            found.append(area_token(AreaKind.MUNICIPALITY, place.municipality_code))
        if place.mrc_code is not None:
            found.append(area_token(AreaKind.MRC, place.mrc_code))
        if place.region_code is not None:
            found.append(area_token(AreaKind.REGION, place.region_code))
        return tuple(found)


def closest(word: str, choices: Iterable[str]) -> str | None:
    """The choice with the fewest typing errors, or None when every one is too far."""
    if len(word) < SHORTEST:
        return None
    allowed = typing_errors(word)
    near = [choice for choice in choices if abs(len(choice) - len(word)) <= allowed]
    best = process.extractOne(word, near, scorer=OSA.distance, score_cutoff=allowed)
    return None if best is None else str(best[0])


def distance(word: str, other: str) -> int:
    """Typing errors between two words."""
    return int(OSA.distance(word, other))


@lru_cache(maxsize=8)
def _cached(version: str, tier: str) -> list[Vocabulary]:
    """A box that the first reader of this version fills; versions are never reused, nor shared by two databases."""
    return []


def vocabulary(session: Session, tier: str) -> Vocabulary:
    """The vocabulary of the tier as the last indexing left it."""
    version = session.scalar(select(SearchState.version))
    box = _cached(version or "", tier) if version else []
    if not box:
        box.append(_load(session, tier))
    return box[0]


def _load(session: Session, tier: str) -> Vocabulary:
    known = tuple(sorted(session.scalars(select(SearchWord.word).where(SearchWord.tier == tier))))
    places: dict[tuple[str, ...], Place] = {}
    by_key: dict[str, Place] = {ELSEWHERE.key: ELSEWHERE}
    rows = session.execute(
        select(
            Municipality.code,
            Municipality.name,
            Municipality.mrc_code,
            Municipality.mrc_name,
            Municipality.region_code,
            Municipality.region_name,
        ).order_by(Municipality.population)
    ).all()
    for code, name, mrc_code, mrc_name, region_code, region_name in rows:
        if mrc_code is not None:
            mrc = Place(f"mrc-{mrc_code}", f"MRC {mrc_name}", None, mrc_code, region_code)
            by_key[mrc.key] = mrc
            places.setdefault(tuple(stems(mrc_name or "")), mrc)
        region = Place(f"region-{region_code}", region_name, None, None, region_code)
        by_key[region.key] = region
        places.setdefault(tuple(stems(region_name)), region)
        by_key[code] = Place(code, name, code, mrc_code, region_code)
    for code, name, *_ in rows:
        # A town wins over the MRC of the same name: its territory is part of it.
        places[tuple(stems(name))] = by_key[code]
    place_words = {words(place.name)[-1]: place for key, place in places.items() if len(key) == 1}
    regions = session.scalars(select(ServiceArea.code).where(ServiceArea.kind == AreaKind.REGION.value).distinct())
    return Vocabulary(
        frozenset(known),
        frozenset(stem(word) for word in known),
        known,
        places,
        by_key,
        place_words,
        {code: area_token(AreaKind.REGION, code) for code in regions},
    )
