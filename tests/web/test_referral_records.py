"""What is kept around a referral: its history for the holder's privacy officer, and the on-call roster."""

from __future__ import annotations

import ast
import re

from sqlalchemy import select, update

from core.accounts.models import User
from core.journal.pages import ACTIONS
from core.referrals.models import OnCallShift
from tests.support.held import ADMIN, OFFICER, OTHER, POLICE, RECEIVER, accept, hold, plain, send
from tests.support.source import ROOT

# --- history --------------------------------------------------------------------------------------------------------


def test_the_holders_privacy_officer_sees_every_read_and_no_name_from_elsewhere(visitor, network):
    code = send(network)
    visitor.become(POLICE).get(f"/references/{code}")
    assert visitor.become(OFFICER).get(f"/references/{code}/journal").status_code == 404  # not held yet
    accept(network, RECEIVER, code)
    visitor.become(RECEIVER).get(f"/references/{code}")
    page = visitor.become(OFFICER).get(f"/references/{code}/journal")
    assert page.status_code == 200
    for words in ("Envoi de la référence", "Lecture de la référence", "Acceptation", "Maïka Lefebvre"):
        assert words in page.text, words
    assert "Dominique Lanoue" not in page.text
    assert "Service de police" in page.text
    assert "À : CALACS La Chrysalide" in plain(page.text)
    assert "Prénom choisi" in page.text  # blocks in words, not codes
    assert f'href="/references/{code}/journal"' in visitor.get("/journal").text


def test_nobody_else_reads_the_history(visitor, network):
    code = hold(network)
    for persona in (POLICE, RECEIVER, OTHER, "admin-chrysalide", "coordination-cresl", "operateur"):
        assert visitor.become(persona).get(f"/references/{code}/journal").status_code == 403
    grant(network, POLICE, "privacy_officer")
    assert visitor.become(POLICE).get(f"/references/{code}/journal").status_code == 404
    assert f"/references/{code}/journal" not in visitor.get("/journal").text


def grant(network, persona, role):
    """Give a persona another role."""
    with network.database.transaction() as session:
        session.execute(update(User).where(User.demo_key == persona).values(roles=[role]))


def test_every_recorded_act_has_its_words():
    """Whatever referrals and consents record is said in the journal, never shown as a code."""
    acts = set()
    for path in [*(ROOT / "core" / "referrals").rglob("*.py"), *(ROOT / "core" / "consent").rglob("*.py")]:
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = getattr(call.func, "id", "")
            texts = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if name in ("note", "_journal") and texts:
                acts.add(f"referral.{texts[0]}")
            if name == "record":
                acts |= {
                    one.value.value
                    for one in call.keywords
                    if one.arg == "action" and isinstance(one.value, ast.Constant)
                }
    assert {"referral.read", "referral.submit", "referral.withdraw", "referral.suspend"} <= acts
    assert acts - set(ACTIONS) == set()


# --- roster ---------------------------------------------------------------------------------------------------------


def person(network, persona):
    with network.database.transaction(write=False) as session:
        return str(session.execute(select(User.id).where(User.demo_key == persona)).scalar_one())


def test_the_administration_keeps_the_roster_and_the_team_reads_it(visitor, network):
    visitor.become(ADMIN)
    assert 'href="/organisation/garde"' in visitor.get("/organisation").text
    assert "Personne n’est de garde." in visitor.get("/organisation/garde").text
    form = {"user": person(network, RECEIVER), "starts_at": "2026-11-27T17:00", "ends_at": "2026-11-30T08:30"}
    assert visitor.post("/organisation/garde", form).status_code == 303
    with network.database.transaction(write=False) as session:
        shift = session.execute(select(OnCallShift.starts_at, OnCallShift.ends_at)).one()
    assert shift.starts_at.isoformat() == "2026-11-27T22:00:00+00:00"  # 17 h in Joliette
    seen = plain(visitor.become(RECEIVER).get("/organisation/garde").text)
    assert "Du 27 novembre 2026 à 17 h au 30 novembre 2026 à 8 h 30" in seen
    assert "Maïka Lefebvre" in seen
    assert "Ajouter une garde" not in seen
    assert visitor.post("/organisation/garde", form).status_code == 403
    assert "Maïka Lefebvre" not in visitor.become(OTHER).get("/organisation/garde").text


def test_shifts_may_overlap_and_it_is_said(visitor, network):
    visitor.become(ADMIN)
    form = {"user": person(network, RECEIVER), "starts_at": "2026-11-24T08:00", "ends_at": "2026-11-25T08:00"}
    visitor.post("/organisation/garde", form)
    page = visitor.get("/organisation/garde").text
    assert "En même temps" not in page
    assert "De garde" in page
    visitor.post("/organisation/garde", {**form, "starts_at": "2026-11-24T20:00", "ends_at": "2026-11-26T08:00"})
    page = visitor.get("/organisation/garde").text
    assert page.count("En même temps") == 2
    removal = re.search(r'action="(/organisation/garde/[^"]+/retirer)"', page).group(1)
    assert visitor.become(RECEIVER).post(removal).status_code == 403
    assert visitor.become(ADMIN).post(removal).status_code == 303
    assert "En même temps" not in visitor.get("/organisation/garde").text
    assert visitor.post(removal).status_code == 404
    assert visitor.post("/organisation/garde/rien/retirer").status_code == 404


def test_a_shift_to_correct_keeps_the_form(visitor, network):
    visitor.become(ADMIN)
    good = {"user": person(network, RECEIVER), "starts_at": "2026-11-27T17:00", "ends_at": "2026-11-30T08:30"}
    for change, message in (
        ({"ends_at": "2026-11-26T08:30"}, "La fin vient après le début."),
        ({"starts_at": "vendredi"}, "Entrez une date et une heure"),
        ({"user": person(network, OTHER)}, "Choisissez une personne de votre organisme."),
        ({"user": ""}, "Choisissez qui est de garde."),
    ):
        answer = visitor.post("/organisation/garde", {**good, **change})
        assert answer.status_code == 422, change
        assert message in answer.text, change
        assert 'value="2026-11-' in answer.text
