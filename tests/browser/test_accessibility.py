"""axe on every page, on a phone and on a desk: no violation. The pages are those of the demo, with its requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from core.app import create_app
from core.cli import prepare_demo
from core.directory.models import Service
from core.kernel.db import Database
from core.referrals.models import Referral
from core.testing.server import LiveServer, serving

WIDTHS = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}

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
        "/references/{held}/modifier",
        "/references/{held}/restreindre",
    ),
    "police-repentigny": (
        "/",
        "/references",
        "/references/{pending}",
        "/references/nouvelle/carte?municipality=Repentigny",
    ),
    "admin-chrysalide": ("/", "/organisation", "/organisation/garde"),
    "confidentialite-chrysalide": ("/", "/journal"),
    "coordination-cresl": ("/", "/reseau"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The demo as `make demo` serves it."""
    with serving(create_app(prepare_demo(tmp_path_factory.mktemp("demo"), requests=True))) as running:
        yield running


@pytest.fixture(scope="module")
def known(server: LiveServer) -> dict[str, str]:
    """What the demo holds, by the names used in `PAGES`."""
    database: Database = server.app.state.house.database
    with database.transaction(write=False) as session:
        codes = {
            key: session.execute(
                select(Referral.code).where(Referral.idempotency_key == f"demo-request-{number}")
            ).scalar_one()
            for key, number in (("pending", 1), ("held", 4))
        }
        service = session.execute(select(Service.slug).where(Service.visibility == "public")).scalars().first()
    assert service is not None
    return {**codes, "service": service, "organisation": "calacs-la-chrysalide"}


def signed_in(browser: Browser, server: LiveServer, persona: str | None) -> Page:
    """A page of a browser of its own."""
    page = browser.new_context(viewport=WIDTHS["desk"], locale="fr-CA").new_page()  # type: ignore[arg-type]
    if persona is not None:
        page.goto(f"{server.url}/demo")
        page.locator(f'form[action="/demo/{persona}"] button').click()
        page.wait_for_url(f"{server.url}/")
    return page


@pytest.mark.parametrize("persona", PAGES, ids=str)
def test_no_page_keeps_anyone_out(
    browser: Browser, server: LiveServer, known: dict[str, str], persona: str | None
) -> None:
    """No violation of axe's rules, no sideways scrolling, no console error, on any page of this person."""
    page = signed_in(browser, server, persona)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    for path in PAGES[persona]:
        address = path.format(**known)
        answer = page.goto(server.url + address)
        assert answer is not None
        assert answer.status == (404 if path == "/nulle-part" else 200), address
        for width, size in WIDTHS.items():
            page.set_viewport_size(size)  # type: ignore[arg-type]
            found = Axe().run(page).response["violations"]
            faults += [f"{address} ({width}): {one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"):
                faults.append(f"{address} ({width}): scrolls sideways")
        if path == "/nulle-part":
            faults = [fault for fault in faults if "404" not in fault]
    assert not faults, "\n".join(faults)
