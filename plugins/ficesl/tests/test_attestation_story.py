"""In a browser: a training completed, its attestation, the page that the QR opens, a revocation seen there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from core.testing.network import Network

from ..models import AttestationRow
from . import attesting as a
from . import training as h

if TYPE_CHECKING:
    from playwright.sync_api import Page

HOME = "/comites/ficesl/attestations"


def enter(network: Network, page: Page, url: str, persona: str) -> None:
    """That persona, who has just shown a factor."""
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "arrimage", "value": network.token(persona), "url": url}])
    sessions = AttestationRow.metadata.tables["login_sessions"]
    with network.database.transaction() as session:
        session.execute(update(sessions).values(stepped_up_at=network.clock.now()))


@pytest.mark.browser
@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_completed_attested_checked_then_revoked(network: Network, live_server: Any, page: Page) -> None:
    from playwright.sync_api import expect

    version = h.a_course(network, modules=2)
    learner = a.own_learner(network, h.WORKER)
    a.credit(network, version, [learner], modules=1)
    server = live_server(network.app())
    url = server.url
    page.set_viewport_size({"width": 390, "height": 844})
    enter(network, page, url, h.WORKER)
    page.goto(f"{url}{HOME}")
    ask = page.get_by_role("button", name="Demander mon attestation")
    ask.click()
    expect(page.get_by_role("alert")).to_contain_text("Il manque «\u00a0Capsule 2\u00a0»")
    a.credit(network, version, [learner])
    page.get_by_role("button", name="Demander mon attestation").click()
    expect(page.get_by_role("heading", name="Attestation de formation")).to_be_visible()
    expect(page.get_by_role("img", name="Carré à numériser")).to_be_visible()
    code = a.attestations(network)[0].code
    expect(page.get_by_role("figure")).to_contain_text(code)
    page.goto(f"{url}{HOME}")
    expect(page.get_by_role("heading", name="Formations commencées")).to_have_count(0)
    # A stranger follows what the square holds
    page.context.clear_cookies()
    page.goto(f"{url}{HOME}/verifier?code={code}")
    expect(page.get_by_role("status").filter(has_text="Valide")).to_be_visible()
    enter(network, page, url, h.TRAINER)
    page.goto(f"{url}{HOME}/revoquer")
    page.get_by_label("Code").fill(code.lower())
    page.get_by_label("Présence notée par erreur").check()
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Révoquer pour de bon").click()
    expect(page.get_by_text("L’attestation est révoquée.")).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"{url}{HOME}/verifier")
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Vérifier").click()
    expect(page.get_by_role("status").filter(has_text="Révoquée")).to_be_visible()
    for word in (network.viewer(h.WORKER).display_name, h.TEXT.title):
        expect(page.get_by_text(word)).to_have_count(0)
