"""A trainer marks six people on a phone, the connection drops in the middle and comes back; somebody checks in by the
code of the screen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from core.testing import LiveServer
from core.testing.network import Network
from plugins.ficesl.models import Presence
from plugins.ficesl.tests.test_attendance import Held
from plugins.ficesl.tests.training import TRAINER
from tests.support.axe import faults
from tests.support.modules import OnItsWay


def presences(held: Held) -> dict[str, tuple[int, str]]:
    with held.network.database.transaction(write=False) as session:
        rows = session.execute(select(Presence.learner_id, Presence.minutes, Presence.source))
        return {str(row.learner_id): (row.minutes, row.source) for row in rows}


def kept_on_device(page: Page) -> dict[str, Any]:
    stored = page.evaluate("() => Object.fromEntries(Object.entries(localStorage))")
    return {name: json.loads(value) for name, value in stored.items() if name.startswith("arrimage.sheet.")}


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_a_lost_connection_loses_no_presence(
    network: Network, live_server: Callable[[Any], LiveServer], browser: Browser
) -> None:
    held = Held(network, people=7)
    server = live_server(network.app())
    phone = browser.new_context(viewport={"width": 390, "height": 844}, locale="fr-CA", has_touch=True)
    phone.add_cookies([{"name": "arrimage", "value": network.token(TRAINER), "url": server.url}])
    page = phone.new_page()
    sheet = f"{server.url}/comites/ficesl/seances/{held.code}/presences/{held.block_id}"
    # A thumb is faster than a slow line: what is marked before the script is there is sent once it is
    with OnItsWay(page, "**/ficesl/sheet.js*") as script:
        page.goto(sheet, wait_until="commit")
        page.locator(f"[data-learner='{held.learners[0]}']").get_by_text("Présence", exact=True).tap()
        script.come()
    status = page.locator("[data-sheet-status]")
    expect(status).to_have_text("Tout est enregistré.")
    rows = [page.locator(f"[data-learner='{learner}']") for learner in held.learners]
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert min(row.get_by_text("Présence", exact=True).bounding_box()["height"] for row in rows[:1]) >= 20
    for row in rows[1:3]:
        row.get_by_text("Présence", exact=True).tap()
    for row in rows[:3]:
        expect(row.locator("[data-said]")).to_have_text("60 min créditées")
    assert len(presences(held)) == 3

    phone.set_offline(True)
    rows[3].get_by_text("Absence", exact=True).tap()
    rows[4].get_by_text("Retard ou départ").tap()
    rows[4].get_by_label("Retard", exact=True).select_option("20")
    rows[5].get_by_text("Présence", exact=True).tap()
    expect(status).to_contain_text(re.compile(r"Hors ligne\s: 3 gardées"))
    assert len(presences(held)) == 3
    (kept,) = kept_on_device(page).values()
    assert set(kept) == {str(learner) for learner in held.learners[3:6]}
    assert "Fictive" not in json.dumps(kept)
    # The page itself is lost while the signal is away: what the phone kept is sent by the next one.
    page.close()
    page = phone.new_page()
    phone.set_offline(False)
    page.goto(sheet)
    expect(page.locator("[data-sheet-status]")).to_have_text("Tout est enregistré.")
    assert kept_on_device(page) == {}
    found = presences(held)
    expected = [60, 60, 60, 0, 40, 60]
    assert [found[str(learner)][0] for learner in held.learners[:6]] == expected

    page.goto(f"{sheet}/ecran")
    code = page.locator("[data-code]").inner_text().replace("\u00a0", "").replace(" ", "")
    assert re.fullmatch(r"\d{6}", code)
    assert faults(page) == []
    own = browser.new_context(viewport={"width": 390, "height": 844}, locale="fr-CA")
    asked: list[str] = []
    person = own.new_page()
    person.on("request", lambda request: asked.append(request.url))
    person.goto(f"{server.url}/comites/ficesl/presence#{code}")
    expect(person.get_by_label("Code de l’écran")).to_have_value(code)
    expect(person).to_have_url(f"{server.url}/comites/ficesl/presence")
    person.get_by_label("Courriel de travail").fill("personne-6@exemple.invalid")
    person.get_by_role("button", name="Je suis là").click()
    expect(person.get_by_text("Votre présence est notée.")).to_be_visible()
    assert faults(person) == []
    assert not any(code in address.partition("#")[0] for address in asked)
    assert presences(held)[str(held.learners[6])] == (60, "self")
    own.close()
    phone.close()
