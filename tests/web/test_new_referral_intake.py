"""*Saisir une demande reçue*: fax, phone, message; same list, same clock, an acknowledgement that names nobody."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from core.consent.models import Consent, ConsentVersion
from core.consent.rules import Attestation
from core.referrals.models import BlockSeal, Referral, ReferralBlock, ReferralDraft
from core.referrals.services.drafts import save_draft
from core.testing.network import Visitor
from tests.web.test_new_referral import ONE_ENGINE, count, words


@pytest.fixture
def intake(visitor: Visitor) -> Visitor:
    return visitor.become("calacs-coup-de-coeur")


def paper(browser: Visitor, **changes: Any) -> dict[str, Any]:
    """A fax of the hospital, as typed."""
    return {
        "_key": str(uuid4()),
        "channel": "fax",
        "received_on": "2026-11-24",
        "sender": str(browser.network.organisation("centres-designes")),
        "municipality": "Joliette",
        "age_band": "25_34",
        "needs": ["support"],
        "facts": ["assault_under_year"],
        "first_name": "Aline",
        "phone": "450 555-0177",
        "consent_on": "2026-11-23",
        "blocks": ["contact", "identity", "situation"],
        "attestation": [item.value for item in Attestation],
        **changes,
    }


def test_a_fax_takes_the_same_list_and_the_hospital_clock(intake: Visitor) -> None:
    answer = intake.post("/demandes/saisir", paper(intake))
    assert answer.status_code == 303, words(answer.text)[:500]
    page = intake.get(answer.headers["location"])
    main = words(page.text.split("<main")[1].split("</main>")[0])
    with intake.network.database.transaction(write=False) as session:
        row = session.execute(select(Referral)).scalar_one()
        version = session.execute(select(ConsentVersion)).scalar_one()
        holders = set(session.execute(select(BlockSeal.organisation_id)).scalars())
    assert row.code in main
    assert (row.channel, row.clock_kind, row.state) == ("fax", "designated_centre", "submitted")
    assert row.clock_due_at - row.submitted_at == timedelta(hours=48)
    assert row.sender_id == intake.network.organisation("centres-designes")
    assert version.on_paper
    assert version.modality == "written"
    for told in ("Aline", "450 555-0177", "Joliette"):
        assert told not in main
    assert "Centres désignés de Lanaudière" in main
    assert row.code in intake.get("/demandes").text
    # Her blocks rest in escrow: entering a fax is not accepting it.
    assert len(holders) <= 2
    assert "450 555-0177" not in intake.get(f"/references/{row.code}").text


def test_double_click_makes_one(intake: Visitor) -> None:
    filled = paper(intake)
    answers = {intake.post("/demandes/saisir", filled).headers["location"] for _ in range(2)}
    assert len(answers) == 1
    assert count(intake.network, Referral) == 1


@ONE_ENGINE
def test_the_clock_starts_when_it_came_not_when_it_is_typed(intake: Visitor) -> None:
    """A fax of yesterday at 20 h, typed today at 14 h: 30 of the 48 hours are left."""
    late = paper(intake, received_on="2026-11-23", received_at="20:00")
    assert intake.post("/demandes/saisir", late).status_code == 303
    with intake.network.database.transaction(write=False) as session:
        row = session.execute(select(Referral)).scalar_one()
    assert row.clock_due_at - intake.network.clock.now() == timedelta(hours=30)
    assert row.submitted_at == intake.network.clock.now()


@ONE_ENGINE
def test_other_partner_herself_and_urgent(intake: Visitor) -> None:
    assert intake.post("/demandes/saisir", paper(intake, sender="other", partner="Clinique B-12")).status_code == 303
    assert (
        intake.post("/demandes/saisir", paper(intake, sender="herself", channel="phone", urgent="true")).status_code
        == 303
    )
    with intake.network.database.transaction(write=False) as session:
        rows = session.execute(select(Referral).order_by(Referral.id)).scalars().all()
        kinds = set(
            session.execute(select(ReferralBlock.kind).where(ReferralBlock.referral_id == rows[0].id)).scalars()
        )
    assert [row.sender_id for row in rows] == [None, None]
    assert [row.clock_kind for row in rows] == ["standard", "urgent"]
    assert "follow_up" in kinds, "which partner it came from is kept, under seal"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"sender": ""}, "Dites qui a envoyé la demande"),
    ({"sender": str(uuid4())}, "Choisissez qui a envoyé la demande"),
    ({"sender": "other", "partner": ""}, "sans nom de personne"),
    ({"channel": "pigeon"}, "Choisissez une des réponses"),
    ({"channel": "platform"}, "Choisissez une des réponses"),
    ({"municipality": "Vancouver"}, "n’est pas reconnue"),
    ({"attestation": ["alone"]}, "Chaque point doit se lire"),
    ({"blocks": ["safety"]}, "Sans la façon de la joindre"),
    ({"consent_on": "2026-11-30"}, "est à venir"),
    ({"received_on": "2026-11-25"}, "La date d’arrivée est à venir"),
    ({"received_on": "2026-11-24", "received_at": "23:30"}, "La date d’arrivée est à venir"),
    ({"received_at": "midi"}, "Entrez une heure"),
    ({"consent_on": "hier"}, "année-mois-jour"),
    ({"consent_on": "2026-01-05"}, "expiré"),
    ({"age_band": "14_17", "given_by": "parental_authority"}, "c’est elle qui consent"),
    ({"recipient_id": str(uuid4())}, "n’existe pas dans ce formulaire"),
]


@ONE_ENGINE
def test_bad_input_keeps_the_form(intake: Visitor) -> None:
    for change, message in REFUSED:
        answer = intake.post("/demandes/saisir", paper(intake, **change))
        assert answer.status_code in (409, 422), change
        assert message in answer.text, change
        assert 'value="450 555-0177"' in answer.text
    own = str(intake.network.organisation("calacs-coup-de-coeur"))
    assert "Choisissez qui a envoyé la demande" in intake.post("/demandes/saisir", paper(intake, sender=own)).text
    assert count(intake.network, Consent) == count(intake.network, Referral) == 0


@ONE_ENGINE
def test_the_key_of_a_draft_of_a_colleague_is_refused_and_the_form_kept_under_another(intake: Visitor) -> None:
    """Both work in the same organisation: a key seen in a colleague's address must not send what she was writing."""
    network, key = intake.network, str(uuid4())
    colleague = replace(network.viewer("calacs-coup-de-coeur"), user_id=network.viewer("police-repentigny").user_id)
    with network.database.transaction() as session:
        save_draft(session, network.keyring, colleague, key, {"situation": {}}, network.clock.now())
    answer = intake.post("/demandes/saisir", paper(intake, _key=key))
    assert answer.status_code == 422
    assert "Ce formulaire n’est pas valide" in answer.text
    assert 'value="450 555-0177"' in answer.text
    fresh = re.search(r'name="_key" value="([^"]+)"', answer.text)
    assert fresh is not None
    assert fresh.group(1) != key
    assert intake.post("/demandes/saisir", paper(intake, _key=fresh.group(1))).status_code == 303
    assert count(network, ReferralDraft) == 1, "the colleague's draft is as it was"


@ONE_ENGINE
def test_under_fourteen_stops(intake: Visitor) -> None:
    for change, place in (({"age_band": "under_12"}, "moins-de-12-ans"), ({"age_band": "12_13"}, "moins-de-14-ans")):
        answer = intake.post("/demandes/saisir", paper(intake, **change))
        assert answer.headers["location"] == f"/references/nouvelle/arret/{place}"
    tutor = paper(intake, age_band="12_13", given_by="tutor")
    assert intake.post("/demandes/saisir", tutor).status_code == 303
    assert count(intake.network, Referral) == 1


@ONE_ENGINE
def test_only_an_organisation_that_receives(visitor: Visitor) -> None:
    visitor.become("police-repentigny")
    assert visitor.get("/demandes/saisir").status_code == 403
    assert visitor.post("/demandes/saisir", paper(visitor)).status_code == 403
    visitor.become("calacs-coup-de-coeur")
    place = visitor.post("/demandes/saisir", paper(visitor)).headers["location"]
    visitor.become("calacs-chrysalide")
    assert visitor.get(place).status_code == 404
    visitor.become("admin-chrysalide")
    assert visitor.get("/demandes/saisir").status_code == 403
