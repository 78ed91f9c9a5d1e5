"""On a phone: a first evening, from the code to the first page; a night on call, an urgent request accepted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect
from sqlalchemy import select, update

from core.access.viewer import Role, Viewer
from core.accounts.agreements import IN_FORCE
from core.accounts.models import AgreementAcceptance, LoginSession, User
from core.accounts.services import accept_agreements, add_user
from core.accounts.services.invitations import invite_into
from core.app import create_app
from core.directory.models import Organisation
from core.kernel.clock import SystemClock
from core.kernel.crypto import Keyring
from core.kernel.db import Database
from core.referrals.models import Referral
from core.testing import free_port, serving
from tests.support.axe import faults
from tests.support.demo import copied_demo
from tests.support.modules import loaded

PHONE = {"width": 390, "height": 844}
PASSWORD = "grenouille-rivière-12"
EMAIL = "nuit@exemple.test"


class Site(NamedTuple):
    """A running demo."""

    url: str
    database: Database
    keyring: Keyring


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The demo under a name (no browser makes a passkey for a bare address), with somebody of the on-call roster."""
    port = free_port()
    settings = copied_demo(tmp_path, requests=True).model_copy(update={"public_url": f"http://localhost:{port}"})
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
        yield Site(settings.public_url, database, keyring)
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
    with page.expect_navigation():
        page.get_by_role("button", name="Se déconnecter").click()


@pytest.mark.browser
def test_a_first_evening_from_the_code_to_the_first_page(phone: Page, site: Site) -> None:
    """The mail leads to the home page; the code was read out by her administration; all else is on this phone."""
    url, database, keyring = site
    invited, now = "nouvelle@exemple.test", SystemClock().now()
    with database.transaction() as session:
        home = select(Organisation.id).where(Organisation.slug == "calacs-la-chrysalide")
        organisation = session.execute(home).scalar_one()
        administration = Viewer(None, organisation, "", "calacs", frozenset({Role.ORGANISATION_ADMIN}), "")
        made = invite_into(
            session,
            keyring,
            administration,
            organisation,
            email=invited,
            name="Noée Essai",
            roles=[Role.WORKER],
            now=now,
        )
    authenticator(phone)

    def fits() -> None:
        assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert faults(phone) == []

    phone.goto(url)
    phone.get_by_role("button", name="Menu", exact=True).click()
    phone.get_by_role("link", name="Espace des partenaires").click()
    phone.get_by_role("link", name="J’ai un code").click()
    expect(phone.get_by_label("Code", exact=True)).to_be_visible()
    fits()
    phone.get_by_label("Adresse courriel").fill(invited)
    phone.get_by_label("Code", exact=True).fill(made.code.lower().replace("-", " "))
    phone.get_by_label("Nouveau mot de passe").fill(PASSWORD)
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", name="Protégez votre compte")).to_be_visible()
    fits()
    phone.get_by_role("button", name="Créer une clé d’accès sur cet appareil").click()
    expect(phone.get_by_role("heading", name="Codes de secours")).to_be_visible()
    fits()
    phone.get_by_role("link", name="C’est noté, continuer").click()
    expect(phone.get_by_role("heading", name="Avant de commencer")).to_be_visible()
    fits()
    # Nothing else opens before the agreements, nor without having ticked them
    phone.goto(f"{url}/demandes")
    expect(phone.get_by_role("heading", name="Avant de commencer")).to_be_visible()
    phone.get_by_role("button", name="Accepter et continuer").click()
    expect(phone.get_by_role("alert")).to_be_focused()
    for box in phone.locator(".agreement input[type=checkbox]").all():
        box.check()
    phone.get_by_role("button", name="Accepter et continuer").click()
    expect(phone).to_have_url(f"{url}/demandes")
    phone.goto(url)
    expect(phone.get_by_role("heading", level=1, name="À faire")).to_be_visible()
    fits()
    with database.transaction(write=False) as session:
        (person,) = session.execute(select(User.id).order_by(User.created_at.desc()).limit(1)).scalars()
        factors = session.execute(select(LoginSession.factor).where(LoginSession.user_id == person)).scalars().all()
        accepted = select(AgreementAcceptance.id).where(AgreementAcceptance.user_id == person)
        assert (factors, len(session.execute(accepted).all())) == (["passkey"], 1)


@pytest.mark.browser
def test_a_night_on_call_on_a_phone(phone: Page, site: Site) -> None:
    url, database, _keyring = site
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
    expect(button).to_be_enabled()  # no key reaches it before its script is there
    for _ in range(40):
        phone.keyboard.press("Tab")
        if button.evaluate("one => one === document.activeElement"):
            break
    expect(button).to_be_focused()
    phone.keyboard.press("Enter")
    expect(phone).to_have_url(f"{url}/demandes")
    phone.locator("[data-key]").filter(has_text="Urgent").first.get_by_role("link").first.click()
    phone.wait_for_url("**/references/*")
    expect(phone.get_by_text("Urgent").first).to_be_visible()

    # She stepped away: the finger opens the lock in place, over the same page
    loaded(phone)  # before, the lock is a page of its own
    phone.get_by_role("button", name="Menu", exact=True).click()
    phone.get_by_role("button", name="Verrouiller", exact=True).click()
    lock = phone.locator("dialog.lock")
    expect(lock.get_by_role("button", name="Utiliser ma clé d’accès")).to_be_enabled()
    assert faults(phone) == []
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": finger, "isUserVerified": False})
    lock.get_by_role("button", name="Utiliser ma clé d’accès").click()
    expect(lock.get_by_role("alert").filter(has_text="n’a pas servi")).to_be_visible()
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": finger, "isUserVerified": True})
    lock.get_by_role("button", name="Utiliser ma clé d’accès").click()
    expect(lock).to_have_count(0)
    with database.transaction(write=False) as session:
        mine = session.execute(select(LoginSession).where(LoginSession.factor == "passkey")).scalars()
        assert [one.locked_at for one in mine if one.ended_at is None] == [None]

    # And she takes the request on: what may be said of it opens
    code = phone.url.rpartition("/")[2].partition("?")[0]
    phone.get_by_role("button", name="Accepter").click()
    expect(phone.get_by_role("button", name="Accepter")).to_have_count(0)
    assert faults(phone) == []
    with database.transaction(write=False) as session:
        assert session.execute(select(Referral.state).where(Referral.code == code)).scalar_one() == "accepted"

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
    expect(phone.locator(".codes li")).to_have_count(10)
