"""A new referral without JavaScript: two equal choices, three steps, one sending, a receipt. Both engines."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from core.consent.models import Consent, ConsentVersion
from core.consent.rules import Attestation
from core.consent.wordings import current_wording
from core.referrals import services
from core.referrals.models import (
    BlockSeal,
    Referral,
    ReferralBlock,
    ReferralCase,
    ReferralDraft,
    ReferralPreview,
    ReferralRestriction,
)
from core.testing.network import Network, Visitor

#: For what pages alone decide: the two engines differ only where something is written.
ONE_ENGINE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)

SITUATION: dict[str, Any] = {
    "municipality": "Repentigny",
    "age_band": "18_24",
    "needs": ["exploitation_support", "legal"],
    "facts": ["violence_ongoing"],
    "urgent": "true",
}
CONTACT: dict[str, Any] = {
    "first_name": "Maude",
    "phone": "(450) 555-0143",
    "times": ["evening"],
    "blocks": ["contact", "safety", "identity", "situation"],
    "attestation": [item.value for item in Attestation],
    "word": "tournesol",
}


def words(html: str) -> str:
    """A page's words, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#39;", "'")


def url(key: str, step: str) -> str:
    return f"/references/brouillons/{key}/{step}"


@pytest.fixture
def officer(visitor: Visitor) -> Visitor:
    return visitor.become("police-repentigny")


def agree(browser: Visitor, key: str, **changes: Any) -> Any:
    """Post the second step as its page stands: the recipients and the text that were shown come back with it."""
    page = browser.get(url(key, "contact")).text
    told = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("shown", "wording")}
    hidden = {name: found.group(1) for name, found in told.items() if found}
    return browser.post(url(key, "contact"), {**CONTACT, **hidden, **changes})


def fill(browser: Visitor, key: str, **contact: Any) -> None:
    """Both steps, each answered by a redirect to the next."""
    assert browser.post(url(key, "situation"), SITUATION).headers["location"] == url(key, "contact")
    answer = agree(browser, key, **contact)
    assert answer.status_code == 303, words(answer.text)[:600]
    assert answer.headers["location"] == url(key, "verifier")


def seen(browser: Visitor, key: str) -> str:
    """The version of the draft that the last page shows."""
    found = re.search(r'name="seen" value="(\d+)"', browser.get(url(key, "verifier")).text)
    assert found is not None
    return found.group(1)


def send(browser: Visitor, key: str) -> str:
    """Send a filled draft; the code of the receipt."""
    answer = browser.post(url(key, "envoyer"), {"seen": seen(browser, key)})
    assert answer.status_code == 303, words(answer.text)[:400]
    found = re.fullmatch(r"/references/(R-[0-9A-Z]{4}-[0-9A-Z]{2})/recu", answer.headers["location"])
    assert found is not None
    return found.group(1)


def count(network: Network, model: Any) -> int:
    with network.database.transaction(write=False) as session:
        return session.execute(select(func.count()).select_from(model)).scalar_one()


@ONE_ENGINE
def test_two_equal_choices_and_nothing_written(officer: Visitor) -> None:
    page = officer.get("/references/nouvelle")
    assert page.status_code == 200
    buttons = re.findall(r'<a class="(btn wide)" href="([^"]+)"', page.text)
    assert [kind for kind, _ in buttons] == ["btn wide", "btn wide"]
    assert buttons[0][1] == "/references/nouvelle/carte"
    assert officer.get(buttons[1][1]).status_code == 200
    assert count(officer.network, ReferralCase) == 0


@ONE_ENGINE
def test_the_card_keeps_nothing_and_names_no_organisation(officer: Visitor) -> None:
    neutral = officer.get("/references/nouvelle/carte", params={"municipalite": "60013"})
    main = neutral.text.split("<article")[1].split("</article>")[0]
    assert "964-7888" in main
    assert "CALACS" not in main
    named = officer.get("/references/nouvelle/carte", params={"municipalite": "60013", "nom": "1"})
    assert "CALACS La Chrysalide" in named.text.split("<article")[1]
    joliette = officer.get("/references/nouvelle/carte", params={"municipalite": "61025"}).text
    assert "9 h à 17 h" in joliette.replace("\u00a0", " ")
    unknown = officer.get("/references/nouvelle/carte")
    assert unknown.text.count("<article") == 2
    assert count(officer.network, ReferralCase) == count(officer.network, Referral) == 0


