"""The browser the other tests drive: it runs, speaks French, reaches loopback and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from core.testing import LiveServer
from core.testing.network import Network


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
