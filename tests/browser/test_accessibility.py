"""axe on every page, on a phone and on a desk: no violation. The pages are those of the demo, with its requests.

`PAGES` names those worth several looks. Every other address of the application is found from its routes: the reviewed
matrix says who gets a page there, so that a new page is looked at from the day it has its row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, Response
from sqlalchemy import select

from core.demo_requests import seed_requests
from core.directory.models import Service
from core.kernel.clock import FixedClock
from core.kernel.web.routes import Route
from core.referrals.models import Referral
from core.testing import NOW
from core.testing.network import Network, fresh_network
from core.testing.server import LiveServer, serving
from tests.support.axe import WIDTHS, faults, read_ahead
from tests.support.demo import sign_in
from tests.support.matrix import PERSONAS, reviewed
from tests.support.samples import sample_paths

#: Who looks at which pages; {…} are filled with what the demo holds.
PAGES: dict[str | None, tuple[str, ...]] = {
    None: (
        "/",
        "/annuaire",
        "/annuaire?q=hebergement+joliet",
        "/annuaire/services/{service}",
        "/annuaire/organismes/{organisation}",
        "/suivre",
        "/connexion",
        "/demo",
        "/nulle-part",
    ),
    "calacs-chrysalide": (
        "/",
        "/demandes",
        "/demandes?liste=closed",
        "/demandes/saisir",
        "/references",
        "/references/nouvelle",
        "/references/retrait",
        "/references/{pending}",
        "/references/{pending}/consentement",
        "/references/{pending}/retrait",
        "/compte",
        "/organisation",
    ),
    "calacs-coup-de-coeur": (
        "/references/{held}",
        "/references/{held}/consentement",
        "/references/{held}/transferer",
        "/references/{held}/transferer?kind=transfer&recipient={next}",
        "/references/{held}/modifier",
        "/references/{held}/modifier/apercu",
        "/references/{held}/modifier/contact",
        "/references/{held}/restreindre",
    ),
    "police-repentigny": (
        "/",
        "/references",
        "/references/{pending}",
        "/references/nouvelle/carte?municipality=Repentigny",
    ),
    "admin-chrysalide": ("/", "/organisation", "/organisation/garde", "/organisation/champs/description"),
    "confidentialite-chrysalide": ("/", "/journal"),
    "coordination-cresl": ("/", "/reseau"),
    "bien-etre-1": ("/",),
    "operateur": ("/",),
    "ficesl-formation": ("/",),
}
#: Pages of a committee whose members the matrix does not play, and who looks at them.
BY_MEMBERS = dict.fromkeys(
    (
        "/comites/ficesl/attestations/revoquer",
        "/comites/ficesl/capsules/{module}/questions",
        "/comites/ficesl/formations/nouvelle",
        "/comites/ficesl/formations/{code}/modifier",
        "/comites/ficesl/parcours/nouveau",
        "/comites/ficesl/seances/nouvelle",
        "/comites/ficesl/seances/{code}/organiser",
    ),
    "ficesl-formation",
) | dict.fromkeys(
    (
        "/comites/orres/echanges",
        "/comites/orres/echanges/nouvelle",
        "/comites/orres/echanges/{code}",
        "/comites/orres/echanges/{code}/reprendre",
        "/comites/orres/lecons",
        "/comites/orres/versions/{number}/elements/{key}/services",
        "/comites/orres/versions/{number}/elements/{key}/services/{service}",
        "/comites/orres/versions/{number}/nom",
        "/comites/orres/versions/{number}/passages/{source}/{target}",
    ),
    "orres-comite",
)


#: Pages that only exist after something was done: the test that does it looks at them there.
ELSEWHERE = {
    "/references/brouillons/{key}/contact": "test_new_referral.py",
    "/references/brouillons/{key}/verifier": "test_new_referral.py",
    "/references/nouvelle/arret/{key}": "test_new_referral.py",
    "/references/jumelees/{key}": "test_guide.py",
    "/references/{code}/transmise": "test_story.py",
    "/demandes/{code}/accuse": "test_story.py",
    "/connexion/facteur": "test_passkeys.py",
    "/compte/facteurs/cles/nouvelle": "test_passkeys.py",
    "/entente": "test_passkeys.py",
    "/verrou": "test_session_lock.py",
    "/verrou/nombre": "test_session_lock.py",
}
#: What no page answers, and why.
NO_PAGE = {
    "/live": "a stream",
    "/comites/bien-etre/fonds/grand-livre/export.{format}": "a file",
    "/comites/bien-etre/fonds/recus/{receipt}": "a file",
    "/confirmer/organisme": "leads to the organisation's own provider",
    "/connexion/organisme/{slug}": "leads to the organisation's own provider",
    "/comites/ficesl/formations/documents/{document}": "a file, or leads to the page it links to",
    "/comites/ficesl/personnes/export.csv": "a file",
    "/comites/ficesl/personnes/{learner}/copie.csv": "a file",
    "/heures/export.csv": "a file",
    "/heures/export.xlsx": "a file",
    "/heures/importer/{import}/erreurs.csv": "a file",
    "/comites/orres/trajectoire/affiche/pdf": "a file",
    "/comites/orres/trajectoire/emporter/partenaires": "a file: test_takeaway_file.py looks at it",
    "/comites/orres/trajectoire/emporter/public": "a file: test_takeaway_file.py looks at it",
    "/comites/orres/trajectoire/poche/pdf": "a file",
    "/rapports/{period}/fichiers/{kind}": "a file",
    "/organisation/adresse": "only an organisation with a confidential address has it, and no persona belongs to one",
}
#: Pages that ask a fresh proof first, and the page that asks it.
CONFIRMED = ("/confirmer", "/organisation/connexion", "/organisation/personnes/{id}/depart")
#: Pages of a state that no browser test makes yet: only looked at by eye, at both widths. Shorten this list.
BY_EYE = {
    "/comites/ficesl/avis/{code}": "the evaluation of a session that one followed",
    "/comites/{slug}/votes/{code}/suppleance": "a vote that calls an alternate",
    "/connexion/organisme/{slug}/retour": "a provider that sends somebody back with an error",
    "/entente/{hash}": "the printable text of an agreement",
    "/heures/importer/{import}": "a file being imported",
    "/heures/{entry}": "an entry of one's own",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """The demo's network with its requests, as `make demo` fills it."""
    with fresh_network("sqlite", tmp_path_factory.mktemp("demo"), FixedClock(NOW)) as network:
        with network.database.transaction() as session:
            seed_requests(session, network.keyring, NOW)
        yield network


