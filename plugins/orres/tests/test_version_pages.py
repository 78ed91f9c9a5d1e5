"""Pages of versions: the whole way by forms, what is typed kept, two people at once, who gets what."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import text

from core.testing.network import Network, Visitor
from core.testing.statements import page_statements

from ..settings import VERSIONS
from . import drafting as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
DRAFT = f"{VERSIONS}/3"


def plain(answer: Any) -> str:
    return str(answer.text).replace("\u00a0", " ")


def hidden(page: Any, name: str) -> str:
    """The value of a hidden field of a form."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None
    return found.group(1)


@pytest.fixture
def member(network: Network, visitor: Visitor) -> Visitor:
    """The chair of the committee, before the demo's versions."""
    h.with_example(network)
    return visitor.become(h.CHAIR)


@SQLITE
def test_from_a_blank_form_to_the_version_in_force(network: Network, member: Visitor) -> None:
    """A draft by its forms alone, without scripts: elements, conditions, a service found, a passage, undo, vote."""
    assert member.post(VERSIONS, {"version_title": ""}).status_code == 422
    opened = member.post(VERSIONS, {"version_title": "Trajectoire d’hiver", "note": "Pour l’emploi"})
    here = opened.headers["location"].removesuffix("/modifier")
    assert here == f"{VERSIONS}/4"
    added = member.post(f"{here}/elements", {"new_title": "Garder son logement", "moment": "projet"})
    step = added.headers["location"]
    assert step == f"{here}/elements/garder-son-logement"
    page = member.get(step)
    typed = {"title": "Garder son toit", "summary": "Bail, voisinage.", "needs": ["housing"], "delay_hours": "72"}
    mark = {"mark": hidden(page, "mark")}
    wrong = member.post(step, {**typed, **mark, "delay_hours": "bientôt"})
    assert wrong.status_code == 422
    assert 'value="Garder son toit"' in wrong.text
    forged = member.post(step, {**typed, **mark, "mrc": ["62802"]})
    assert forged.status_code == 422
    assert "n’est pas dans la liste" in plain(forged)
    assert 'value="Garder son toit"' in forged.text
    assert member.post(step, {**typed, **mark, "minor": ["no"], "danger": ["no"]}).status_code == 303
    late = member.post(step, {**typed, **mark, "title": "Le mien"})
    assert late.status_code == 409
    assert 'value="Le mien"' in late.text, "what was typed is kept"
    assert "Garder son toit" in late.text, "beside what is saved now"
    found = member.get(f"{step}/services?q=logement")
    service = re.search(rf"{step}/services/([0-9a-f-]{{36}})", found.text)
    assert service is not None
    answer = f"{step}/services/{service.group(1)}"
    assert member.post(answer, {"role": "boss"}).status_code == 422
    assert member.post(answer, {"role": "lead", "areas": ["mrc-610"], "delay_hours": "24"}).status_code == 303
    assert member.post(answer, {"role": "lead"}).status_code == 422, "it answers there already"
    changed = {"role": "support", "areas": ["mrc-610"], "mark": hidden(member.get(answer), "mark")}
    assert member.post(answer, changed).status_code == 303
    edge = member.post(f"{here}/passages", {"source": "emploi", "target": "garder-son-logement"}).headers["location"]
    assert member.post(edge, {"need": ["housing"], "mark": hidden(member.get(edge), "mark")}).status_code == 303
    assert member.post(edge, {"need": ["money"], "mark": "0"}).status_code == 409
    draft = plain(member.get(f"{here}/modifier"))
    assert "Garder son toit" in draft
    assert "Besoin : Hébergement, logement" in draft
    count = hidden(member.get(f"{here}/modifier"), "edits")
    assert member.post(f"{edge}/retirer").status_code == 303
    assert member.post(f"{here}/annuler", {"edits": count}).status_code == 409, "another change came meanwhile"
    count = hidden(member.get(f"{here}/modifier"), "edits")
    assert member.post(f"{here}/annuler", {"edits": count}).status_code == 303
    assert edge in member.get(f"{here}/elements/emploi").text, "the passage is back"
    assert member.post(f"{step}/place", {"to": "up"}).status_code == 303
    assert member.post(f"{step}/retirer").status_code == 303
    assert member.get(step).status_code == 404
    count = hidden(member.get(f"{here}/modifier"), "edits")
    assert member.post(f"{here}/annuler", {"edits": count}).status_code == 303
    shown = member.get(f"{here}/differences")
    said = plain(shown)
    for words in ("Pour l’emploi", "Garder son toit", "Soutien"):
        assert words in said
    proposal = {"edits": hidden(shown, "edits")}
    refused = member.post(f"{here}/proposer", proposal)
    assert refused.status_code == 409
    assert "en connaissant ces points" in plain(refused)
    assert member.post(f"{here}/proposer", {"edits": "0", "knowing": "true"}).status_code == 409
    assert member.post(f"{here}/proposer", {**proposal, "knowing": "true"}).headers["location"] == f"{here}/vote"
    assert member.post(step, {**typed, "mark": "0"}).status_code == 404, "it changes no more"
    assert member.get(f"{here}/modifier").headers["location"] == here
    assert member.post(f"{here}/publier").status_code == 409
    vote = f"{here}/vote"
    assert member.post(f"{vote}/bulletin", {"choice": ""}).status_code == 422
    for persona in (h.CHAIR, h.SECOND, h.THIRD):
        assert member.become(persona).post(f"{vote}/bulletin", {"choice": "yes"}).status_code == 303
    assert member.become(h.COORDINATION).post(f"{vote}/bulletin", {"choice": "yes"}).status_code in (403, 404, 409)
    with network.database.transaction() as session:
        h.close(network, session, 4)
    member.become(h.CHAIR)
    assert "Adoptée" in plain(member.get(vote))
    assert "adoptée : à publier" in plain(member.get("/"))
    assert member.post(f"{here}/publier").headers["location"] == VERSIONS
    home = plain(member.get(VERSIONS))
    assert "Version 4 · en vigueur depuis le 24 novembre 2026" in home
    assert "Trajectoire d’hiver" in home
    assert "À refaire : une autre version est entrée en vigueur" in home
    redo = plain(member.get(f"{DRAFT}/refaire"))
    assert "À reprendre à la main" not in redo
    assert "Trouver un logement à soi" in redo
    assert member.post(f"{DRAFT}/refaire").headers["location"] == f"{DRAFT}/differences"
    assert "Par rapport à la version 4" in plain(member.get(f"{DRAFT}/differences"))


