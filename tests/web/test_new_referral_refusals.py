"""What a new referral refuses, and where it stops: each a clear sentence, the form kept, nothing half-written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from core.consent.models import Consent, ConsentVersion
from core.consent.wordings import current_wording
from core.referrals.models import Referral, ReferralCase, ReferralDraft, ReferralPreview
from core.testing.network import Visitor
from tests.web.test_new_referral import CONTACT, ONE_ENGINE, SITUATION, agree, count, fill, seen, send, url, words


@pytest.fixture
def officer(visitor: Visitor) -> Visitor:
    return visitor.become("police-repentigny")


FIRST_STEP: list[tuple[dict[str, Any], str]] = [
    ({"municipality": "Vancouver"}, "n’est pas reconnue"),
    ({"municipality": ""}, "Dites où elle vit"),
    ({"age_band": ""}, "Choisissez son groupe d’âge"),
    ({"municipality": "123"}, "Entrez le nom d’une municipalité"),
    ({"age_band": "40"}, "Choisissez une des réponses proposées"),
    ({"needs": []}, "Cochez au moins une chose qui l’aiderait"),
    ({"needs": ["support", "forged"]}, "Choisissez une des réponses proposées"),
    ({"language": "xx"}, "Choisissez une des réponses proposées"),
    ({"recipient_id": str(uuid4())}, "n’existe pas dans ce formulaire"),
    ({"note": "x" * 1001}, "Texte trop long"),
]


@ONE_ENGINE
def test_first_step_refuses_and_keeps_the_form(officer: Visitor) -> None:
    for change, message in FIRST_STEP:
        key = str(uuid4())
        answer = officer.post(url(key, "situation"), {**SITUATION, **change})
        assert answer.status_code == 422, change
        assert "Il reste quelque chose à corriger" in answer.text
        assert message in answer.text, change
        assert 'value="violence_ongoing" checked' in answer.text
        assert 'value="violence_ongoing" checked' in officer.get(url(key, "situation")).text


@ONE_ENGINE
def test_municipality_is_forgiving(officer: Visitor) -> None:
    for typed in ("repentigny", "REPENTIGNY", "Repantigny", "  Repentigny "):
        answer = officer.post(url(str(uuid4()), "situation"), {**SITUATION, "municipality": typed})
        assert answer.status_code == 303, typed


@pytest.mark.parametrize(
    ("change", "page", "shows"),
    [
        ({"danger": "true"}, "danger", "911"),
        ({"age_band": "under_12"}, "moins-de-12-ans", "911"),
        ({"age_band": "12_13", "young_consent": "nobody"}, "moins-de-14-ans", "DPJ"),
    ],
)
def test_the_form_stops_and_nothing_stays(officer: Visitor, change: dict[str, Any], page: str, shows: str) -> None:
    key = str(uuid4())
    saved = officer.post(url(key, "situation/brouillon"), SITUATION)
    assert saved.json()["saved_at"]
    assert count(officer.network, ReferralDraft) == 1
    # Autosave stops first: what was kept goes as soon as the answer says so.
    assert officer.post(url(key, "situation/brouillon"), {**SITUATION, **change}).json() == {"saved_at": None}
    assert count(officer.network, ReferralCase) == count(officer.network, Referral) == 0
    # Without JavaScript the first step itself says it, over what was kept before.
    assert officer.post(url(key, "situation"), SITUATION).status_code == 303
    assert count(officer.network, ReferralDraft) == 1
    answer = officer.post(url(key, "situation"), {**SITUATION, **change})
    assert answer.headers["location"] == f"/references/nouvelle/arret/{page}"
    assert count(officer.network, ReferralDraft) == 0
    stop = words(officer.get(answer.headers["location"]).text)
    assert shows in stop
    assert "sans dire qui elle est" in stop
    assert count(officer.network, ReferralCase) == count(officer.network, Referral) == 0


def test_before_fourteen_someone_safe_consents(officer: Visitor) -> None:
    key = str(uuid4())
    young = {**SITUATION, "age_band": "12_13"}
    answer = officer.post(url(key, "situation"), young)
    assert answer.status_code == 422
    assert "dites qui consent pour elle" in answer.text
    assert count(officer.network, ReferralCase) == 0, "nothing of a child is kept before her consent is known"
    assert officer.post(url(key, "situation"), {**young, "young_consent": "tutor"}).status_code == 303
    for _form in ("blank", "half filled, its parents not answered"):
        assert 'value="do_not_notify" checked' in officer.get(url(key, "contact")).text
        assert officer.post(url(key, "contact/brouillon"), {"way": "phone"}).json()["saved_at"]
    agree(officer, key)
    send(officer, key)
    with officer.network.database.transaction(write=False) as session:
        version = session.execute(select(ConsentVersion)).scalar_one()
        preview = session.execute(select(ReferralPreview)).scalar_one()
    assert version.given_by == "tutor"
    assert "do_not_notify_parents" in preview.constraints


@ONE_ENGINE
def test_from_fourteen_she_consents_herself(officer: Visitor) -> None:
    key = str(uuid4())
    # Who consents before 14 was answered first, then her age was corrected: that answer counts no more.
    officer.post(url(key, "situation"), {**SITUATION, "age_band": "14_17", "young_consent": "parental_authority"})
    agree(officer, key, given_by="parental_authority", parents="aware", at_school="true")
    send(officer, key)
    with officer.network.database.transaction(write=False) as session:
        assert session.execute(select(ConsentVersion.given_by)).scalar_one() == "herself"
        assert "meet_at_school" in session.execute(select(ReferralPreview.constraints)).scalar_one()


SECOND_STEP: list[tuple[dict[str, Any], str]] = [
    ({"phone": ""}, "Entrez le numéro"),
    ({"phone": "555"}, "pas reconnu"),
    ({"phone": "123 456-7890"}, "pas reconnu"),
    ({"times": []}, "à quels moments"),
    ({"attestation": ["alone"]}, "Chaque point de l’attestation"),
    ({"attestation": [*CONTACT["attestation"], "forged"]}, "Choisissez une des réponses"),
    ({"blocks": ["safety"]}, "Sans la façon de la joindre"),
    ({"blocks": ["contact", "follow_up"]}, "Choisissez une des réponses"),
    ({"way": "trusted_person", "phone": ""}, "personne de confiance"),
    ({"interpreter": "relative"}, "Choisissez une des réponses"),
    ({"word": "a"}, "au moins quatre lettres"),
    ({"wording": current_wording("transfer", "fr").sha256}, "Le texte dépend de l’organisme"),
    ({"wording": "0" * 64}, "Le texte dépend de l’organisme"),
    ({"recipient": str(uuid4())}, "ne peut pas la recevoir"),
    ({"sender_id": str(uuid4())}, "n’existe pas dans ce formulaire"),
]


@ONE_ENGINE
def test_second_step_refuses_and_keeps_the_form(officer: Visitor) -> None:
    for change, message in SECOND_STEP:
        key = str(uuid4())
        officer.post(url(key, "situation"), SITUATION)
        answer = agree(officer, key, **change)
        assert answer.status_code == 422, change
        assert message in answer.text, change
        kept = {**CONTACT, **change}["phone"] or "Maude"
        assert f'value="{kept}"' in answer.text, "a number is kept exactly as typed"
        # Nothing of it can be sent.
        assert officer.get(url(key, "verifier")).headers["location"] == url(key, "contact")
        assert officer.post(url(key, "envoyer"), {"seen": "2"}).headers["location"] == url(key, "contact")
    assert count(officer.network, Consent) == 0


@ONE_ENGINE
def test_what_was_not_read_is_not_sent(officer: Visitor) -> None:
    key = str(uuid4())
    fill(officer, key)
    version = seen(officer, key)
    agree(officer, key, first_name="Autre")
    answer = officer.post(url(key, "envoyer"), {"seen": version})
    assert answer.status_code == 409
    assert "a changé depuis que cette page est ouverte" in answer.text
    forged = officer.post(url(key, "envoyer"), {"seen": seen(officer, key), "recipient": str(uuid4())})
    assert forged.status_code == 422
    assert "champ inconnu" in forged.text
    assert count(officer.network, Consent) == 0


def test_a_consent_that_expired_before_sending(officer: Visitor) -> None:
    key = str(uuid4())
    fill(officer, key, validity_days="1")
    officer.network.clock.advance(timedelta(days=2))
    officer.become("police-repentigny")
    answer = officer.post(url(key, "envoyer"), {"seen": seen(officer, key)})
    assert answer.status_code == 409
    assert "Le consentement est expiré. Renouvelez-le avec elle." in answer.text
    assert "450 555-0143" in answer.text, "the form is kept"
    assert count(officer.network, Consent) == 0
    agree(officer, key)
    assert send(officer, key)


def test_a_recipient_that_stopped_receiving(officer: Visitor) -> None:
    from core.directory.models import Organisation

    key = str(uuid4())
    fill(officer, key)
    with officer.network.database.transaction() as session:
        session.execute(
            Organisation.__table__.update()
            .where(Organisation.slug == "calacs-la-chrysalide")
            .values(receives_referrals=False)
        )
    answer = officer.post(url(key, "envoyer"), {"seen": seen(officer, key)})
    assert answer.status_code == 422
    assert "ne reçoit pas de référence ici" in answer.text
    assert count(officer.network, Consent) == 0
