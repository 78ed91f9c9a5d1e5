"""The edge: headers on every route and status, forged requests, unreadable bodies, methods and hosts. Both engines."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from core import features
from core.accounts.models import Throttle
from core.kernel.clock import FixedClock
from core.kernel.web import csrf
from core.testing import LiveServer
from core.testing.network import Network, Visitor, visiting
from tests.support.edge import READS_WRITE, contents, deviations, told
from tests.support.matrix import PERSONAS, reviewed
from tests.support.pages import csrf_of, words
from tests.support.samples import Addresses, filled_network
from tests.support.walks import walk

#: Headers, and which handlers write, do not depend on the engine.
ONE_ENGINE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[tuple[Network, Addresses]]:
    """A network with one of each kind in it, once on each engine."""
    with filled_network(request.param, tmp_path, clock) as both:
        yield both


@pytest.fixture(autouse=True)
def _no_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reminders and retention write by themselves: what a request changes is counted alone."""
    monkeypatch.setattr(features, "jobs", lambda _hooks: ())


def test_every_route_and_status_bears_the_golden_headers() -> None:
    found = walk("fr")
    statuses = {answer.status_code for row in found.values() for answer in row.values()}
    assert {200, 303, 403, 404, 409, 422} <= statuses
    wrong = [
        f"{' '.join(key)} {who} {answer.status_code}: {', '.join(deviations(answer))}"
        for key, row in found.items()
        for who, answer in row.items()
        if deviations(answer)
    ]
    assert wrong == []


def test_the_other_statuses_bear_them_too(visitor: Visitor) -> None:
    http = visitor.http
    token = visitor.csrf()
    big = {"_csrf": token, "email": "x" * 1_000_001}
    seen = {
        400: [http.get("/", headers={"host": "ailleurs.example"}), http.get("/live", headers={"host": "x.example"})],
        401: [http.get("/references", headers={"x-fragment": "1"}), http.get("/live")],
        403: [http.post("/connexion", data={}), http.get("/live", headers={"sec-fetch-site": "cross-site"})],
        404: [http.get("/nulle-part"), http.get("/static/nulle-part.css"), http.post("/nulle", data={"_csrf": token})],
        405: [http.put("/"), http.request("TRACE", "/references"), http.post("/live")],
        413: [http.post("/connexion", data=big)],
    }
    for status, refused in seen.items():
        for answer in refused:
            assert answer.status_code == status, (status, answer.request.url)
            assert deviations(answer) == []
    fresh = http.get("/static/css/base.css?v=1")
    assert fresh.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert [line for line in deviations(fresh) if not line.startswith("cache-control")] == []
    assert http.get("/static/css/base.css").headers["cache-control"] == "no-cache"


def test_over_https_cookies_are_host_only_and_transport_strict(network: Network) -> None:
    app = network.app(public_url="https://arrimage.example", allowed_hosts=("arrimage.example",))
    with TestClient(app, base_url="https://arrimage.example") as http:
        first = http.get("/connexion")
        assert deviations(first, https=True) == []
        token = csrf_of(first.text)
        assert http.get("/live").headers["strict-transport-security"]
        assert deviations(http.get("/live"), https=True) == []
        entered = http.post("/demo/calacs-chrysalide", data={"_csrf": token}, follow_redirects=False)
        language = http.post(
            "/langue", data={"_csrf": csrf_of(http.get("/compte").text), "locale": "en"}, follow_redirects=False
        )
        out = http.post("/deconnexion", data={"_csrf": csrf_of(http.get("/compte").text)}, follow_redirects=False)
        lines = [line for one in (first, entered, language, out) for line in one.headers.get_list("set-cookie")]
        assert {line.split("=")[0] for line in lines} == {
            "__Host-arrimage",
            "__Host-arrimage_form",
            "__Host-arrimage_langue",
        }
        for line in lines:
            parts = {part.strip().lower() for part in line.split(";")}
            assert {"secure", "httponly", "path=/", "samesite=lax"} <= parts
            assert not any(part.startswith("domain") for part in parts)
        # A page of our own name read over http may have been written by anybody on the way
        page = http.get("/connexion")
        form = {"_csrf": csrf_of(page.text), "locale": "fr"}
        forged = http.post("/langue", data=form, headers={"origin": "http://arrimage.example"})
        assert forged.status_code == 403
        ours = http.post("/langue", data=form, headers={"origin": "https://arrimage.example"}, follow_redirects=False)
        assert ours.status_code == 303


