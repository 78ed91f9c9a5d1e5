"""Acts of training in the journal's words, and the key of badges renewed by the operator's command."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest
from sqlalchemy import select, update

from core.testing.acts import recorded_acts
from core.testing.network import Network, Visitor
from core.testing.plugins import by_operator

from ..acts import acts
from ..models import Learner
from ..rules.badges import Addresses
from ..services import people, revoking, signing
from ..services.people import NewPerson
from ..settings import PEOPLE
from . import attesting as a
from . import training as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
PLACE = Addresses("http://127.0.0.1:8000/comites/ficesl/attestations")


def test_every_act_and_fact_has_its_words() -> None:
    recorded = recorded_acts("ficesl", Path(__file__).parents[1], {"note", "_changed", "_tell"})
    worded = {act.action: set(act.facts) for act in acts()}
    # The default of `sessions._changed`, and the number of `catalogue._tell`, are no keywords
    assert set(recorded) | {"ficesl.session_changed"} == set(worded)
    assert [act for act, facts in recorded.items() if not facts <= worded[act]] == []


@SQLITE
def test_a_privacy_officer_reads_words_and_no_code(network: Network, visitor: Visitor) -> None:
    version = h.a_course(network, modules=1)
    someone = h.a_person(network, "Dominique Essai")
    unit = h.desk(network, h.ADMIN)
    with network.database.transaction() as session:
        people.add_team(session, unit, "Unité d’essai")
        people.change_person(session, unit, someone, NewPerson("Dominique Essais", "", "worker"))
    a.credit(network, version, [someone])
    a.heard(network, version)
    (one,) = a.attestations(network)
    with network.database.transaction() as session:
        revoking.revoke(session, h.desk(network), one.code, "asked")
    assert visitor.become(h.ADMIN).get(PEOPLE).status_code == 200
    users = Learner.metadata.tables["users"]
    with network.database.transaction() as session:
        session.execute(update(users).where(users.c.demo_key == h.ADMIN).values(roles=["privacy_officer"]))
    page = visitor.become(h.ADMIN).get("/journal").text.replace("\xa0", " ")
    for words in (
        "Lecture de noms de personnes formées", "Personnes de l’organisme", "Personnes : 1",
        "Personne ajoutée à la liste", "Personne corrigée dans la liste", "Unité ajoutée",
        "Attestations faites", "Attestation révoquée", "Raison : À la demande de la personne",
    ):  # fmt: skip
        assert words in page, words
    for code in ("ficesl.", "people=", "reason=", "learners", "Dominique"):
        assert code not in page, code
    english = visitor.get("/journal", headers={"Accept-Language": "en"}).text
    assert ("Names of trained people read" in english) or ("Lecture de noms" in english)


@SQLITE
def test_the_operator_renews_the_key_and_older_badges_still_verify(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARRIMAGE_DATABASE_URL", network.settings.database_url)
    monkeypatch.setenv("ARRIMAGE_MASTER_KEY_FILE", str(network.settings.master_key_file))
    monkeypatch.setenv("ARRIMAGE_PLUGINS_FILE", str(network.settings.plugins_file))
    monkeypatch.setenv("ARRIMAGE_MODE", "test")
    now = network.clock.now()
    with network.database.transaction() as session:
        first = signing.signer(session, network.keyring, now)
        token = first.token({"iss": "x"}, PLACE)
    status, said = by_operator("run", "ficesl.renew_key")
    assert (status, "La clé 2 signe les badges" in said) == (0, True), said
    assert "ficesl.renew_key" in by_operator("run")[1]
    status, said = by_operator("run", "ficesl.renew_keys")
    assert (status, "écrivez « ficesl.renew_key »" in said) == (1, True)
    with network.database.transaction() as session:
        second = signing.signer(session, network.keyring, now)
        keys = {key["kid"]: key for key in signing.public_keys(session)}
        journal = Learner.metadata.tables["journal_entries"]
        lines = session.scalars(select(journal.c.line).where(journal.c.line.contains("ficesl.key_renewed"))).all()
    assert (second.kid != first.kid, set(keys) == {first.kid, second.kid}, len(lines)) == (True, True, 1)
    for made in (token, second.token({"iss": "x"}, PLACE)):
        kid = jwt.get_unverified_header(made)["kid"].rsplit("/", 1)[-1]
        assert jwt.decode(made, jwt.PyJWK(keys[kid]).key, algorithms=["ES256"], options={"verify_exp": False})
