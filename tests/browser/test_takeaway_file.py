"""The single file of the trajectory, opened from a disk by a browser without a network: search, guide, tap to call."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from core.kernel.clock import FixedClock
from core.testing import NOW
from core.testing.network import fresh_network, visiting
from plugins.orres.tests import drafting
from tests.support.axe import faults

HERE = "/comites/orres/trajectoire"


def test_the_file_guides_without_any_network(browser: Browser, tmp_path: Path) -> None:
    kept = {}
    with fresh_network("sqlite", tmp_path, FixedClock(NOW)) as network:
        drafting.with_example(network)
        with visiting(network, persona="police-repentigny") as visitor:
            for tier in ("partenaires", "public"):
                kept[tier] = tmp_path / f"{tier}.html"
                kept[tier].write_bytes(visitor.get(f"{HERE}/emporter/{tier}").content)
    # The server is gone: what is asked of anything but the file itself is seen here
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="fr-CA", offline=True)
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    address = kept["partenaires"].as_uri()
    page.goto(address)
    assert page.locator(".danger a[href='tel:911']").is_visible()
    all_of_them = page.locator("[data-help]:visible").count()
    assert all_of_them > 30
    # The guide: need, territory, age; what is left says so and is called with one tap
    page.get_by_label("Besoin").select_option("housing")
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^\d+ réponses$"))
    page.get_by_label("Âge").select_option("14_17")
    expect(page.get_by_role("status")).to_have_text("2 réponses")
    assert page.locator(".stop:visible h3").all_inner_texts() == ["2.2\u00a0Trouver un lieu sûr pour une adolescente"]
    page.get_by_role("button", name="Tout effacer").click()
    expect(page.get_by_role("status")).to_have_text("Toutes les réponses")
    assert page.locator("[data-help]:visible").count() == all_of_them
    # The search: without its accents, several words, in the order one likes
    page.get_by_label("Chercher un mot").fill("COEUR ecoute")
    found = page.locator("[data-help]:visible")
    expect(found.first).to_contain_text("CALACS Coup de cœur")
    assert found.count() < 10
    assert found.first.get_by_role("link", name="450 756-4999").get_attribute("href") == "tel:+14507564999"
    # Nothing fits: it says whom to call, and hides nothing of it
    page.get_by_label("Chercher un mot").fill("xyzzy")
    expect(page.get_by_role("heading", name="Aucun service : parlez à quelqu’un")).to_be_visible()
    assert page.locator("#nothing a[href^='tel:']").count() >= 2
    page.get_by_label("Chercher un mot").fill("")
    page.get_by_text("Voir le dessin").click()
    page.locator("#drawing a.t-link").first.click()
    expect(page).to_have_url(re.compile(f"^{re.escape(address)}#noeud-"))
    assert not faults(page, "partenaires")
    page.goto(kept["public"].as_uri())
    assert page.title() == "Renseignements"
    assert not faults(page, "public")
    # Nothing is kept either: opened again, nothing is filled in
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert {url.partition("#")[0] for url in asked} == {path.as_uri() for path in kept.values()}
    # axe itself is a script from outside: the file's policy refuses nothing else
    assert [text for text in said if "axe" not in text] == []
    context.close()
    # Without its script the lists are whole and nothing waits for a choice
    plain = browser.new_context(java_script_enabled=False, offline=True).new_page()
    plain.goto(address)
    assert plain.locator("[data-help]:visible").count() == all_of_them
    assert not plain.locator("#choices").is_visible()
    assert not plain.locator("#nothing").is_visible()
    plain.context.close()
