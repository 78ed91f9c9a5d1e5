"""Half-filled forms survive a closed browser, a lost signal and another language; nobody else sees them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from core.referrals.models import ReferralDraft
from core.referrals.services.drafts import save_draft
from core.testing.network import Visitor
from tests.web.test_new_referral import CONTACT, ONE_ENGINE, SITUATION, count, fill, send, url, words


@pytest.fixture
def officer(visitor: Visitor) -> Visitor:
    return visitor.become("police-repentigny")


def test_a_half_filled_form_is_found_again(officer: Visitor) -> None:
    key = str(uuid4())
    half = {"needs": ["support"], "note": "Une note à garder", "municipality": "Repen"}
    assert officer.post(url(key, "situation/brouillon"), half).json()["saved_at"]
    officer.become("police-repentigny")  # another browser
    choice = officer.get("/references/nouvelle").text
    assert "Reprendre un brouillon" in choice
    assert url(key, "situation") in choice
    page = officer.get(url(key, "situation")).text
    assert 'value="Repen"' in page
    assert "Une note à garder" in page
    assert 'value="support" checked' in page
    assert '<details class="more" open>' in page, "what was answered in a closed part is seen"


@ONE_ENGINE
def test_the_second_step_is_kept_too(officer: Visitor) -> None:
    key = str(uuid4())
    officer.post(url(key, "situation"), SITUATION)
    officer.post(url(key, "contact/brouillon"), {"phone": "450 555-01", "word": "lilas"})
    assert url(key, "contact") in officer.get("/references/nouvelle").text
    page = officer.get(url(key, "contact")).text
    assert 'value="450 555-01"' in page
    assert 'value="lilas"' in page
    assert 'value="stages" checked' in page, "a half-kept form still shows the safe defaults"
    back = officer.get(url(key, "situation")).text
    assert 'value="violence_ongoing" checked' in back


@ONE_ENGINE
def test_the_draft_is_sealed_and_its_authors_alone(visitor: Visitor) -> None:
    key = str(uuid4())
    visitor.become("communautaire-ajrj")
    visitor.post(url(key, "situation/brouillon"), {**SITUATION, "note": "Rue des Pommiers"})
    with visitor.network.database.transaction(write=False) as session:
        row = session.execute(select(ReferralDraft)).scalar_one()
    assert b"Pommiers" not in row.ciphertext
    for other in ("bien-etre-3", "police-repentigny"):
        visitor.become(other)
        answer = visitor.get(url(key, "situation"))
        if answer.status_code == 200:
            assert "Pommiers" not in answer.text
        else:
            assert answer.status_code == 403  # a committee seat sends nothing
        assert "Reprendre un brouillon" not in visitor.get("/references/nouvelle").text


@ONE_ENGINE
def test_another_organisations_key_is_a_blank_form_of_ones_own(visitor: Visitor) -> None:
    key = str(uuid4())
    visitor.become("communautaire-ajrj")
    visitor.post(url(key, "situation"), {**SITUATION, "note": "Celle de Joliette"})
    visitor.become("police-repentigny")
    visitor.post(url(key, "situation"), {**SITUATION, "note": "Celle de Repentigny"})
    assert "Celle de Repentigny" in visitor.get(url(key, "situation")).text
    visitor.become("communautaire-ajrj")
    page = visitor.get(url(key, "situation")).text
    assert "Celle de Joliette" in page
    assert "Celle de Repentigny" not in page


@ONE_ENGINE
def test_the_address_of_a_colleagues_form_goes_on_in_one_of_ones_own(visitor: Visitor) -> None:
    """Sent by a colleague with the best intentions: nothing of hers shows, and nothing that was typed is lost."""
    network, key = visitor.network, str(uuid4())
    author = replace(network.viewer("communautaire-ajrj"), user_id=network.viewer("police-repentigny").user_id)
    with network.database.transaction() as session:
        draft = {"situation": {"note": ["Rue des Pommiers"]}}
        save_draft(session, network.keyring, author, key, draft, network.clock.now())
    visitor.become("communautaire-ajrj")
    assert "Pommiers" not in visitor.get(url(key, "situation")).text
    answer = visitor.post(url(key, "situation"), {**SITUATION, "note": "À garder"})
    assert answer.status_code == 422
    assert "Ce formulaire n’est pas valide" in answer.text
    assert "À garder" in answer.text
    own = re.search(r'action="(/references/brouillons/[^"]+/situation)"', answer.text)
    assert own is not None
    assert key not in own.group(1)
    assert visitor.post(own.group(1), {**SITUATION, "note": "À garder"}).status_code == 303
    assert "À garder" in visitor.get(own.group(1)).text


@ONE_ENGINE
def test_language_switch_keeps_page_and_draft(officer: Visitor) -> None:
    key = str(uuid4())
    officer.post(url(key, "situation"), {**SITUATION, "note": "Gardée"})
    answer = officer.post("/langue", {"locale": "en", "next": url(key, "situation")})
    assert answer.headers["location"] == url(key, "situation")
    page = officer.get(url(key, "situation"))
    assert "Gardée" in page.text
    assert "Continue" in words(page.text)
    assert "Where does she live?" in words(page.text)
    said = words(officer.get(url(key, "contact")).text)
    assert "I attest that" in said
    assert "The territory of Repentigny is served by CALACS La Chrysalide." in said


@ONE_ENGINE
def test_language_switch_on_a_refused_form_comes_back_to_it(officer: Visitor) -> None:
    key = str(uuid4())
    refused = officer.post(url(key, "situation"), {**SITUATION, "municipality": "Vancouver"})
    assert refused.status_code == 422
    assert f'name="next" value="{url(key, "situation")}"' in refused.text
    officer.post("/langue", {"locale": "en", "next": url(key, "situation")})
    page = officer.get(url(key, "situation")).text
    assert 'value="Vancouver"' in page
    assert "is not recognized in the region" in officer.post(url(key, "situation"), {"municipality": "Oslo"}).text


@ONE_ENGINE
def test_a_draft_can_be_thrown_away_and_expires(officer: Visitor) -> None:
    first, second = str(uuid4()), str(uuid4())
    officer.post(url(first, "situation"), SITUATION)
    assert officer.post(f"/references/brouillons/{first}/effacer").headers["location"] == "/references/nouvelle"
    assert count(officer.network, ReferralDraft) == 0
    assert "Reprendre un brouillon" not in officer.get("/references/nouvelle").text
    officer.post(url(second, "situation"), SITUATION)
    officer.network.clock.advance(timedelta(days=8))
    officer.become("police-repentigny")
    assert "Reprendre un brouillon" not in officer.get("/references/nouvelle").text
    assert "checked" not in officer.get(url(second, "situation")).text.split("<form")[2]


@ONE_ENGINE
def test_autosave_takes_any_answer_but_no_forged_field(officer: Visitor) -> None:
    key = str(uuid4())
    forged = {**SITUATION, "state": "accepted", "sender_id": "x"}
    assert officer.post(url(key, "situation/brouillon"), forged).status_code == 200
    assert officer.post(url(key, "situation"), SITUATION).status_code == 303
    assert officer.post(url(key, "autre/brouillon"), SITUATION).status_code == 404
    assert officer.post(url("autre", "situation/brouillon"), SITUATION).status_code == 404


@ONE_ENGINE
def test_autosave_of_a_late_tab_does_not_undo_her_agreement_unless_something_changed(officer: Visitor) -> None:
    key = str(uuid4())
    fill(officer, key)
    page = officer.get(url(key, "contact")).text
    told = {name: re.search(rf'name="{name}" value="([^"]*)"', page).group(1) for name in ("shown", "wording")}
    for name, answers in (("situation", SITUATION), ("contact", {**CONTACT, **told})):
        assert officer.post(url(key, f"{name}/brouillon"), answers).status_code == 200
    assert officer.get(url(key, "verifier")).status_code == 200
    officer.post(url(key, "contact/brouillon"), {**CONTACT, "phone": "450 555-0199"})
    assert officer.get(url(key, "verifier")).headers["location"] == url(key, "contact")


def test_saving_after_sending_changes_nothing(officer: Visitor) -> None:
    key = str(uuid4())
    fill(officer, key)
    code = send(officer, key)
    assert officer.post(url(key, "contact/brouillon"), {**CONTACT, "phone": "450 555-0199"}).status_code == 200
    assert count(officer.network, ReferralDraft) == 0
    assert officer.get(f"/references/{code}/recu").status_code == 200


@ONE_ENGINE
def test_pages_of_the_form_are_never_cached(officer: Visitor) -> None:
    key = str(uuid4())
    fill(officer, key)
    for step in ("situation", "contact", "verifier"):
        assert "no-store" in officer.get(url(key, step)).headers["cache-control"]
