"""In a browser: a hidden number is stopped at the form; pages that are open follow the second reading, live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from core.testing import LiveServer
from core.testing.network import Network

from ..settings import EXCHANGES
from . import exchange_samples as h

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("network", ["sqlite"], indirect=True)]
HIDDEN = "Joindre au quatre cinq zéro, cinq cinq cinq, zéro un zéro un."
CLEAN = "Deux semaines plus tard, elle rappelle."


def signed_in(network: Network, browser: Browser, server: LiveServer, persona: str) -> Page:
    context = browser.new_context(base_url=server.url, locale="fr-CA", viewport={"width": 390, "height": 844})
    context.add_cookies([{"name": "arrimage", "value": network.token(persona), "url": server.url}])
    return context.new_page()


def test_a_vignette_goes_from_its_author_to_the_committee_by_another_organisation(
    network: Network, live_server: Callable[[Any], LiveServer], browser: Browser
) -> None:
    h.desk(network)
    server = live_server(network.app())
    author = signed_in(network, browser, server, h.AUTHOR)
    author.goto(f"{EXCHANGES}/nouvelle")
    author.get_by_label("En une phrase").fill("Trois portes avant la bonne")
    author.get_by_label("Groupe d’âge").select_option("14_17")
    author.get_by_label("Région").select_option(index=1)
    author.get_by_label("Il y a quelques mois").check()
    author.get_by_label("Hébergement, logement").check()
    author.get_by_label("La situation").fill(HIDDEN)
    author.get_by_label("Ce que vous demandez au comité").fill("Qui appeler en premier le soir?")
    author.get_by_label("Deuxième lecture").select_option(str(network.viewer(h.READER).user_id))
    author.get_by_role("button", name="Envoyer en deuxième lecture").click()
    expect(author.get_by_text("un numéro de téléphone")).to_be_visible()
    expect(author.locator('input[type="checkbox"][name="not_person"]')).to_have_count(0)
    expect(author.get_by_label("La situation")).to_have_value(HIDDEN)
    author.get_by_label("La situation").fill(CLEAN)
    author.get_by_role("button", name="Envoyer en deuxième lecture").click()
    expect(author.get_by_text("En deuxième lecture", exact=True)).to_be_visible()
    reader = signed_in(network, browser, server, h.READER)
    reader.goto("/")
    reader.get_by_role("link", name="Relire la vignette").click()
    expect(reader.get_by_text(CLEAN)).to_be_visible()
    reader.get_by_role("button", name="Partager avec le comité").click()
    expect(reader.get_by_role("heading", name="Discussion")).to_be_visible()
    # The author's page, open all along, follows; a note being written there would wait for her
    expect(author.get_by_text("En discussion", exact=True)).to_be_visible()
    member = signed_in(network, browser, server, h.MEMBER)
    member.goto(author.url)
    expect(member.get_by_text(CLEAN)).to_be_visible()
    # Somebody recognises somebody: it leaves the screens of the committee at once
    reader.get_by_text("Je crois reconnaître quelqu’un").click()
    reader.get_by_role("button", name="Ne plus la montrer").click()
    expect(member.get_by_text(CLEAN)).to_have_count(0)
    expect(author.get_by_text("En deuxième lecture", exact=True)).to_be_visible()
    for page in (author, reader, member):
        page.context.close()
