"""After sending: transferred with her agreement, the consent card, corrections, setting aside."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.consent.models import Consent, ConsentVersion
from core.referrals.models import ReferralEntry, ReferralRestriction
from tests.support.held import (
    EVERY_POINT,
    NAME,
    NOTE,
    OTHER,
    PHONE,
    POLICE,
    RECEIVER,
    THIRD,
    accept,
    agreement,
    hold,
    journaled,
    plain,
    row,
    send,
    wording_in,
)


def step_two(visitor, network, code, *, kind="transfer", to="calacs-coup-de-coeur"):
    """The second step's page and the fields it would send."""
    recipient = str(network.organisation(to))
    page = visitor.get(f"/references/{code}/transferer?kind={kind}&recipient={recipient}")
    assert page.status_code == 200, page.text
    return page, agreement(kind=kind, recipient=recipient, wording=wording_in(page.text))


# --- transfer -------------------------------------------------------------------------------------------------------


def test_transfer_names_the_recipient_shows_both_views_and_moves_on_acceptance(visitor, network):
    code = hold(network)
    visitor.become(RECEIVER)
    first = visitor.get(f"/references/{code}/transferer")
    assert "CALACS Coup de cœur" in first.text
    assert "dessert un autre secteur" in first.text
    assert PHONE not in first.text
    page, form = step_two(visitor, network, code)
    assert "confie la suite" in page.text
    assert "Voici ce que verra CALACS Coup de cœur" in page.text
    assert PHONE in page.text.split('id="apres"')[1]
    assert PHONE not in page.text.split('id="apres"')[0]
    assert journaled(network, code)[-1] == "referral.read"
    answer = visitor.post(f"/references/{code}/transferer", form)
    assert answer.status_code == 303, answer.text
    sent = visitor.get(answer.headers["location"])
    child = answer.headers["location"].split("/")[2]
    assert child in sent.text
    assert "Son code et son mot d’origine restent bons" in sent.text
    assert row(network, child).recipient_id == network.organisation("calacs-coup-de-coeur")
    assert row(network, code).responsible
    # The next one sees no identity until it accepts; then what she ticked, and nothing else.
    before = visitor.become(OTHER).get(f"/references/{child}").text
    assert PHONE not in before
    assert NAME not in before
    accept(network, OTHER, child)
    after = visitor.get(f"/references/{child}").text
    assert PHONE in after
    assert NAME in after
    assert NOTE not in after
    assert (row(network, code).responsible, row(network, child).responsible) == (False, True)
    assert PHONE not in visitor.become(RECEIVER).get(f"/references/{code}").text


def test_the_same_form_sent_twice_makes_one_referral(visitor, network):
    code = hold(network)
    visitor.become(RECEIVER)
    _, form = step_two(visitor, network, code)
    form["_key"] = "double-click-0000001"
    answers = [visitor.post(f"/references/{code}/transferer", form).headers["location"] for _ in range(2)]
    assert answers[0] == answers[1]


def test_hand_back_goes_to_whoever_sent_it(visitor, network):
    code = hold(network)
    visitor.become(RECEIVER)
    assert "Remettre au partenaire" in visitor.get(f"/references/{code}/transferer").text
    ticked_before = network.organisation("calacs-coup-de-coeur")
    page = visitor.get(f"/references/{code}/transferer?kind=hand_back&recipient={ticked_before}")
    assert "Voici ce que verra Service de police de la Ville de Repentigny" in page.text
    assert "revenir à l’organisme nommé ici" in page.text
    recipient = str(network.organisation("police-repentigny"))
    form = agreement(kind="hand_back", recipient=recipient, wording=wording_in(page.text))
    child = visitor.post(f"/references/{code}/transferer", form).headers["location"].split("/")[2]
    accept(network, POLICE, child)
    assert row(network, code).state == "handed_back"