@pytest.fixture(scope="module")
def server(demo: Network) -> Iterator[LiveServer]:
    """The same, served."""
    with serving(demo.app()) as running:
        yield running


@pytest.fixture(scope="module")
def known(demo: Network) -> dict[str, str]:
    """What the demo holds, by the names used in `PAGES`."""
    with demo.database.transaction(write=False) as session:
        codes = {
            key: session.execute(
                select(Referral.code).where(Referral.idempotency_key == f"demo-request-{number}")
            ).scalar_one()
            for key, number in (("pending", 1), ("held", 4))
        }
        service = session.execute(select(Service.slug).where(Service.visibility == "public")).scalars().first()
    assert service is not None
    recipient = str(demo.organisation("calacs-la-chrysalide"))
    return {**codes, "service": service, "organisation": "calacs-la-chrysalide", "next": recipient}


@pytest.fixture(scope="module")
def unlisted(demo: Network, server: LiveServer) -> dict[str | None, list[str]]:
    """Persona -> addresses of pages that `PAGES` does not name."""
    samples, table = sample_paths(demo), reviewed()
    found: dict[str | None, list[str]] = {}
    for route in unlisted_routes(server.app):
        for label, address in samples(route).items():
            able = readers(table.get(("GET", route.path, label), {}))
            if not able and label != "missing" and route.path in BY_MEMBERS:
                able = [BY_MEMBERS[route.path]]
            if able:
                found.setdefault(able[0], []).append(address)
    return found


def readers(row: Mapping[str, str]) -> list[str | None]:
    """The personas of `PAGES` who get a page, by a row of the matrix."""
    return [PERSONAS[name] for name, status in row.items() if status == "200" and PERSONAS[name] in PAGES]


