"""The money of the emergency fund on a phone: a grant is prepared by one person, confirmed by another, proved by a
receipt; cards leave a stock by the same two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from core.accounts.models import User
from core.testing import LiveServer
from core.testing.network import Network
from plugins.bien_etre import models
from plugins.bien_etre.services import money
from plugins.bien_etre.tests.test_money import request
from plugins.bien_etre.tests.test_money_pages import FUNDS, PDF
from tests.support.axe import faults

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}


def held_by(network: Network, persona: str) -> str:
    """A second worker of the organisation that holds the fund: a demo person moves there for the test."""
    holder = network.organisation("calacs-la-chrysalide")
    with network.database.transaction() as session:
        session.execute(update(User).where(User.demo_key == persona).values(organisation_id=holder))
    return persona


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_from_a_commitment_to_its_receipt_by_two_people_on_a_phone(
    network: Network, live_server: Callable[[Any], LiveServer], browser: Browser
) -> None:
    second = held_by(network, "communautaire-ajrj")
    network.serve_plugins()
    server = live_server(network.app())

    def page_of(persona: str) -> Page:
        context = browser.new_context(viewport=PHONE, locale="fr-CA")  # type: ignore[arg-type]
        context.add_cookies([{"name": "arrimage", "value": network.token(persona), "url": server.url}])
        return context.new_page()

    preparing, confirming = page_of("calacs-chrysalide"), page_of(second)
    preparing.goto(f"{server.url}{FUNDS}/enveloppes")
    preparing.get_by_label("Bailleur").fill("Fondation fictive")
    preparing.get_by_label("Exercice").select_option("2026")
    preparing.get_by_label("Montant", exact=True).fill("1 000")
    preparing.get_by_role("button", name="Ouvrir l’enveloppe").click()
    expect(preparing.get_by_role("heading", name="Fondation fictive")).to_be_visible()
    # The committee grants 120 $: the page of the second person, left open, follows
    confirming.goto(server.url + FUNDS)
    expect(confirming.locator("[data-connection]")).to_have_text("En direct")
    with network.database.transaction() as session:
        request_id, code = request(session)
        money.commit_amount(session, None, request_id, code, 12_000, network.clock.now())
    preparing.goto(f"{server.url}{FUNDS}/demandes/{code}")
    preparing.get_by_label("Montant", exact=True).fill("250")
    preparing.get_by_role("button", name="Préparer le paiement").click()
    refused = preparing.get_by_role("alert")
    expect(refused).to_contain_text("Ce paiement dépasse ce qui reste engagé.")
    expect(preparing.get_by_label("Montant", exact=True)).to_have_value("250")
    assert faults(preparing) == []
    preparing.get_by_label("Montant", exact=True).fill("120")
    preparing.get_by_role("button", name="Préparer le paiement").click()
    expect(preparing.get_by_text("Vous l’avez préparé : une autre personne le confirme.")).to_be_visible()
    confirming.get_by_role("button", name=f"Confirmer le paiement {code}").click()
    expect(confirming).to_have_url(f"{server.url}{FUNDS}/demandes/{code}")
    expect(confirming.get_by_text("Payé", exact=True).last).to_be_visible()
    # The receipt, its amount kept when the file is missing
    confirming.get_by_text("Joindre un reçu").click()
    confirming.get_by_label("Montant du reçu").fill("119,50")
    confirming.get_by_role("button", name="Joindre le reçu").click()
    expect(confirming.get_by_role("alert")).to_contain_text("Choisissez un fichier")
    expect(confirming.get_by_label("Montant du reçu")).to_have_value("119,50")
    assert faults(confirming) == []
    confirming.get_by_label("Fichier").set_input_files(
        {"name": "recu.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    confirming.get_by_role("button", name="Joindre le reçu").click()
    expect(confirming.get_by_text("Reçus : 119,50\u00a0$ de 120,00\u00a0$")).to_be_visible()
    # Cards of the stock: bought by one, confirmed by the other
    preparing.goto(f"{server.url}{FUNDS}/cartes")
    preparing.get_by_text("Acheter des cartes").click()
    preparing.get_by_label("Enveloppe").select_option(label="Fondation fictive")
    preparing.get_by_label("Commerce").fill("Épicerie fictive")
    preparing.get_by_label("Valeur d’une carte").fill("50")
    preparing.get_by_label("Combien de cartes").last.fill("4")
    preparing.get_by_role("button", name="Préparer l’achat").click()
    expect(preparing).to_have_url(server.url + FUNDS)
    confirming.goto(server.url + FUNDS)
    with confirming.expect_navigation():
        confirming.get_by_role("button", name="Confirmer le paiement").click()
    confirming.goto(f"{server.url}{FUNDS}/cartes")
    expect(confirming.get_by_text("Épicerie fictive, 50,00\u00a0$ : 4")).to_be_visible()
    assert faults(confirming) == []
    with network.database.transaction(write=False) as session:
        row = session.execute(select(models.Envelope.held_cents, models.Envelope.paid_cents)).one()
        assert tuple(row) == (0, 32_000)
    for page in (preparing, confirming):
        page.context.close()