@SQLITE
def test_who_gets_the_pages_of_versions(network: Network, member: Visitor) -> None:
    """Partners read what is published and see no draft; the coordination follows and changes nothing; addresses that
    are not there and those that are not for her answer alike."""
    pages = ("/modifier", "/elements/emploi", "/verifier", "/differences")
    for persona in (h.PARTNER, "bien-etre-1", "admin-chrysalide"):
        member.become(persona)
        home = plain(member.get(VERSIONS))
        assert "Version 2 · en vigueur" in home
        assert "En préparation" not in home
        assert "Ouvrir un brouillon" not in home
        assert [member.get(DRAFT + page).status_code in (403, 404) for page in pages] == [True] * len(pages)
        assert member.post(VERSIONS, {"version_title": "Non"}).status_code in (403, 404)
        assert member.get(f"{VERSIONS}?partie=travail", headers={"X-Fragment": "1"}).status_code == 404
    member.become(h.COORDINATION)
    assert [member.get(DRAFT + page).status_code for page in pages] == [200] * len(pages)
    assert "Enregistrer" not in member.get(f"{DRAFT}/elements/emploi").text
    assert member.post(f"{DRAFT}/elements/emploi", {"title": "Non"}).status_code in (403, 404)
    member.become(h.CHAIR)
    assert "En préparation" in member.get(f"{VERSIONS}?partie=travail", headers={"X-Fragment": "1"}).text
    assert member.get(f"{VERSIONS}/99/modifier").status_code == 404
    assert member.get(f"{VERSIONS}/x/verifier").status_code == 404
    assert member.get(f"{VERSIONS}/2/modifier").headers["location"] == f"{VERSIONS}/2"
    assert member.get(f"{DRAFT}/vote").status_code == 404
    assert member.get(f"{DRAFT}/elements/nulle-part").status_code == 404
    with network.database.transaction() as session:
        session.execute(text("DELETE FROM services WHERE slug = 'clef-emploi'"))
    assert "Employabilité des femmes" in plain(member.get(VERSIONS)), "flagged by the name it had"
    assert "1 service à revoir" in plain(member.get("/"))
    assert "Service retiré du répertoire" in plain(member.get(f"{DRAFT}/elements/emploi"))
    checks = plain(member.get(f"{DRAFT}/verifier"))
    for words in ("n’est plus au répertoire", "On s’arrête ici sans personne", "ne reçoit pas ces âges"):
        assert words in checks


@SQLITE
def test_statements_of_pages(network: Network, member: Visitor) -> None:
    """Every page keeps its budget, whatever the version holds: the session's own statements included."""
    at = h.desk(network)
    with network.database.transaction() as session:
        number = h.draft(session, at)
        h.add_step(session, at, number, "Essai")
        h.propose(session, at, number)
    budgets = {
        VERSIONS: 9,
        f"{DRAFT}/modifier": 10,
        f"{DRAFT}/elements/ecouter": 10,
        f"{DRAFT}/passages/ecouter/danger": 9,
        f"{DRAFT}/nom": 5,
        f"{VERSIONS}/{number}/vote": 11,
    }
    found: dict[str, int] = {}
    member.get(f"{DRAFT}/nom")  # what an application reads once
    for page in (*budgets, *budgets, *budgets):  # the fewest of three: what was just proposed is told beside
        with page_statements() as statements:
            assert member.get(page).status_code == 200
        found[page] = min(len(statements), found.get(page, len(statements)))
    assert {page: sent for page, sent in found.items() if sent > budgets[page]} == {}