def test_a_sub_referral_leaves_the_follow_up_here(visitor, network):
    code = hold(network)
    visitor.become(RECEIVER)
    _, form = step_two(visitor, network, code, kind="reference")
    location = visitor.post(f"/references/{code}/transferer", form).headers["location"]
    assert "Vous gardez votre suivi." in visitor.get(location).text
    accept(network, OTHER, location.split("/")[2])
    assert (row(network, code).state, row(network, code).responsible) == ("accepted", True)


def test_what_is_missing_keeps_the_form(visitor, network):
    code = hold(network)
    visitor.become(RECEIVER)
    _, form = step_two(visitor, network, code)
    for change, message in (
        ({"attestation": EVERY_POINT[:-1]}, "Chaque point de l’attestation"),
        ({"blocks": []}, "au moins un renseignement"),
        ({"blocks": ["safety"]}, "personne ne pourra la rappeler"),
        ({"wording": "0" * 64}, "Le texte à lire a changé"),
        ({"interpreter": "relative"}, "Choisissez une des réponses"),
        ({"extra": "x"}, "n’existe pas dans ce formulaire"),
    ):
        answer = visitor.post(f"/references/{code}/transferer", {**form, **change})
        assert answer.status_code == 422, change
        assert message in answer.text, change
        assert 'value="alone" aria-describedby="accord-attester" checked' in answer.text
    assert journaled(network, code)[-1] == "referral.read"
    assert "referral.onward" not in journaled(network, code)


def test_an_organisation_that_is_not_proposed_is_refused(visitor, network):
    code = hold(network)
    visitor.become(RECEIVER)
    _, form = step_two(visitor, network, code)
    for wrong in (network.organisation("ajrj"), network.organisation("calacs-la-chrysalide"), UUID(int=7)):
        answer = visitor.post(f"/references/{code}/transferer", {**form, "recipient": str(wrong)})
        assert answer.status_code == 422
        assert "Choisissez un organisme de la liste." in answer.text
    answer = visitor.get(f"/references/{code}/transferer?kind=transfer&recipient=nothing")
    assert answer.status_code == 422


def test_an_organisation_set_aside_is_neither_proposed_nor_accepted(visitor, network):
    code = hold(network)
    visitor.become(RECEIVER)
    _, form = step_two(visitor, network, code)
    aside = {"organisation": str(network.organisation("calacs-coup-de-coeur")), "reason": "safety"}
    assert visitor.post(f"/references/{code}/restreindre", aside).status_code == 303
    assert "Coup de cœur" not in visitor.get(f"/references/{code}/transferer").text
    assert visitor.post(f"/references/{code}/transferer", form).status_code == 422
    assert "referral.onward" not in journaled(network, code)


def test_an_expired_agreement_passes_nothing_on_and_says_what_to_do(visitor, network):
    code = hold(network, days=1)
    visitor.become(RECEIVER)
    _, form = step_two(visitor, network, code)
    network.clock.advance(timedelta(days=2))
    visitor.become(RECEIVER)
    answer = visitor.post(f"/references/{code}/transferer", form)
    assert answer.status_code == 409
    assert "Renouvelez-le avec elle" in answer.text
    assert f"/references/{code}/consentement" in answer.text
    assert PHONE not in answer.text  # the read was rolled back with the refusal
    assert 'value="alone" aria-describedby="accord-attester" checked' in answer.text


def test_she_says_no_and_it_points_to_nobody(visitor, network):
    code = hold(network)
    visitor.become(RECEIVER)
    recipient = str(network.organisation("calacs-coup-de-coeur"))
    answer = visitor.post(f"/references/{code}/transferer/non", {"kind": "transfer", "recipient": recipient})
    assert answer.status_code == 303
    assert "elle ne perd aucun service" in visitor.get(answer.headers["location"]).text
    with network.database.transaction(write=False) as session:
        refused = session.execute(
            select(Consent.case_id).join(ConsentVersion).where(ConsentVersion.status == "refused")
        ).scalar_one()
    assert refused != row(network, code).case_id
    assert row(network, code).state == "accepted"


