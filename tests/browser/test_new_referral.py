"""The officer's form in a real browser: twelve touches, a lost signal, a closed browser, and what paper shows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import func, select

from core.app import create_app
from core.kernel.db import Database
from core.referrals.models import Referral
from core.testing import LiveServer
from tests.support.axe import read_ahead, violations
from tests.support.demo import copied_demo, sign_in
from tests.support.modules import loaded

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}

#: Counts what a person touches: a field set of boxes counts once, and so does a field however many keys are struck.
COUNTER = """
window.touched ??= new Set(JSON.parse(window.name || "[]"));
for (const kind of ["pointerdown", "input"]) document.addEventListener(kind, (event) => {
  const control = event.target.closest?.("fieldset, input, select, textarea, button, a, summary, label");
  if (!control) return;
  const group = control.closest("fieldset") ?? control.closest("label")?.control ?? control;
  const name = location.pathname + " " + (group.querySelector?.("legend")?.textContent ?? group.name ?? "");
  touched.add(name + " " + (group.name || group.querySelector?.("legend") ? "" : group.textContent.trim()));
  window.name = JSON.stringify([...touched]);
}, true);
"""


@pytest.fixture
def server(tmp_path: Path, live_server: Callable[..., LiveServer]) -> LiveServer:
    """The demo as it is served: real clock, SQLite file, invented people."""
    return live_server(create_app(copied_demo(tmp_path)))


@contextmanager
def officer(browser: Browser, server: LiveServer, viewport: Any = PHONE, **options: Any) -> Iterator[Page]:
    """A police officer's own browser, signed in."""
    context = browser.new_context(viewport=viewport, locale="fr-CA", timezone_id="America/Toronto", **options)
    sign_in(context, server, "police-repentigny")
    yield context.new_page()
    context.close()


def begin(page: Page, server: LiveServer) -> None:
    page.goto(f"{server.url}/references/nouvelle")
    page.get_by_role("link", name="Commencer avec elle").click()
    page.wait_for_url("**/situation")


def situation(page: Page, *, urgent: bool = True) -> None:
    page.locator("#f-municipality").fill("repentigny")
    page.locator("#f-municipality").press("Escape")
    page.locator('label:has([name="age_band"][value="18_24"])').click()
    for need in ("exploitation_support", "legal"):
        page.locator(f'label:has([name="needs"][value="{need}"])').click()
    page.locator('label:has([name="facts"][value="violence_ongoing"])').click()
    if urgent:
        page.locator('label:has([name="urgent"])').click()


def contact(page: Page) -> None:
    page.locator("#f-phone").fill("450 555-0143")
    page.locator('label:has([name="times"][value="evening"])').click()
    for box in page.locator(".agreement label").all():
        box.click()


def go_on(page: Page, name: str, to: str) -> None:
    page.get_by_role("button", name=name).click()
    page.wait_for_url(to)


def sent(server: LiveServer) -> int:
    """How many referrals were submitted."""
    database: Database = server.app.state.house.database
    with database.transaction(write=False) as session:
        return session.execute(
            select(func.count()).select_from(Referral).where(Referral.submitted_at.is_not(None))
        ).scalar_one()


def test_twelve_controls_and_two_minutes_sent_once_and_printed_without_a_name(
    browser: Browser, server: LiveServer
) -> None:
    """An urgent referral, everything the network asks answered: at most 12 controls on a phone, and a nervous finger
    sends it once; the receipt on paper names no organisation."""
    with officer(browser, server) as page:
        page.goto(f"{server.url}/references/nouvelle")
        page.context.add_init_script(COUNTER)
        page.reload()
        started = time.monotonic()
        page.get_by_role("link", name="Commencer avec elle").click()
        page.wait_for_url("**/situation")
        situation(page)
        go_on(page, "Continuer", "**/contact")
        contact(page)
        go_on(page, "Continuer", "**/verifier")
        loaded(page)
        page.get_by_role("button", name="Envoyer").dblclick()
        page.wait_for_url("**/recu")
        touched = page.evaluate("JSON.parse(window.name)")
        assert 10 <= len(touched) <= 12, touched
        assert time.monotonic() - started < 120
        expect(page.locator("[data-follow-word]")).not_to_be_empty()
        code = page.locator("main .code").first.inner_text()
        page.evaluate("document.documentElement.dataset.print = 'safe'")
        page.emulate_media(media="print")
        printed = page.locator("body").inner_text()
        assert code in printed
        for told in ("CALACS", "Service de police", "Arrimage", "exploitation", "Lanaudière", "Imprimer"):
            assert told not in printed
    assert sent(server) == 1


