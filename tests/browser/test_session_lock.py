"""A worker steps away from a form half filled in: the warning, the lock over the page, the count, and back again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from core.kernel.clock import FixedClock
from core.testing import LiveServer
from core.testing.network import Network, fresh_network
from tests.support.axe import faults
from tests.support.held import send
from tests.support.modules import loaded
from tests.support.people import PASSWORD, Person, intake_worker

#: Six seconds stand for fifteen minutes, so three for the two of the warning.
IDLE_MINUTES = 0.1


@pytest.fixture
def network(tmp_path: Path, clock: FixedClock) -> Iterator[Network]:
    with fresh_network("sqlite", tmp_path, clock) as seeded:
        yield seeded


@pytest.fixture
def server(network: Network, live_server: Callable[[Any], LiveServer]) -> LiveServer:
    return live_server(network.app(session_idle_minutes=IDLE_MINUTES))


@pytest.fixture
def context(browser: Browser, server: LiveServer) -> Iterator[BrowserContext]:
    made = browser.new_context(base_url=server.url, viewport={"width": 390, "height": 844}, locale="fr-CA")
    yield made
    made.close()


def opened(context: BrowserContext, person: Person, path: str) -> Page:
    context.add_cookies([{"name": "arrimage", "value": person.token, "url": "http://127.0.0.1"}])
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    page.goto(path)
    return page


def later(network: Network, seconds: float) -> None:
    network.clock.advance(timedelta(seconds=seconds))


def test_a_form_half_filled_in_waits_under_the_lock(context: BrowserContext, network: Network) -> None:
    person = intake_worker(network, factor="totp")
    page = opened(context, person, "/references/nouvelle")
    page.get_by_role("link", name="Commencer avec elle").click()
    page.wait_for_url("**/situation")
    field = page.locator("#f-municipality")
    loaded(page)
    field.fill("Repentigny")
    typed = time.monotonic()
    other = context.new_page()
    other.goto("/compte")
    expect(other.get_by_role("heading", name="Camille Essai-Roy")).to_be_visible()
    page.bring_to_front()
    field.focus()

    # Two minutes before: a question, which takes the focus and gives it back. Whoever typed in the last minute is not
    # asked, and its session goes on: none has by then
    page.wait_for_timeout(max(0.0, typed + IDLE_MINUTES * 60 / 4 - time.monotonic()) * 1000)
    later(network, 3.2)
    warning = page.get_by_role("alertdialog", name="Êtes-vous toujours là?")
    expect(warning).to_be_visible()
    expect(warning).to_contain_text("se verrouille à")
    stay = warning.get_by_role("button", name="Rester connecté")
    expect(stay).to_be_focused()
    assert faults(page) == []
    with page.expect_response("**/session/active"):  # before the clock moves: nothing warns twice of the same hour
        stay.click()
    expect(warning).to_have_count(0)
    expect(field).to_be_focused()
    later(network, 3.2)
    assert page.evaluate("fetch('/session').then((answer) => answer.json())")["state"] == "live", "it was prolonged"

    # Nobody answers: every tab of the session is covered, nothing personal shows
    expect(warning).to_be_visible()
    later(network, 3)
    lock = page.locator("dialog.lock")
    expect(lock.get_by_role("heading", name="Session verrouillée")).to_be_visible()
    expect(lock).to_contain_text("Aucune demande reçue depuis le verrouillage")
    expect(page).to_have_title("Session verrouillée · Arrimage")
    for hidden in (field, page.locator("header"), page.locator("main h1")):
        expect(hidden).not_to_be_visible()
    expect(other.locator("dialog.lock h1")).to_have_text("Session verrouillée")
    expect(other.get_by_role("heading", name="Camille")).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(lock).to_be_visible()
    assert faults(page) == []

    # The number grows by itself, on both, and names nothing
    code = send(network)
    for tab in (page, other):
        expect(tab.locator(".lock-count")).to_have_text("1 demande reçue depuis le verrouillage")
        assert code not in tab.content()

    # A factor opens it in place; what was typed is there, and the form is still good
    later(network, 30)
    lock.get_by_label("Code de l’application").fill("000000")
    lock.get_by_role("button", name="Confirmer", exact=True).click()
    expect(lock.get_by_role("alert").first).to_be_visible()
    lock.get_by_label("Code de l’application").fill(person.code(network))
    lock.get_by_role("button", name="Confirmer", exact=True).click()
    expect(lock).to_have_count(0)
    expect(field).to_have_value("Repentigny")
    expect(other.locator("dialog.lock")).to_have_count(0)
    expect(other.get_by_role("heading", name="Camille Essai-Roy")).to_be_visible()
    page.locator('label:has([name="age_band"][value="18_24"])').click()
    with page.expect_response(lambda answer: answer.ok and "18_24" in (answer.request.post_data or "")):
        field.focus()
        page.locator("h1").click()
    expect(page.locator("[data-form-status]")).to_contain_text("Enregistré")


def test_one_key_locks_at_once_and_the_password_opens_where_none_else_was_used(
    context: BrowserContext, network: Network
) -> None:
    person = intake_worker(network)
    page = opened(context, person, "/annuaire")
    search = page.get_by_role("searchbox").or_(page.locator("#f-q")).first
    search.fill("logement")
    page.locator("h1").click()
    loaded(page)
    page.keyboard.press("v")
    lock = page.locator("dialog.lock")
    expect(lock.get_by_label("Mot de passe")).to_be_focused()
    assert page.evaluate("fetch('/session').then((answer) => answer.json())") == {"state": "locked"}
    lock.get_by_label("Mot de passe").fill("pas-le-bon-mot-de-passe")
    page.keyboard.press("Enter")
    expect(lock).to_contain_text("Ce mot de passe ne correspond pas.")
    lock.get_by_label("Mot de passe").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(lock).to_have_count(0)
    expect(search).to_have_value("logement")

    # Loaded again while locked: the page of the lock itself, which leads back
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("v")
    expect(lock.get_by_label("Mot de passe")).to_be_focused()
    page.goto("/compte")
    assert page.url.endswith("/verrou?suite=%2Fcompte")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Déverrouiller").click()
    page.wait_for_url("**/compte")
    expect(page.get_by_role("heading", name="Camille Essai-Roy")).to_be_visible()

    # Signed out: the browser's own button brings nothing back
    page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url("**/")
    page.go_back()
    page.wait_for_load_state()
    expect(page.get_by_role("heading", name="Camille")).to_have_count(0)
    assert "Camille" not in page.content()


def test_a_laptop_that_slept_shows_nothing_when_it_wakes(context: BrowserContext, network: Network) -> None:
    """Its timers stood still: the hour has passed, so nothing shows while the server is asked."""
    person = intake_worker(network)
    page = opened(context, person, "/compte")
    page.clock.install()
    page.goto("/compte")
    expect(page.get_by_role("heading", name="Camille Essai-Roy")).to_be_visible()
    loaded(page)
    later(network, 60)
    page.clock.fast_forward(60_000)
    expect(page.locator("dialog.lock h1")).to_have_text("Session verrouillée")
    expect(page.get_by_role("heading", name="Camille")).to_have_count(0)
