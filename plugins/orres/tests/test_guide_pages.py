"""The guide in pages, without JavaScript: for a partner, for everybody, in danger, and the references it begins."""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from core.api import ANONYMOUS, NEEDS, emergency_lines
from core.testing.network import Network, Visitor, visiting
from core.testing.statements import counted_statements

from ..models import UnmetRow
from ..queries.guide import guide_for
from ..rules.guide import advise
from ..rules.guide_questions import MOST, PASSED, read_answers
from ..services.unmet import erase_before
from .guide_samples import empty_unmet, with_unmet, words

ONE_ENGINE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
GUIDE = "/comites/orres/guide"
ADULT: Mapping[str, Any] = {
    "danger": "no",
    "needs": ["housing", "exploitation_support"],
    "age": "25_34",
    "place": "mrc-600",
    "moment": PASSED,
    "language": "fr",
}


@pytest.fixture
def network(network: Network) -> Network:
    return with_unmet(network)


def hidden(html: str, action: str | None = None) -> dict[str, list[str]]:
    """The hidden fields of the form of that action (the first one without), as a browser would send them."""
    found: dict[str, list[str]] = {}
    forms = re.findall(r"<form[^>]*>.*?</form>", html.split("<main", 1)[1], re.S)
    form = next(one for one in forms if action is None or f'action="{action}"' in one)
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form):
        if name != "_csrf":
            found.setdefault(name, []).append(value)
    return found


def rows(network: Network) -> list[Any]:
    with network.database.transaction(write=False) as session:
        columns = (UnmetRow.need, UnmetRow.area, UnmetRow.age, UnmetRow.reason, UnmetRow.quarter)
        return sorted(tuple(row) for row in session.execute(select(*columns)))


def everything(network: Network) -> dict[str, int]:
    """How many rows each table holds."""
    from core.api import Base  # its metadata holds every table that is loaded

    with network.database.transaction(write=False) as session:
        return {
            name: session.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()
            for name in Base.metadata.tables
            if not name.startswith("kernel_notes")
        }


def test_six_questions_back_and_change_then_services_with_why_and_why_not(visitor: Visitor) -> None:
    visitor.become("police-repentigny")
    network = visitor.network
    empty_unmet(network)
    page = visitor.get(GUIDE)
    asked = []
    for name, answer in ADULT.items():
        shown = re.search(r'name="at" value="([^"]+)"', page.text)
        assert shown is not None
        asked.append(shown.group(1))
        assert shown.group(1) == name
        assert f"Question {len(asked)} sur {MOST}" in words(page.text)
        kept = hidden(page.text, GUIDE)
        blank = visitor.post(GUIDE, {**kept, "go": "next"})
        assert blank.status_code == 422
        assert "Choisissez une réponse" in words(blank.text)
        page = visitor.post(GUIDE, {**kept, name: answer, "go": "next"})
        assert page.status_code == 200
        assert str(page.url).endswith(GUIDE), "nothing is in the address"
    assert len(asked) <= MOST
    said = words(page.text)
    assert "Qui peut aider" in said
    # From a known answer: her age leaves out what is for younger ones, and the page says why.
    assert "Hébergement pour femmes (fictif)" in said.split("Pourquoi pas")[0]
    assert "Reçoit ce groupe d’âge" in said
    against = said.split("Pourquoi pas")[1]
    assert "Ce n’est pas son cas" in against or "ce n’est pas son cas" in against
    assert "Elle cherche : accompagnement en lien avec l’exploitation sexuelle, hébergement, logement." in said
    assert "délai prévu : 24 heures" in said
    assert "CALACS La Chrysalide" in said.split("En parler à quelqu’un")[1]
    # Back, then another answer: the others stay.
    kept = hidden(page.text, GUIDE)
    assert {name: sorted(kept[name]) for name in ADULT} == {
        name: sorted([value] if isinstance(value, str) else value) for name, value in ADULT.items()
    }
    again = visitor.post(GUIDE, {**kept, "go": "change-age"})
    assert re.search(r'name="age" value="25_34" checked', again.text)
    kept = hidden(again.text, GUIDE)
    assert "age" not in kept
    young = visitor.post(GUIDE, {**kept, "age": "14_17", "go": "next"})
    assert "Hébergement pour femmes (fictif)" not in words(young.text).split("Pourquoi pas")[0]
    back = visitor.post(GUIDE, {**kept, "age": "14_17", "go": "back"})
    assert 'name="at" value="needs"' in back.text
    assert re.search(r'name="needs" value="housing" checked', back.text)
    # Forged answers are as if they had not been given; services may be asked for at any time.
    forged = visitor.post(GUIDE, {"danger": "forged", "needs": ["forged"], "go": "see"})
    assert forged.status_code == 200
    assert "Vos réponses" not in words(forged.text)
    with network.database.transaction(write=False) as session:
        services = session.scalar(text("SELECT count(*) FROM services"))
        with counted_statements() as sent:
            guide_for(session, network.viewer("police-repentigny"), network.clock.now())
    assert services > 40
    assert len(sent) <= 22, "as many as one card of the directory takes, and the version's own"


