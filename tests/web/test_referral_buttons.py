"""Every button of a referral's page and of *Suivre ma demande*, pressed as the page draws it, without scripts."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select, update

from core.directory.models import Organisation, Service
from core.referrals.models import ReferralRestriction
from core.reports.models import ReportFact
from tests.support.held import NOTE, OTHER, PHONE, POLICE, RECEIVER, WORD, accept, hold, plain, row, send
from tests.support.pages import words

pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


def press(visitor, html: str, action: str, /, **typed: Any):
    """Send the form of the page whose address ends in `action` and that has these fields, with what it hides."""
    forms = re.findall(rf'<form method="post" action="([^"]*/{action})"[^>]*>(.*?)</form>', html, re.DOTALL)
    whole = [form for form in forms if all(f'name="{name}"' in form[1] for name in typed)]
    assert whole, f"no form {action} with {sorted(typed)}"
    address, inside = whole[0]
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', inside)
    return visitor.post(address, {unescape(name): unescape(value) for name, value in hidden} | typed)


def service(network, owner: str, visibility: str = "public"):
    """A service of an organisation: (id, name)."""
    with network.database.transaction(write=False) as session:
        return session.execute(
            select(Service.id, Service.name)
            .join(Organisation, Organisation.id == Service.organisation_id)
            .where(Organisation.slug == owner, Service.visibility == visibility)
            .order_by(Service.sort_key)
        ).first()


# --- not received here ----------------------------------------------------------------------------------------------


def test_not_received_here_proposes_a_better_service_that_the_sender_opens(visitor, network):
    code = send(network)
    better = service(network, "cavac-lanaudiere")
    assert f"/references/{code}/autre-ressource" in visitor.become(RECEIVER).get(f"/references/{code}").text
    page = visitor.get(f"/references/{code}/autre-ressource").text
    offered = dict(re.findall(r'<option value="([^"]+)">([^<]*)</option>', page.split('name="better_service"')[1]))
    assert better.name in unescape(offered[str(better.id)])
    assert not [label for label in offered.values() if label.startswith("CALACS La Chrysalide")], "never its own"
    missing = press(visitor, page, "autre-ressource", reason="better_service")
    assert missing.status_code == 422
    assert "Dites quel service convient mieux" in missing.text
    assert 'value="better_service" checked' in missing.text
    # The form that is shown again is whole: the remedy it asks for is in it.
    answer = press(visitor, missing.text, "autre-ressource", reason="better_service", better_service=str(better.id))
    assert (answer.status_code, answer.headers["location"]) == (303, "/demandes")
    told = visitor.become(POLICE).get(f"/references/{code}").text
    assert "Non accueillie ici — autre ressource proposée." in plain(told)
    assert "Un autre service convient mieux" in told
    sheet = re.search(r'href="(/annuaire/services/[^"]+)"', told)
    assert sheet is not None
    assert better.name in unescape(visitor.get(sheet.group(1)).text)


def test_only_what_is_offered_may_be_proposed(visitor, network):
    """Its own service, a confidential one, one of an organisation set aside, suspended or that partners may not know
    of: not in the list, and refused if forged."""
    code = send(network)
    gone, unknown = "ivac", "la-clef"
    aside, suspended, unseen = (service(network, owner) for owner in ("cavac-lanaudiere", gone, unknown))
    with network.database.transaction() as session:
        case_id = row(network, code).case_id
        owner = network.organisation("cavac-lanaudiere")
        session.add(
            ReferralRestriction(
                case_id=case_id,
                organisation_id=owner,
                reason="safety",
                added_by=network.viewer(POLICE).user_id,
                added_at=network.clock.now(),
            )
        )
        hidden = session.execute(select(Service.id).where(Service.visibility == "confidential")).scalars().first()
        session.execute(update(Organisation).where(Organisation.slug == gone).values(status="suspended"))
        session.execute(update(Organisation).where(Organisation.slug == unknown).values(visibility="confidential"))
    page = visitor.become(RECEIVER).get(f"/references/{code}/autre-ressource").text
    for wrong in (aside.id, hidden, suspended.id, unseen.id, service(network, "calacs-la-chrysalide").id):
        assert str(wrong) not in page
        answer = press(visitor, page, "autre-ressource", reason="better_service", better_service=str(wrong))
        assert answer.status_code == 422
        assert "Choisissez un service de la liste." in answer.text
    assert row(network, code).state == "submitted"


def test_without_another_service_the_reason_is_enough(visitor, network):
    code = send(network)
    page = visitor.become(RECEIVER).get(f"/references/{code}/autre-ressource").text
    assert press(visitor, page, "autre-ressource", reason="full").status_code == 303
    assert visitor.get(f"/references/{code}/autre-ressource").status_code == 409
    told = words(visitor.become(POLICE).get(f"/references/{code}").text)
    assert "Complet en ce moment" in told
    assert "autre ressource proposée" not in told


# --- the other buttons ----------------------------------------------------------------------------------------------


def test_the_sender_takes_it_back(visitor, network):
    code = send(network)
    page = visitor.become(POLICE).get(f"/references/{code}").text
    assert press(visitor, page, "retirer").status_code == 303
    assert "La référence est retirée." in visitor.get(f"/references/{code}").text
    assert row(network, code).state == "retracted"
    late = visitor.become(RECEIVER).get(f"/references/{code}").text
    assert "/accepter" not in late
    assert "Retirée Il n’y a rien à faire ici." in words(late)


def test_the_suggested_code_gives_its_reasons_and_may_be_overridden_with_one(visitor, network):
    code = hold(network)
    page = visitor.become(RECEIVER).get(f"/references/{code}").text
    assert "Priorité suggérée : code 1 (détresse élevée)" in plain(words(page))
    without = press(visitor, page, "priorite", priority="2")
    assert without.status_code == 422
    assert 'value="2" checked' in without.text
    assert press(visitor, without.text, "priorite", priority="2", reason="clinical_judgement").status_code == 303
    changed = plain(words(visitor.get(f"/references/{code}").text))
    assert "Priorité : code 2" in changed
    assert (row(network, code).priority, row(network, code).priority_reason) == (2, "clinical_judgement")


def test_reconfirmed_reached_then_closed_with_an_outcome(visitor, network):
    code = hold(network)
    page = visitor.become(RECEIVER).get(f"/references/{code}").text
    assert "Maintenant : reconfirmer avec elle" in plain(page)
    assert press(visitor, page, "reconfirmer").status_code == 303
    page = visitor.get(f"/references/{code}").text
    assert "Maintenant : la joindre" in plain(page)
    assert press(visitor, page, "tentative", result="reached", channel="phone").status_code == 303
    assert (row(network, code).state, row(network, code).first_contact_at) == ("in_progress", network.clock.now())
    page = visitor.get(f"/references/{code}").text
    missing = press(visitor, page, "fermer")
    assert missing.status_code == 422
    assert "Dites comment cela s’est terminé." in missing.text
    assert press(visitor, missing.text, "fermer", outcome="served").status_code == 303
    assert "Issue : a reçu le service" in plain(words(visitor.get(f"/references/{code}").text))
    with network.database.transaction(write=False) as session:
        assert "served" in session.execute(select(ReportFact.outcome)).scalars().all()
    assert "Fermée" in visitor.become(POLICE).get(f"/references/{code}").text


def test_left_to_a_colleague(visitor, network):
    code = send(network)
    page = visitor.become(RECEIVER).get(f"/references/{code}").text
    press(visitor, page, "prendre")
    page = visitor.get(f"/references/{code}").text
    assert "Vous vous en occupez." in page
    assert press(visitor, page, "rendre").status_code == 303
    assert row(network, code).claimed_by is None
    assert "/prendre" in visitor.get(f"/references/{code}").text


def test_perhaps_the_same_person_is_joined_in_one_click(visitor, network):
    first, second = hold(network), send(network)
    assert "Peut-être la même personne" not in visitor.become(RECEIVER).get(f"/references/{first}").text
    accept(network, RECEIVER, second)
    page = visitor.get(f"/references/{first}").text
    assert "Peut-être la même personne" in page
    assert press(visitor, page, "joindre").status_code == 303
    assert "réunies : un seul appel" in plain(visitor.get(f"/references/{second}").text)
    assert row(network, first).joined_group == row(network, second).joined_group is not None
    # Each sender still sees its own, and no answer tells that there is another.
    assert second not in visitor.become(POLICE).get(f"/references/{first}").text


def test_copied_for_our_record_with_what_she_agreed_to(visitor, network):
    code = hold(network)
    page = visitor.become(RECEIVER).get(f"/references/{code}").text
    copy = press(visitor, page, "copier")
    text = unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", copy.text, re.DOTALL).group(1))
    for told in (code, PHONE, NOTE, "Repentigny"):
        assert told in text, told


# --- herself --------------------------------------------------------------------------------------------------------


def herself(visitor, code):
    """Her own page, in a browser that is nobody's."""
    return visitor.become(None).post("/suivre", {"code": code, "word": WORD})


