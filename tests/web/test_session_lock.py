"""A session that locks: what its screen still says, how it opens again, and what it never tells. Both engines."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select

from core.accounts import services
from core.accounts.models import LoginSession
from core.accounts.rules import UNLOCK_WINDOWS
from core.testing import LiveServer
from core.testing.network import Network, Visitor
from core.testing.statements import page_statements
from tests.support.held import send
from tests.support.live import stream
from tests.support.pages import csrf_of, words
from tests.support.people import PASSWORD, Person, intake_worker

LOCK = "/verrou?suite=%2Fcompte"


def hold(browser: Visitor, person: Person) -> None:
    browser.http.cookies.clear()
    browser.http.cookies.set("arrimage", person.token, domain="127.0.0.1")


def post(browser: Visitor, path: str, form: dict[str, str], page: str = LOCK) -> Any:
    """As a form of `page` would send it."""
    return browser.http.post(path, data={"_csrf": csrf_of(browser.get(page).text), **form}, follow_redirects=False)


def unlock(browser: Visitor, **shown: str) -> Any:
    return post(browser, "/verrou", {"unlock_form": "1", "suite": "/compte", **shown})


def fall_asleep(browser: Visitor) -> None:
    browser.network.clock.advance(timedelta(minutes=15))


def row(network: Network, person: Person) -> LoginSession:
    with network.database.transaction(write=False) as session:
        return session.execute(select(LoginSession).where(LoginSession.user_id == person.user_id)).scalar_one()


def test_a_locked_screen_says_initials_and_a_number_and_a_password_opens_it_where_none_was_used(
    visitor: Visitor,
) -> None:
    network = visitor.network
    person = intake_worker(network)
    hold(visitor, person)
    assert 'data-lock-in="900.0"' in visitor.get("/compte").text
    send(network)
    fall_asleep(visitor)
    code = send(network)
    assert visitor.get("/session").json() == {"state": "locked"}
    asked = visitor.get("/annuaire?q=logement")
    assert asked.status_code == 200, "the public directory stays public"
    assert visitor.get("/compte").headers["location"] == LOCK
    assert visitor.get("/").headers["location"] == "/verrou"
    assert visitor.get("/connexion?suite=%2Fcompte").headers["location"] == LOCK
    page = visitor.get(LOCK)
    said = words(page.text)
    assert "C. R." in said.replace("\u00a0", " ")
    for hidden in ("Camille", "Essai", "Chrysalide", "exemple.test", code, "Demandes reçues"):
        assert hidden not in page.text, hidden
    assert "Changer de compte" in said
    with page_statements() as sent:
        counted = visitor.get("/verrou/nombre", headers={"x-fragment": "1"})
    assert len(sent) <= 5
    assert "demande" in counted.text
    assert code not in counted.text
    wrong = unlock(visitor, password="pas-le-bon-mot-de-passe")
    assert wrong.status_code == 422
    assert "ne correspond pas" in wrong.text
    opened = unlock(visitor, password=PASSWORD)
    assert (opened.status_code, opened.headers["location"]) == (303, "/compte")
    renewed = visitor.http.cookies["arrimage"]
    assert renewed != person.token
    assert renewed.partition(".")[2] == person.token.partition(".")[2], "forms and tabs of the session go on"
    assert "Camille" in visitor.get("/compte").text
    hold(visitor, person)
    assert visitor.get("/compte").headers["location"].startswith("/connexion"), "the old token is worth nothing"


def test_a_session_a_factor_opened_is_not_opened_again_by_a_password(visitor: Visitor) -> None:
    network = visitor.network
    person = intake_worker(network, factor="totp")
    hold(visitor, person)
    fall_asleep(visitor)
    first = send(network)
    assert "1 demande reçue depuis le verrouillage" in words(visitor.get(LOCK).text)
    assert first not in visitor.get(LOCK).text
    assert 'type="password"' not in visitor.get(LOCK).text
    assert unlock(visitor, password=PASSWORD).status_code == 422
    assert visitor.get("/session").json() == {"state": "locked"}
    opened = unlock(visitor, code=person.code(network))
    assert (opened.status_code, opened.headers["location"]) == (303, "/compte")
    kept = row(network, person)
    assert (kept.factor, kept.locked_at, kept.second_factor) == ("totp", None, True)
    assert visitor.get("/session").json()["state"] == "live"


def test_a_lock_by_hand_outlasts_activity_and_another_account_signs_it_out(visitor: Visitor) -> None:
    person = intake_worker(visitor.network)
    hold(visitor, person)
    locked = post(visitor, "/verrou/maintenant", {"suite": "/references/nouvelle"}, "/compte")
    assert locked.headers["location"] == "/verrou?suite=%2Freferences%2Fnouvelle"
    assert row(visitor.network, person).locked_at is not None
    for path in ("/compte", "/session/active", "/verrou/maintenant"):
        assert post(visitor, path, {}).status_code in (303, 307, 404), path
    assert visitor.get("/session").json() == {"state": "locked"}
    change = post(visitor, "/deconnexion", {"changer": "1"})
    assert (change.status_code, change.headers["location"]) == (303, "/connexion")
    assert change.headers["clear-site-data"]
    assert row(visitor.network, person).ended_at is not None


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)  # an address of a form: no engine reads it
def test_no_lock_leads_elsewhere(visitor: Visitor) -> None:
    hold(visitor, intake_worker(visitor.network))
    for back in ("https://ailleurs.example/", "//ailleurs.example", "/\\ailleurs", "javascript:alert(1)"):
        away = f"?suite={quote(back, safe='')}"
        assert visitor.get(f"/verrou{away}").headers["location"] == "/", "open: on with the page"
        assert visitor.get(f"/connexion{away}").headers["location"] == "/"
        fall_asleep(visitor)
        assert back not in visitor.get(f"/verrou{away}").text
        assert unlock(visitor, password=PASSWORD, suite=back).headers["location"] == "/"


def test_the_form_sent_too_late_is_kept_sealed_and_goes_on_after_unlocking(visitor: Visitor) -> None:
    """Without JavaScript too: the lock meets a form on its way, nobody can read it there, nothing is typed again."""
    person = intake_worker(visitor.network)
    hold(visitor, person)
    token = visitor.csrf()
    fall_asleep(visitor)
    typed = {"_csrf": token, "q": "texte que personne ne lit ici", "cases": ["a", "b"]}
    met = visitor.http.post("/demandes/saisir", data=typed)
    assert met.status_code == 403, "it was not done"
    assert "que personne" not in met.text
    assert "est gardé" in words(met.text)
    kept = re.search(r'name="carried" value="([^"]+)"', met.text)
    assert kept is not None
    form = {"unlock_form": "1", "suite": "/demandes/saisir", "carried": kept[1], "password": PASSWORD}
    wrong = post(visitor, "/verrou", form | {"password": "pas-le-bon-mot-de-passe"})
    assert kept[1] in wrong.text, "kept after a mistake"
    resumed = post(visitor, "/verrou", form)
    assert resumed.status_code == 200
    assert 'action="/demandes/saisir"' in resumed.text
    assert resumed.text.count("texte que personne ne lit ici") == 1
    assert re.findall(r'name="cases" value="(.)"', resumed.text) == ["a", "b"]
    other = intake_worker(visitor.network, factor="totp")
    hold(visitor, other)
    fall_asleep(visitor)
    stolen = unlock(visitor, code=other.code(visitor.network), carried=kept[1])
    assert stolen.status_code == 303, "sealed for one session: nothing to read in another"


def test_only_a_person_keeps_a_session_open(visitor: Visitor) -> None:
    """Fragments, the script's own questions and its fetches of a page are no activity; a button or a page is."""
    clock = visitor.network.clock
    hold(visitor, intake_worker(visitor.network))
    clock.advance(timedelta(minutes=14))
    visitor.get("/compte", headers={"x-fragment": "1"})
    visitor.get("/compte", headers={"sec-fetch-mode": "cors"})
    assert visitor.get("/session").json()["lock"] == 60
    token = csrf_of(visitor.get("/compte", headers={"sec-fetch-mode": "cors"}).text)
    assert visitor.get("/session").json()["lock"] == 60, "asking is no activity"
    stayed = visitor.http.post("/session/active", data={"_csrf": token})
    assert stayed.json() == {"state": "live", "lock": 900.0, "end": 35160.0, "warning": 120.0}
    clock.advance(timedelta(minutes=14))
    assert visitor.get("/compte").status_code == 200
    assert visitor.get("/session").json()["lock"] == 900


