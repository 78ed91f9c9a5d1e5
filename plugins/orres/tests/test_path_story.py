"""In two browsers: a step noted here shows there because she agreed to it, and her withdrawal empties both at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from core.testing import referrals as r
from core.testing.network import Network
from tests.support.fair import Watch

from . import path_samples as h

if TYPE_CHECKING:
    from playwright.sync_api import Page

FIRST, SECOND = "calacs-chrysalide", "calacs-coup-de-coeur"
#: From the withdrawal's commit to an empty panel (security S11, S16), in seconds; the rest is this machine's.
AT_ONCE = 1.0
#: The page notes itself when her step is no longer in it: an expectation looks again less and less often.
NOTE = """
const asked = new MutationObserver(() => {
  if (document.querySelector("main").textContent.includes("Écouter")) return;
  window.gone ??= Date.now() / 1000;
});
asked.observe(document.querySelector("main"), { childList: true, subtree: true, characterData: true });
"""


def enter(network: Network, page: Page, url: str, persona: str) -> None:
    """That persona."""
    page.context.add_cookies([{"name": "arrimage", "value": network.token(persona), "url": url}])


@pytest.mark.browser
@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_noted_here_shown_there_and_gone_with_her_consent(
    network: Network, live_server: Any, page: Page, browser: Any
) -> None:
    from playwright.sync_api import expect

    app = network.app()
    h.publish(network)
    code = r.a_referral(network, "communautaire-ajrj")
    r.accept_referral(network, FIRST, code)
    second = r.refer_onward(network, FIRST, code, "calacs-coup-de-coeur")
    r.accept_referral(network, SECOND, second)
    h.agree(network, FIRST, code, "calacs-coup-de-coeur")
    server = live_server(app)
    page.set_viewport_size({"width": 390, "height": 844})
    enter(network, page, server.url, FIRST)
    page.goto(f"{server.url}/references/{code}")
    panel = page.get_by_role("region", name="Sa trajectoire")
    # The panel's body comes by itself, with the stream.
    expect(panel.get_by_role("heading", name="Ensuite")).to_be_visible()
    other = browser.new_context(locale="fr-CA", timezone_id="America/Toronto")
    try:
        there = other.new_page()
        enter(network, there, server.url, SECOND)
        there.goto(f"{server.url}/references/{second}")
        beside = there.get_by_role("region", name="Sa trajectoire")
        expect(beside.get_by_role("heading", name="Ensuite")).to_be_visible()
        panel.get_by_role("button", name="Commencer Écouter").click()
        expect(page).to_have_url(f"{server.url}/references/{code}")
        expect(panel.get_by_role("heading", name="En cours")).to_be_visible()
        # Live, without a hand: whose step it is, and no button of theirs is pressed.
        expect(beside).to_contain_text("Responsable\u00a0: CALACS La Chrysalide")
        expect(panel).to_contain_text("Écouter")
        for one in (page, there):
            one.evaluate(NOTE)
        with Watch() as watch:
            r.withdraw_referral(network, FIRST, code)
            begun, ahead = time.perf_counter(), time.time() - time.perf_counter()
            for one in (panel, beside):
                expect(one).not_to_contain_text("Écouter")
                expect(one).not_to_contain_text("Chrysalide")
            for one in (page, there):
                assert watch.between(begun, one.evaluate("window.gone") - ahead) < AT_ONCE
        there.reload()
        expect(there.get_by_text("Écouter")).to_have_count(0)
    finally:
        other.close()
