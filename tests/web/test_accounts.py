"""Signing in and out, sessions, devices and language, through HTTP on both engines."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from time import process_time
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from core.access.viewer import Role
from core.accounts import services
from core.accounts.models import LoginSession, Throttle, User
from core.accounts.rules import SIGN_IN_WINDOWS, Window
from core.directory.models import Organisation
from core.kernel.crypto import Keyring
from core.kernel.db import Database
from core.testing.hashing import hashing_as_shipped
from core.testing.network import Network, Visitor, visiting

PASSWORD = "grenouille-rivière-12"
EMAIL = "camille@exemple.test"
NOBODY = "personne@exemple.test"
#: Where nothing is read of the database, or by a statement that a test beside it sends to both engines.
ONE_ENGINE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


def add(network: Network, email: str, password: str | None = PASSWORD) -> UUID:
    organisation = network.organisation("ajrj")
    with network.database.transaction() as session:
        user_id = services.add_user(
            session,
            network.keyring,
            organisation_id=organisation,
            email=email,
            name="Camille Essai",
            roles=[Role.WORKER],
            now=network.clock.now(),
            password=password,
        )
    return network.agree(user_id)


@pytest.fixture
def person(network: Network) -> UUID:
    return add(network, EMAIL)


@pytest.fixture
def other(network: Network) -> Iterator[Visitor]:
    """A second browser."""
    with visiting(network) as browsing:
        yield browsing


def sign_in(browser: Visitor, email: str = EMAIL, password: str = PASSWORD) -> Any:
    return browser.post("/connexion", {"email": email, "password": password})


def sessions(network: Network) -> list[LoginSession]:
    with network.database.transaction(write=False) as session:
        return list(session.execute(select(LoginSession).order_by(LoginSession.id)).scalars())


def signed_in(browser: Visitor) -> bool:
    return bool(browser.get("/compte").status_code == 200)


def test_the_right_password_opens_a_session_kept_as_a_hash(visitor: Visitor, person: UUID) -> None:
    answer = sign_in(visitor, " Camille@EXEMPLE.test ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion/facteur")
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("arrimage="))
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {"httponly", "path=/", "samesite=lax"}
    token = cookie.split("=", 1)[1].split(";")[0]
    assert len(token) >= 43, "256 bits"
    (row,) = sessions(visitor.network)
    assert row.token_hash == hashlib.sha256(token.encode()).digest()
    assert row.user_id == person
    assert (row.second_factor, row.factor) == (False, "password")
    assert "Camille Essai" in visitor.get("/compte").text
    assert token not in visitor.get("/compte").text


def test_whoever_may_not_sign_in_hears_the_same(
    visitor: Visitor, person: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown, wrong password, disabled, organisation not admitted, no password: one answer, one verification each."""
    network = visitor.network
    add(network, "ferme@exemple.test")
    add(network, "sans-mot@exemple.test", None)
    pending = add(network, "attente@exemple.test")
    with network.database.transaction() as session:
        lookup = services.email_lookup(network.keyring, "ferme@exemple.test")
        session.execute(update(User).where(User.email_lookup == lookup).values(status="disabled"))
        elsewhere = network.organisation("la-clef")
        session.execute(update(User).where(User.id == pending).values(organisation_id=elsewhere))
        session.execute(update(Organisation).where(Organisation.id == elsewhere).values(status="probation"))
    verified: list[str] = []
    real = services.HASHER

    class Counting:
        """The real hasher, and what it was asked to verify."""

        def verify(self, password_hash: str, password: str) -> bool:
            verified.append(password_hash)
            return bool(real.verify(password_hash, password))

    monkeypatch.setattr(services.passwords, "HASHER", Counting())
    answers = {}
    for email, password in (
        (EMAIL, "pas-le-bon-mot-de-passe"),
        (NOBODY, PASSWORD),
        ("ferme@exemple.test", PASSWORD),
        ("sans-mot@exemple.test", PASSWORD),
        ("attente@exemple.test", PASSWORD),
    ):
        answer = sign_in(visitor, email, password)
        headers = {name: value for name, value in answer.headers.items() if name not in {"date", "content-length"}}
        answers[email] = (answer.status_code, headers, answer.text.replace(email, "…"))
    assert answers[EMAIL][0] == 422
    assert "ne correspond pas" in answers[EMAIL][2]
    assert PASSWORD not in answers[NOBODY][2]
    assert list(answers.values()) == [answers[EMAIL]] * 5
    assert len(verified) == 5
    assert sessions(network) == []


