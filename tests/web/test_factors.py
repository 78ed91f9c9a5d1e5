"""Second factors through pages: enrolling, showing, changing; what is refused."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import select, update

from core.access.viewer import Role
from core.accounts import services
from core.accounts.agreements import IN_FORCE
from core.accounts.models import LoginSession, Passkey, PasskeyChallenge, RecoveryCode, TotpSecret, User
from core.accounts.rules.factors import CODE_WINDOWS
from core.kernel.clock import FixedClock
from core.kernel.crypto import Aad
from core.kernel.mail import OutgoingMail
from core.testing.network import Network, Visitor, fresh_network, visiting
from tests.support.authenticator import PRESENT, VERIFIED, SoftPasskey

PASSWORD = "grenouille-rivière-12"
EMAIL = "camille@exemple.test"
SITE = "http://localhost:8000"


@pytest.fixture
def network(tmp_path: Path, clock: FixedClock) -> Iterator[Network]:
    """On SQLite: what depends on the engine is in tests/integration/test_factors.py."""
    with fresh_network("sqlite", tmp_path, clock) as seeded:
        yield seeded


@pytest.fixture
def visitor(network: Network) -> Iterator[Visitor]:
    with visiting(network, public_url=SITE) as browsing:
        yield browsing


@pytest.fixture
def other(network: Network) -> Iterator[Visitor]:
    with visiting(network, public_url=SITE) as browsing:
        yield browsing


def add(network: Network, email: str = EMAIL) -> UUID:
    organisation, now = network.organisation("calacs-la-chrysalide"), network.clock.now()
    with network.database.transaction() as session:
        user_id = services.add_user(
            session,
            network.keyring,
            organisation_id=organisation,
            email=email,
            name="Camille Essai",
            roles=[Role.WORKER, Role.INTAKE],
            now=now,
            password=PASSWORD,
        )
        services.accept_agreements(session, user_id, organisation, IN_FORCE, now)
        return user_id


@pytest.fixture
def person(network: Network) -> UUID:
    return add(network)


def sign_in(browser: Visitor, email: str = EMAIL, suite: str = "/") -> Any:
    return browser.post("/connexion", {"email": email, "password": PASSWORD, "suite": suite})


def options(browser: Visitor, path: str) -> Any:
    answer = browser.post(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def enrol_key(browser: Visitor, key: SoftPasskey, label: str = "Mon téléphone", suite: str = "/") -> Any:
    made = key.make(options(browser, "/compte/facteurs/cles/options"), origin=SITE)
    return browser.post("/compte/facteurs/cles", {"passkey": made, "label": label, "suite": suite})


def with_key(browser: Visitor, key: SoftPasskey, path: str = "/connexion/facteur", **how: Any) -> Any:
    signed = key.sign(options(browser, "/connexion/cle/options"), **{"origin": SITE, **how})
    whole = {} if path == "/connexion/cle" else {"factor_form": "1"}
    return browser.post(path, {"passkey": signed, **whole})


def enrol_app(browser: Visitor, network: Network) -> pyotp.TOTP:
    browser.post("/compte/facteurs/application")
    page = browser.get("/compte/facteurs/application").text
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    assert found, page
    totp = pyotp.TOTP(found.group(1).replace(" ", ""))
    assert "<svg" in page, "an image to aim at"
    answer = browser.post("/compte/facteurs/application/confirmer", {"code": totp.at(network.clock.now())})
    assert answer.status_code in {200, 303}, answer.text
    return totp


def show_code(browser: Visitor, code: str, path: str = "/connexion/facteur", **more: str) -> Any:
    return browser.post(path, {"factor_form": "1", "code": code, **more})


def rows(network: Network, model: Any) -> list[Any]:
    with network.database.transaction(write=False) as session:
        return list(session.execute(select(model).order_by(model.id)).scalars())


def live(network: Network) -> list[Any]:
    return [row for row in rows(network, LoginSession) if row.ended_at is None]


def second_factor(browser: Visitor) -> bool:
    """Whether this browser gets through the gate."""
    return bool(browser.get("/demandes").status_code == 200)


def cookie(browser: Visitor) -> str:
    return str(browser.http.cookies["arrimage"])


def test_a_first_passkey_is_made_right_after_the_password(visitor: Visitor, person: UUID) -> None:
    """A first evening: password, a passkey, codes to print, the page she wanted; then the passkey alone."""
    network, key = visitor.network, SoftPasskey()
    answer = sign_in(visitor, suite="/demandes")
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion/facteur?suite=%2Fdemandes")
    assert visitor.get("/demandes").headers["location"] == "/connexion/facteur?suite=%2Fdemandes", "a password alone"
    first = visitor.get("/connexion/facteur?suite=%2Fdemandes")
    assert first.headers["location"] == "/compte/facteurs?suite=%2Fdemandes"
    page = visitor.get("/compte/facteurs?suite=%2Fdemandes").text
    assert "Protégez votre compte" in page
    assert 'name="suite" value="/demandes"' in page
    before = cookie(visitor)
    codes = enrol_key(visitor, key, suite="/demandes")
    assert codes.status_code == 200
    assert len(re.findall(r"<code>[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}</code>", codes.text)) == 10
    assert 'href="/demandes"' in codes.text
    assert cookie(visitor) != before, "the token is new"
    assert second_factor(visitor)
    visitor.http.cookies.clear()
    asked = options(visitor, "/connexion/cle/options")
    assert asked["allowCredentials"] == [], "nobody is named before she is known"
    assert asked["userVerification"] == "required"
    signed = visitor.post("/connexion/cle", {"passkey": key.sign(asked, origin=SITE), "suite": "/demandes"})
    assert (signed.status_code, signed.headers["location"]) == (303, "/demandes")
    assert second_factor(visitor)
    session = live(network)[-1]
    assert (session.factor, session.stepped_up_at) == ("passkey", network.clock.now())
    (stored,) = rows(network, Passkey)
    assert b"phone" not in stored.label_sealed
    assert stored.last_used_at == network.clock.now()


def test_a_passkey_after_the_password(visitor: Visitor, person: UUID) -> None:
    key = SoftPasskey()
    sign_in(visitor)
    enrol_key(visitor, key)
    visitor.http.cookies.clear()
    sign_in(visitor)
    asked = options(visitor, "/connexion/cle/options")
    assert len(asked["allowCredentials"]) == 1, "her own"
    before = cookie(visitor)
    answer = visitor.post(
        "/connexion/facteur", {"factor_form": "1", "passkey": key.sign(asked, origin=SITE), "suite": "/demandes"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/demandes")
    assert cookie(visitor) != before
    assert second_factor(visitor)
    visitor.http.cookies.clear()
    visitor.http.cookies.set("arrimage", before)
    assert visitor.get("/compte").status_code == 303, "the old token is worth nothing"


LIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "unverified": ({"flags": PRESENT}, {}),
    "wrong origin": ({}, {"origin": "https://arrimage.exemple"}),
    "wrong site": ({}, {"rp_id": "exemple.test"}),
    "other port": ({}, {"origin": "http://localhost:8001"}),
}


def test_a_passkey_that_proves_nothing_is_refused(visitor: Visitor, person: UUID) -> None:
    """No user verification, another origin, another site: refused at enrolment, after the password, and alone."""
    sign_in(visitor)
    for made, said in LIES.values():
        lying = SoftPasskey(**made)
        answer = lying.make(options(visitor, "/compte/facteurs/cles/options"), **{"origin": SITE, **said})
        assert visitor.post("/compte/facteurs/cles", {"passkey": answer, "label": "x"}).status_code == 422
    assert rows(visitor.network, Passkey) == []
    honest = SoftPasskey()
    enrol_key(visitor, honest)
    visitor.http.cookies.clear()
    sign_in(visitor)
    for made, said in LIES.values():
        honest.flags = made.get("flags", PRESENT | VERIFIED)
        assert with_key(visitor, honest, **said).status_code == 422
        assert not second_factor(visitor)
    visitor.http.cookies.clear()
    for made, said in LIES.values():
        honest.flags = made.get("flags", PRESENT | VERIFIED)
        assert with_key(visitor, honest, "/connexion/cle", **said).status_code == 422
        assert "arrimage" not in visitor.http.cookies
    honest.flags = PRESENT | VERIFIED
    assert with_key(visitor, honest, "/connexion/cle").status_code == 303, "the same one, honest"


def test_a_challenge_serves_once_for_five_minutes_in_the_browser_that_asked(
    visitor: Visitor, other: Visitor, person: UUID
) -> None:
    key = SoftPasskey()
    sign_in(visitor)
    enrol_key(visitor, key)
    visitor.http.cookies.clear()
    # Another browser asked
    elsewhere = key.sign(options(other, "/connexion/cle/options"), origin=SITE)
    assert visitor.post("/connexion/cle", {"passkey": elsewhere}).status_code == 422
    # Too late
    late = key.sign(options(visitor, "/connexion/cle/options"), origin=SITE)
    visitor.network.clock.advance(timedelta(minutes=5))
    assert visitor.post("/connexion/cle", {"passkey": late}).status_code == 422
    # Never asked
    invented = key.sign({"challenge": "AAAA", "rpId": "localhost"}, origin=SITE)
    assert visitor.post("/connexion/cle", {"passkey": invented}).status_code == 422
    # One asked for enrolment proves nothing
    sign_in(visitor)
    with_key(visitor, key)
    mixed = options(visitor, "/compte/facteurs/cles/options")
    signed = key.sign({"challenge": mixed["challenge"], "rpId": "localhost"}, origin=SITE)
    assert show_code(visitor, "", "/confirmer", passkey=signed).status_code == 422
    visitor.http.cookies.clear()
    # Once, and never again
    good = key.sign(options(visitor, "/connexion/cle/options"), origin=SITE)
    csrf = visitor.csrf()
    forms = [{"_csrf": csrf, "passkey": good}] * 2
    cookies = dict(visitor.http.cookies)
    answers = []
    for form in forms:
        visitor.http.cookies.clear()
        visitor.http.cookies.update(cookies)
        answers.append(visitor.http.post("/connexion/cle", data=form, follow_redirects=False).status_code)
    assert answers == [303, 422]
    with visitor.network.database.transaction() as session:
        visitor.network.clock.advance(timedelta(minutes=6))
        services.forget_unused(session, visitor.network.clock.now())
    assert rows(visitor.network, PasskeyChallenge) == []


def test_what_is_no_passkey_is_refused(visitor: Visitor) -> None:
    for junk in ("", "{", "[]", '{"id": 3}', "null", '{"id":"AA","response":{"clientDataJSON":"AA"}}', "[" * 9999):
        assert visitor.post("/connexion/cle", {"passkey": junk}).status_code == 422


def test_a_counter_that_goes_back_stops_the_passkey(visitor: Visitor, person: UUID) -> None:
    """A copy was made: neither it nor the first opens anything any more, and its owner is told."""
    sign_in(visitor)
    key = SoftPasskey(counting=True)
    enrol_key(visitor, key)
    enrol_key(visitor, SoftPasskey(), "Clé USB")
    visitor.http.cookies.clear()
    assert with_key(visitor, key, "/connexion/cle").status_code == 303
    visitor.http.cookies.clear()
    forged = SoftPasskey(count=0, credential_id=key.credential_id)
    assert with_key(visitor, forged, "/connexion/cle").status_code == 422
    assert [row.suspect_at for row in rows(visitor.network, Passkey)] == [None, None], "a wrong signature says nothing"
    copied = SoftPasskey(count=0, credential_id=key.credential_id, key=key.key, counting=True)
    assert with_key(visitor, copied, "/connexion/cle").status_code == 422
    key.count = 9
    assert with_key(visitor, key, "/connexion/cle").status_code == 422
    assert sorted(row.suspect_at is None for row in rows(visitor.network, Passkey)) == [False, True]
    visitor.become(None)


def test_an_application_without_javascript_and_each_code_once(visitor: Visitor, other: Visitor, person: UUID) -> None:
    network = visitor.network
    sign_in(visitor)
    totp = enrol_app(visitor, network)
    assert second_factor(visitor)
    visitor.http.cookies.clear()
    sign_in(visitor)
    page = visitor.get("/connexion/facteur").text
    assert 'autocomplete="one-time-code"' in page
    assert "onpaste" not in page
    used = totp.at(network.clock.now())
    assert show_code(visitor, used).status_code == 422, "the code that confirmed it is spent"
    network.clock.advance(timedelta(seconds=30))
    code = totp.at(network.clock.now())
    assert show_code(visitor, f" {code[:3]} {code[3:]} ").status_code == 303, "pasted with spaces"
    assert second_factor(visitor)
    sign_in(other)
    assert show_code(other, code).status_code == 422, "somebody who read it over her shoulder"
    assert not second_factor(other)
    (stored,) = rows(network, TotpSecret)
    assert totp.secret.encode() not in stored.secret_sealed
    assert (
        network.keyring.reveal(stored.secret_sealed, aad=Aad("totp_secrets", stored.id, "secret_sealed", 1)).decode()
        == totp.secret
    )


def test_a_step_more_or_less_and_no_older(visitor: Visitor, person: UUID) -> None:
    network = visitor.network
    sign_in(visitor)
    totp = enrol_app(visitor, network)
    network.clock.advance(timedelta(minutes=3))
    now = network.clock.now()
    for seconds, status in ((-60, 422), (60, 422), (-30, 303), (30, 303), (0, 422)):
        answer = show_code(visitor, totp.at(now + timedelta(seconds=seconds)), "/confirmer")
        assert answer.status_code == status, (seconds, "after a later code, an earlier one is refused too")


def test_printed_codes_serve_once_and_a_new_print_cancels_them(visitor: Visitor, person: UUID) -> None:
    network = visitor.network
    sign_in(visitor)
    page = enrol_key(visitor, SoftPasskey()).text
    codes = re.findall(r"<code>([a-z2-9-]{14})</code>", page)
    visitor.http.cookies.clear()
    sign_in(visitor)
    first = {"factor_form": "1", "recovery": codes[0].upper().replace("-", " ")}
    assert visitor.post("/connexion/facteur", first).status_code == 303
    assert second_factor(visitor)
    assert visitor.post("/confirmer", first).status_code == 422, "spent"
    assert all(len(row.code_hash) == 32 for row in rows(network, RecoveryCode))
    fresh = visitor.post("/compte/facteurs/secours").text
    again = re.findall(r"<code>([a-z2-9-]{14})</code>", fresh)
    assert len(set(again) | set(codes)) == 20
    assert visitor.post("/confirmer", {"factor_form": "1", "recovery": codes[1]}).status_code == 422
    assert visitor.post("/confirmer", {"factor_form": "1", "recovery": again[1]}).status_code == 303
    assert len([row for row in rows(network, RecoveryCode) if row.used_at is None]) == 9


def test_somebody_elses_factor_opens_nothing(visitor: Visitor, other: Visitor, person: UUID) -> None:
    network = visitor.network
    add(network, "autre@exemple.test")
    sign_in(other, "autre@exemple.test")
    theirs = SoftPasskey()
    page = enrol_key(other, theirs).text
    codes = re.findall(r"<code>([a-z2-9-]{14})</code>", page)
    sign_in(visitor)
    mine = SoftPasskey()
    enrol_key(visitor, mine)
    visitor.http.cookies.clear()
    sign_in(visitor)
    assert with_key(visitor, theirs).status_code == 422
    assert visitor.post("/connexion/facteur", {"factor_form": "1", "recovery": codes[0]}).status_code == 422
    assert not second_factor(visitor)
    foreign = next(row for row in rows(network, Passkey) if row.user_id != person)
    assert with_key(visitor, mine).status_code == 303
    for act in ("retirer", "nom"):
        answer = visitor.post(f"/compte/facteurs/cles/{foreign.id}/{act}", {"label": "Volée"} if act == "nom" else None)
        assert answer.status_code == 404
    assert len(rows(network, Passkey)) == 2


def test_a_removed_passkey_opens_nothing_and_the_last_factor_stays(
    visitor: Visitor, other: Visitor, person: UUID
) -> None:
    network, lost, kept = visitor.network, SoftPasskey(), SoftPasskey()
    sign_in(visitor)
    enrol_key(visitor, lost, "Téléphone perdu")
    only = rows(network, Passkey)[0].id
    refused = visitor.post(f"/compte/facteurs/cles/{only}/retirer")
    assert refused.status_code == 422
    assert "seul moyen" in refused.text
    enrol_key(visitor, kept, "Téléphone neuf")
    assert with_key(other, lost, "/connexion/cle").status_code == 303
    assert len(live(network)) == 2
    page = visitor.get("/compte/facteurs").text
    assert page.count("/retirer") == 2
    assert "Téléphone perdu" in page
    assert visitor.post(f"/compte/facteurs/cles/{only}/nom", {"label": "Perdu"}).status_code == 303
    assert "Perdu" in visitor.get("/compte/facteurs").text
    assert visitor.post(f"/compte/facteurs/cles/{only}/retirer").headers["location"] == "/compte/facteurs"
    assert len(live(network)) == 1, "the other browser's session ended with it"
    assert other.get("/compte").status_code == 303
    other.http.cookies.clear()
    assert with_key(other, lost, "/connexion/cle").status_code == 422
    mails = rows(network, OutgoingMail)
    assert {mail.template for mail in mails} == {"factors"}
    assert len(mails) == 3, "two added, one removed"


def test_changing_factors_asks_for_a_fresh_proof(visitor: Visitor, person: UUID) -> None:
    network, key = visitor.network, SoftPasskey()
    sign_in(visitor)
    enrol_key(visitor, key)
    second = SoftPasskey()
    network.clock.advance(timedelta(minutes=5))
    assert enrol_key(visitor, second, "Deuxième").status_code == 303, "five minutes still count"
    network.clock.advance(timedelta(minutes=5, seconds=1))
    for path in ("/compte/facteurs/cles/nouvelle", "/compte/facteurs/application"):
        answer = visitor.get(path)
        assert answer.headers["location"].startswith("/confirmer?suite=")
    assert visitor.post("/compte/facteurs/cles/options").status_code == 403
    mine = rows(network, Passkey)[0].id
    for path in (
        f"/compte/facteurs/cles/{mine}/retirer",
        "/compte/facteurs/secours",
        "/compte/facteurs/application",
        "/compte/facteurs/application/confirmer",
        "/compte/facteurs/cles",
    ):
        answer = visitor.post(path)
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (307, "/confirmer"), path
    assert len(rows(network, Passkey)) == 2


def test_the_form_met_on_the_way_is_kept_and_sent_again(visitor: Visitor, person: UUID) -> None:
    """A removal asked after five minutes: the proof is shown, then the very same form goes on with a new token."""
    network, key = visitor.network, SoftPasskey()
    sign_in(visitor)
    totp = enrol_app(visitor, network)
    enrol_key(visitor, key, "À renommer")
    network.clock.advance(timedelta(minutes=6))
    mine = rows(network, Passkey)[0].id
    path = f"/compte/facteurs/cles/{mine}/retirer"
    met = visitor.post(path, {"note": "l’été\n<b>&"}, follow_redirects=True)
    assert met.status_code == 403, "not done yet"
    assert "est gardé" in met.text
    carried = re.search(r'name="carried" value="([^"]*)"', met.text)
    assert carried is not None
    kept = html.unescape(carried.group(1))
    wrong = show_code(visitor, "000000", "/confirmer", suite=path, carried=kept)
    assert wrong.status_code == 422
    assert html.unescape(re.search(r'name="carried" value="([^"]*)"', wrong.text).group(1)) == kept  # type: ignore[union-attr]
    before = cookie(visitor)
    done = show_code(visitor, totp.at(network.clock.now()), "/confirmer", suite=path, carried=kept)
    assert done.status_code == 200
    assert f'action="{path}"' in done.text
    assert 'name="note" value="l’été\n&lt;b&gt;&amp;"' in done.text
    assert cookie(visitor) != before, "the token is rotated at step-up"
    (token,) = re.findall(r'data-resume>\s*<input type="hidden" name="_csrf" value="([^"]+)"', done.text)
    sent = visitor.http.post(path, data={"_csrf": token}, follow_redirects=False)
    assert (sent.status_code, sent.headers["location"]) == (303, "/compte/facteurs")
    assert rows(network, Passkey) == []


def test_a_proof_never_leads_elsewhere(visitor: Visitor) -> None:
    visitor.become("calacs-chrysalide")
    for suite in ("https://ailleurs.example/", "//ailleurs.example", "javascript:alert(1)"):
        answer = visitor.post("/confirmer", {"factor_form": "1", "demo": "1", "suite": suite})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_codes_are_throttled_and_a_passkey_still_works(visitor: Visitor, person: UUID) -> None:
    network, key = visitor.network, SoftPasskey()
    sign_in(visitor)
    enrol_key(visitor, key)
    totp = enrol_app(visitor, network)
    for _ in range(CODE_WINDOWS["account"].limit):
        assert show_code(visitor, "000000", "/confirmer").status_code == 422
    network.clock.advance(timedelta(seconds=30))
    assert show_code(visitor, totp.at(network.clock.now()), "/confirmer").status_code == 429, "even the right one"
    assert with_key(visitor, key, "/confirmer").status_code == 303
    network.clock.advance(timedelta(minutes=15))
    visitor.http.cookies.clear()
    sign_in(visitor)
    assert show_code(visitor, totp.at(network.clock.now())).status_code == 303


def test_a_disabled_person_has_no_passkey_that_opens(visitor: Visitor, person: UUID) -> None:
    key = SoftPasskey()
    sign_in(visitor)
    enrol_key(visitor, key)
    visitor.http.cookies.clear()
    with visitor.network.database.transaction() as session:
        session.execute(update(User).where(User.id == person).values(status="disabled"))
    assert with_key(visitor, key, "/connexion/cle").status_code == 422
    assert live(visitor.network) == [] or "arrimage" not in visitor.http.cookies


def test_a_persona_confirms_in_one_click_and_nobody_else_does(visitor: Visitor, person: UUID) -> None:
    visitor.become("calacs-chrysalide")
    met = visitor.post("/compte/facteurs/secours", follow_redirects=True)
    assert 'name="carried" value="[]"' in met.text, "a button alone waits too"
    done = visitor.post("/confirmer", {"factor_form": "1", "demo": "1", "suite": "/x/y", "carried": "[]"})
    assert 'action="/x/y"' in done.text
    for unreadable in ("{", "3", "[[1, 2]]", '[["a"]]'):
        form = {"factor_form": "1", "demo": "1", "suite": "/demandes", "carried": unreadable}
        assert visitor.post("/confirmer", form).headers["location"] == "/demandes"
    # Confirmed a moment ago in another tab: the form that waits here goes on by itself, and only then
    waits = {"factor_form": "1", "suite": "/x/y", "carried": "[]"}
    assert 'action="/x/y"' in visitor.post("/confirmer", waits).text
    visitor.network.clock.advance(timedelta(minutes=5, seconds=1))
    assert visitor.post("/confirmer", waits).status_code == 422
    visitor.become("calacs-chrysalide")
    assert "Confirmer (démonstration)" in visitor.get("/confirmer").text
    assert visitor.post("/confirmer", {"factor_form": "1", "demo": "1"}).status_code == 303
    assert live(visitor.network)[-1].factor == "demo"
    visitor.become(None)
    sign_in(visitor)
    enrol_key(visitor, SoftPasskey())
    visitor.http.cookies.clear()
    sign_in(visitor)
    assert visitor.post("/connexion/facteur", {"factor_form": "1", "demo": "1"}).status_code == 422
    assert not second_factor(visitor)


def test_an_address_without_a_name_offers_the_application_only(network: Network, person: UUID) -> None:
    with visiting(network, public_url="http://127.0.0.1:8000") as browser:
        sign_in(browser)
        page = browser.get("/compte/facteurs").text
        assert "data-passkey" not in page
        assert "application de codes" in page
        assert browser.post("/connexion/cle/options").status_code == 404
        assert browser.post("/compte/facteurs/cles/options").status_code == 404
