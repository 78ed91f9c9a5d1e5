"""A meeting on a phone, from planning to its hours: planned, held, attendance marked, hours entered for everybody."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from core.committees.models.hours import HoursEntry
from core.testing import LiveServer
from core.testing.network import Network
from tests.support.axe import faults


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_a_chair_plans_a_meeting_marks_who_came_and_enters_their_hours(
    network: Network, live_server: Callable[[Any], LiveServer], browser: Browser
) -> None:
    server = live_server(network.app())
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="fr-CA", has_touch=True)

    def signed_in() -> None:
        context.add_cookies([{"name": "arrimage", "value": network.token("orres-comite"), "url": server.url}])

    signed_in()
    page = context.new_page()
    page.goto(f"{server.url}/comites/orres")
    page.get_by_role("link", name="Rencontres").first.click()
    page.get_by_role("link", name="Prévoir une rencontre").click()
    page.get_by_label("Titre").fill("Rencontre ordinaire")
    page.get_by_label("Jour").fill("2026-12-01")
    page.get_by_label("Début").fill("13:30")
    page.get_by_label("Fin").fill("15:30")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("de 13 h 30 à 15 h 30")).to_be_visible()
    expect(page.get_by_role("link", name="Noter les présences")).to_have_count(0)
    assert faults(page) == []
    address = page.url
    network.clock.advance(timedelta(days=8))
    signed_in()
    page.goto(address)
    page.get_by_role("link", name="Noter les présences").click()
    group = page.get_by_role("group", name=re.compile("Coup de cœur"))
    group.get_by_text("présence", exact=True).click()
    group.get_by_label(re.compile("Personnes présentes")).fill("3")
    assert faults(page) == []
    with page.expect_navigation():
        page.get_by_role("button", name="Enregistrer les présences").click()
    page.goto(address)
    expect(page.get_by_text("1 siège représenté sur 1")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="Inscrire les heures").click()
    with network.database.transaction(write=False) as session:
        rows = session.execute(select(HoursEntry.quarter_hours, HoursEntry.persons, HoursEntry.state)).all()
    # Two hours each: hers by name, and one entry for the two other people of her organisation.
    assert sorted(tuple(row) for row in rows) == [(8, 1, "submitted"), (16, 2, "submitted")]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
