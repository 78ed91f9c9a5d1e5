"""The browser the other tests drive: it runs, speaks French, reaches loopback and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from core.testing import LiveServer
from core.testing.network import Network
from tests.support.axe import faults


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
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


#: Two texts of one colour, on white; the second is then given a ground, or a colour, that hides it.
TWICE = """<html lang='fr'><title>Essai</title><style>{style}</style><main style='background: #fff; color: #595959'>
<h1>Essai</h1><p>un</p><div id='ground'><p id='second'>deux</p></div></main></html>"""


#: How the second is hidden: by its ground, by its colour, for not standing on its own ground.
HIDING = (
    "#ground { background: #666 }",
    "#ground { background: #666; position: absolute }",
    "#ground { opacity: .4 }",
    "#second { color: #bbb }",
    "body { background: #666 } #ground { margin-inline-start: -90px }",
    "body { background: #666 } main { height: 90px } #ground { padding-top: 60px }",
)


def test_a_contrast_judged_once_is_judged_again_where_the_ground_differs(page: Page) -> None:
    """The control of what axe is spared: beside a text that passes, at one width only, and after the page changed."""

    def seen() -> list[str]:
        found = [line for line in faults(page, "it") if "color-contrast" in line]
        assert all("deux" in line for line in found)
        return [line.partition(":")[0] for line in found]

    for style in HIDING:
        page.set_content(TWICE.format(style=style))
        assert seen() == ["it (phone)", "it (desk)"], style
        page.set_content(TWICE.format(style=f"@media (min-width: 600px) {{ {style} }}"))
        assert seen() == ["it (desk)"], style
        page.set_content(TWICE.format(style=""))
        assert seen() == [], style
        page.add_style_tag(content=style)
        assert seen() == ["it (phone)", "it (desk)"], style
    # Something out of the flow lies beneath the words of a colour that passed where nothing did
    bare = "main { background: none !important }"
    page.set_content(TWICE.format(style=bare))
    assert seen() == []
    page.add_style_tag(content="h1 { position: absolute; inset: 0; z-index: -1; background: #666 }")
    assert seen() == ["it (phone)", "it (desk)"]
