"""Twin references without JavaScript: typed once, agreed to one by one; what one lacks stops that one alone."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text

from core.api import Prefill, open_prefilled
from core.consent.models import Consent
from core.consent.rules import Attestation
from core.consent.services import Invalid
from core.kernel.errors import Forbidden
from core.referrals.models import Referral, ReferralDraft, ReferralPreview
from core.referrals.services.prefill import MOST_TWINS, twin_keys
from core.testing.network import Network, Visitor

ONE_ENGINE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
SOUTH, NORTH = "calacs-la-chrysalide", "calacs-coup-de-coeur"
SITUATION: dict[str, Any] = {
    "municipality": "Repentigny",
    "age_band": "18_24",
    "facts": ["violence_ongoing"],
    "language": "fr",
}
CONTACT: dict[str, Any] = {"first_name": "Maude", "phone": "450 555-0143", "times": ["evening"], "word": "tournesol"}
AGREED: dict[str, Any] = {
    "blocks": ["contact", "safety", "identity"],
    "attestation": [item.value for item in Attestation],
}


def words(html: str) -> str:
    """A page's words, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#39;", "'")


def begin(visitor: Visitor, *slugs: str, persona: str = "police-repentigny", **given: Any) -> str:
    """Begin references as a guide does; returns the address where it sends its reader."""
    network = visitor.network
    group = given.pop("group", None) or uuid4()
    needs = {SOUTH: ("exploitation_support",), NORTH: ("group", "legal")}
    prefills = [
        Prefill(network.organisation(slug), needs.get(slug, ("support",)), **{"age_band": "18_24", **given})
        for slug in slugs
    ]
    with network.database.transaction() as session:
        return open_prefilled(session, network.keyring, network.viewer(persona), group, prefills, network.clock.now())


def place(html: str) -> str:
    """What the municipality's field holds."""
    found = re.search(r'id="f-municipality"[^>]* value="([^"]*)"', html)
    assert found is not None
    return found.group(1)


def agree(browser: Visitor, key: str, **changes: Any) -> Any:
    """Post the second step as its page stands: what was kept, what was shown, and `changes`."""
    page = browser.get(f"/references/brouillons/{key}/contact").text
    found = {name: re.search(rf'name="{name}"[^>]* value="([^"]*)"', page) for name in ("shown", "wording", "phone")}
    typed = {name: match.group(1) for name, match in found.items() if match and match.group(1)}
    chosen = re.search(r'id="f-recipient".*?<option value="([^"]+)" selected', page, re.S)
    assert chosen is not None, "the recipient that was chosen stays chosen"
    answer: dict[str, Any] = {**CONTACT, **typed, "recipient": chosen.group(1), **changes}
    return browser.post(f"/references/brouillons/{key}/contact", answer)


def offers(network: Network) -> dict[str, Any]:
    """Sent references by the slug of their recipient."""
    slugs = {network.organisation(slug): slug for slug in (SOUTH, NORTH)}
    with network.database.transaction(write=False) as session:
        rows = session.execute(select(Referral).where(Referral.recipient_id.is_not(None))).scalars().all()
        previews = {one.referral_id: one for one in session.execute(select(ReferralPreview)).scalars()}
        return {
            slugs[row.recipient_id or UUID(int=0)]: (row.case_id, row.code, tuple(previews[row.id].needs))
            for row in rows
        }


def told_of(network: Network, code: str) -> str:
    """Every event and journal line that names a reference, and every other line of its case."""
    with network.database.transaction(write=False) as session:
        case_id = session.scalars(select(Referral.case_id).where(Referral.code == code)).one()
        events = session.execute(text("SELECT kind, ref, topics FROM outbox_events")).all()
        lines = [str(one) for one in session.execute(text("SELECT line FROM journal_entries")).scalars()]
    here = [str(tuple(one)) for one in events if one.ref == code]
    return " ".join([*here, *(line for line in lines if code in line or str(case_id) in line)])


