"""The walk of every route, done once for all the tests of a run that read what it saw.

`walk("fr")` asks as every principal of the route matrix, `walk("en")` as `ENGLISH`, on SQLite. The first test that
needs a walk does it (40 s) and leaves it in the run's folder; the others, in whatever worker, read it there. What fails
is each test's own: the matrix its cells, the golden headers their header, the English its words.
"""

from __future__ import annotations

import pickle
import re
import tempfile
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import httpx2

from core.kernel.clock import FixedClock
from core.testing import NOW, databases, postgres
from tests.support.matrix import PERSONAS, Key, answers, reviewed
from tests.support.samples import filled_network

#: Who is asked in English: one of each kind of person.
ENGLISH = (
    "anonymous",
    "police",
    "receiver",
    "organisation_admin",
    "privacy_officer",
    "committee_member",
    "coordination",
    "operator",
)
_REFUSALS = frozenset({"303", "403", "404"})
#: Two pages that everybody opens: what both show a person stands around all of hers.
_OPEN: tuple[Key, Key] = (("GET", "/", ""), ("GET", "/annuaire", ""))
_ELSEWHERE = frozenset({"303", "307"})


@dataclass(frozen=True)
class Seen:
    """One answer, as it came: its status, its headers in order, its bytes; equal `statements` were sent alike, and
    `written` names the tables that something was written to."""

    status_code: int
    raw: tuple[tuple[str, str], ...]
    content: bytes
    statements: int
    written: frozenset[str]

    @cached_property
    def headers(self) -> httpx2.Headers:
        """Names in any case."""
        return httpx2.Headers(list(self.raw))

    @property
    def text(self) -> str:
        """The page."""
        return self.content.decode()

    @property
    def html(self) -> bool:
        """Whether it is a page that somebody reads."""
        return bool(self.content) and self.headers.get("content-type", "").startswith("text/html")


Walk = dict[Key, dict[str, Seen]]
#: Attributes that hold words.
ATTRIBUTES = re.compile(
    r"\s(?:title|aria-label|alt|placeholder|data-(?!live\b|fragment|key|now|search|session)[\w-]+)=\"([^\"]*)\""
)
_UNSEEN = re.compile(r"<(?P<tag>script|style)\b.*?</(?P=tag)>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_DIGITS = re.compile(r"\d+")


@lru_cache(maxsize=2)
def walk(locale: str) -> Walk:
    """What every route answered, (method, path, object) -> {principal: answer}; an error of ours is a status 500."""
    with postgres.locked(f"walk-{locale}") as folder, databases.once(folder / f"walk-{locale}.state") as needed:
        kept = folder / f"walk-{locale}.pickle"
        if needed:
            kept.write_bytes(pickle.dumps(_walked(locale)))
        found: Walk = pickle.loads(kept.read_bytes())
    return found


def _walked(locale: str) -> Walk:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        network, addresses = stack.enter_context(filled_network("sqlite", folder, FixedClock(NOW)))
        network.settings = network.settings.model_copy(update={"raise_unexpected": False})
        people = PERSONAS if locale == "fr" else ENGLISH
        asked = None if locale == "fr" else saying_others(walk("fr"), said_to(people))
        found = answers(network, addresses, people, locale=locale, asked=asked)
    return {
        key: {
            name: Seen(
                answer.status_code,
                tuple(answer.headers.multi_items()),
                answer.content,
                answer.extensions["statements"],
                answer.extensions["written"],
            )
            for name, answer in row.items()
        }
        for key, row in found.items()
    }


def said_to(people: Collection[str]) -> Callable[[Key, str], bool]:
    """What `telling` chooses, without what nobody reads: an answer that only leads elsewhere has no word."""
    told, table = telling(people), reviewed()
    return lambda key, person: told(key, person) and table.get(key, {}).get(person) not in _ELSEWHERE


def pieces(answer: Seen) -> frozenset[str]:
    """The texts that a person reads in a page, attributes' too, numbers alike."""
    page = _UNSEEN.sub(" ", _DIGITS.sub("0", answer.text))
    return frozenset(piece for one in (*ATTRIBUTES.findall(page), *_TAG.split(page)) if (piece := one.strip()))


def saying_others(seen: Walk, asked: Callable[[Key, str], bool]) -> Callable[[Key, str], bool]:
    """Of the cells `asked`, those whose page said something in French that nobody else was told by the same route and
    with the same status; what stands around all the pages of a person is read on two of hers (`_OPEN`)."""
    chosen: set[tuple[Key, str]] = set()
    around = {person: pieces(answer) & pieces(seen[_OPEN[1]][person]) for person, answer in seen[_OPEN[0]].items()}
    for key, row in seen.items():
        told: dict[int, set[str]] = {}
        for person, answer in row.items():
            if not asked(key, person):
                continue
            said = pieces(answer) - around[person] if answer.html else frozenset({str(answer.content)})
            others = told.setdefault(answer.status_code, set())
            if key in _OPEN or not others or not said <= others:
                chosen.add((key, person))
                others |= said
    return lambda key, person: (key, person) in chosen if key in seen else asked(key, person)


def sending_others(seen: Walk) -> Callable[[Key, str], bool]:
    """Of each route, one cell for each status and each series of statements that it was seen to send: what another
    engine may answer otherwise. Of refusals, one for each series over all routes: nothing was made of what the engine
    said but to refuse. A route that was not seen is asked by everybody."""
    chosen: set[tuple[Key, str]] = set()
    refused: set[tuple[int, int]] = set()
    for key, row in seen.items():
        sent = {(answer.status_code, answer.statements): who for who, answer in row.items()}
        for (status, statements), who in sent.items():
            if status not in (403, 404) or (status, statements) not in refused:
                chosen.add((key, who))
            refused.add((status, statements))
    return lambda key, person: key not in seen or (key, person) in chosen


def telling(people: Collection[str]) -> Callable[[Key, str], bool]:
    """Which cells of the reviewed table tell something new to `people`.

    Every answer that is no refusal, and of a route's refusals one of each status: whoever is refused is refused by the
    same few lines before the handler, on the page of an error. A route that has no row yet is asked by everybody.
    """
    chosen: set[tuple[Key, str]] = set()
    table = reviewed()
    for key, row in table.items():
        refused: set[str] = set()
        for person in people:
            if row[person] not in _REFUSALS or row[person] not in refused:
                chosen.add((key, person))
            refused.add(row[person])
    return lambda key, person: key not in table or (key, person) in chosen