@pytest.mark.parametrize("page", ["transferer", "modifier", "restreindre", "consentement"])
def test_nobody_else_learns_that_it_exists(visitor, network, page):
    code = hold(network)
    for persona in (THIRD, OTHER):
        visitor.become(persona)
        assert visitor.get(f"/references/{code}/{page}").status_code == 404
    # The outside sender has its three words, and none of these pages.
    assert visitor.become(POLICE).get(f"/references/{code}/{page}").status_code in (404, 409)


# --- consent --------------------------------------------------------------------------------------------------------


def test_the_card_says_everything_she_agreed_to(visitor, network):
    code = hold(network)
    page = visitor.become(RECEIVER).get(f"/references/{code}/consentement")
    assert page.status_code == 200
    for words in (
        "Être jointe par un organisme",
        "CALACS La Chrysalide",
        "transmette les renseignements choisis",
        "2026-11",
        "elle est libre de partir",
        "De vive voix",
        "Accord donné",
        "22 février 2027",
    ):
        assert words in plain(page.text), words
    assert PHONE not in page.text
    assert NAME not in page.text


def test_renewing_with_fewer_blocks_closes_the_others_at_once(visitor, network):
    code = hold(network)
    visitor.become(RECEIVER)
    assert NOTE in visitor.get(f"/references/{code}").text
    card = visitor.get(f"/references/{code}/consentement").text
    form = agreement(wording=wording_in(card), validity_days="30")
    assert visitor.post(f"/references/{code}/consentement/renouveler", form).status_code == 303
    assert NOTE not in visitor.get(f"/references/{code}").text
    card = visitor.get(f"/references/{code}/consentement").text
    assert "Renouvelé avec elle" in card
    assert "24 décembre 2026" in plain(card)
    refused = visitor.post(f"/references/{code}/consentement/renouveler", {**form, "attestation": []})
    assert refused.status_code == 422
    assert "Chaque point de l’attestation" in refused.text


def test_before_acceptance_the_sender_renews_and_the_receiver_cannot(visitor, network):
    code = send(network)
    card = visitor.become(RECEIVER).get(f"/references/{code}/consentement").text
    assert "consentement/renouveler" not in card
    card = visitor.become(POLICE).get(f"/references/{code}/consentement").text
    form = agreement(wording=wording_in(card))
    assert visitor.post(f"/references/{code}/consentement/renouveler", form).status_code == 303
    assert visitor.become(RECEIVER).post(f"/references/{code}/consentement/renouveler", form).status_code == 403


def test_the_card_is_the_holders_and_gone_once_she_withdrew(visitor, network):
    """An outside sender keeps its receipt: the card would tell it of every renewal, and of the end."""
    code = hold(network)
    card = f"/references/{code}/consentement"
    assert visitor.become(POLICE).get(card).status_code == 404
    assert visitor.post(f"{card}/renouveler", agreement()).status_code == 404
    visitor.become(RECEIVER).post("/references/retrait", {"code": code})
    assert visitor.get(f"/references/{code}/consentement").status_code == 404


# --- restrict -------------------------------------------------------------------------------------------------------


def test_restricting_has_its_list_and_keeps_it_when_refused(visitor, network):
    code = hold(network)
    visitor.become(RECEIVER)
    page = visitor.get(f"/references/{code}/restreindre")
    assert "CALACS Coup de cœur" in page.text
    refused = visitor.post(f"/references/{code}/restreindre", {"reason": "safety"})
    assert refused.status_code == 422
    assert "CALACS Coup de cœur" in refused.text
    forged = visitor.post(f"/references/{code}/restreindre", {"organisation": str(UUID(int=9)), "reason": "safety"})
    assert forged.status_code == 422
    assert "CALACS Coup de cœur" in forged.text
    with network.database.transaction(write=False) as session:
        assert session.execute(select(func.count()).select_from(ReferralRestriction)).scalar_one() == 0


