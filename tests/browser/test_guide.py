"""From a need to references, on a phone: the guide, then two references begun at once, one agreement missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from core.testing.network import Network
from plugins.orres.tests.drafting import with_example
from tests.support.axe import faults

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_a_need_two_references_one_agreement(network: Network, live_server: Any, page: Page) -> None:
    from playwright.sync_api import expect

    with_example(network)
    url = live_server(network.app()).url
    page.set_viewport_size({"width": 390, "height": 844})
    # Anybody, in danger: the number first, and nothing of the answers in the address or in the title.
    page.goto(f"{url}/")
    page.get_by_role("link", name=re.compile("Commencer")).click()
    page.get_by_label("Oui", exact=True).check()
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("alert").get_by_role("link", name="911")).to_be_visible()
    page.get_by_label("Hébergement, logement").check()
    page.get_by_role("button", name="Voir les services maintenant").click()
    expect(page.get_by_role("heading", name="Qui peut aider")).to_be_visible()
    assert page.url == f"{url}/guide"
    assert "Renseignements" in page.title()
    wrong = faults(page, "guide, in danger")
    # An officer with her: six taps to services, then two of them at once.
    page.context.add_cookies([{"name": "arrimage", "value": network.token("police-repentigny"), "url": url}])
    page.goto(f"{url}/comites/orres/guide")
    page.get_by_label("Non", exact=True).check()
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_label("Groupe, café-rencontre")).to_be_visible()
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("alert")).to_be_focused()
    wrong += faults(page, "a question left blank")
    page.get_by_label("Accompagnement en lien avec l’exploitation sexuelle").check()
    page.get_by_label("Groupe, café-rencontre").check()
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("25 à 34 ans").check()
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("Montcalm").check()
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Voir les services maintenant").click()
    expect(page.get_by_role("button", name="Préparer les références cochées")).to_be_visible()
    wrong += faults(page, "services")
    # On paper too: what was answered, and where to call
    page.emulate_media(media="print")
    expect(page.locator(".guide .sheet .phone").first).to_be_visible()
    expect(page.locator(".guide-answers")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Préparer")).first).to_be_hidden()
    page.emulate_media(media="screen")
    for service in ("Suivi en exploitation sexuelle", "Accueil des femmes et des adolescentes"):
        page.get_by_label(re.compile(f"Avec d’autres\\W+{service}")).check()
    page.get_by_role("button", name="Préparer les références cochées").click()
    expect(page.get_by_role("heading", name="Références jumelées")).to_be_visible()
    twins = page.url
    page.get_by_role("link", name=re.compile("Continuer avec elle")).first.click()
    # By its place, not its label: once its script is there, the list of suggestions bears the label too
    page.locator("#f-municipality").fill("Saint-Jacques")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_url("**/contact")
    page.locator("#f-phone").fill("450 555-0143")
    page.locator('input[name="times"]').first.check()
    for name in ("blocks", "attestation"):
        for box in page.locator(f'input[name="{name}"]').all():
            box.check()
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text("Son accord pour cet organisme manque.")).to_be_visible()
    assert page.url == twins
    wrong += faults(page, "one is ready")
    page.get_by_role("button", name="Envoyer la référence prête").click()
    expect(page.get_by_role("heading", name="Certaines références n’ont pas été envoyées")).to_be_visible()
    expect(page.get_by_role("heading", name="Envoyées", exact=True)).to_be_visible()
    wrong += faults(page, "one is sent")
    assert wrong == []
