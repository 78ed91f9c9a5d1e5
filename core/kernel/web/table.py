"""The table of routes, opened at the first words of the path rather than read from its first line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

_CHOSEN = "arrimage_route"
_Words = tuple[str, ...]


class RouteTable(BaseRoute):
    """Several routes that answer as if they were listed one by one, in the same order.

    The platform and its plugins have 800 routes; trying them one after another took half a millisecond a request, a
    tenth of a page. Only those are tried whose path begins with the same words, at most two.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = tuple(routes)
        begun: dict[_Words, list[int]] = {(): []}
        for place, route in enumerate(self.routes):
            begun.setdefault(_beginning(route.path), []).append(place)
        #: First words of a path -> the routes that may answer it, in order.
        self._under = {
            words: tuple(self.routes[place] for place in sorted(_upon(begun, words)))
            for words in {*begun, *(words[:1] for words in begun)}
        }

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first route that takes the path and the method, else the first that takes the path."""
        partial: Route | None = None
        found: Scope = {}
        for route in self._candidates(scope["path"]):
            match, child = route.matches(scope)
            if match is Match.FULL:
                return match, {**child, _CHOSEN: route}
            if match is Match.PARTIAL and partial is None:
                partial, found = route, {**child, _CHOSEN: route}
        return (Match.NONE if partial is None else Match.PARTIAL), found

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The chosen route's answer."""
        await scope[_CHOSEN].handle(scope, receive, send)

    def _candidates(self, path: str) -> tuple[Route, ...]:
        first, second = [*path.split("/", 3)[1:3], "", ""][:2]
        for words in ((first, second), (first,)):
            if words in self._under:
                return self._under[words]
        return self._under[()]


def _beginning(path: str) -> _Words:
    """Its first two words, fewer where a parameter comes before."""
    words: list[str] = []
    for word in path.split("/")[1:3]:
        if "{" in word:
            break
        words.append(word)
    return tuple(words)


def _upon(begun: Mapping[_Words, list[int]], words: _Words) -> Iterator[int]:
    """The places of the routes that begin with all of `words`, or with fewer and then a parameter."""
    for length in range(len(words) + 1):
        yield from begun.get(words[:length], ())