def test_one_agreement_is_missing_the_other_reference_leaves(visitor: Visitor) -> None:
    visitor.become("police-repentigny")
    address = begin(visitor, SOUTH, NORTH)
    group = address.removeprefix("/references/jumelees/")
    first, second = twin_keys(group)[:2]
    page = words(visitor.get(address).text)
    assert page.count("Sa situation reste à remplir avec elle.") == 2
    assert "CALACS La Chrysalide" in page
    assert "CALACS Coup de cœur" in page
    assert visitor.get("/references/nouvelle").text.count(address) == 1, "a set is resumed as a whole"

    # Typed once: her situation and how to reach her, but the needs of each and no agreement.
    posted = {**SITUATION, "needs": ["exploitation_support"]}
    assert visitor.post(f"/references/brouillons/{first}/situation", posted).status_code == 303
    other = visitor.get(f"/references/brouillons/{second}/situation").text
    assert place(other) == "Repentigny"
    assert re.search(r'value="group" checked', other)
    assert not re.search(r'value="exploitation_support" checked', other)
    answer = agree(visitor, first, **AGREED)
    assert answer.headers["location"] == address
    waiting = visitor.get(f"/references/brouillons/{second}/contact").text
    assert 'value="450 555-0143"' in waiting, "her number is not asked twice"
    assert 'value="tournesol"' in waiting
    assert not re.search(r'name="(blocks|attestation)"[^>]* checked', waiting), "nobody agrees in her place"

    page = words(visitor.get(address).text)
    assert "Son accord pour cet organisme manque." in page
    assert "1 référence ne partira pas" in page
    seen = dict(re.findall(r'name="(seen-[^"]+)" value="(\d+)"', visitor.get(address).text))
    assert list(seen) == [f"seen-{first}"]
    refused = visitor.post(f"{address}/envoyer", seen)
    assert refused.status_code == 422
    said = words(refused.text)
    assert "Certaines références n’ont pas été envoyées" in said
    assert "CALACS Coup de cœur : Son accord pour cet organisme manque." in said.replace("\u00a0", " ")
    assert "1 autre est bien envoyée." in said
    sent = offers(visitor.network)
    assert set(sent) == {SOUTH}
    assert sent[SOUTH][2] == ("exploitation_support",)

    # She agrees to the other one: a second click sends it, and the first one is not sent again.
    assert agree(visitor, second, **AGREED).status_code == 303
    seen = dict(re.findall(r'name="(seen-[^"]+)" value="(\d+)"', visitor.get(address).text))
    for _ in range(2):
        assert visitor.post(f"{address}/envoyer", seen).status_code == 303
    sent = offers(visitor.network)
    assert set(sent) == {SOUTH, NORTH}
    assert sent[NORTH][2] == ("group", "legal")
    assert sent[SOUTH][0] != sent[NORTH][0], "two cases: nothing joins them"
    final = visitor.get(address).text
    assert all(f"/references/{code}/recu" in final for _, code, _ in sent.values())
    with visitor.network.database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(ReferralDraft)) == 0
        recipients = set(session.scalars(select(Consent.recipient_id)))
        assert recipients == {visitor.network.organisation(slug) for slug in (SOUTH, NORTH)}

    # Neither recipient is told of the other, on any page it opens.
    for persona, own, other_slug, name in (
        ("calacs-chrysalide", SOUTH, NORTH, "Coup de cœur"),
        ("calacs-coup-de-coeur", NORTH, SOUTH, "La Chrysalide"),
    ):
        visitor.become(persona)
        code = sent[own][1]
        for path in ("/demandes", f"/references/{code}", f"/references/{code}/journal"):
            shown = visitor.get(path)
            body = shown.text.split("<main", 1)[1]
            assert sent[other_slug][1] not in body
            assert path == "/demandes" or shown.status_code in (200, 403, 404)
            assert name not in body, f"{persona} reads of {name} on {path}"
            told = told_of(visitor.network, sent[own][1])
            assert sent[own][1] in told
            assert sent[other_slug][1] not in told, "one chain and one event each"
            assert str(visitor.network.organisation(other_slug)) not in told
            assert group not in told
    for persona in ("cisss-centre-designe", "calacs-chrysalide"):
        visitor.become(persona)
        assert visitor.get(address).status_code == 404, "somebody else's set does not exist"
        assert visitor.post(f"{address}/envoyer", seen).status_code == 404
        # A forged key begins a set of her own, or nothing: never opens theirs
        with visitor.network.database.transaction() as session:
            viewer, now = visitor.network.viewer(persona), visitor.network.clock.now()
            if viewer.organisation_id != visitor.network.organisation(SOUTH):
                there = [Prefill(visitor.network.organisation(slug), ("support",)) for slug in (SOUTH, NORTH)]
                open_prefilled(session, visitor.network.keyring, viewer, UUID(group), there, now)
        assert not any(code in visitor.get(address).text for _, code, _ in sent.values())


