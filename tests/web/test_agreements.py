"""The agreements in force: read and accepted before anything else, by whom they bind. Both engines."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from core.access.viewer import Role
from core.accounts import agreements, services
from core.accounts.agreements import AgreementText
from core.accounts.models import Agreement, AgreementAcceptance
from core.testing import LiveServer
from core.testing.network import Network, Visitor
from core.testing.statements import counted_statements
from tests.support.live import stream
from tests.support.pages import csrf_of, words

CONDUCT, PARTNERSHIP = "Code de conduite", "Entente de partenariat"


def newcomer(network: Network, *roles: Role, slug: str = "ajrj") -> str:
    """The cookie of somebody who has accepted nothing yet."""
    now = network.clock.now()
    with network.database.transaction() as session:
        user_id = services.add_user(
            session,
            network.keyring,
            organisation_id=network.organisation(slug),
            email=f"{'-'.join(roles)}@exemple.test",
            name="Camille Essai",
            roles=roles,
            now=now,
        )
        return services.open_session(session, user_id, now, second_factor=True, device="essai", factor="totp")


def hold(browser: Visitor, token: str) -> Visitor:
    browser.http.cookies.clear()
    browser.http.cookies.set("arrimage", token, domain="127.0.0.1")
    return browser


def boxes(html: str) -> dict[str, str]:
    return dict(re.findall(r'type="checkbox" id="f-\w+" name="(\w+)" value="(\w+)"', html))


def accept(browser: Visitor, ticked: dict[str, str], page: str = "/entente") -> Any:
    token = csrf_of(browser.get(page).text)
    form = {"_csrf": token, "agreement_form": "1", "suite": "/references?page=2", **ticked}
    return browser.http.post("/entente", data=form, follow_redirects=False)


def accepted(network: Network) -> list[tuple[str, bool]]:
    with network.database.transaction(write=False) as session:
        rows = session.execute(
            select(Agreement.kind, AgreementAcceptance.organisation_id)
            .join(Agreement, Agreement.hash == AgreementAcceptance.agreement_hash)
            .order_by(AgreementAcceptance.id)
        ).all()
    return [(row.kind, row.organisation_id is not None) for row in rows]


def test_nothing_opens_before_the_code_of_conduct_is_accepted(visitor: Visitor) -> None:
    network = visitor.network
    before = accepted(network)
    hold(visitor, newcomer(network, Role.WORKER))
    for path in ("/references", "/compte", "/", "/annuaire"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/entente"), path
    assert visitor.get("/references", headers={"x-fragment": "1"}).status_code == 401
    assert visitor.get("/references?page=2").headers["location"] == "/entente?suite=%2Freferences%3Fpage%3D2"
    page = visitor.get("/entente?suite=%2Freferences")
    said = words(page.text)
    assert CONDUCT in said
    assert PARTNERSHIP not in said, "only who administers an organisation binds it"
    assert "Demandes reçues" not in page.text
    assert "data-live-cursor" not in page.text
    assert list(boxes(page.text)) == ["conduct"]
    refused = accept(visitor, {})
    assert refused.status_code == 422
    assert "Cochez la case" in refused.text
    stale = accept(visitor, {"conduct": "0" * 64})
    assert stale.status_code == 422
    assert "nouvelle version" in stale.text
    assert accepted(network) == before
    done = accept(visitor, boxes(page.text))
    assert (done.status_code, done.headers["location"]) == (303, "/references?page=2")
    assert accepted(network) == [*before, ("conduct", False)]
    assert accept(visitor, boxes(page.text), "/compte").status_code == 303, "twice is once"
    assert accepted(network) == [*before, ("conduct", False)]
    account = visitor.get("/compte").text
    assert CONDUCT in words(account)
    digest = agreements.IN_FORCE["conduct"].hash
    text = visitor.get(f"/entente/{digest}")
    assert "La femme d’abord" in words(text.text)
    assert digest in text.text, "the print names the exact text"
    assert visitor.get("/entente").headers["location"] == "/"
    assert visitor.get(f"/entente/{'0' * 64}").status_code == 404


def test_whoever_administers_accepts_for_the_organisation_too_and_others_are_not_held_up(visitor: Visitor) -> None:
    network = visitor.network
    hold(visitor, newcomer(network, Role.ORGANISATION_ADMIN))
    page = visitor.get("/entente").text
    asked = boxes(page)
    assert list(asked) == ["conduct", "partnership"]
    half = accept(visitor, {"conduct": asked["conduct"]})
    assert half.status_code == 422
    assert 'value="{}" checked'.format(asked["conduct"]) in half.text, "what was ticked stays"
    assert accept(visitor, asked).status_code == 303
    assert accepted(network)[-2:] == [("conduct", False), ("partnership", True)]
    # A second administration of the same organisation has only the code left
    hold(visitor, newcomer(network, Role.ORGANISATION_ADMIN, Role.PRIVACY_OFFICER))
    assert list(boxes(visitor.get("/entente").text)) == ["conduct"]
    assert accept(visitor, boxes(visitor.get("/entente").text)).status_code == 303
    assert "au nom de votre organisme" in words(visitor.get("/compte").text)


def test_a_new_version_asks_again_and_the_old_one_can_still_be_read(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(visitor, newcomer(visitor.network, Role.WORKER))
    accept(visitor, boxes(visitor.get("/entente").text))
    assert visitor.get("/compte").status_code == 200
    old = agreements.IN_FORCE["conduct"]
    newer = AgreementText("conduct", old.version + 1, old.fr + "\n\nUn point de plus.\n", old.en)
    monkeypatch.setitem(agreements.IN_FORCE, "conduct", newer)
    assert visitor.get("/compte").headers["location"] == "/entente?suite=%2Fcompte"
    page = visitor.get("/entente").text
    assert "Un point de plus." in page
    assert accept(visitor, {"conduct": old.hash}).status_code == 422
    assert accept(visitor, boxes(page)).status_code == 303
    assert "version précédente" in words(visitor.get("/compte").text)
    kept = visitor.get(f"/entente/{old.hash}")
    assert kept.status_code == 200
    assert "Un point de plus." not in kept.text


def test_a_form_met_on_its_way_is_not_taken_for_a_yes_and_one_may_sign_out(visitor: Visitor) -> None:
    hold(visitor, newcomer(visitor.network, Role.WORKER))
    token = csrf_of(visitor.get("/entente").text)
    met = visitor.http.post("/references/retrait", data={"_csrf": token, "code": "R-0000-00"})
    assert met.status_code == 403
    assert "Cochez" not in met.text
    assert visitor.http.post("/deconnexion", data={"_csrf": token}, follow_redirects=False).headers["location"] == "/"
    assert visitor.get("/session").json() == {"state": "over"}


def test_the_gate_costs_no_statement_and_the_demo_is_not_asked(visitor: Visitor) -> None:
    visitor.become("communautaire-ajrj")
    with counted_statements() as sent:
        assert visitor.get("/session").json()["state"] == "live"
    asked = [one for one in sent if "agreement_acceptances" in one]
    assert len(asked) == 1
    assert "login_sessions" in asked[0], "the statement that tells who it is"
    for persona in ("admin-chrysalide", "operateur", "coordination-cresl"):
        assert visitor.become(persona).get("/compte").status_code == 200, persona


def test_no_event_reaches_somebody_who_has_not_agreed(
    network: Network, live_server: Callable[[Any], LiveServer]
) -> None:
    server, token = live_server(network.app()), newcomer(network, Role.WORKER)

    async def scenario() -> None:
        async with stream(server.port, "", headers=f"Cookie: arrimage={token}\r\n") as refused:
            assert refused.status == 401

    asyncio.run(scenario())