def test_the_whole_way_without_scripts(officer: Visitor) -> None:
    key = str(uuid4())
    assert officer.post(url(key, "situation"), SITUATION).status_code == 303
    contact = officer.get(url(key, "contact"))
    said = words(contact.text)
    assert "CALACS La Chrysalide" in said
    assert "Le territoire de Repentigny est desservi par CALACS La Chrysalide." in said
    assert 'name="blocks" value="contact" aria-describedby="accord-transmettre">' in contact.text, (
        "nothing is pre-ticked"
    )
    assert agree(officer, key).status_code == 303
    summary = officer.get(url(key, "verifier")).text
    before, after = summary.split('id="apres"')
    assert "450 555-0143" not in before
    assert "Maude" not in before
    assert "450 555-0143" in after
    assert "Maude" in after
    assert "Repentigny" in after
    assert "CALACS La Chrysalide : 1 personne (accueil des demandes), 1 personne (intervention)" in words(
        after
    ).replace("\u00a0", " ")
    code = send(officer, key)
    receipt = officer.get(f"/references/{code}/recu")
    main = receipt.text.split("<main")[1].split("</main>")[0]
    assert code in main
    assert "tournesol" in main
    assert current_wording("reference", "fr").sha256 in main
    assert "CALACS" not in main
    with officer.network.database.transaction(write=False) as session:
        row = session.execute(select(Referral)).scalar_one()
        preview = session.execute(select(ReferralPreview)).scalar_one()
        version = session.execute(select(ConsentVersion)).scalar_one()
    assert (row.code, row.state, row.urgent, row.clock_kind) == (code, "submitted", True, "urgent")
    assert row.routing[0][0] == "municipality_rule"
    assert sorted(preview.needs) == ["exploitation_support", "legal"]
    assert preview.constraints == ["evening_only"]
    assert sorted(version.blocks) == ["contact", "identity", "safety", "situation"]
    assert count(officer.network, ReferralDraft) == 0


@ONE_ENGINE
def test_who_answers_until_it_opens_is_said_and_the_clock_is_not_stopped(visitor: Visitor) -> None:
    """Network rules §3 (8): by day nothing; at night and on a holiday, when it opens and who answers meanwhile."""

    def proposed() -> str:
        visitor.become("communautaire-ajrj")
        key = str(uuid4())
        visitor.post(url(key, "situation"), {**SITUATION, "municipality": "Joliette"})
        return words(visitor.get(url(key, "contact")).text).replace("\u00a0", " ")

    clock = visitor.network.clock
    assert "Ouvert maintenant" in proposed()
    assert "D’ici là" not in proposed()
    clock.advance(timedelta(hours=9))
    night = proposed()
    assert "Fermé" in night
    assert "ouvre" in night
    assert "9 h" in night
    assert "D’ici là : 911 (Danger immédiat), services ouverts maintenant" in night
    assert "un délai urgent court jour et nuit" in night
    assert visitor.get("/annuaire?ouvert=1").status_code == 200
    clock.advance(timedelta(days=30, hours=14))
    assert "jour férié" in proposed()


def test_only_what_she_ticked_leaves(officer: Visitor) -> None:
    key = str(uuid4())
    fill(officer, key, blocks=["contact"])
    assert "jamais transmis" in words(officer.get(url(key, "verifier")).text)
    send(officer, key)
    with officer.network.database.transaction(write=False) as session:
        kinds = set(session.execute(select(ReferralBlock.kind)).scalars())
        version = session.execute(select(ConsentVersion)).scalar_one()
    assert kinds == {"contact", "thread", "receipt"}
    assert version.blocks == ["contact"]