def test_needs_without_answer_are_counted_once_in_codes(visitor: Visitor) -> None:
    visitor.become("police-repentigny")
    network = visitor.network
    empty_unmet(network)
    needs = ["substance_use", "relative_support", "housing"]
    first = hidden(visitor.get(GUIDE).text, GUIDE)
    answers = {**ADULT, "run": first["run"][0], "needs": needs, "place": "mrc-600"}
    with network.database.transaction() as session:
        # The shelter is full: the need for a roof has nobody with room.
        session.execute(
            text(
                "UPDATE services SET capacity_state = 'full' "
                "WHERE slug IN ('escale-hebergement', 'defis-logis-logement')"
            )
        )
    page = visitor.post(GUIDE, {**answers, "go": "see"})
    assert "Sans réponse pour l’instant" in words(page.text)
    counted = rows(network)
    assert ("housing", "mrc-600", "adult", "full", "2026T3") in counted
    for _ in range(2):  # sent again, then answered otherwise: the same way through is counted once
        visitor.post(GUIDE, {**answers, "go": "see"})
    assert rows(network) == counted
    visitor.post(GUIDE, {**answers, "needs": ["housing"], "place": PASSED, "go": "see"})
    assert rows(network) == [("housing", "", "adult", "full", "2026T3")]
    # A trial is left out, and stays out when an answer changes.
    left = visitor.post(GUIDE, {**answers, "go": "leave_out"})
    assert rows(network) == []
    visitor.post(GUIDE, {**hidden(left.text, GUIDE), "go": "change-age"})
    visitor.post(GUIDE, {**hidden(left.text, GUIDE), "go": "see"})
    assert rows(network) == []
    # The same run of another organisation is another one; nothing in a row is a day or leads to the run.
    visitor.post(GUIDE, {**answers, "go": "see"})
    visitor.become("cisss-centre-designe")
    visitor.post(GUIDE, {**answers, "go": "see"})
    assert len(rows(network)) == 2 * len(counted)
    with network.database.transaction(write=False) as session:
        kept = session.execute(select(UnmetRow.id, UnmetRow.run)).all()
    assert all(one.id.version == 4 for one in kept), "a key that holds no instant"
    assert UUID(answers["run"]) not in {one.run for one in kept}
    # Kept by whole quarters, then gone.
    now = network.clock.now()
    with network.database.transaction() as session:
        assert erase_before(session, now) == 0
        assert erase_before(session, now + timedelta(days=92)) == 2 * len(counted)


