"""What one hands over or pins up: on paper, whom to call is there, and what only a screen can do is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from core.testing import LiveServer
from core.testing.network import Network

SERVICE = "/annuaire/services/cc-exploitation"
NUMBER = "450\u00a0756-4999"


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_a_printed_sheet_says_whom_to_call(
    network: Network, live_server: Callable[[Any], LiveServer], page: Page
) -> None:
    server = live_server(network.app())
    for path in (f"{SERVICE}/feuille", f"{SERVICE}/feuille?discrete=1", SERVICE, "/annuaire?q=exploitation"):
        page.emulate_media(media="screen")
        page.goto(server.url + path)
        assert page.get_by_role("link", name=NUMBER).first.bounding_box()["height"] >= 44  # type: ignore[index]
        page.emulate_media(media="print")
        printed = page.locator("body").inner_text()
        assert NUMBER in printed, path
        for only_on_screen in ("Signaler une erreur", "Version discrète", "Retour", "Sortie rapide", "À remettre"):
            assert only_on_screen not in printed, (path, only_on_screen)

    # A letter sheet between its margins: what scrolls on a screen must fit
    page.set_viewport_size({"width": 695, "height": 900})
    page.context.add_cookies([{"name": "arrimage", "value": network.token("coordination-cresl"), "url": server.url}])
    page.emulate_media(media="screen")
    page.goto(f"{server.url}/reseau")
    table = page.locator("table").last
    assert table.bounding_box()["width"] > 695  # type: ignore[index]
    page.emulate_media(media="print")
    assert table.bounding_box()["width"] <= 695  # type: ignore[index]
