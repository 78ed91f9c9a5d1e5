"""The demo's personas: one click each, in demo mode only, said by a banner."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from core.access.viewer import Role
from core.accounts.models import User
from core.accounts.seed import PERSONAS
from core.testing.network import Network, Visitor, visiting
from tests.support.pages import words

BANNER = "personnes inventées, réseau réel"
LABELS = {
    Role.WORKER: "intervention",
    Role.INTAKE: "accueil des demandes",
    Role.ORGANISATION_ADMIN: "administration de l’organisme",
    Role.PRIVACY_OFFICER: "protection des renseignements personnels",
    Role.COMMITTEE_MEMBER: "membre de comité",
    Role.COMMITTEE_CHAIR: "présidence de comité",
    Role.NETWORK_COORDINATION: "coordination du réseau",
    Role.OPERATOR: "exploitation technique",
}


def test_one_click_each(visitor: Visitor) -> None:
    page = visitor.get("/demo")
    assert page.status_code == 200
    assert re.findall(r'action="/demo/([a-z0-9-]+)"', page.text) == [persona.key for persona in PERSONAS]
    said = words(page.text)
    assert {role for persona in PERSONAS for role in persona.roles} == set(LABELS)
    for label in LABELS.values():
        assert label in said
    for persona in PERSONAS:
        visitor.http.cookies.clear()
        answer = visitor.post(f"/demo/{persona.key}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        account = visitor.get("/compte").text
        assert persona.name in account
        assert BANNER in words(account)
        shown = words(account.split("<main")[1])
        assert all(LABELS[role] in shown for role in persona.roles)


def test_an_unknown_persona_is_a_missing_page(visitor: Visitor) -> None:
    answer = visitor.post("/demo/nul-ne-sait")
    assert answer.status_code == 404
    assert "arrimage=" not in ";".join(answer.headers.get_list("set-cookie"))


def test_a_persona_cannot_sign_in_by_a_password(visitor: Visitor) -> None:
    for password in ("x", "calacs-chrysalide", "None"):
        form = {"email": "calacs-chrysalide@exemple.invalid", "password": password}
        assert visitor.post("/connexion", form).status_code == 422


@pytest.mark.parametrize("mode", ["production", "test"])
def test_outside_the_demo_there_is_no_persona_and_no_banner(network: Network, mode: Any) -> None:
    """Even on a database that holds them: the pages answer as if they did not exist."""
    with visiting(network, mode=mode) as browser:
        missing = browser.get("/nulle-part")
        page, click = browser.get("/demo"), browser.post("/demo/calacs-chrysalide")
        assert page.status_code == click.status_code == 404
        assert page.content == click.content == missing.content
        assert "arrimage" not in browser.http.cookies
        for path in ("/", "/connexion", "/annuaire"):
            text = browser.get(path).text
            assert BANNER not in words(text)
            assert "/demo" not in text
    with network.database.transaction(write=False) as session:
        assert session.execute(select(User.password_hash).where(User.demo_key.is_not(None))).scalars().first() is None