def test_a_half_filled_form_survives_a_closed_browser(browser: Browser, server: LiveServer) -> None:
    with officer(browser, server) as page:
        begin(page, server)
        page.locator("#f-municipality").fill("Terrebonne")
        page.locator("#f-municipality").press("Escape")
        # Two fields, so one save after the other: the browser closes once both are kept
        with page.expect_response(lambda answer: answer.ok and "housing" in (answer.request.post_data or "")):
            page.locator('label:has([name="needs"][value="housing"])').click()
            page.locator("#f-municipality").focus()
        expect(page.locator("[data-form-status]")).to_contain_text("Enregistré à")
    with officer(browser, server) as page:
        page.goto(f"{server.url}/references/nouvelle")
        page.get_by_role("link", name="Brouillon enregistré").click()
        expect(page.locator("#f-municipality")).to_have_value("Terrebonne")
        expect(page.locator('[name="needs"][value="housing"]')).to_be_checked()


def test_a_lost_signal_loses_nothing(browser: Browser, server: LiveServer) -> None:
    """Offline at each step: the form waits, then goes on; an answer lost on the way back makes no second one."""
    with officer(browser, server) as page:
        begin(page, server)
        situation(page)
        loaded(page)
        page.context.set_offline(True)
        page.get_by_role("button", name="Continuer").click()
        expect(page.locator("[data-form-status]")).to_contain_text("Tout est gardé sur cette page")
        expect(page.locator('[name="facts"][value="violence_ongoing"]')).to_be_checked()
        page.context.set_offline(False)
        page.wait_for_url("**/contact")
        contact(page)
        go_on(page, "Continuer", "**/verifier")
        lost = {"answers": 0}

        def lose_the_first_answer(route: Route) -> None:
            if lost["answers"] == 0:
                lost["answers"] += 1
                route.fetch()  # the server hears it; the phone never hears back
                route.abort()
            else:
                route.continue_()

        loaded(page)
        page.route("**/envoyer", lose_the_first_answer)
        page.get_by_role("button", name="Envoyer").click()
        page.wait_for_url("**/recu")
        assert lost["answers"] == 1
    assert sent(server) == 1


def test_danger_and_age_open_what_is_needed(browser: Browser, server: LiveServer) -> None:
    with officer(browser, server) as page:
        begin(page, server)
        expect(page.locator(".only-danger")).to_be_hidden()
        page.locator('label:has([name="danger"])').click()
        expect(page.locator(".only-danger a")).to_have_attribute("href", "tel:911")
        page.locator('label:has([name="danger"])').click()
        expect(page.get_by_text("Avant 14 ans : qui consent pour elle?")).to_be_hidden()
        page.locator('label:has([name="age_band"][value="12_13"])').click()
        expect(page.get_by_text("Avant 14 ans : qui consent pour elle?")).to_be_visible()


def test_every_page_is_accessible(browser: Browser, server: LiveServer) -> None:
    """Each page as it stands, on a phone in daylight, then on a desk at night: the server knows neither."""

    def clean(page: Page) -> None:
        for viewport, scheme in ((DESK, "dark"), (PHONE, "light")):
            page.set_viewport_size(viewport)  # type: ignore[arg-type]
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert violations(page) == [], f"{page.url} {scheme}"
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} scrolls sideways"

    with officer(browser, server) as page:
        read_ahead(page)
        for path in ("", "/carte", "/arret/danger", "/arret/moins-de-12-ans"):
            page.goto(f"{server.url}/references/nouvelle{path}")
            clean(page)
        begin(page, server)
        page.get_by_role("button", name="Continuer").click()
        page.wait_for_selector("[data-error-summary]")
        expect(page.locator("[data-error-summary]")).to_be_focused()
        clean(page)
        situation(page)
        go_on(page, "Continuer", "**/contact")
        for summary in page.locator("main details.more > summary").all():
            summary.click()
        clean(page)
        contact(page)
        go_on(page, "Continuer", "**/verifier")
        clean(page)
        go_on(page, "Envoyer", "**/recu")
        clean(page)
        sign_in(page.context, server, "calacs-chrysalide")
        page.goto(f"{server.url}/demandes/saisir")
        clean(page)