def unlisted_routes(app: Any) -> list[Route]:
    """The routes of pages that no address of `PAGES` leads to."""
    listed = {path.partition("?")[0] for paths in PAGES.values() for path in paths}
    # A code stands for anything: `/references/{pending}` and `/references/{code}` are one page.
    shapes = [re.compile(re.sub(r"\\{[^}]*\\}", r"[^/]+", re.escape(route.path))) for route in app.state.routes]
    pages = [(route, shape) for route, shape in zip(app.state.routes, shapes, strict=True) if route.method == "GET"]
    fixed = {route.path for route, _ in pages if "{" not in route.path}
    return [
        route
        for route, shape in pages
        if route.path not in ELSEWHERE
        and route.path not in NO_PAGE
        and route.path not in BY_EYE
        and route.path not in CONFIRMED
        and not any(shape.fullmatch(path) and (path not in fixed or path == route.path) for path in listed)
    ]


def test_every_page_is_looked_at_by_someone(server: LiveServer) -> None:
    """A route whose page nobody gets, in the reviewed matrix, must be named in `PAGES`."""
    table = reviewed()
    opened = {path for (method, path, _), row in table.items() if method == "GET" and readers(row)} | set(BY_MEMBERS)
    missing = [route.path for route in unlisted_routes(server.app) if route.path not in opened]
    assert not missing, f"no browser looks at {missing}: name an address in PAGES"
    known_paths = {"/live", *(route.path for route in server.app.state.routes)}
    assert {*ELSEWHERE, *NO_PAGE, *BY_EYE, *CONFIRMED, *BY_MEMBERS} <= known_paths


def test_pages_behind_a_confirmation(browser: Browser, server: LiveServer, demo: Network) -> None:
    """What asks a fresh proof: the page that asks it, then the page itself."""
    page = signed_in(browser, server, "admin-chrysalide")
    worker = str(demo.viewer("calacs-chrysalide").user_id)
    wrong: list[str] = []
    for path in CONFIRMED:
        if path == "/confirmer":
            continue
        page.goto(server.url + path.replace("{id}", worker))
        if "/confirmer" in page.url:
            wrong += faults(page)
            page.locator("main form button").first.click()
            page.wait_for_url(lambda url: "/confirmer" not in url)
        assert page.url.endswith(path.replace("{id}", worker))
        wrong += faults(page)
    page.context.close()
    assert not wrong, "\n".join(wrong)


def signed_in(browser: Browser, server: LiveServer, persona: str | None) -> Page:
    """A page of a browser of its own."""
    context = browser.new_context(viewport=WIDTHS["desk"], locale="fr-CA")  # type: ignore[arg-type]
    if persona is not None:
        sign_in(context, server, persona)
    return context.new_page()


@pytest.mark.parametrize("persona", PAGES, ids=str)
def test_no_page_keeps_anyone_out(
    browser: Browser,
    server: LiveServer,
    known: dict[str, str],
    unlisted: dict[str | None, list[str]],
    persona: str | None,
) -> None:
    """No violation of axe's rules, no sideways scrolling, no console error, on any page of this person."""
    addresses = [path.format(**known) for path in PAGES[persona]]
    page, wrong = signed_in(browser, server, persona), []
    read_ahead(page)
    page.on(
        "console", lambda line: wrong.append(f"{line.location['url']} {line.text}") if line.type == "error" else None
    )
    for address in [*addresses, *unlisted.get(persona, ())]:
        answer = shown(page, server.url + address)
        # What nobody listed may be a download: that is no page
        if answer is None:
            assert address not in addresses
            continue
        assert answer.status == (404 if address == "/nulle-part" else 200), address
        wrong += faults(page, address)
    # Left open, its stream and its clocks would go on beside the others
    page.context.close()
    # The page that is missing on purpose, and the icon that a file shown by the browser cannot name
    wrong = [fault for fault in wrong if not re.match(r"\S+(/nulle-part|/favicon\.ico) .*404", fault)]
    assert not wrong, "\n".join(wrong)


def shown(page: Page, url: str) -> Response | None:
    """The answer of a page, None where a file came instead."""
    try:
        answer = page.goto(url)
    except Error as error:
        if "Download is starting" not in error.message:
            raise
        return None
    assert answer is not None
    return answer if answer.headers["content-type"].startswith("text/html") else None