@ONE_ENGINE
def test_changed_answers_take_the_agreements_back_and_one_recipient_is_asked_once(visitor: Visitor) -> None:
    visitor.become("police-repentigny")
    address = begin(visitor, SOUTH, NORTH)
    first, second = twin_keys(address.rsplit("/", 1)[1])[:2]
    visitor.post(f"/references/brouillons/{first}/situation", {**SITUATION, "needs": ["exploitation_support"]})
    agree(visitor, first, **AGREED)
    agree(visitor, second, **AGREED)
    stale = dict(re.findall(r'name="(seen-[^"]+)" value="(\d+)"', visitor.get(address).text))
    assert len(stale) == 2
    # Another number, given for the second: the first must be agreed to again, with that number.
    assert agree(visitor, second, **AGREED, phone="450 555-0177").status_code == 303
    page = visitor.get(address).text
    assert words(page).count("Son accord pour cet organisme manque.") == 1
    assert 'value="450 555-0177"' in visitor.get(f"/references/brouillons/{first}/contact").text
    answer = visitor.post(f"{address}/envoyer", stale)
    assert answer.status_code == 422
    assert "Cette référence a changé" in words(answer.text)
    assert not offers(visitor.network)
    # Both for the same organisation: the second is refused, the first leaves.
    south = str(visitor.network.organisation(SOUTH))
    agree(visitor, first, **AGREED)
    shown = visitor.get(f"/references/brouillons/{second}/contact").text
    wording = re.search(r'name="wording"[^>]* value="([^"]*)"', shown)
    assert wording is not None
    again = {**CONTACT, **AGREED, "phone": "450 555-0177", "recipient": south, "shown": south}
    answer = visitor.post(f"/references/brouillons/{second}/contact", {**again, "wording": wording.group(1)})
    assert answer.status_code == 303, words(answer.text)[:400]
    seen = dict(re.findall(r'name="(seen-[^"]+)" value="(\d+)"', visitor.get(address).text))
    answer = visitor.post(f"{address}/envoyer", seen)
    assert answer.status_code == 422
    assert "Cet organisme reçoit déjà une des références jumelées." in words(answer.text)
    assert set(offers(visitor.network)) == {SOUTH}
    # A twin is sent from its set alone, and she may say no to one: the other stays.
    assert visitor.get(f"/references/brouillons/{second}/verifier").headers["location"] == address
    assert visitor.post(f"/references/brouillons/{second}/envoyer", {"seen": "1"}).headers["location"] == address
    refusal = visitor.post(f"/references/brouillons/{second}/refus")
    assert refusal.headers["location"] == "/references/nouvelle/carte"
    assert visitor.get(address).status_code == 200, "what was sent stays to be read"


@ONE_ENGINE
def test_danger_and_a_child_stop_the_whole_set(visitor: Visitor) -> None:
    visitor.become("police-repentigny")

    def drafts() -> int:
        with visitor.network.database.transaction(write=False) as session:
            return session.scalar(select(func.count()).select_from(ReferralDraft)) or 0

    address = begin(visitor, SOUTH, NORTH, age_band="12_13")
    first = twin_keys(address.rsplit("/", 1)[1])[0]
    typed = {"municipality": "Repentigny", "age_band": "12_13", "needs": ["support"]}
    page = visitor.get(f"/references/brouillons/{first}/situation").text
    assert not re.search(r'name="age_band"[^>]* checked', page), "a child’s age is not kept before somebody consents"
    # Typed, and nobody has said who consents: the codes stay, her answers go.
    assert visitor.post(f"/references/brouillons/{first}/situation/brouillon", typed).json()["saved_at"] is None
    assert drafts() == 2
    assert place(visitor.get(f"/references/brouillons/{first}/situation").text) == ""
    answer = visitor.post(f"/references/brouillons/{first}/situation", {**typed, "danger": "true"})
    assert answer.headers["location"] == "/references/nouvelle/arret/danger"
    assert drafts() == 0
    assert visitor.get(address).status_code == 404


@ONE_ENGINE
def test_what_a_guide_may_begin(visitor: Visitor) -> None:
    visitor.become("police-repentigny")
    network = visitor.network
    address = begin(visitor, SOUTH)
    key = address.split("/")[3]
    page = visitor.get(address).text
    assert re.search(r'value="exploitation_support" checked', page)
    assert re.search(r'value="18_24" checked', page)
    visitor.post(address, {**SITUATION, "needs": ["exploitation_support"]})
    assert agree(visitor, key, **AGREED).headers["location"] == f"/references/brouillons/{key}/verifier"
    # The same form sent twice begins nothing again, and leaves what was typed since.
    assert begin(visitor, SOUTH, group=UUID(key)) == address
    assert place(visitor.get(address).text) == "Repentigny"

    def refused(*prefills: Prefill, persona: str = "police-repentigny") -> str:
        viewer, now = network.viewer(persona), network.clock.now()
        with network.database.transaction() as session, pytest.raises((Invalid, Forbidden)) as caught:
            open_prefilled(session, network.keyring, viewer, uuid4(), prefills, now)
        return str(caught.value.message)

    south = network.organisation(SOUTH)
    assert "ne reçoit pas de référence" in refused(Prefill(network.organisation("ajrj"), ("support",)))
    assert "ne reçoit pas de référence" in refused(Prefill(south, ("support",)), Prefill(south, ("legal",)))
    assert "n’existe pas" in refused(Prefill(south, ("forged",)))
    assert "groupe d’âge" in refused(Prefill(south, ("support",), age_band="forged"))
    assert "l’organisme qui l’envoie" in refused(Prefill(south, ("support",)), persona="calacs-chrysalide")
    assert refused()
    assert refused(*[Prefill(uuid4(), ("support",))] * (MOST_TWINS + 1))
    assert refused(Prefill(south, ("support",)), persona="operateur")