def test_a_resent_form_makes_one_referral(officer: Visitor) -> None:
    key = str(uuid4())
    fill(officer, key)
    version = seen(officer, key)
    answers = [officer.post(url(key, "envoyer"), {"seen": version}) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert count(officer.network, Referral) == 1
    # Going back shows the receipt, never a blank form under the same key.
    for step in ("situation", "contact", "verifier"):
        assert officer.get(url(key, step)).headers["location"] == answers[0].headers["location"]


def test_the_word_is_shown_for_an_hour_to_its_author(visitor: Visitor) -> None:
    visitor.become("communautaire-ajrj")
    key = str(uuid4())
    fill(visitor, key)
    code = send(visitor, key)
    assert "tournesol" in visitor.get(f"/references/{code}/recu").text
    visitor.become("calacs-chrysalide")
    assert visitor.get(f"/references/{code}/recu").status_code == 404
    visitor.become("calacs-coup-de-coeur")
    assert visitor.get(f"/references/{code}/recu").status_code == 404
    visitor.network.clock.advance(timedelta(hours=1, minutes=1))
    visitor.become("communautaire-ajrj")
    page = visitor.get(f"/references/{code}/recu")
    assert page.status_code == 200
    assert "tournesol" not in page.text


def test_acceptance_destroys_the_word(visitor: Visitor) -> None:
    """The word is sealed to the sender alone: no seal of it for the receiver, nothing of it after acceptance."""
    network = visitor.become("communautaire-ajrj").network
    key = str(uuid4())
    fill(visitor, key)
    code = send(visitor, key)
    holders = select(BlockSeal.organisation_id).join(ReferralBlock).where(ReferralBlock.kind == "receipt")
    sender, receiver = network.organisation("ajrj"), network.viewer("calacs-chrysalide")
    with network.database.transaction() as session:
        assert session.execute(holders).scalars().all() == [sender]
        services.accept_referral(session, network.keyring, receiver, code, network.clock.now())
        assert session.execute(select(ReferralBlock.id).where(ReferralBlock.kind == "receipt")).first() is None
    assert "tournesol" not in visitor.get(f"/references/{code}/recu").text


def test_no_number_is_ever_required(officer: Visitor) -> None:
    for way in ("will_call", "will_come"):
        key = str(uuid4())
        fill(officer, key, way=way, phone="", times=[], first_name="", blocks=[])
        send(officer, key)
        with officer.network.database.transaction(write=False) as session:
            sent = select(Referral.id).where(Referral.idempotency_key == key).scalar_subquery()
            shown = select(ReferralPreview.constraints).where(ReferralPreview.referral_id == sent)
            assert session.execute(shown).scalar_one() == [way]
            assert set(session.execute(select(ReferralBlock.kind)).scalars()) == {"thread", "receipt"}


@pytest.mark.parametrize("municipality", ["Sainte-Julienne", "Manawan", "Inconnue ou sans adresse"])
def test_both_are_asked_without_identity_where_nothing_says_who(officer: Visitor, municipality: str) -> None:
    key = str(uuid4())
    officer.post(url(key, "situation"), {**SITUATION, "municipality": municipality})
    page = words(officer.get(url(key, "contact")).text)
    assert "CALACS Coup de cœur et CALACS La Chrysalide" in page
    assert "sans identité" in page
    # The wording follows: the text for one organisation is not the text for both.
    assert agree(officer, key, wording=current_wording("reference", "fr").sha256).status_code == 422
    assert agree(officer, key).status_code == 303
    summary = words(officer.get(url(key, "verifier")).text).split("Seulement après")[0]
    assert municipality not in summary
    if municipality == "Manawan":
        assert "Nord de Lanaudière" in summary
    send(officer, key)
    with officer.network.database.transaction(write=False) as session:
        rows = session.execute(select(Referral.kind, Referral.recipient_id)).all()
    assert [row.kind for row in rows] == ["ask_both", "ask_both"]
    assert len({row.recipient_id for row in rows}) == 2


def test_the_sender_may_choose_another_organisation(officer: Visitor) -> None:
    key = str(uuid4())
    other = officer.network.organisation("calacs-coup-de-coeur")
    officer.post(url(key, "situation"), SITUATION)
    # She was told of La Chrysalide: another choice is read again with her before it counts.
    first = agree(officer, key, recipient=str(other))
    assert first.status_code == 422
    assert "Le destinataire n’est plus celui qui était affiché" in first.text
    assert agree(officer, key, recipient=str(other)).status_code == 303
    assert "CALACS Coup de cœur" in officer.get(url(key, "verifier")).text
    send(officer, key)
    with officer.network.database.transaction(write=False) as session:
        row = session.execute(select(Referral)).scalar_one()
    assert row.recipient_id == other
    assert row.routing[0][0] == "chosen"


def test_an_organisation_that_must_never_learn_of_it(officer: Visitor) -> None:
    key = str(uuid4())
    excluded = officer.network.organisation("calacs-la-chrysalide")
    officer.post(url(key, "situation"), SITUATION)
    first = agree(officer, key, restricted=str(excluded))
    assert first.status_code == 422
    assert "Destinataire proposé : CALACS Coup de cœur" in words(first.text).replace("\u00a0", " ")
    assert agree(officer, key, restricted=str(excluded)).status_code == 303
    code = send(officer, key)
    officer.become("calacs-chrysalide")
    assert officer.get(f"/references/{code}").status_code == 404
    with officer.network.database.transaction(write=False) as session:
        assert session.execute(select(ReferralRestriction.organisation_id)).scalar_one() == excluded
    assert "Choisissez une des réponses" in _refused_restriction(officer)


def _refused_restriction(browser: Visitor) -> str:
    """An officer's own service, or an unknown one, cannot be excluded."""
    key = str(uuid4())
    browser.become("police-repentigny")
    browser.post(url(key, "situation"), SITUATION)
    own = browser.network.organisation("police-repentigny")
    answer = agree(browser, key, restricted=str(own))
    assert answer.status_code == 422
    return str(answer.text)


def test_she_may_say_no(officer: Visitor) -> None:
    """Her refusal is proof without content: no case, no draft, no referral, only that someone of her age said no."""
    key = str(uuid4())
    officer.post(url(key, "situation"), SITUATION)
    assert "elle ne perd aucun service" in words(officer.get(url(key, "contact")).text)
    answer = officer.post(url(key, "refus"))
    assert answer.headers["location"] == "/references/nouvelle/carte"
    assert "Son refus est noté" in officer.get("/references/nouvelle/carte").text
    with officer.network.database.transaction(write=False) as session:
        version = session.execute(select(ConsentVersion)).scalar_one()
    assert (version.status, version.blocks, version.age_band) == ("refused", [], "18_24")
    assert count(officer.network, Referral) == count(officer.network, ReferralDraft) == 0
    assert count(officer.network, ReferralCase) == 0
    assert officer.post(url(key, "refus")).headers["location"] == url(key, "situation"), "a second click adds nothing"
    assert count(officer.network, Consent) == 1


@ONE_ENGINE
def test_changing_an_answer_asks_her_again(officer: Visitor) -> None:
    """A consent names its recipient: another municipality after her agreement sends nothing to anyone."""
    key = str(uuid4())
    fill(officer, key)
    version = seen(officer, key)
    officer.post(url(key, "situation"), {**SITUATION, "municipality": "Joliette"})
    assert officer.post(url(key, "envoyer"), {"seen": version}).headers["location"] == url(key, "contact")
    assert count(officer.network, Consent) == 0


@ONE_ENGINE
def test_only_who_may_send(visitor: Visitor) -> None:
    key = str(uuid4())
    paths = ("/references/nouvelle", "/references/nouvelle/carte", url(key, "situation"), url(key, "contact"))
    for persona in ("admin-chrysalide", "coordination-cresl", "operateur"):
        visitor.become(persona)
        assert {visitor.get(path).status_code for path in paths} == {403}
    visitor.become(None)
    assert {visitor.get(path).headers["location"].partition("?")[0] for path in paths} == {"/connexion"}
    visitor.become("police-repentigny")
    assert visitor.get(url("not-a-key", "situation")).status_code == 404
    assert visitor.get("/references/nouvelle/arret/autre").status_code == 404
    assert visitor.get("/references/R-2222-22/recu").status_code == 404
