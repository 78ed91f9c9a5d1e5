"""A night on call, on a phone: password, a first passkey, then the passkey alone, an urgent request taken in hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect
from sqlalchemy import select, update

from core.access.viewer import Role
from core.accounts.agreements import IN_FORCE
from core.accounts.models import LoginSession
from core.accounts.services import accept_agreements, add_user
from core.app import create_app
from core.cli import prepare_demo
from core.directory.models import Organisation
from core.kernel.clock import SystemClock
from core.kernel.crypto import Keyring
from core.kernel.db import Database
from core.testing import free_port, serving
from tests.support.axe import faults

PHONE = {"width": 390, "height": 844}
PASSWORD = "grenouille-rivière-12"
EMAIL = "nuit@exemple.test"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Database]]:
    """The demo under a name (no browser makes a passkey for a bare address), with somebody of the on-call roster."""
    port = free_port()
    settings = prepare_demo(tmp_path, requests=True).model_copy(update={"public_url": f"http://localhost:{port}"})
    database, keyring, now = (
        Database(settings.database_url),
        Keyring.from_file(settings.master_key_file),
        SystemClock().now(),
    )
    with database.transaction() as session:
        organisation = session.execute(
            select(Organisation.id).where(Organisation.slug == "calacs-la-chrysalide")
        ).scalar_one()
        person = add_user(
            session,
            keyring,
            organisation_id=organisation,
            email=EMAIL,
            name="Camille Nuit",
            roles=[Role.WORKER, Role.INTAKE],
            now=now,
            password=PASSWORD,
        )
        accept_agreements(session, person, organisation, IN_FORCE, now)
    with serving(create_app(settings), port=port):
        yield settings.public_url, database
    database.dispose()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="fr-CA", timezone_id="America/Toronto", viewport=PHONE)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def authenticator(page: Page) -> tuple[CDPSession, str]:
    """The phone's own: it asks for a finger, and the finger is right until said otherwise."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, made["authenticatorId"]


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.browser
def test_a_night_on_call_on_a_phone(phone: Page, site: tuple[str, Database]) -> None:
    url, database = site
    devtools, finger = authenticator(phone)
    phone.goto(f"{url}/connexion?suite=/demandes")
    phone.get_by_label("Adresse courriel").fill(EMAIL)
    phone.get_by_label("Mot de passe").fill(PASSWORD)
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", name="Protégez votre compte")).to_be_visible()
    assert faults(phone) == []
    phone.get_by_role("button", name="Créer une clé d’accès sur cet appareil").click()
    expect(phone.get_by_role("heading", name="Codes de secours")).to_be_visible()
    assert faults(phone) == []
    phone.get_by_role("link", name="C’est noté, continuer").click()
    expect(phone).to_have_url(f"{url}/demandes")

    # A finger that is not hers: the phone refuses, and the page says what to do
    sign_out(phone)
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": finger, "isUserVerified": False})
    phone.goto(f"{url}/connexion?suite=/demandes")
    phone.get_by_role("button", name="Entrer avec une clé d’accès").click()
    expect(phone.get_by_role("alert").filter(has_text="n’a pas servi")).to_be_visible()
    phone.goto(f"{url}/demandes")
    assert "/connexion" in phone.url

    # Hers, by the keyboard alone; no password
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": finger, "isUserVerified": True})
    button = phone.get_by_role("button", name="Entrer avec une clé d’accès")
    for _ in range(40):
        phone.keyboard.press("Tab")
        if button.evaluate("one => one === document.activeElement"):
            break
    phone.keyboard.press("Enter")
    expect(phone).to_have_url(f"{url}/demandes")
    phone.locator("[data-key]").filter(has_text="Urgent").first.get_by_role("link").first.click()
    expect(phone.get_by_text("Urgent").first).to_be_visible()
    assert "/references/" in phone.url

    # Ten minutes later a change of factors asks for the finger again, and goes on by itself
    with database.transaction() as session:
        earlier = SystemClock().now() - timedelta(minutes=10)
        session.execute(update(LoginSession).where(LoginSession.factor == "passkey").values(stepped_up_at=earlier))
    phone.goto(f"{url}/compte/facteurs")
    assert faults(phone) == []
    phone.get_by_role("button", name="Imprimer dix nouveaux codes").click()
    expect(phone.get_by_role("heading", name="Confirmez que c’est vous")).to_be_visible()
    expect(phone.get_by_text("est gardé")).to_be_visible()
    assert faults(phone) == []
    phone.get_by_role("button", name="Utiliser ma clé d’accès").click()
    expect(phone.get_by_role("heading", name="Codes de secours")).to_be_visible()
    assert phone.locator(".codes li").count() == 10