FORGERIES: dict[str, tuple[str, dict[str, str]]] = {
    "no token": ("", {}),
    "another browser's token": ("other", {}),
    "a token that is no text of ours": ("é\u202e", {}),
    "cross-site": ("own", {"sec-fetch-site": "cross-site"}),
    "same-site": ("own", {"sec-fetch-site": "same-site"}),
    "foreign origin": ("own", {"origin": "https://ailleurs.example"}),
    "null origin": ("own", {"origin": "null"}),
    "origin of another port": ("own", {"origin": "http://127.0.0.1:9999"}),
    "malformed origin": ("own", {"origin": "http://[127.0.0.1"}),
}


@pytest.mark.slow
def test_no_post_route_takes_a_forged_request(filled: tuple[Network, Addresses]) -> None:
    """Every route that changes something, signed in or not; nothing is written.

    A forged request is refused before any handler, by the same lines for all routes: each is sent one forgery, the
    next in turn; whoever is signed in tries all of them at one route of each mode and size. On PostgreSQL those alone:
    no statement comes before the refusal.
    """
    turn = itertools.cycle(FORGERIES.items())
    network, paths = filled
    everywhere = network.url.startswith("sqlite")
    with visiting(network) as browser:
        key = browser.http.app.state.house.keyring.cookie_key("csrf")
        for name, cookie in (("arrimage", network.token("calacs-chrysalide")), ("arrimage_form", "une-visite")):
            browser.http.cookies.clear()
            browser.http.cookies.set(name, cookie)
            tokens = {"own": csrf.token_for(key, cookie), "other": csrf.token_for(key, "un-autre-navigateur")}
            tried: set[tuple[str, int]] = set()
            before = contents(network)
            taken = []
            for route in browser.http.app.state.routes:
                # One route is called by another server and reads no cookie: tests/web/test_provider_logout.py
                if route.method != "POST" or route.machine:
                    continue
                address = next(iter(paths(route).values()))
                every = name == "arrimage" and (route.mode, route.max_body) not in tried
                tried.add((route.mode, route.max_body))
                for what, (token, headers) in FORGERIES.items() if every else [next(turn)] if everywhere else []:
                    data = {"_csrf": tokens.get(token, token)}
                    answer = browser.http.post(address, data=data, headers=headers, follow_redirects=False)
                    if answer.status_code != 403 or "arrimage=" in ";".join(answer.headers.get_list("set-cookie")):
                        taken.append(f"{route.path} {what} {answer.status_code}")
            assert taken == []
            assert contents(network) == before


def test_a_browser_that_says_nothing_passes_by_its_token_alone(visitor: Visitor) -> None:
    for headers in ({}, {"origin": "http://127.0.0.1"}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}):
        assert visitor.post("/langue", {"locale": "fr"}, headers=headers).status_code == 303


def test_no_page_writes_whoever_asks_for_it() -> None:
    """Every GET route, as every principal of the matrix, by the statements it sent: only the journal of reads and the
    last sign of activity may be written."""
    found = {key: row for key, row in walk("fr").items() if key[0] == "GET"}
    assert sum(answer.status_code == 200 for row in found.values() for answer in row.values()) > 900
    seen = {name for row in found.values() for answer in row.values() for name in answer.written}
    assert {"journal_entries"} <= seen <= READS_WRITE, [
        f"{key[1]} {key[2]} {who}: {sorted(answer.written - READS_WRITE)}"
        for key, row in found.items()
        for who, answer in row.items()
        if answer.written - READS_WRITE
    ]


@pytest.mark.slow
@pytest.mark.parametrize("filled", ["sqlite"], indirect=True)
def test_no_get_changes_anything(filled: tuple[Network, Addresses]) -> None:
    """The same of what is really committed, whatever it came by: the first of four kinds of people that may open a page
    asks for it as a script does, and everybody opens the first one as a person does."""
    network, paths = filled
    table = reviewed()
    people = ("police", "receiver", "organisation_admin", "privacy_officer")
    with visiting(network) as browser:
        tokens = {who: network.token(PERSONAS[who] or "") for who in people}  # signing in is noted by month
        told(network)  # what the samples caused is not the pages' doing
        before = contents(network, without=READS_WRITE)
        shown = set()
        for who, token in tokens.items():
            browser.http.cookies.clear()
            browser.http.cookies.set("arrimage", token)
            assert browser.get("/").status_code == 200
            for route in browser.http.app.state.routes:
                if route.method == "GET":
                    for label, address in paths(route).items():
                        if address not in shown and table.get(("GET", route.path, label), {}).get(who) == "200":
                            assert browser.get(address, headers={"x-fragment": "1"}).status_code < 500
                            shown.add(address)
        assert len(shown) > 120
        after = contents(network, without=READS_WRITE)
    assert {name for name in before if before[name] != after[name]} == set()


