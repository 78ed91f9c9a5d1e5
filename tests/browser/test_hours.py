"""Hours on a phone: entered in a few touches, repeated in one, on one screen; the stepper beside boxes that do without
it. The half minute is derived from what the page took, by the keystroke-level model."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from core.testing import LiveServer
from core.testing.network import Network

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("network", ["sqlite"], indirect=True)]

#: Seconds, from Card, Moran and Newell, "The keystroke-level model for user performance time with interactive systems",
#: Communications of the ACM 23(7), 1980: M to think before an act, P to point, K to press; a character typed on a phone
#: counts as K of somebody who does not know the keyboard, the slowest of their table.
THINK, POINT, PRESS, CHARACTER = 1.35, 1.10, 0.20, 1.20
#: Every trusted touch and every character that a person types, counted in the page itself.
COUNTING = """
(() => {
  const seen = () => JSON.parse(sessionStorage.acts ?? '{"touches": 0, "characters": 0}');
  const add = (name) => { const acts = seen(); acts[name] += 1; sessionStorage.acts = JSON.stringify(acts); };
  addEventListener("pointerdown", (event) => event.isTrusted && add("touches"), true);
  addEventListener("keydown", (event) => event.isTrusted && event.key.length === 1 && add("characters"), true);
})();
"""


def seconds(page: Page) -> tuple[float, dict[str, int]]:
    """What was done since the page counts, as time: each touch with its thought, each character; then forgotten."""
    acts: dict[str, int] = page.evaluate("JSON.parse(sessionStorage.acts)")
    page.evaluate("sessionStorage.removeItem('acts')")
    return acts["touches"] * (THINK + POINT + PRESS) + acts["characters"] * CHARACTER, acts


def in_sight(page: Page) -> bool:
    """The button that enters the hours stands on the first screen, whole, without scrolling."""
    box = page.get_by_role("button", name="Inscrire", exact=True).bounding_box()
    assert box is not None
    return bool(page.evaluate("scrollY") == 0 and box["y"] + box["height"] <= 844)


def test_hours_are_entered_on_a_phone_in_less_than_half_a_minute(
    network: Network, live_server: Callable[[Any], LiveServer], browser: Browser
) -> None:
    server = live_server(network.app())
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="fr-CA", has_touch=True)
    context.add_cookies([{"name": "arrimage", "value": network.token("bien-etre-1"), "url": server.url}])
    context.add_init_script(COUNTING)
    page = context.new_page()
    page.goto(f"{server.url}/heures/nouvelle")
    assert in_sight(page)
    # The first entry, nothing to propose yet: everything is chosen, a subject is typed.
    page.get_by_role("button", name="Une heure de plus").tap()
    page.get_by_role("button", name="Quinze minutes de plus").tap()
    expect(page.get_by_label("Heures", exact=True)).to_have_value("1")
    expect(page.get_by_label("Minutes", exact=True)).to_have_value("15")
    page.get_by_role("button", name="Quinze minutes de moins").tap()
    page.get_by_text("Préparation", exact=True).tap()
    page.get_by_label("Comité").select_option("bien-etre")
    page.locator("input[name=activity]").tap()
    page.keyboard.type("Trajectoire")
    page.get_by_role("button", name="Inscrire", exact=True).tap()
    expect(page.get_by_text(re.compile(r"Inscrit\s:\s1\sh"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.evaluate("sessionStorage.removeItem('acts')")
    # The usual one: kind and committee are those of the last time, the day is today; another subject is typed.
    page.goto(f"{server.url}/heures/nouvelle")
    assert in_sight(page), "with what the last time proposes too"
    expect(page.get_by_label("Préparation", exact=True)).to_be_checked()
    expect(page.get_by_label("Comité")).to_have_value("bien-etre")
    page.get_by_role("button", name="Une heure de plus").tap()
    page.get_by_role("button", name="Une heure de plus").tap()
    page.locator("input[name=activity]").tap()
    page.keyboard.type("Appels")
    page.get_by_role("button", name="Inscrire", exact=True).tap()
    expect(page.get_by_text(re.compile(r"Inscrit\s:\s2\sh"))).to_be_visible()
    usual, acts = seconds(page)
    assert acts == {"touches": 4, "characters": 6}
    assert usual < 30
    # The same again is one touch.
    with page.expect_navigation():  # the page before says the same
        page.get_by_role("button", name="Répéter").tap()
    expect(page.get_by_text(re.compile(r"Inscrit\s:\s2\sh"))).to_be_visible()
    assert seconds(page)[1] == {"touches": 1, "characters": 0}
    # Another day is one more touch away; a day that cannot be opens it and keeps what was typed.
    page.get_by_label("Heures", exact=True).fill("1")
    page.get_by_text("Autre jour, personnes, organisme").tap()
    page.get_by_label("Jour", exact=True).fill("2031-01-01")
    page.get_by_role("button", name="Inscrire", exact=True).tap()
    expect(page.get_by_label("Jour", exact=True)).to_be_visible()
    expect(page.get_by_label("Heures", exact=True)).to_have_value("1")
    page.goto(f"{server.url}/heures")
    expect(page.get_by_text(re.compile(r"5\sh · 3 inscriptions"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
