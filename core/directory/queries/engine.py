"""The search engine itself: words and filters in one statement, ranked, on FTS5 or `tsvector`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Uuid, text
from sqlalchemy.orm import Session

from core.directory.queries.vocabulary import Place, Vocabulary, distance
from core.directory.rules.text import stem, stems, words
from core.directory.rules.words import Audience
from core.kernel.db import dialect_name

#: Words that say for whom. They are read as a filter: asked of every text, they would hide services for anyone.
AUDIENCE_STEMS: Mapping[str, Audience] = {
    stem(word): audience
    for audience, names in (
        (Audience.WOMEN, ("femme", "woman", "women")),
        (Audience.GIRLS, ("adolescente", "fille", "girl")),
        (Audience.MEN, ("homme", "man", "men")),
        (Audience.BOYS, ("garcon", "boy")),
        (Audience.CHILDREN, ("enfant", "child", "children")),
        (Audience.TRANS_WOMEN, ("trans", "transgenre")),
    )
    for word in names
}

#: Title, terms, body. A word of the name counts eight times one of the text.
_FTS = text(
    """SELECT d.service_id, found.rank FROM (
        SELECT rowid, bm25(directory_search, 8.0, 5.0, 1.0, 0.0) AS rank
        FROM directory_search WHERE directory_search MATCH :query ORDER BY rank LIMIT :limit
    ) AS found JOIN directory_documents AS d ON d.id = found.rowid ORDER BY found.rank"""
).columns(service_id=Uuid)
_FTS_PLAIN = text(
    """SELECT d.service_id, 0.0 AS rank FROM directory_search
    JOIN directory_documents AS d ON d.id = directory_search.rowid WHERE directory_search MATCH :query LIMIT :limit"""
).columns(service_id=Uuid)
_TSVECTOR = text(
    """SELECT service_id, -ts_rank('{0.0, 0.12, 0.6, 1.0}', document, to_tsquery('simple', :words)) AS rank
    FROM directory_documents WHERE document @@ to_tsquery('simple', :query) ORDER BY rank LIMIT :limit"""
).columns(service_id=Uuid)
_TSVECTOR_PLAIN = text(
    """SELECT service_id, 0.0 AS rank FROM directory_documents
    WHERE document @@ to_tsquery('simple', :query) LIMIT :limit"""
).columns(service_id=Uuid)


@dataclass(frozen=True)
class QueryWord:
    """A stem to find; `prefix`: as the beginning of a word. `typed` and `read` differ when it was corrected."""

    stem: str
    prefix: bool
    typed: str
    read: str


@dataclass(frozen=True)
class Interpretation:
    """What a person's text was read as. `unknown` words match nothing and are told. `boost` stems (the place's and the
    audience's words) are not required: they raise services that hold them."""

    words: tuple[QueryWord, ...]
    place: Place | None
    boost: tuple[str, ...]
    unknown: tuple[str, ...]
    audience: Audience | None = None

    @property
    def corrections(self) -> tuple[tuple[str, str], ...]:
        return tuple((word.typed, word.read) for word in self.words if word.typed != word.read and not word.prefix)


def interpret(text_typed: str, known: Vocabulary) -> Interpretation:
    """Find the place and the audience in the text, then read each word: as it is, as a beginning, or corrected."""
    typed = words(text_typed)[:12]
    place, inside = _place_in(typed, known)
    boost = [stem(typed[index]) for index in sorted(inside)]
    audience: Audience | None = None
    found: list[QueryWord] = []
    unknown: list[str] = []
    for index, word in enumerate(typed):
        if index in inside:
            continue
        if stem(word) in AUDIENCE_STEMS:
            audience = AUDIENCE_STEMS[stem(word)]
            boost.append(stem(word))
            continue
        if word in known.known or stem(word) in known.stems:
            found.append(QueryWord(stem(word), False, word, word))
            continue
        if place is None and (near := known.place_like(word)) is not None:
            correction = known.correction(word)
            if correction is None or near[1] <= distance(word, correction):
                place = near[0]
                boost += stems(place.name)
                continue
        if len(word) >= 3 and known.begins(word):
            found.append(QueryWord(word, True, word, word))
        elif (correction := known.correction(word)) is not None:
            found.append(QueryWord(stem(correction), False, word, correction))
        else:
            unknown.append(word)
    return Interpretation(tuple(found), place, tuple(boost), tuple(unknown), audience)


def _place_in(typed: Sequence[str], known: Vocabulary) -> tuple[Place | None, frozenset[int]]:
    """The longest run of words that is the name of a place."""
    stemmed = [stem({"st": "saint", "ste": "sainte"}.get(word, word)) for word in typed]
    for length in range(min(5, len(stemmed)), 0, -1):
        for start in range(len(stemmed) - length + 1):
            place = known.places.get(tuple(stemmed[start : start + length]))
            if place is not None:
                return place, frozenset(range(start, start + length))
    return None, frozenset()


def find(
    session: Session,
    wanted: Sequence[QueryWord],
    scopes: Sequence[Sequence[str]],
    *,
    any_word: bool = False,
    boost: Sequence[str] = (),
    limit: int = 200,
) -> list[tuple[UUID, float]]:
    """Services that hold every word (any with `any_word`) and, of each group of `scopes`, one token; best first.

    `boost` stems are not required, they raise those that hold them. The rank is the engine's: lower is better.
    """
    sqlite = dialect_name(session) == "sqlite"
    if not wanted:
        query = _fts_scopes(scopes) if sqlite else _ts_scopes(scopes)
        statement = _FTS_PLAIN if sqlite else _TSVECTOR_PLAIN
        return [(row[0], row[1]) for row in session.execute(statement, {"query": query, "limit": limit})]
    if sqlite:
        joined = (" OR " if any_word else " AND ").join(_fts_word(word) for word in wanted)
        if boost:
            first = _fts_word(wanted[0])
            joined = f"({joined}) AND ({first} OR " + " OR ".join(f'"{word}"' for word in boost) + ")"
        query = f"({joined}) AND {_fts_scopes(scopes)}"
        return [(row[0], row[1]) for row in session.execute(_FTS, {"query": query, "limit": limit})]
    required = (" | " if any_word else " & ").join(_ts_word(word) for word in wanted)
    ranked = " | ".join((*(_ts_word(word) for word in wanted), *boost))
    values = {"query": f"({required}) & {_ts_scopes(scopes)}", "words": ranked, "limit": limit}
    return [(row[0], row[1]) for row in session.execute(_TSVECTOR, values)]


def _fts_word(word: QueryWord) -> str:
    return f'{{title terms body}} : "{word.stem}"' + ("*" if word.prefix else "")


def _fts_scopes(scopes: Sequence[Sequence[str]]) -> str:
    groups = (" OR ".join(f'"{token}"' for token in group) for group in scopes)
    return "{scope} : (" + " AND ".join(f"({group})" for group in groups) + ")"


def _ts_word(word: QueryWord) -> str:
    return f"{word.stem}:{'*' if word.prefix else ''}ABC"


def _ts_scopes(scopes: Sequence[Sequence[str]]) -> str:
    return "(" + " & ".join("(" + " | ".join(f"{token}:D" for token in group) + ")" for group in scopes) + ")"