def test_a_refused_fragment_equals_a_missing_one(filled: tuple[Network, Addresses]) -> None:
    """What a script refetches tells no more than a page: every byte but Date, for each kind of viewer."""
    network, paths = filled
    compared = 0
    with visiting(network) as browser:
        for persona in ("cisss-centre-designe", "calacs-coup-de-coeur", "admin-chrysalide", None):
            browser.become(persona)
            browser.get("/connexion")  # a browser known to us: a new one is given its cookie with each page
            for route in browser.http.app.state.routes:
                addresses = paths(route)
                if route.method != "GET" or "submitted" not in addresses:
                    continue
                shown = {}
                for label in ("missing", "submitted", "accepted"):
                    answer = browser.get(addresses[label], headers={"x-fragment": "1", "sec-fetch-mode": "cors"})
                    headers = {name: value for name, value in answer.headers.items() if name != "date"}
                    # Somebody whose role opens no reference at all may find the address asked for in her own refusal
                    shown[label] = (answer.status_code, headers, answer.text.replace(addresses[label], "…"))
                if shown["missing"][0] == 404:
                    assert addresses["missing"] not in answer.text
                if shown["missing"][0] in (401, 403, 404):
                    assert shown["submitted"] == shown["accepted"] == shown["missing"], (persona, route.path)
                    compared += 1
    assert compared > 30


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 50_000 + 1):
        yield b"x" * 50_000


def test_a_body_over_one_megabyte_is_refused_before_it_is_read(
    network: Network, live_server: Callable[[Any], LiveServer]
) -> None:
    """Declared or not, on a real server; the sentence says what to do, and the server goes on."""
    server = live_server(network.app())
    with httpx2.Client(base_url=server.url, verify=False, timeout=60) as http:
        token = csrf_of(http.get("/connexion").text)
        declared = http.post("/connexion", content=b"x" * 1_000_001, headers=FORM)
        undeclared = http.post("/connexion", content=chunks(1_200_000), headers=FORM)
        for answer in (declared, undeclared):
            assert answer.status_code == 413
            assert "ne peut dépasser 1 Mo" in words(answer.text).replace("\u00a0", " ")
            assert deviations(answer) == []
        under = http.post("/langue", data={"_csrf": token, "locale": "fr", "next": "/" + "x" * 900_000})
        assert under.status_code == 303
        odd = http.post("/connexion", content=b"", headers={**FORM, "content-length": "0"})
        assert odd.status_code == 403


UNREADABLE: dict[str, tuple[bytes, str, int]] = {
    "broken UTF-8": (b"_csrf=%s&email=%%ff%%fe", "application/x-www-form-urlencoded", 422),
    "another encoding, not escaped": (b"_csrf=%s&email=Andr\xe9e", "application/x-www-form-urlencoded", 422),
    "a NUL byte": (b"_csrf=%s&email=a%%00b", "application/x-www-form-urlencoded", 422),
    "a broken field name": (b"_csrf=%s&em%%ffail=a", "application/x-www-form-urlencoded", 422),
    "multipart in another encoding": (
        (
            b'--b\r\nContent-Disposition: form-data; name="_csrf"\r\n\r\n%s\r\n'
            b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\nAndr\xe9e\r\n--b--\r\n'
        ),
        "multipart/form-data; boundary=b",
        422,
    ),
    "multipart without its boundary": (b"--b\r\n%s", "multipart/form-data", 400),
    "multipart that is none": (b"n'importe quoi %s", "multipart/form-data; boundary=b", 400),
    "a field of no name": (
        b"--b\r\nContent-Disposition: form-data\r\n\r\n%s\r\n--b--\r\n",
        "multipart/form-data; boundary=b",
        400,
    ),
}


