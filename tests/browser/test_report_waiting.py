"""A heavy report: its page is there at once and says that it counts; the figures take its place without a reload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from core.testing import LiveServer
from core.testing.network import Network
from tests.support.axe import faults


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_the_figures_come_by_themselves_and_print_without_what_a_screen_needs(
    network: Network,
    live_server: Callable[[Any], LiveServer],
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.reports.queries.size.LIGHT", 1)
    server = live_server(network.app())
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="fr-CA")
    context.add_cookies([{"name": "arrimage", "value": network.token("coordination-cresl"), "url": server.url}])
    page = context.new_page()
    loaded: list[str] = []
    page.on("framenavigated", lambda frame: loaded.append(frame.url))
    whole: list[str] = []
    page.on("request", lambda sent: whole.append(sent.url) if "complet=1" in sent.url else None)
    page.goto(f"{server.url}/rapports/2025-2026")
    expect(page.get_by_role("table", name="Références terminées, selon l’âge")).to_be_visible()
    assert len(loaded) == 1, "nothing was reloaded"
    assert len(whole) == 1, "the figures were asked for beside the page"
    expect(page.get_by_role("heading", level=1, name="Rapport annuel 2025-2026")).to_be_visible()
    expect(page.locator("progress")).to_have_count(0)
    expect(page.get_by_text("Les nombres de moins de 5, zéro compris, sont masqués.")).to_be_visible()
    expect(page.get_by_role("link", name="Tout télécharger (ZIP)")).to_be_visible()
    assert page.locator("svg[role=img]").count() >= 5
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="Tout télécharger (ZIP)")).to_be_hidden()
    expect(page.get_by_role("table", name="Références terminées, selon l’âge")).to_be_visible()
    page.set_viewport_size({"width": 672, "height": 900})  # a letter sheet between its margins
    cut = """[...document.querySelectorAll("main table")].filter((one) =>
        one.scrollWidth > one.parentElement.clientWidth + 1 || one.getBoundingClientRect().right > innerWidth + 1)
        .map((one) => one.caption.textContent)"""
    assert page.evaluate(cut) == [], "a column is cut off on paper"
    context.close()
    # Without scripts the same address leads to the same figures
    plain = browser.new_context(java_script_enabled=False, locale="fr-CA")
    plain.add_cookies([{"name": "arrimage", "value": network.token("coordination-cresl"), "url": server.url}])
    page = plain.new_page()
    page.goto(f"{server.url}/rapports/2025-2026")
    expect(page.get_by_role("table", name="Références terminées, selon l’âge")).to_be_visible()
    plain.close()
