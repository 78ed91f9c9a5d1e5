"""The model plugin in two browsers: accessible at both widths, and a note arrives by itself without moving the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.access.registry import registry
from core.testing.network import Network, fresh_network
from core.testing.plugins import plugins_file
from tests.support.axe import faults

BOARD = "/comites/modele/notes"
#: Two committee members of one organisation.
MEMBER, COLLEAGUE = "orres-comite", "bien-etre-1"


@pytest.fixture
def network(tmp_path: Path, clock: Any) -> Iterator[Network]:
    with fresh_network("sqlite", tmp_path, clock) as seeded:
        yield seeded
    registry.forget_restrictions()


@pytest.fixture
def site(network: Network, tmp_path: Path, live_server: Any) -> str:
    """The address of the application with the model enabled."""
    enabled = plugins_file(tmp_path, "modele", package="plugins._modele")
    return str(live_server(network.app(plugins_file=enabled)).url)


def signed_in(page: Any, network: Network, persona: str) -> Any:
    page.context.add_cookies([{"name": "arrimage", "value": network.token(persona), "url": "http://127.0.0.1"}])
    return page


def test_board_errors_note_and_home_are_accessible(page: Any, site: str, network: Network) -> None:
    signed_in(page, network, MEMBER)
    page.goto(f"{site}{BOARD}")
    assert faults(page) == []
    page.fill("textarea", "Appelez 450 555-0101")
    page.get_by_role("button", name="Ajouter la note").click()
    page.get_by_role("alert").wait_for()
    assert page.input_value("textarea") == "Appelez 450 555-0101"
    assert faults(page) == []
    page.fill("textarea", "Rencontre mardi.")
    page.get_by_role("button", name="Ajouter la note").click()
    page.get_by_role("link", name="Rencontre mardi.").click()
    page.get_by_role("heading", name="Note", exact=True).wait_for()
    assert faults(page) == []
    page.goto(site)
    page.get_by_text("Rencontre mardi.").wait_for()
    assert faults(page) == []


def test_a_note_arrives_by_itself_and_waits_to_be_shown(page: Any, site: str, network: Network, browser: Any) -> None:
    signed_in(page, network, MEMBER).goto(f"{site}{BOARD}")
    page.get_by_text("En direct").wait_for()
    other = browser.new_context(locale="fr-CA").new_page()
    signed_in(other, network, COLLEAGUE).goto(f"{site}{BOARD}")
    other.fill("textarea", "Bonne nouvelle.")
    other.get_by_role("button", name="Ajouter la note").click()
    other.get_by_role("link", name="Bonne nouvelle.").wait_for()
    page.get_by_text("1 nouveauté").wait_for()
    assert page.get_by_role("link", name="Bonne nouvelle.").count() == 0
    page.get_by_role("button", name="Afficher").click()
    page.get_by_role("link", name="Bonne nouvelle.").wait_for()
    other.context.close()
