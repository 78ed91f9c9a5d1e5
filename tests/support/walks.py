"""The walk of every route, done once for all the tests of a run that read what it saw.

`walk("fr")` asks as every principal of the route matrix, `walk("en")` as `ENGLISH`, on SQLite. The first test that
needs a walk does it (40 s) and leaves it in the run's folder; the others, in whatever worker, read it there. What fails
is each test's own: the matrix its cells, the golden headers their header, the English its words.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import httpx2

from core.kernel.clock import FixedClock
from core.testing import NOW, databases, postgres
from core.testing.network import fresh_network
from tests.support.matrix import PERSONAS, Key, answers, reviewed

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
_ELSEWHERE = frozenset({"303", "307"})


@dataclass(frozen=True)
class Seen:
    """One answer, as it came: its status, its headers in order, its bytes; equal `statements` were sent alike."""

    status_code: int
    raw: tuple[tuple[str, str], ...]
    content: bytes
    statements: int

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


@lru_cache(maxsize=1)
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
        network = stack.enter_context(fresh_network("sqlite", folder, FixedClock(NOW)))
        network.settings = network.settings.model_copy(update={"raise_unexpected": False})
        people = PERSONAS if locale == "fr" else ENGLISH
        found = answers(network, people, locale=locale, asked=None if locale == "fr" else said_to(people))
    return {
        key: {
            name: Seen(
                answer.status_code,
                tuple(answer.headers.multi_items()),
                answer.content,
                answer.extensions["statements"],
            )
            for name, answer in row.items()
        }
        for key, row in found.items()
    }


def said_to(people: Collection[str]) -> Callable[[Key, str], bool]:
    """What `telling` chooses, without what nobody reads: an answer that only leads elsewhere has no word."""
    told, table = telling(people), reviewed()
    return lambda key, person: told(key, person) and table.get(key, {}).get(person) not in _ELSEWHERE


def sending_others(seen: Walk) -> Callable[[Key, str], bool]:
    """Of each route, one cell for each status and each series of statements that it was seen to send: what another
    engine may answer otherwise. A route that was not seen is asked by everybody."""
    chosen = {
        (key, person)
        for key, row in seen.items()
        for person in {(answer.status_code, answer.statements): who for who, answer in row.items()}.values()
    }
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
