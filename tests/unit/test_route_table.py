"""A table of routes answers like a list of them, and tries fewer."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Match, Route

from core.kernel.web.table import RouteTable

WORDS = ("a", "b", "{x}", "{y}.pdf", "")
PATHS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(
    # A name stands once in a path
    lambda words: "/" + "/".join(word.replace("{x}", f"{{x{place}}}") for place, word in enumerate(words))
)
ROUTES = st.lists(st.tuples(PATHS, st.sampled_from(["GET", "POST"])), max_size=12)
ASKED = st.lists(st.sampled_from(["a", "b", "c", "z.pdf", ""]), max_size=5).map(lambda words: "/" + "/".join(words))


async def nothing(_scope: Any, _receive: Any, _send: Any) -> None:
    """An endpoint nobody calls."""


def read_line_by_line(routes: list[Route], scope: dict[str, Any]) -> tuple[Match, Route | None]:
    """What Starlette's router does with a list."""
    partial = None
    for route in routes:
        match, _ = route.matches(scope)
        if match is Match.FULL:
            return match, route
        if match is Match.PARTIAL and partial is None:
            partial = route
    return (Match.NONE if partial is None else Match.PARTIAL), partial


def made(paths: list[tuple[str, str]]) -> list[Route]:
    return [Route(path if path.count("{y}") < 2 else "/b", nothing, methods=[method]) for path, method in paths]


@given(ROUTES, ASKED, st.sampled_from(["GET", "POST", "PUT"]))
def test_a_table_chooses_what_a_list_would(paths: list[tuple[str, str]], asked: str, method: str) -> None:
    routes = made(paths)
    scope = {"type": "http", "path": asked, "method": method}
    match, child = RouteTable(routes).matches(scope)
    expected, route = read_line_by_line(routes, scope)
    assert (match, child.get("arrimage_route")) == (expected, route)
    if route is not None:
        assert child["path_params"] == route.matches(scope)[1]["path_params"]


def test_few_are_tried(monkeypatch: Any) -> None:
    paths = [f"/{place}/{kind}/{{id}}" for place in range(30) for kind in range(20)] + ["/{other}", "/{other}/x"]
    table = RouteTable(made([(path, "GET") for path in paths]))
    tried: list[str] = []
    matches = Route.matches
    monkeypatch.setattr(Route, "matches", lambda self, scope: tried.append(self.path) or matches(self, scope))
    assert table.matches({"type": "http", "path": "/7/3/x", "method": "GET"})[0] is Match.FULL
    assert tried == ["/7/3/{id}"]
    assert table.matches({"type": "http", "path": "/nulle/x/y", "method": "GET"})[0] is Match.NONE
    assert len(tried) == 3