@ONE_ENGINE
def test_an_account_closed_while_its_password_is_verified_opens_nothing(
    visitor: Visitor, person: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password takes a tenth of a second, and no transaction is held meanwhile."""
    network, real = visitor.network, services.HASHER

    class Slow:
        """The real hasher; somebody disables her while it works."""

        def verify(self, password_hash: str, password: str) -> bool:
            right = bool(real.verify(password_hash, password))
            with network.database.transaction() as session:
                services.disable_user(session, person, network.clock.now())
            return right

    monkeypatch.setattr(services.passwords, "HASHER", Slow())
    answer = sign_in(visitor)
    assert (answer.status_code, "ne correspond pas" in answer.text) == (422, True)
    assert sessions(network) == []


@ONE_ENGINE
def test_known_and_unknown_accounts_take_the_same_time(visitor: Visitor) -> None:
    """Processor time of the whole request, in turn, so that a busy machine slows both: the medians are close."""
    with hashing_as_shipped() as cost:
        assert (cost.type.name, cost.memory_cost >= 64 * 1024, cost.time_cost >= 3) == ("ID", True, True), "RFC 9106"
        add(visitor.network, EMAIL)
        _compare_times(visitor)


def _compare_times(visitor: Visitor) -> None:

    def spent(email: str) -> float:
        token = visitor.csrf()
        before = process_time()
        form = {"_csrf": token, "email": email, "password": "pas-le-bon-mot-de-passe"}
        assert visitor.http.post("/connexion", data=form).status_code == 422
        return process_time() - before

    pairs = [(spent(EMAIL), spent(NOBODY)) for _ in range(7)]
    known, unknown = (median(times) for times in zip(*pairs, strict=True))
    assert 0.6 < known / unknown < 1.7


def test_eight_attempts_then_a_pause_even_with_the_right_password(visitor: Visitor, person: UUID) -> None:
    """A quarter of an hour from the first one: who goes on trying keeps nobody out for longer."""
    add(visitor.network, "autre@exemple.test")
    for _ in range(8):
        assert sign_in(visitor, password="pas-le-bon-mot-de-passe").status_code == 422
        visitor.network.clock.advance(timedelta(minutes=1))
    refused = sign_in(visitor)
    assert refused.status_code == 429
    assert "Trop d’essais" in refused.text
    assert f'value="{EMAIL}"' in refused.text, "the form is kept"
    assert PASSWORD not in refused.text
    assert sign_in(visitor, "autre@exemple.test").status_code == 303
    visitor.http.cookies.clear()
    visitor.network.clock.advance(timedelta(minutes=7, seconds=1))
    assert sign_in(visitor).status_code == 303


def test_the_right_password_forgets_the_attempts_before_it(visitor: Visitor, person: UUID) -> None:
    for _ in range(3):
        for _ in range(4):
            assert sign_in(visitor, password="pas-le-bon-mot-de-passe").status_code == 422
        assert sign_in(visitor).status_code == 303
        visitor.http.cookies.clear()


@pytest.mark.parametrize("window", sorted(SIGN_IN_WINDOWS))
def test_each_window_is_counted_in_our_table(visitor: Visitor, person: UUID, window: str) -> None:
    """Per account, address, organisation and for everyone; a known and an unknown account are slowed alike."""
    network = visitor.network

    def spend(email: str) -> None:
        subjects = {"account": email, "address": "testclient", "organisation": "exemple.test", "everyone": ""}
        one = {window: SIGN_IN_WINDOWS[window]}
        with network.database.transaction() as session:
            assert not services.too_many(session, network.keyring, "sign_in", subjects, one, network.clock.now())
            # As many as make the next one the last: the everyone's window takes two thousand
            first = update(Throttle).where(Throttle.count == 1)
            session.execute(first.values(count=SIGN_IN_WINDOWS[window].limit - 1))

    spend(EMAIL)
    if window == "account":
        spend(NOBODY)
    last = [sign_in(visitor, email, "pas-le-bon-mot-de-passe").status_code for email in (EMAIL, NOBODY)]
    assert last == ([422, 422] if window == "account" else [422, 429])
    known, unknown = (sign_in(visitor, email) for email in (EMAIL, NOBODY))
    assert known.status_code == unknown.status_code == 429
    assert known.text.replace(EMAIL, "…") == unknown.text.replace(NOBODY, "…")
    with network.database.transaction(write=False) as session:
        keys = session.execute(select(Throttle.key)).scalars().all()
    assert keys
    assert all(len(key) == 32 and b"exemple" not in key for key in keys), "a keyed hash, no address"


@ONE_ENGINE
def test_a_machine_that_insists_shuts_nobody_else_out(visitor: Visitor) -> None:
    """Refused for its address, it fills no other window: the account's it aims at, an organisation's, everybody's."""
    network, address = visitor.network, {"address": SIGN_IN_WINDOWS["address"]}
    with network.database.transaction() as session:
        services.too_many(session, network.keyring, "sign_in", {"address": "testclient"}, address, network.clock.now())
        session.execute(update(Throttle).values(count=address["address"].limit))
    assert [sign_in(visitor).status_code for _ in range(3)] == [429] * 3
    with network.database.transaction(write=False) as session:
        assert session.execute(select(Throttle.count)).scalars().all() == [address["address"].limit + 3]


def test_attempts_made_at_once_are_all_counted(database: Database, keyring: Keyring, clock: Any) -> None:
    window = {"account": Window(10, timedelta(minutes=15))}
    full: list[bool] = []

    def attempt() -> None:
        with database.transaction() as session:
            full.append(services.too_many(session, keyring, "sign_in", {"account": EMAIL}, window, clock.now()))

    threads = [threading.Thread(target=attempt) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert full.count(False) == 10
    assert full.count(True) == 6


@pytest.mark.parametrize("idle", [timedelta(), timedelta(minutes=20)], ids=["open", "locked"])
def test_signing_in_again_ends_the_session_of_this_browser(visitor: Visitor, person: UUID, idle: timedelta) -> None:
    """Rotation: a session somebody else may have planted or read dies when its browser signs in."""
    sign_in(visitor)
    first = visitor.http.cookies["arrimage"]
    visitor.network.clock.advance(idle)
    token = visitor.csrf() if not idle else _csrf(visitor.get("/verrou").text)
    form = {"_csrf": token, "email": EMAIL, "password": PASSWORD}
    assert visitor.http.post("/connexion", data=form, follow_redirects=False).status_code == 303
    assert visitor.http.cookies["arrimage"] != first
    assert [row.ended_at is None for row in sessions(visitor.network)] == [False, True]
    visitor.http.cookies.clear()
    visitor.http.cookies.set("arrimage", first)
    assert not signed_in(visitor)


def _csrf(html: str) -> str:
    found = re.search(r'name="_csrf" value="([^"]+)"', html)
    assert found is not None
    return found.group(1)


def test_fifteen_minutes_without_activity_lock(visitor: Visitor) -> None:
    clock = visitor.network.clock
    visitor.become("communautaire-ajrj")
    for _ in range(3):
        clock.advance(timedelta(minutes=14))
        assert signed_in(visitor), "a page is activity"
    clock.advance(timedelta(minutes=14))
    assert visitor.get("/references", headers={"x-fragment": "1"}).status_code == 200
    clock.advance(timedelta(minutes=1))
    assert visitor.get("/references", headers={"x-fragment": "1"}).status_code == 401, "a refresh is no activity"
    locked = visitor.get("/references")
    assert (locked.status_code, locked.headers["location"]) == (303, "/verrou?suite=%2Freferences")


@ONE_ENGINE
def test_ten_hours_end_even_an_active_session(visitor: Visitor) -> None:
    visitor.become("communautaire-ajrj")
    for _ in range(42):
        visitor.network.clock.advance(timedelta(minutes=14))
        assert signed_in(visitor)
    visitor.network.clock.advance(timedelta(minutes=12))
    assert not signed_in(visitor)


@pytest.mark.parametrize("change", ["user", "row", "organisation"])
def test_a_disabled_person_or_organisation_is_nobody_at_once(visitor: Visitor, change: str) -> None:
    visitor.become("communautaire-ajrj")
    assert signed_in(visitor)
    viewer = visitor.network.viewer("communautaire-ajrj")
    with visitor.network.database.transaction() as session:
        if change == "user":
            services.disable_user(session, viewer.user_id, visitor.network.clock.now())
        elif change == "row":  # whatever changed it, her sessions left open
            session.execute(update(User).where(User.id == viewer.user_id).values(status="disabled"))
        else:
            one = update(Organisation).where(Organisation.id == viewer.organisation_id)
            session.execute(one.values(status="suspended"))
    assert not signed_in(visitor)


def test_devices_are_listed_and_ended_from_elsewhere(visitor: Visitor, other: Visitor, person: UUID) -> None:
    phone = {"user-agent": "Mozilla/5.0 (Linux; Android 15) Gecko/140.0 Firefox/140.0"}
    form = {"_csrf": other.csrf(), "email": EMAIL, "password": PASSWORD}
    other.http.post("/connexion", data=form, headers=phone, follow_redirects=False)
    assert signed_in(other)
    sign_in(visitor)
    page = visitor.get("/compte").text
    assert "Firefox, Android" in page
    assert page.count("cet appareil") == 1
    mine, theirs = sorted(sessions(visitor.network), key=lambda row: row.device != "Navigateur")
    # Its session ends at the next request of that browser, in every process: nothing is cached
    ended = visitor.post(f"/compte/appareils/{theirs.id}")
    assert (ended.status_code, ended.headers["location"]) == (303, "/compte")
    assert "est terminée" in visitor.get("/compte").text
    assert not signed_in(other)
    assert signed_in(visitor)
    last = visitor.post(f"/compte/appareils/{mine.id}")
    assert last.headers["location"] == "/"
    assert "clear-site-data" in last.headers
    assert not signed_in(visitor)


def test_a_device_of_somebody_else_is_a_missing_one(visitor: Visitor, person: UUID) -> None:
    visitor.become("calacs-chrysalide")
    foreign = str(sessions(visitor.network)[-1].id)
    visitor.http.cookies.clear()
    sign_in(visitor)
    for named in (foreign, str(uuid4()), "pas-un-identifiant"):
        assert visitor.post(f"/compte/appareils/{named}").status_code == 404, named
    assert all(row.ended_at is None for row in sessions(visitor.network))


def test_signing_out_leaves_nothing_behind(visitor: Visitor, person: UUID) -> None:
    sign_in(visitor)
    token = visitor.http.cookies["arrimage"]
    answer = visitor.post("/deconnexion")
    assert answer.headers["location"] == "/"
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert "arrimage" not in visitor.http.cookies
    assert sessions(visitor.network)[0].ended_at is not None
    visitor.http.cookies.set("arrimage", token)
    assert not signed_in(visitor)


def test_a_get_never_signs_out_nor_ends_a_device(visitor: Visitor, person: UUID) -> None:
    sign_in(visitor)
    (row,) = sessions(visitor.network)
    for path in ("/deconnexion", f"/compte/appareils/{row.id}", "/langue"):
        assert visitor.get(path).status_code == 404
    assert signed_in(visitor)


@ONE_ENGINE
def test_choosing_a_language_never_leads_elsewhere(visitor: Visitor) -> None:
    for back in (
        "https://ailleurs.example/",
        "//ailleurs.example",
        "/\\ailleurs.example",
        "\\\\ailleurs.example",
        "/\t/ailleurs.example",
        "/\r\nSet-Cookie: arrimage=x",
        "javascript:alert(1)",
        "annuaire",
        "",
    ):
        answer = visitor.post("/langue", {"locale": "en", "next": back})
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), back
        assert "arrimage=" not in ";".join(answer.headers.get_list("set-cookie")), back


@ONE_ENGINE
def test_a_language_is_kept_and_the_page_too(visitor: Visitor) -> None:
    answer = visitor.post("/langue", {"locale": "en", "next": "/annuaire?q=logement&page=2"})
    assert answer.headers["location"] == "/annuaire?q=logement&page=2"
    assert '<html lang="en-CA">' in visitor.get("/annuaire").text
    assert visitor.post("/langue", {"locale": "xx", "next": "/annuaire"}).headers["location"] == "/"
    assert '<html lang="en-CA">' in visitor.get("/annuaire").text


@dataclass(frozen=True)
class Kept:
    """Rows left by a purge."""

    sessions: int
    throttles: int


def test_sessions_and_windows_are_forgotten_after_a_day(visitor: Visitor, person: UUID) -> None:
    network = visitor.network
    house: Callable[[], Any] = lambda: visitor.http.app.state.house  # noqa: E731
    sign_in(visitor)
    sign_in(visitor, NOBODY)

    def purged() -> Kept:
        from core.accounts.jobs import jobs

        with network.database.transaction() as session:
            for job in jobs:
                job.run(session, house(), network.clock.now())
            left = [len(session.execute(select(model)).all()) for model in (LoginSession, Throttle)]
        return Kept(*left)

    network.clock.advance(timedelta(hours=23, minutes=59))
    before = purged()
    assert before.sessions == 1
    assert before.throttles > 0
    network.clock.advance(timedelta(minutes=2))
    assert purged() == Kept(0, 0)