@ONE_ENGINE
def test_for_everybody_public_tier_only_and_nothing_written_nor_logged(
    network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "Atelier Zénith 7731"
    with network.database.transaction() as session:
        session.execute(
            text("UPDATE services SET name = :name, visibility = 'partners' WHERE slug = 'lafu-urgence'"),
            {"name": secret},
        )
        hid = "Halte Quartz 9914"
        session.execute(
            text("UPDATE services SET name = :name, visibility = 'confidential' WHERE slug = 'cc-depannage'"),
            {"name": hid},
        )
    with visiting(network) as visitor:
        home = visitor.get("/").text
        assert 'href="/guide"' in home
        page = visitor.get("/guide")
        assert page.status_code == 200
        assert "Sortie rapide" in page.text
        assert "<title>Renseignements" in page.text
        before = everything(network)
        answers = {**ADULT, "needs": ["money", "basic_needs", "housing"]}
        with caplog.at_level(logging.DEBUG):
            for go in ("next", "see", "change-age", "leave_out"):
                page = visitor.post("/guide", {**answers, "at": "danger", "go": go})
                assert page.status_code == 200
                assert secret not in page.text
                assert hid not in page.text
            page = visitor.post("/guide", {**answers, "go": "see"})
        assert everything(network) == before, "whoever asks leaves nothing"
        said = words(page.text)
        assert "Vos réponses" in said
        assert "Je n’ai pas à dire mon nom." in said
        assert "Préparer une référence" not in said
        assert "ne pas compter" not in said
        told = " ".join(record.getMessage() for record in caplog.records)
        assert "housing" not in told
        assert "25_34" not in told
        assert "mrc-600" not in told
        # A partner who opens the public page reads what anybody reads; her own guide tells her more.
        visitor.become("police-repentigny")
        uncounted = rows(network)
        public = visitor.post("/guide", {**answers, "needs": ["substance_use", "relative_support"], "go": "see"})
        assert public.status_code == 200
        assert "Sans réponse pour l’instant" in words(public.text)
        assert "ne pas compter" not in words(public.text)
        assert rows(network) == uncounted, "everybody’s page counts nothing, whoever opens it"
        assert secret not in visitor.post("/guide", {**answers, "go": "see"}).text
        own = visitor.post(GUIDE, {**answers, "go": "see"}).text
        assert secret in own
        assert hid not in own
        visitor.become("orres-comite")
        assert hid in visitor.post(GUIDE, {**answers, "go": "see"}).text, "its own organisation knows it"


@ONE_ENGINE
def test_danger_shows_the_networks_numbers_first_and_begins_no_reference(network: Network) -> None:
    numbers = {"emergency_general": "911", "emergency_suicide": "450 555-0111", "emergency_sexual_violence": ""}
    with visiting(network, persona="police-repentigny", **numbers) as visitor:
        answers = {**ADULT, "danger": "yes"}
        page = visitor.post(GUIDE, {"at": "danger", "danger": "yes", "go": "next"})
        for shown in (page, visitor.post(GUIDE, {**answers, "go": "see"})):
            main = words(shown.text)
            assert main.index("Danger : appelez d’abord") < main.index(
                "Question" if "Question" in main else "Qui peut aider"
            )
            assert "Prévention du suicide : 450 555-0111" in main
            assert "Violence sexuelle" not in main.split("Qui peut aider")[0], "a line that is not set is not invented"
        results = shown.text
        assert "Préparer une référence" not in results
        assert "/references/nouvelle/arret/danger" in results
        refused = visitor.post(f"{GUIDE}/references", {**answers, "only": "x"})
        assert refused.headers["location"] == "/references/nouvelle/arret/danger"
        child = visitor.post(f"{GUIDE}/references", {**ADULT, "age": "under_12", "only": "x"})
        assert child.headers["location"] == "/references/nouvelle/arret/moins-de-12-ans"


def test_one_tap_begins_a_reference_and_several_begin_twins(visitor: Visitor) -> None:
    visitor.become("police-repentigny")
    # Both centres serve the cut MRC: two organisations may be asked.
    answers = {**ADULT, "place": "mrc-630", "needs": ["exploitation_support", "group", "support"]}
    page = visitor.post(GUIDE, {**answers, "go": "see"})
    # Cut between two centres: neither says that it serves the whole of it
    with visitor.network.database.transaction(write=False) as session:
        guide = guide_for(session, visitor.network.viewer("police-repentigny"), visitor.network.clock.now())
    assert guide is not None
    centres = [one for one in guide.shown.values() if one.organisation_type == "calacs" and "mrc-630" in one.areas]
    assert len({one.organisation_id for one in centres}) == 2
    assert all("mrc-630" in one.areas_in_part for one in centres), [one.areas_in_part for one in centres]
    assert {guide.offered[one.id].covers["mrc-630"] for one in centres} == {None}
    assert "Dessert une partie de ce territoire" in words(page.text)
    assert {guide.offered[one.id].covers["mrc-600"] for one in centres if "mrc-600" in one.areas} == {True}
    offered = re.findall(r'name="only" value="([0-9a-f-]{36})"', page.text)
    assert len(offered) > 2
    kept = hidden(page.text, f"{GUIDE}/references")
    assert {"draw", "run", "needs"} <= kept.keys()
    none = visitor.post(f"{GUIDE}/references", kept)
    assert none.status_code == 422
    assert "Cochez au moins un service" in words(none.text)
    one = visitor.post(f"{GUIDE}/references", {**kept, "only": offered[0]})
    assert one.status_code == 303
    address = one.headers["location"]
    assert re.fullmatch(r"/references/brouillons/[0-9a-f-]{36}/situation", address)
    form = visitor.get(address).text
    assert re.search(r'value="25_34" checked', form)
    assert re.search(r'name="needs" value="(exploitation_support|group|support)" checked', form)
    assert not re.search(r'name="needs" value="housing" checked', form)
    assert visitor.post(f"{GUIDE}/references", {**kept, "only": offered[0]}).headers["location"] == address, "once"
    twins = visitor.post(f"{GUIDE}/references", {**kept, "service": offered})
    assert twins.headers["location"].startswith("/references/jumelees/")
    said = words(visitor.get(twins.headers["location"]).text)
    assert "CALACS La Chrysalide" in said
    assert "CALACS Coup de cœur" in said
    # A service that receives nothing here, or is not proposed, begins nothing.
    with visitor.network.database.transaction(write=False) as session:
        phone = session.scalar(text("SELECT id FROM services WHERE slug = 'cc-ecoute'"))
    assert visitor.post(f"{GUIDE}/references", {**kept, "only": str(phone)}).status_code == 422
    # A receiving organisation is not asked by itself.
    visitor.become("calacs-chrysalide")
    own = visitor.post(GUIDE, {**answers, "go": "see"}).text
    south = set(re.findall(r'name="only" value="([0-9a-f-]{36})"', own))
    assert south
    assert south < set(offered)


@ONE_ENGINE
def test_two_thousand_ways_through_the_example_end_with_somebody(network: Network) -> None:
    """The trajectory of the demo and its real services, as a partner and as anybody: a service, or whom to talk to."""
    chance = random.Random(20261124)
    with network.database.transaction(write=False) as session:
        guides = [guide_for(session, who, network.clock.now()) for who in (ANONYMOUS, network.viewer("orres-comite"))]
    lines = emergency_lines(network.settings)
    ends = {True: 0, False: 0}
    for number in range(2_000):
        guide = guides[number % 2]
        assert guide is not None
        given = {
            one.name: chance.sample([*one.options, PASSED], chance.randint(0, 3 if one.many else 1))
            for one in guide.questions
        }
        answers = read_answers(given, guide.questions)
        doors = guide.doors(answers.situation.mrc, lines, "fr")
        advice = advise(guide.trajectory, guide.offered, answers.situation, doors, moment=answers.moment)
        assert advice.proposed or [door for door in advice.talk_to if door.numbers]
        ends[bool(advice.proposed)] += 1
    assert ends[True] > 1_500
    assert set(NEEDS) >= {one.need for one in advice.unmet}


@ONE_ENGINE
def test_without_a_version_in_force_the_directory_answers(visitor: Visitor) -> None:
    with visitor.network.database.transaction() as session:
        session.execute(text("UPDATE orres_versions SET state = 'retired' WHERE state = 'published'"))
    assert "aucune trajectoire n’est en vigueur" in words(visitor.get("/guide").text)
    visitor.become("police-repentigny")
    assert 'href="/annuaire"' in visitor.get(GUIDE).text
    assert visitor.post(f"{GUIDE}/references", {"only": "x"}).status_code == 200
