"""Invitations, people, departures and admissions through HTTP, without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, update

from core.accounts.models import Invitation, LoginSession, OrganisationApplication, TotpSecret, User
from core.accounts.rules.admission import APPLICATION_WINDOWS
from core.accounts.rules.invitations import INVITATION_WINDOWS
from core.accounts.services import leaving
from core.directory.models import Organisation
from core.journal.queries import organisation_history
from core.kernel.mail import OutgoingMail
from core.referrals.models import Referral
from core.testing.network import Network, Visitor, visiting
from tests.support.admission import REQUEST, approver, prepared
from tests.support.held import RECEIVER, hold

PASSWORD = "grenouille-rivière-12"
EMAIL = "camille@exemple.test"
HERE = "/organisation/personnes"
CODE = re.compile(r"<p class=\"code big-code\"[^>]*>([A-Z0-9-]{14})</p>")
ONE_ENGINE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


@pytest.fixture
def other(network: Network) -> Iterator[Visitor]:
    """A second browser."""
    with visiting(network) as browsing:
        yield browsing


def sure(visitor: Visitor, persona: str) -> Visitor:
    """Signed in, a factor just shown."""
    visitor.become(persona)
    with visitor.network.database.transaction() as session:
        session.execute(update(LoginSession).values(stepped_up_at=visitor.network.clock.now()))
    return visitor


def invite(visitor: Visitor, email: str = EMAIL, **given: Any) -> Any:
    asked = {"name": "Camille Essai", "email": email, "roles": ["worker", "intake"], **given}
    return visitor.post(f"{HERE}/inviter", asked)


def code_of(answer: Any) -> str:
    found = CODE.search(answer.text)
    assert found is not None, answer.status_code
    return found.group(1)


def come_in(visitor: Visitor, code: str, email: str = EMAIL, password: str = PASSWORD) -> Any:
    return visitor.post("/invitation", {"email": email, "code": code, "password": password})


def test_from_the_invitation_to_the_first_session(network: Network, visitor: Visitor, other: Visitor) -> None:
    visitor.become("admin-chrysalide")
    assert "Inviter une personne" in visitor.get(HERE).text
    answer = invite(visitor)
    code = code_of(answer)
    assert answer.headers["cache-control"] == "no-store"
    listed = visitor.get(HERE).text
    assert EMAIL in listed
    assert code not in listed
    other.become(None)
    assert 'autocomplete="new-password"' in other.get("/invitation").text
    entered = come_in(other, code.lower().replace("-", " "))
    assert entered.status_code == 303
    assert entered.headers["location"] == "/connexion/facteur"
    assert come_in(visitor, code).status_code == 422
    # She is somebody, who has yet to add a factor before anything about a woman
    assert other.get("/demandes").status_code == 303
    with network.database.transaction() as session:
        user = session.execute(select(User).where(User.demo_key.is_(None))).scalar_one()
        assert (user.roles, user.last_month) == (["intake", "worker"], "2026-11")
        assert session.execute(select(OutgoingMail.template)).scalars().all() == ["invitation"]
    page = visitor.get(HERE + "?q=camille").text
    assert "Camille Essai" in page
    assert "À ajouter" in page
    assert "Maïka" not in page
    assert "2026-11" in page


@ONE_ENGINE
def test_one_answer_for_every_code_that_is_not_hers(network: Network, visitor: Visitor, other: Visitor) -> None:
    """Wrong, used, revoked, expired, another address: the same page but for what was typed; then a pause."""
    visitor.become("admin-chrysalide")
    other.become(None)
    wrong = come_in(other, "2222-2222-2222")
    plain = lambda answer: re.sub(r'value="[^"]*"', "", answer.text)  # noqa: E731
    assert wrong.status_code == 422
    assert "n’est plus valide" in wrong.text
    revoked = code_of(invite(visitor))
    row = f"{HERE}/invitations/{_only(network)}"
    assert visitor.post(f"{row}/annuler").status_code == 303
    elsewhere, expired = code_of(invite(visitor, "deux@exemple.test")), code_of(invite(visitor, "trois@exemple.test"))
    used = code_of(invite(visitor, "quatre@exemple.test"))
    assert come_in(other, used, "quatre@exemple.test").status_code == 303
    other.become(None)
    answers = [
        come_in(other, revoked),
        come_in(other, elsewhere),
        come_in(other, used, "quatre@exemple.test"),
        come_in(other, "n’importe quoi", "deux@exemple.test"),
    ]
    assert {(one.status_code, plain(one)) for one in answers} == {(422, plain(wrong))}
    network.clock.advance(timedelta(hours=73))
    late, never = come_in(other, expired, "trois@exemple.test"), come_in(other, "2222-2222-2222", "trois@exemple.test")
    assert (late.status_code, plain(late)) == (422, plain(never))
    for _ in range(INVITATION_WINDOWS["account"].limit):
        last = come_in(other, "2222-2222-2222", "cinq@exemple.test")
    assert last.status_code == 422
    assert come_in(other, "2222-2222-2222", "cinq@exemple.test").status_code == 429


@ONE_ENGINE
def test_what_is_typed_wrong_is_kept_and_said(network: Network, visitor: Visitor) -> None:
    visitor.become("admin-chrysalide")
    for changes, said in (
        ({"email": "pas une adresse"}, "adresse courriel"),
        ({"roles": ["worker", "organisation_admin"]}, "deux comptes"),
        ({"roles": ["operator"]}, "rôles proposés"),
        ({"roles": []}, "au moins une"),
        ({"email": f"{RECEIVER}@exemple.invalid"}, "a déjà un compte"),
    ):
        answer = invite(visitor, **{"email": EMAIL, **changes})
        assert answer.status_code == 422, changes
        assert said in answer.text, changes
        assert "Camille Essai" in answer.text
    visitor.become(None)
    for password, said in (("court", "12 caractères"), ("motdepasse2026", "courant"), ("camille-2026", "courant")):
        answer = come_in(visitor, "2222-2222-2222", password=password)
        assert (answer.status_code, said in answer.text) == (422, True), password
        assert password not in answer.text
    with network.database.transaction() as session:
        assert session.execute(select(Invitation.id)).all() == []


def test_a_departure_is_said_then_done(network: Network, visitor: Visitor, other: Visitor) -> None:
    code = hold(network)
    other.become(RECEIVER)
    assert other.get(f"/references/{code}").status_code == 200
    worker = network.viewer(RECEIVER).user_id
    visitor.become("admin-chrysalide")
    # A fresh factor first
    assert visitor.get(f"{HERE}/{worker}/depart").headers["location"].startswith("/confirmer")
    assert visitor.post(f"{HERE}/{worker}/depart").status_code == 307
    assert other.get("/demandes").status_code == 200
    sure(visitor, "admin-chrysalide")
    said = visitor.get(f"{HERE}/{worker}/depart").text
    assert "1 demande prise en main revient" in said
    done = visitor.post(f"{HERE}/{worker}/depart")
    assert (done.status_code, done.headers["location"]) == (303, HERE)
    assert "clés de l’organisme sont remplacées" in visitor.get(HERE).text
    assert other.get("/demandes").status_code == 303
    with network.database.transaction() as session:
        assert session.execute(select(Referral.claimed_by).where(Referral.code == code)).scalar() is None
    assert visitor.get(f"{HERE}/{worker}").status_code == 404
    assert visitor.post(f"{HERE}/{worker}/depart").status_code == 404


@ONE_ENGINE
def test_roles_suspension_and_a_new_password(network: Network, visitor: Visitor, other: Visitor) -> None:
    worker, police = network.viewer(RECEIVER).user_id, network.viewer("police-repentigny").user_id
    other.become(RECEIVER)
    visitor.become("admin-chrysalide")
    page = f"{HERE}/{worker}"
    assert "Maïka Lefebvre" in visitor.get(page).text
    missing = visitor.get(f"{HERE}/{UUID(int=5)}")
    assert visitor.get(f"{HERE}/{police}").text == missing.text
    for act in ("roles", "suspendre", "reprendre", "mot-de-passe"):
        assert visitor.post(f"{HERE}/{police}/{act}", {"roles": ["worker"]}).status_code == 404
    conflict = visitor.post(f"{page}/roles", {"roles": ["worker", "organisation_admin"]})
    assert (conflict.status_code, "deux comptes" in conflict.text) == (422, True)
    assert visitor.post(f"{page}/roles", {"roles": ["worker"]}).status_code == 303
    assert visitor.post(f"{page}/suspendre").status_code == 303
    assert other.get("/demandes").status_code == 303
    assert visitor.post(f"{page}/suspendre").status_code == 404
    assert visitor.post(f"{page}/reprendre").status_code == 303
    code = code_of(visitor.post(f"{page}/mot-de-passe"))
    other.become(None)
    assert come_in(other, code, f"{RECEIVER}@exemple.invalid").status_code == 303
    own = network.viewer("admin-chrysalide").user_id
    assert "votre compte" in visitor.get(f"{HERE}/{own}").text
    assert visitor.post(f"{HERE}/{own}/roles", {"roles": ["worker"]}).status_code == 409


@ONE_ENGINE
def test_the_factors_somebody_lost_are_taken_away_by_her_administration_never_with_the_password(
    network: Network, visitor: Visitor, other: Visitor
) -> None:
    worker, police = network.viewer(RECEIVER).user_id, network.viewer("police-repentigny").user_id
    assert worker is not None
    page = f"{HERE}/{worker}"
    now = network.clock.now()

    def factor() -> None:
        with network.database.transaction() as session:
            session.execute(delete(TotpSecret))
            session.add(TotpSecret(user_id=worker, secret_sealed=b"x", created_at=now, confirmed_at=now, last_step=0))

    factor()
    other.become(RECEIVER)
    visitor.become("admin-chrysalide")
    assert "Retirer ses moyens de connexion" in visitor.get(page).text
    asked = visitor.post(f"{page}/facteurs")
    assert (asked.status_code, asked.headers["location"].partition("?")[0]) == (307, "/confirmer"), "a fresh factor"
    assert other.get("/demandes").status_code == 200
    sure(visitor, "admin-chrysalide")
    assert visitor.post(f"{HERE}/{police}/facteurs").status_code == 404
    assert visitor.post(f"{HERE}/{network.viewer('admin-chrysalide').user_id}/facteurs").status_code == 409
    done = visitor.post(f"{page}/facteurs")
    assert (done.status_code, done.headers["location"]) == (303, page)
    assert "Moyens de connexion perdus" not in visitor.get(page).text, "there is none left to take away"
    assert other.get("/demandes").status_code == 303, "her sessions have ended"
    with network.database.transaction(write=False) as session:
        assert session.execute(select(TotpSecret)).first() is None
        assert session.execute(select(OutgoingMail.template)).scalars().all() == ["factors"]
        (line,) = organisation_history(session, network.organisation("calacs-la-chrysalide"), limit=1)
        assert (line.action, line.subject) == ("account.factors_reset", f"user:{worker}")
        assert line.actor_user_id == network.viewer("admin-chrysalide").user_id
    # The code of a new password would pass through the same hands: a colleague does that, or she does it later
    refused = visitor.post(f"{page}/mot-de-passe")
    assert (refused.status_code, "une autre personne de l’administration" in refused.text) == (409, True)
    network.clock.advance(timedelta(hours=73))
    sure(visitor, "admin-chrysalide")
    code_of(visitor.post(f"{page}/mot-de-passe"))
    factor()
    assert visitor.post(f"{page}/facteurs").status_code == 409, "nor in the other order"
    network.clock.advance(timedelta(hours=71))
    sure(visitor, "admin-chrysalide")
    code_of(visitor.post(f"{HERE}/invitations/{_only(network)}/code"))
    network.clock.advance(timedelta(hours=2))
    sure(visitor, "admin-chrysalide")
    assert visitor.post(f"{page}/facteurs").status_code == 409, "a code given again counts"
    colleague = approver(network, "calacs-la-chrysalide")
    with network.database.transaction() as session:
        leaving.forget_lost_factors(session, network.keyring, colleague, worker, network.clock.now())
        assert session.execute(select(TotpSecret)).first() is None


@ONE_ENGINE
def test_from_the_request_to_the_first_administrator(network: Network, visitor: Visitor, other: Visitor) -> None:
    visitor.become(None)
    asked = {"name": REQUEST.name, "type": "communautaire", "regime": "unknown", "why": REQUEST.why}
    contact = {"function": REQUEST.function, "email": REQUEST.email, "phone": REQUEST.phone}
    wrong = visitor.post("/adhesion", {**asked, **contact, "phone": "123"})
    assert (wrong.status_code, REQUEST.name in wrong.text) == (422, True)
    sent = visitor.post("/adhesion", {**asked, **contact})
    assert sent.headers["location"] == "/adhesion/recue"
    assert REQUEST.name not in visitor.get("/adhesion/recue").text
    sure(visitor, "coordination-cresl")
    request = _application(network)
    page = f"/reseau/admissions/{request}"
    assert REQUEST.name in visitor.get("/reseau/admissions").text
    assert REQUEST.email in visitor.get(page).text
    assert visitor.post(f"{page}/loi", {"regime": "P-39.1"}).status_code == 409, "nothing before the study"
    assert visitor.post(f"{page}/etude").status_code == 303
    refused = visitor.post(f"{page}/rappel", {"number": "450-555-0177", "source": "211", "at": "2026-11-24 10:00"})
    assert (refused.status_code, "trouvé ailleurs" in refused.text) == (422, True)
    assert "450-555-0177" in refused.text
    future = visitor.post(f"{page}/rappel", {"number": "450-555-0179", "source": "211", "at": "2026-11-25 10:00"})
    assert (future.status_code, "pas encore venue" in future.text) == (422, True)
    assert visitor.post(f"/approbations/{request}").status_code == 409
    for path, form in (
        ("rappel", {"number": "450-555-0179", "source": "211", "at": "2026-11-24 10:00"}),
        ("entente", {"on": "2026-11-20", "signatory": "direction", "reference": "ENT-12"}),
        ("responsable", {"officer_name": "Paule", "officer_email": "paule@girouettes.invalid"}),
        ("loi", {"regime": "P-39.1"}),
        ("administration", {"admin_name": "Odile", "admin_email": "odile@girouettes.invalid"}),
    ):
        assert visitor.post(f"{page}/{path}", form).status_code == 303, path
    assert visitor.post(f"{page}/code").status_code == 404
    assert visitor.post(f"/approbations/{request}").status_code == 303
    assert visitor.post(f"/approbations/{request}").status_code == 409
    sure(other, "confidentialite-chrysalide")
    seen = other.get(f"/approbations/{request}").text
    assert "ENT-12" in seen
    assert "odile" not in seen.lower()
    assert REQUEST.email not in seen
    admitted = other.post(f"/approbations/{request}")
    assert admitted.headers["location"] == "/approbations"
    assert "est admis" in other.get("/approbations").text
    code = code_of(visitor.post(f"{page}/code"))
    other.become(None)
    assert come_in(other, code, "odile@girouettes.invalid").status_code == 303
    with network.database.transaction() as session:
        organisation = session.execute(select(Organisation).where(Organisation.name == REQUEST.name)).scalar_one()
        assert (organisation.status, organisation.regime) == ("admitted", "P-39.1")
        assert organisation.public_key is not None


@ONE_ENGINE
def test_approving_asks_a_fresh_factor_and_a_right(network: Network, visitor: Visitor) -> None:
    request, _ = prepared(network)
    visitor.become("confidentialite-chrysalide")
    assert visitor.get(f"/approbations/{request}").status_code == 200
    asked = visitor.post(f"/approbations/{request}")
    assert (asked.status_code, asked.headers["location"].partition("?")[0]) == (307, "/confirmer")
    for persona in (RECEIVER, "bien-etre-1", "operateur", "police-repentigny"):
        visitor.become(persona)
        assert visitor.get("/approbations").status_code == 403
        assert visitor.post(f"/approbations/{request}").status_code == 403
    with network.database.transaction() as session:
        assert session.execute(select(OrganisationApplication.state)).scalar() == "probation"


@ONE_ENGINE
def test_the_coordination_suspends_and_readmits(network: Network, visitor: Visitor, other: Visitor) -> None:
    page = f"/reseau/organismes/{network.organisation('calacs-la-chrysalide')}"
    other.become(RECEIVER)
    sure(visitor, "coordination-cresl")
    assert f'href="{page}"' in visitor.get("/reseau").text
    assert visitor.post(f"{page}/suspendre", {"reason": "parce que"}).status_code == 422
    assert visitor.post(f"{page}/readmettre").status_code == 409
    assert visitor.post(f"{page}/suspendre", {"reason": "incident"}).status_code == 303
    assert other.get("/demandes").status_code == 303
    assert visitor.post(f"{page}/readmettre").status_code == 303
    assert other.become(RECEIVER).get("/demandes").status_code == 200
    own = f"/reseau/organismes/{network.organisation('cresl')}"
    assert visitor.post(f"{own}/suspendre", {"reason": "incident"}).status_code == 409


@ONE_ENGINE
def test_the_public_request_is_slowed(network: Network, visitor: Visitor) -> None:
    visitor.become(None)
    form = {"name": "X", "type": "police", "regime": "A-2.1", "why": "Y", "function": "Z", "email": "a@b.test"}
    for _ in range(APPLICATION_WINDOWS["address"].limit):
        assert visitor.post("/adhesion", {**form, "phone": "450 555-0142"}).status_code == 303
    last = visitor.post("/adhesion", {**form, "phone": "450 555-0142"})
    assert last.status_code == 429
    assert 'value="a@b.test"' in last.text
    with network.database.transaction() as session:
        kept = session.execute(select(func.count()).select_from(OrganisationApplication)).scalar()
    assert kept == APPLICATION_WINDOWS["address"].limit


def _only(network: Network) -> UUID:
    with network.database.transaction() as session:
        return session.execute(select(Invitation.id)).scalar_one()


def _application(network: Network) -> UUID:
    with network.database.transaction() as session:
        return session.execute(select(OrganisationApplication.id)).scalar_one()