def test_what_cannot_be_read_is_said_in_one_sentence(visitor: Visitor) -> None:
    visitor.network.token("calacs-chrysalide")  # signing in is noted by month
    token = visitor.csrf().encode()
    before = contents(visitor.network)
    for what, (body, kind, status) in UNREADABLE.items():
        answer = visitor.http.post("/connexion", content=body % token, headers={"content-type": kind})
        assert answer.status_code == status, what
        said = words(answer.text)
        assert "n’ont pas pu être lus" in said or "n’a pas pu être lue" in said, what
        assert deviations(answer) == []
    for path in ("/annuaire?q=%00", "/annuaire?q=%ff", "/annuaire?%00=a"):
        assert visitor.get(path).status_code == 422, path
    visitor.become("calacs-chrysalide")
    for path in (
        "/references/R-7K3M-9Q%00",
        "/annuaire/services/%00",
        "/static/%00.css",
        "/static/" + "x" * 300 + ".css",
    ):
        assert visitor.get(path).status_code == 404, path
    assert contents(visitor.network, without=READS_WRITE) == {
        name: rows for name, rows in before.items() if name not in READS_WRITE
    }


def test_an_unknown_method_gets_our_page(visitor: Visitor) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"):
        answer = visitor.http.request(method, "/connexion")
        assert answer.status_code == 405
        assert "<h1>" in answer.text
        assert 'lang="fr-CA"' in answer.text
        assert "GET" in answer.headers["allow"]
        assert "access-control-allow-origin" not in answer.headers
        assert deviations(answer) == []


@pytest.mark.parametrize("host", ["ailleurs.example", "127.0.0.1.ailleurs.example", "", "localhost@ailleurs.example"])
def test_only_our_own_names_are_answered(visitor: Visitor, host: str) -> None:
    for path in ("/", "/live", "/static/css/base.css", "/connexion"):
        answer = visitor.http.get(path, headers={"host": host})
        assert answer.status_code == 400
        assert "set-cookie" not in answer.headers
        assert host not in answer.text or not host
    assert visitor.http.get("/", headers={"host": "LOCALHOST:8000"}).status_code == 200


@ONE_ENGINE
@pytest.mark.parametrize(
    ("trusted", "counted"),
    [((), "127.0.0.0"), (("192.0.2.1",), "127.0.0.0"), (("127.0.0.1",), "203.0.113.0")],
    ids=["nobody", "another machine", "the proxy"],
)
def test_only_a_trusted_proxy_says_where_a_request_comes_from(
    network: Network, live_server: Callable[[Any], LiveServer], trusted: tuple[str, ...], counted: str
) -> None:
    """Attempts are counted by address: a header that anybody writes would give each attempt an address of its own."""
    server = live_server(network.app(trusted_proxies=trusted))
    with httpx2.Client(base_url=server.url, verify=False, headers={"x-forwarded-for": "203.0.113.9"}) as http:
        form = {"_csrf": csrf_of(http.get("/connexion").text), "email": "une@exemple.test", "password": "x" * 12}
        assert http.post("/connexion", data=form).status_code == 422
    key = network.keyring.pseudonym("throttle.sign_in.address", counted)
    with network.database.transaction(write=False) as session:
        assert session.execute(select(Throttle.count).where(Throttle.key == key)).scalar() == 1


def test_a_notice_waits_for_a_page_that_a_person_sees(visitor: Visitor) -> None:
    """Fragments, scripts and prefetches neither show nor use it up; it is shown once."""
    visitor.become("calacs-chrysalide")
    with visiting(visitor.network, persona="calacs-chrysalide") as elsewhere:
        listed = elsewhere.get("/compte").text
    devices = [part.split('"')[0] for part in listed.split('action="/compte/appareils/')[1:]]
    current = visitor.get("/compte").text.split("cet appareil")[1].split('action="/compte/appareils/')[1].split('"')[0]
    other = next(one for one in devices if one != current)
    assert visitor.post(f"/compte/appareils/{other}").status_code == 303
    said = "La session de cet appareil est terminée"
    for headers in ({"x-fragment": "1"}, {"sec-fetch-mode": "cors"}, {"sec-fetch-mode": "no-cors"}):
        assert said not in visitor.get("/", headers=headers).text
    assert said in visitor.get("/", headers={"sec-fetch-mode": "navigate"}).text
    assert said not in visitor.get("/").text