def test_attempts_to_unlock_are_counted(visitor: Visitor) -> None:
    person = intake_worker(visitor.network)
    hold(visitor, person)
    fall_asleep(visitor)
    for _ in range(UNLOCK_WINDOWS["account"].limit):
        assert unlock(visitor, password="pas-le-bon-mot-de-passe").status_code == 422
    refused = unlock(visitor, password=PASSWORD)
    assert refused.status_code == 429
    assert "Trop d’essais" in refused.text


def test_a_session_ended_while_locked_never_opens(visitor: Visitor) -> None:
    person = intake_worker(visitor.network)
    hold(visitor, person)
    fall_asleep(visitor)
    token = csrf_of(visitor.get(LOCK).text)
    with visitor.network.database.transaction() as session:
        services.disable_user(session, person.user_id, visitor.network.clock.now())
    form = {"_csrf": token, "unlock_form": "1", "suite": "/compte", "password": PASSWORD}
    answer = visitor.http.post("/verrou", data=form, follow_redirects=False)
    assert answer.headers["location"] == "/connexion?suite=%2Fcompte"
    assert visitor.get("/session").json() == {"state": "over"}


def test_all_other_sessions_end_at_once(visitor: Visitor) -> None:
    network = visitor.network
    person = intake_worker(network)
    with network.database.transaction() as session:
        now = network.clock.now()
        elsewhere = services.open_session(session, person.user_id, now, second_factor=False, device="Téléphone")
    hold(visitor, person)
    assert "Terminer toutes les autres sessions" in words(visitor.get("/compte").text)
    assert post(visitor, "/compte/autres-appareils", {}, "/compte").headers["location"] == "/compte"
    assert visitor.get("/compte").status_code == 200
    visitor.http.cookies.clear()
    visitor.http.cookies.set("arrimage", elsewhere, domain="127.0.0.1")
    assert visitor.get("/session").json() == {"state": "over"}


