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
from core.committees.models.structure import Vote
from core.committees.rules.votes import Method, VoteRule
from core.committees.services import decisions
from core.testing import LiveServer
from core.testing.network import Network
from tests.integration.test_committee_hands import held
from tests.support.axe import faults
from tests.support.committees import CHAIR, MEMBERS, committee_id


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
    expect(page.get_by_text("1 siège représenté sur 4")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="Inscrire les heures").click()
    with network.database.transaction(write=False) as session:
        rows = session.execute(select(HoursEntry.quarter_hours, HoursEntry.persons, HoursEntry.state)).all()
    # Two hours each: hers by name, and one entry for the two other people of her organisation.
    assert sorted(tuple(row) for row in rows) == [(8, 1, "submitted"), (16, 2, "submitted")]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_hands_are_noted_and_confirmed_on_a_phone(
    network: Network, live_server: Callable[[Any], LiveServer], browser: Browser
) -> None:
    """Two phones in the room: the chair notes, somebody of another organisation confirms what appears on hers."""
    vote_id, code = held(network, VoteRule(Method.N_OF_M, 2, amount=42_000), CHAIR, *MEMBERS[:3])
    server = live_server(network.app())
    address = f"{server.url}/comites/bien-etre/rencontres/{code}"

    def phone(persona: str) -> Any:
        context = browser.new_context(viewport={"width": 390, "height": 844}, locale="fr-CA", has_touch=True)
        context.add_cookies([{"name": "arrimage", "value": network.token(persona), "url": server.url}])
        return context.new_page()

    chair, member = phone(CHAIR), phone(MEMBERS[0])
    for page in (chair, member):
        page.goto(address)
    expect(member.get_by_text("En direct")).to_be_visible()
    chair.get_by_role("link", name="Noter la main levée").click()
    expect(chair.get_by_role("button", name="Noter ces mains")).to_be_visible()
    for group in chair.get_by_role("group").all():
        group.get_by_text(re.compile("Oui, 420")).click()
    assert faults(chair) == []
    assert chair.evaluate("document.documentElement.scrollWidth") <= 390
    chair.get_by_role("button", name="Noter ces mains").click()
    # It arrives by itself on the other phone.
    member.get_by_role("link", name="Confirmer la main levée").click()
    expect(member.get_by_role("button", name="Je confirme ces mains")).to_be_visible()
    assert faults(member) == []
    assert member.evaluate("document.documentElement.scrollWidth") <= 390
    with member.expect_navigation():
        member.get_by_role("button", name="Je confirme ces mains").click()
    expect(member.get_by_text("le vote est décidé")).to_be_visible()
    expect(member.get_by_text("3 mains levées comptées")).to_be_visible()
    with network.database.transaction(write=False) as session:
        assert session.execute(select(Vote.status, Vote.amount_cents).where(Vote.id == vote_id)).one() == (
            "closed",
            42_000,
        )
    for page in (chair, member):
        page.context.close()


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_the_register_and_what_an_organisation_has_to_do_follow_by_themselves(
    network: Network, live_server: Callable[[Any], LiveServer], browser: Browser
) -> None:
    """A member reads the register, somebody of another organisation her list: both learn what the chair notes."""
    app = network.app()
    server, house = live_server(app), app.state.house
    asked = network.organisation("police-repentigny")

    def opened(persona: str, path: str) -> Any:
        context = browser.new_context(viewport={"width": 390, "height": 844}, locale="fr-CA")
        context.add_cookies([{"name": "arrimage", "value": network.token(persona), "url": server.url}])
        page = context.new_page()
        page.goto(server.url + path)
        expect(page.get_by_text("En direct")).to_be_visible()
        return page

    register = opened(MEMBERS[0], "/comites/bien-etre/decisions")
    own, home = opened("police-repentigny", "/suivis"), opened("police-repentigny", "/")
    expect(register.get_by_text("Le registre est vide.")).to_be_visible()
    expect(own.get_by_text("Aucun suivi.")).to_be_visible()
    chair, now = network.viewer(CHAIR), network.clock.now()
    with house.database.transaction() as session:
        place = committee_id(session)
        decision = decisions.note_decision(session, chair, place, "Publier la trajectoire.", now.date(), now)
    expect(register.get_by_text("Publier la trajectoire.")).to_be_visible()
    with house.database.transaction() as session:
        what = decisions.add_follow_up(session, house.keyring, chair, decision, asked, "L’imprimer", now.date(), now)
    expect(register.get_by_text("L’imprimer")).to_be_visible()
    expect(own.get_by_role("button", name="C’est fait L’imprimer")).to_be_visible()
    expect(home.get_by_role("link", name="Suivis de comités à faire")).to_be_visible()
    with house.database.transaction() as session:
        decisions.finish_follow_up(session, chair, what, now, done=True)
    for page in (register, own):
        expect(page.get_by_role("button", name="Pas encore fait")).to_have_count(1 if page is own else 0)
        expect(page.get_by_text("fait", exact=True)).to_be_visible()
    expect(home.get_by_text("Rien n’attend pour l’instant.")).to_be_visible()
    # A decision that another replaces takes what was to do after it out of the open lists.
    with house.database.transaction() as session:
        decisions.note_decision(session, chair, place, "La publier en mai.", now.date(), now, replaces=decision)
    expect(register.get_by_text("remplacée par")).to_be_visible()
    expect(own.get_by_text("Aucun suivi.")).to_be_visible()
    for page in (register, own, home):
        page.context.close()
