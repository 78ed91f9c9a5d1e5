"""A member's page left open while the vote closes: the result comes by itself, even under a ballot being chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from core.committees import services
from core.committees.rules.votes import Choice, Method, VoteRule
from core.testing import LiveServer
from core.testing.network import Network
from tests.support.axe import faults
from tests.support.committees import MEMBERS, code_of, opened

PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_a_members_page_open_at_closing_updates_live(
    network: Network, live_server: Callable[[Any], LiveServer], browser: Browser
) -> None:
    app = network.app()
    server, house = live_server(app), app.state.house
    vote_id = opened(network, VoteRule(Method.N_OF_M, 3, early=True))
    path = f"/comites/bien-etre/votes/{code_of(network, vote_id)}"
    pages: list[Page] = []
    for persona in (MEMBERS[3], MEMBERS[4]):
        context = browser.new_context(viewport=PHONE, locale="fr-CA")  # type: ignore[arg-type]
        context.add_cookies([{"name": "arrimage", "value": network.token(persona), "url": server.url}])
        page = context.new_page()
        page.goto(server.url + path)
        expect(page.locator("[data-connection]")).to_have_text("En direct")
        pages.append(page)
    voting, choosing = pages
    # One votes; the other sees the count move, never the choice.
    voting.get_by_label("Oui").check()
    voting.get_by_role("button", name="Voter").click()
    expect(voting.get_by_role("status").filter(has_text="Votre bulletin est scellé")).to_be_visible()
    expect(choosing.get_by_text("1 bulletin reçu")).to_be_visible()
    expect(choosing.locator("main")).not_to_contain_text("Oui,")
    assert faults(choosing) == []
    choosing.get_by_label("Je m’abstiens").check()
    # The third approval closes the vote: nothing to come could change it, and its rule says so.
    viewers = [network.viewer(persona) for persona in MEMBERS[:2]]
    with house.database.transaction() as session:
        for viewer in viewers:
            services.cast_ballot(session, house.keyring, viewer, vote_id, choice=Choice.YES, now=network.clock.now())
    for page in pages:
        expect(page.get_by_role("heading", name="Résultat")).to_be_visible()
        expect(page.get_by_text("Pour : 3. Contre : 0. Abstentions : 0.")).to_be_visible()
        # The form is gone from both, from under the hand of the one who was choosing.
        expect(page.get_by_role("button", name="Voter")).to_have_count(0)
        expect(page.get_by_role("radio")).to_have_count(0)
        assert faults(page) == []
        page.context.close()
