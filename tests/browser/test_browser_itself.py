"""The browser the other tests drive: it runs, speaks French, reaches loopback and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from core.testing import LiveServer
from core.testing.network import Network
from tests.support.axe import faults


def test_chromium_shows_a_page_of_the_real_server(
    network: Network, live_server: Callable[[Any], LiveServer], page: Page
) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    server = live_server(network.app())
    answer = page.goto(f"{server.url}/connexion")
    assert answer is not None
    assert answer.status == 200
    assert page.evaluate("navigator.language") == "fr-CA"
    assert page.evaluate("document.documentElement.lang").startswith("fr")
    assert refused == []


def test_faults_are_seen_at_both_widths_even_after_the_page_changed(page: Page) -> None:
    """The control of every page that axe finds clean: script read once per document, rules run at each look."""
    page.set_content("<html lang='fr'><title>Essai</title><main><h1>Essai</h1></main></html>")
    assert faults(page, "clean") == []
    page.evaluate("document.querySelector('main').innerHTML += '<img src=\"data:,\"><p style=\"width: 600px\">.</p>'")
    found = faults(page, "broken")
    assert [line for line in found if "image-alt" in line and "(phone)" in line]
    assert [line for line in found if "image-alt" in line and "(desk)" in line]
    assert "broken (phone): scrolls sideways" in found
    assert "broken (desk): scrolls sideways" not in found