# --- corrections ----------------------------------------------------------------------------------------------------


def entries(network, code):
    with network.database.transaction(write=False) as session:
        return [
            one.codes
            for one in session.execute(
                select(ReferralEntry.codes).where(
                    ReferralEntry.referral_id == row(network, code).id, ReferralEntry.kind == "amended"
                )
            )
        ]


def test_the_sender_corrects_before_acceptance_with_a_reason(visitor, network):
    code = send(network)
    visitor.become(POLICE)
    page = visitor.get(f"/references/{code}/modifier")
    assert "Soutien émotionnel" in page.text
    assert f"/references/{code}/modifier/contact" in page.text
    form = {
        "needs": ["support", "housing"],
        "facts": ["high_distress"],
        "exploitation": "prefers_not_to_say",
        "language": "fr",
        "reason": "new_information",
    }
    answer = visitor.post(f"/references/{code}/modifier/apercu", form)
    assert answer.status_code == 303, answer.text
    assert entries(network, code)[0] == {
        "field": "needs",
        "old": ["support"],
        "new": ["housing", "support"],
        "reason": "new_information",
    }
    assert "ébergement, logement" in visitor.become(RECEIVER).get(f"/references/{code}").text


def test_how_to_reach_her_changes_what_the_preview_says_of_it(visitor, network):
    code = send(network)
    visitor.become(POLICE)
    assert "Le soir" in visitor.get(f"/references/{code}/modifier/securite").text
    form = {"times": ["morning"], "message": "neutral", "reason": "safer"}
    assert visitor.post(f"/references/{code}/modifier/securite", form).status_code == 303
    assert "Joignable le jour seulement" in visitor.become(RECEIVER).get(f"/references/{code}").text


def test_the_receiver_corrects_after_acceptance_and_the_sender_no_more(visitor, network):
    code = hold(network)
    visitor.become(RECEIVER)
    assert PHONE.replace(" ", "\u00a0") in visitor.get(f"/references/{code}/modifier").text or PHONE in (
        visitor.get(f"/references/{code}/modifier").text
    )
    assert journaled(network, code)[-1] == "referral.read"
    form = {"way": "phone", "phone": "450 555-0199", "reason": "she_asked"}
    assert visitor.post(f"/references/{code}/modifier/contact", form).status_code == 303
    shown = visitor.get(f"/references/{code}").text
    assert "450 555-0199" in shown
    assert journaled(network, code)[-2:] == ["referral.amend", "referral.read"]
    assert visitor.become(POLICE).get(f"/references/{code}/modifier/contact").status_code == 409
    assert visitor.post(f"/references/{code}/modifier/contact", form).status_code == 409


def test_a_correction_to_correct_keeps_what_was_typed(visitor, network):
    code = hold(network)
    visitor.become(RECEIVER)
    for form, message in (
        ({"way": "phone", "phone": "12", "reason": "she_asked"}, "Ce numéro n’est pas reconnu"),
        ({"way": "phone", "phone": PHONE, "reason": "she_asked"}, "Rien n’a changé."),
        ({"way": "phone", "phone": "450 555-0199"}, "Dites pourquoi vous corrigez."),
        ({"way": "phone", "phone": "450 555-0199", "reason": "because"}, "Choisissez une des réponses"),
        ({"way": "phone", "phone": "450 555-0199", "reason": "safer", "age_band": "adult"}, "n’existe pas"),
    ):
        answer = visitor.post(f"/references/{code}/modifier/contact", form)
        assert answer.status_code == 422, form
        assert message in answer.text, form
        assert f'value="{form["phone"]}"' in answer.text
    assert entries(network, code) == []
    assert visitor.get(f"/references/{code}/modifier/demarches").status_code == 404  # never handed over
    assert visitor.get(f"/references/{code}/modifier/autre").status_code == 404
