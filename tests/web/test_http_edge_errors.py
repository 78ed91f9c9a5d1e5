"""What goes wrong at the edge: an error of ours, a cookie or a question that means nothing, a journal that is away."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.kernel import log
from core.kernel.clock import FixedClock
from core.kernel.web.routes import Answer, PageRequest
from core.testing import LiveServer
from core.testing.network import Network, Visitor, visiting
from tests.support import held
from tests.support.edge import deviations
from tests.support.listening import endpoints, listening
from tests.support.pages import csrf_of
from tests.support.samples import PARAMETER, filled_network

SECRET = "Maude Tremblay 450 555-0199"


def boom(_session: Session, request: PageRequest) -> Answer:
    """A page that fails while it holds somebody's name."""
    kept = {"name": SECRET, "form": dict(request.form)}
    raise RuntimeError(f"no such row: {kept}")


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The log as a running server writes it."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    log.configure(logging.INFO, stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = handlers, level
    log.configure(logging.INFO)
    root.handlers[:] = handlers


def test_an_unexpected_error_tells_nobody_anything(
    network: Network, live_server: Callable[[Any], LiveServer], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    """On a real server: the page, the headers and the log of a page that fails, and of an error outside any page."""
    app = network.app(raise_unexpected=False)
    for endpoint in endpoints(app):
        if endpoint.route.path == "/connexion":
            endpoint.route = replace(endpoint.route, handler=boom)
    server = live_server(app)
    with httpx2.Client(base_url=server.url, verify=False, timeout=60) as http:
        token = csrf_of(http.get("/annuaire").text)
        failures = [http.get("/connexion"), http.post("/connexion", data={"_csrf": token, "email": SECRET})]
        app.state.house.renderer.static_dirs.clear()
        broken = next(one for one in app.routes if getattr(one, "path", "") == "/static/{path:path}")
        broken.endpoint.__self__.folders.clear()  # type: ignore[attr-defined]
        failures.append(http.get("/static/css/base.css"))
    for answer in failures:
        assert answer.status_code == 500
        assert deviations(answer) == []
        for trace in (SECRET, "Maude", "Traceback", "RuntimeError", "KeyError", ".py"):
            assert trace not in answer.text
    assert "<h1>" in failures[0].text
    written = lines()
    assert len([line for line in written if line["event"] == "unexpected"]) == 3
    for line in written:
        assert set(line) <= log.ALLOWED
        assert "Maude" not in json.dumps(line)
        assert "Traceback" not in json.dumps(line)
    first = next(line for line in written if line["event"] == "unexpected")
    assert first["route"] == "accounts.sign_in"
    assert first["error"] == "RuntimeError"
    assert first["code"].startswith("test_http_edge_errors.py:")


@pytest.mark.parametrize("cookie", ["arrimage", "arrimage_form", "arrimage_notice", "arrimage_langue"])
def test_a_cookie_that_means_nothing_breaks_nothing(visitor: Visitor, cookie: str) -> None:
    for value in (b"\xe9\xff", b"a.b", b"x" * 4000, b"=", b"bm9u.zzzz"):
        answer = visitor.http.get("/", headers={"cookie": cookie.encode() + b"=" + value})
        assert answer.status_code == 200
        assert 'class="notice' not in answer.text


ODD = ("²", "٣", "-1", "9" * 40, "1e309", "nan", "é\u202e'\"<script>", "%", "\n\r\t", "x" * 800, str(UUID(int=0)))
#: Those that a handler may take for a number or an identifier and give to the database; what refuses the others reads
#: none.
REACHING = ("9" * 40, "-1", "é\u202e'\"<script>", str(UUID(int=0)))
ASKED = (
    "age", "avant", "besoin", "champ", "cursor", "discrete", "kind", "langue", "lieu", "limit", "liste", "municipalite",
    "nom", "ouvert", "page", "places", "pour", "q", "recipient", "service",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_no_odd_question_breaks_a_page(engine: str, tmp_path: Path, clock: FixedClock) -> None:
    """Whatever stands after the question mark, or in the place of an identifier: an answer, never an error.

    A page that did not look at the first question is not asked the others, nor told other identifiers where its handler
    was never reached: it would answer alike. All are tried on SQLite; on PostgreSQL, which takes fewer, those that may
    reach it.
    """
    odd_ones = ODD if engine == "sqlite" else REACHING
    with (
        filled_network(engine, tmp_path, clock) as (network, paths),
        visiting(network, persona="calacs-chrysalide", raise_unexpected=False) as browser,
    ):
        broken: list[str] = []
        heard = listening(browser.http.app)

        def ask(path: str, query: dict[str, str]) -> None:
            answer = browser.get(path, params=query)
            if answer.status_code >= 500 or deviations(answer):
                broken.append(f"{path} {query.get('q', '')!r} {answer.status_code}")

        for route in browser.http.app.state.routes:
            if route.method != "GET":
                continue
            address = next(one for label, one in paths(route).items() if label != "missing")
            for odd in odd_ones:
                ask(address, dict.fromkeys(ASKED, odd))
                if route.path not in heard.looked:
                    break
            for odd in odd_ones if PARAMETER.search(route.path) else ():
                ask(PARAMETER.sub(quote(odd, safe=""), route.path), {})
                if route.path not in heard.reached:
                    break
        assert broken == []
        assert "/annuaire" in heard.looked
        assert heard.reached - heard.looked


def test_without_a_journal_nothing_is_read(network: Network) -> None:
    """The read and its line are one transaction: when the line cannot be written, no byte of content leaves."""
    code = held.hold(network)
    with visiting(network, persona=held.RECEIVER, raise_unexpected=False) as browser:
        assert held.PHONE in browser.get(f"/references/{code}").text
        with network.database.transaction() as session:
            session.execute(text("ALTER TABLE journal_entries RENAME TO journal_elsewhere"))
        answer = browser.get(f"/references/{code}")
        assert answer.status_code == 500
        assert held.PHONE not in answer.text
        assert held.NAME not in answer.text
        assert browser.post(f"/references/{code}/copier").status_code == 500
        assert browser.get("/annuaire").status_code == 200


@pytest.mark.parametrize(
    "path", ["/annuaire?age=", "/annuaire?page=", "/demandes?page=", "/comites/bien-etre/demandes?page="]
)
def test_a_number_of_five_thousand_digits_is_no_number(visitor: Visitor, path: str) -> None:
    """Python refuses to read it: the first page, or no age, never an error."""
    visitor.become("calacs-chrysalide")
    assert visitor.get(path + "1" * 5000).status_code == 200
    assert visitor.get(path + "0").status_code == 200