def test_she_asks_that_nobody_call_her_any_more(visitor, network):
    code = hold(network)
    page = herself(visitor, code)
    assert "CALACS" not in page.text
    done = press(visitor, page.text, "ne-plus-appeler")
    assert done.status_code == 200
    assert "Plus personne ne vous appellera." in done.text
    assert "/ne-plus-appeler" not in done.text
    told = visitor.become(RECEIVER).get(f"/references/{code}").text
    assert "Ne pas l’appeler" in told
    assert "Maintenant : reconfirmer" not in plain(told)


def test_she_changes_how_to_reach_her(visitor, network):
    code = hold(network)
    page = herself(visitor, code)
    wrong = press(visitor, page.text, "contact", way="phone", phone="12")
    assert wrong.status_code == 422
    assert 'value="12"' in wrong.text
    done = press(visitor, wrong.text, "contact", way="phone", phone="450 555-0188")
    assert (done.status_code, "C’est changé." in done.text) == (200, True)
    told = visitor.become(RECEIVER).get(f"/references/{code}").text
    assert "450 555-0188" in told
    assert visitor.become(OTHER).get(f"/references/{code}").status_code == 404


def test_she_is_told_on_her_page_that_there_is_nothing_to_change(visitor, network):
    """She had shared no way to reach her: the page stays, with what she typed and what she may still do."""
    from tests.web.test_new_referral import fill
    from tests.web.test_new_referral import send as sent

    key = "5b3a1c52-6f0e-4a52-9a53-9d9f6f4a7f10"
    visitor.become(POLICE)
    fill(visitor, key, way="will_call", phone="", times=[], first_name="", blocks=[])
    code = sent(visitor, key)
    page = herself(visitor, code)
    refused = press(visitor, page.text, "contact", way="phone", phone="450 555-0188")
    assert refused.status_code == 422
    assert "il n’y a rien à changer" in refused.text.replace("\u00a0", " ")
    assert 'value="450 555-0188"' in refused.text
    assert press(visitor, refused.text, "retirer").status_code == 200
    assert row(network, code).state == "suspended"
