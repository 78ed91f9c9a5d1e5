"""The whole sign-in through an organisation's provider in a browser, and what the administration sees of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from core.accounts.models import LoginSession
from core.kernel.clock import SystemClock
from core.testing import free_port, serving
from core.testing.network import Network, fresh_network
from tests.support.provider import RunningProvider
from tests.support.signing_in import behave, connect, people

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOME = "calacs-la-chrysalide"
pytestmark = pytest.mark.browser


def test_from_the_choice_to_the_agreement_and_back_to_the_settings(
    browser: Browser, provider: RunningProvider, tmp_path: Path
) -> None:
    """On a phone: public pages keep their neutral tab, nothing is refused by our own headers, no script is needed."""
    clock: Any = SystemClock()
    with fresh_network("sqlite", tmp_path, clock) as network:
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        _at(network, address)
        connect(network, provider, HOME, "telephone")
        behave(network, provider, "telephone", page=True)
        with serving(network.app(), port=port):
            context = browser.new_context(
                locale="fr-CA", viewport={"width": 390, "height": 844}, java_script_enabled=False
            )
            page = context.new_page()
            said: list[str] = []
            page.on("console", lambda message: said.append(f"{message.location['url']} {message.text}"))
            page.goto(f"{address}/references")
            page.get_by_role("link", name="Se connecter avec mon organisme").click()
            page.get_by_label("Nom de l’organisme, ou votre adresse courriel").fill("chrysalide")
            page.get_by_role("button", name="Chercher").click()
            page.get_by_role("link", name="La Chrysalide").click()
            page.wait_for_url(f"{provider.issuer('telephone')}**")
            behave(network, provider, "telephone")
            page.get_by_role("link", name="Entrer").click()
            # A new person reads the agreements first, and then goes where she was going
            page.wait_for_url(f"{address}/entente**")
            assert "suite=" in page.url
            (made,) = [one for one in people(network, HOME) if one.demo_key is None]
            assert made.roles == ["worker"]
            assert [text for text in said if not text.startswith(provider.url)] == []
            context.close()
            _settings(browser, network, address)


def _settings(browser: Browser, network: Network, address: str) -> None:
    token = network.token("admin-chrysalide")
    with network.database.transaction() as session:
        session.execute(update(LoginSession).values(stepped_up_at=network.clock.now()))
    context = browser.new_context(locale="fr-CA", viewport={"width": 390, "height": 844})
    context.add_cookies([{"name": "arrimage", "value": token, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/organisation/connexion")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "long addresses wrap"
    page.get_by_role("button", name="Vérifier le réglage").click()
    page.get_by_role("heading", name="Ce que le fournisseur répond").wait_for()
    page.wait_for_load_state()
    assert page.get_by_text("en ordre").count() == 6
    context.close()


def _at(network: Network, address: str) -> None:
    network.settings = network.settings.model_copy(update={"public_url": address})