def test_a_locked_stream_tells_that_something_came_and_nothing_else(
    network: Network, live_server: Callable[[Any], LiveServer]
) -> None:
    """A colleague's stream carries the reference; a locked one carries neither it nor its kind, replayed or live."""
    server = live_server(network.app())
    person = intake_worker(network, factor="totp")
    network.clock.advance(timedelta(minutes=15))
    colleague = network.token("calacs-chrysalide")

    async def scenario() -> None:
        async with stream(server.port, "", headers=f"Cookie: arrimage={colleague}\r\n") as open_one:
            async with stream(server.port, "", headers=f"Cookie: arrimage={person.token}\r\n") as locked:
                assert open_one.status == locked.status == 200
                code = await asyncio.to_thread(send, network)
                heard, told = await open_one.until(1), await locked.until(1)
                assert heard[0].ref == code
                assert [(one.kind, one.ref) for one in told] == [("locked.news", "")]
                assert code.encode() not in told[0].raw
            second = await asyncio.to_thread(send, network)
            async with stream(
                server.port, "", last_event_id=locked.last_id, headers=f"Cookie: arrimage={person.token}\r\n"
            ) as replayed:
                told = await replayed.until(1)
                assert [(one.kind, one.ref) for one in told] == [("locked.news", "")]
                assert second.encode() not in told[0].raw

    asyncio.run(scenario())
