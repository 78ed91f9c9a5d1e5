"""Pages of attestations without a browser: who sees what, what the public learns, the PDF, revoking, the portrait."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from typing import Any

import pikepdf
import pytest
from sqlalchemy import insert, update

from core.api import new_id, pdf_available
from core.testing.network import Network, Visitor
from core.testing.statements import page_statements

from ..models import AttestationRow, Learner, Readiness
from ..pages.check import WINDOWS
from ..services import readiness
from . import attesting as a
from . import training as h

pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
HOME = "/comites/ficesl/attestations"
CHECK = f"{HOME}/verifier"
PORTRAIT = "/comites/ficesl/portrait"


def fresh(network: Network) -> None:
    """Everybody has just shown a factor."""
    sessions = AttestationRow.metadata.tables["login_sessions"]
    with network.database.transaction() as session:
        session.execute(update(sessions).values(stepped_up_at=network.clock.now()))


def answer_of(page: Any) -> str:
    """The answer alone, without what was typed."""
    found = re.search(r'<section class="stack tight" role="status".*?</section>', page.text, re.DOTALL)
    assert found is not None, page.text
    return found.group()


def test_the_public_learns_one_word_and_every_code_costs_the_same(network: Network, visitor: Visitor) -> None:
    version = h.a_course(network, modules=1)
    valid = a.attested(network, version=version)
    expired = a.attested(network, h.OFFICER, version=version, on_day=date(2020, 1, 15))
    revoked = a.attested(network, "calacs-chrysalide", version=version)
    with network.database.transaction() as session:
        revoked_row = update(AttestationRow).where(AttestationRow.code == revoked)
        session.execute(revoked_row.values(revoked_at=network.clock.now(), revoked_reason="asked"))
    visitor.become(None)
    visitor.get(f"{CHECK}?code={valid}")
    shapes, costs = set(), set()
    words = {
        valid: "Valide",
        expired: "Expirée",
        revoked: "Révoquée",
        "7K3M-9QRT-2BCD": "Inconnue",
        "é" * 40: "Inconnue",
    }
    for code, word in words.items():
        with page_statements() as sent:
            page = visitor.get(f"{CHECK}?code={code}")
        assert page.status_code == 200
        assert word in answer_of(page)
        shapes.add(re.sub(r">[^<]*<|class=\"state [a-z]*\"", "", answer_of(page)))
        costs.add(tuple(re.sub(r"\s+", " ", one) for one in sent))
        typed = visitor.post(CHECK, {"code": code.lower().replace("-", " ")})
        assert answer_of(typed) == answer_of(page)
        for persona in (h.WORKER, h.OFFICER, "calacs-chrysalide"):
            viewer = network.viewer(persona)
            assert viewer.display_name not in page.text
            assert viewer.organisation_name not in page.text
        assert h.TEXT.title not in page.text
    assert len(shapes) == len(costs) == 1
    assert visitor.post(CHECK, {"code": ""}).status_code == 422
    for _ in range(WINDOWS["address"].limit):
        page = visitor.get(f"{CHECK}?code={valid}")
    assert page.status_code == 429
    assert "Valide" not in page.text
    assert "Trop d’essais" in page.text


def test_one_asks_too_early_then_prints_and_nobody_else_may(network: Network, visitor: Visitor) -> None:
    version = h.a_course(network, modules=2)
    learner = a.own_learner(network, h.WORKER)
    course = a.course_of(network, version)[1]
    visitor.become(h.WORKER)
    early = visitor.post(f"{HOME}/demander", {"course": course})
    assert early.status_code == 422
    assert "rien suivi de cette formation" in early.text
    a.credit(network, version, [learner], modules=1)
    early = visitor.post(f"{HOME}/demander", {"course": course})
    assert early.status_code == 422
    assert "Il manque «\u00a0Capsule 2\u00a0» (1\u00a0h)." in early.text
    assert "Il manque" in visitor.get(HOME).text
    a.credit(network, version, [learner])
    given = visitor.post(f"{HOME}/demander", {"course": course})
    assert given.status_code == 303
    place = given.headers["location"]
    code = place.rsplit("/", 1)[1]
    page = visitor.get(place)
    viewer = network.viewer(h.WORKER)
    assert viewer.display_name in page.text
    assert "<svg" in page.text
    assert code in visitor.get(HOME).text
    assert visitor.post(f"{HOME}/demander", {"course": course}).status_code == 422
    # Somebody of another organisation, the committee, an administrator elsewhere: as if there were none
    missing = visitor.get(f"{HOME}/7K3M-9QRT-2BCD").text
    for persona in (h.OFFICER, h.TRAINER, h.ADMIN, "coordination-cresl"):
        visitor.become(persona)
        for path in (place, f"{place}/pdf", f"{place}/titre"):
            refused = visitor.get(path)
            assert refused.status_code == 404
        assert viewer.display_name not in refused.text
    assert "Page introuvable" in missing
    visitor.become(None)
    assert visitor.get(place).status_code == 303


def test_the_pdf_is_tagged_in_french_with_the_name_the_code_and_the_qr(
    network: Network, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = a.attested(network)
    visitor.become(h.WORKER)
    if pdf_available():
        made = visitor.get(f"{HOME}/{code}/pdf")
        assert (made.status_code, made.headers["content-type"]) == (200, "application/pdf")
        with pikepdf.open(io.BytesIO(made.content)) as document:
            assert str(document.Root.Lang) == "fr-CA"
            assert bool(document.Root.MarkInfo.Marked)
            assert code in str(document.docinfo["/Title"])
            assert len(document.pages) == 1
        assert made.content == visitor.get(f"{HOME}/{code}/pdf").content
    monkeypatch.setattr("plugins.ficesl.pages.attestations.pdf_available", lambda: False)
    told = visitor.get(f"{HOME}/{code}/pdf")
    assert told.status_code == 303
    assert "ne fait pas de PDF" in visitor.get(told.headers["location"]).text
    assert f"{code}/pdf" not in visitor.get(f"{HOME}/{code}").text


def test_an_organisation_reads_its_peoples_and_the_journal_says_so(network: Network, visitor: Visitor) -> None:
    version = h.a_course(network, modules=1)
    someone = h.a_person(network, "=cmd() Essai", "essai@exemple.invalid")
    a.credit(network, version, [someone])
    a.heard(network, version)
    code = a.attestations(network)[0].code
    journal = AttestationRow.metadata.tables["journal_entries"]

    def reads() -> int:
        with network.database.transaction(write=False) as session:
            return len(session.execute(journal.select().where(journal.c.line.contains("ficesl.names_read"))).all())

    visitor.become(h.ADMIN)
    before = reads()
    page = visitor.get(f"{HOME}/organisme")
    assert "=cmd() Essai" in page.text
    assert reads() == before + 1
    assert "=cmd() Essai" in visitor.get(f"{HOME}/{code}").text
    visitor.become("calacs-chrysalide")
    assert visitor.get(f"{HOME}/organisme").status_code == 403
    with network.database.transaction() as session:
        session.execute(update(Learner).where(Learner.id == someone).values(erased_at=network.clock.now()))
    visitor.become(h.ADMIN)
    assert visitor.get(f"{HOME}/{code}").status_code == 404
    assert visitor.get(f"{CHECK}?code={code}").status_code == 200


def test_revoking_takes_a_second_look_a_factor_and_a_seat(network: Network, visitor: Visitor) -> None:
    version = h.a_course(network, modules=1)
    code = a.attested(network, version=version)
    page = f"{HOME}/revoquer"
    form = {"code": code, "reason": "attendance"}
    for persona in (h.WORKER, h.ADMIN):
        visitor.become(persona)
        assert visitor.get(page).status_code in (403, 404)
        assert visitor.post(f"{page}/confirmer", form).status_code in (403, 404)
    visitor.become("bien-etre-1")
    assert visitor.get(page).status_code == 404
    visitor.become(h.TRAINER)
    assert visitor.get(page).status_code == 200
    for wrong, said in (
        ({"code": "7K3M-9QRT-2BCD", "reason": "asked"}, "Aucune attestation"),
        ({"code": code, "reason": "parce que"}, "Choisissez une raison"),
        ({"code": code, "reason": ""}, "Il reste quelque chose à corriger"),
    ):
        refused = visitor.post(page, wrong)
        assert refused.status_code == 422
        assert said in refused.text
        assert wrong["code"] in refused.text
    looked = visitor.post(page, form)
    assert looked.status_code == 200
    assert "Révoquer pour de bon" in looked.text
    assert network.viewer(h.WORKER).display_name not in looked.text
    assert a.attestations(network)[0].revoked_at is None
    assert visitor.post(f"{page}/confirmer", form).headers["location"] != HOME
    assert a.attestations(network)[0].revoked_at is None
    fresh(network)
    assert visitor.post(f"{page}/confirmer", form).headers["location"] == HOME
    assert a.attestations(network)[0].revoked_reason == "attendance"
    assert "Révoquée" in visitor.get(f"{CHECK}?code={code}").text
    assert visitor.post(page, form).status_code == 422


def test_the_portrait_shows_holes_first_exact_inside_and_rounded_outside(network: Network, visitor: Visitor) -> None:
    version = h.a_course(network, modules=1)
    course = a.course_of(network, version)[1]
    given = h.desk(network, h.ADMIN)
    with network.database.transaction() as session:
        rows = [
            {
                "id": new_id(),
                "organisation_id": network.organisation(slug),
                "audience": "patrol",
                "created_at": given.now,
            }
            for slug, count in (("police-repentigny", 12), (h.CHRYSALIDE, 4))
            for holder in [network.organisation(slug)] * count
        ]
        session.execute(insert(Learner), rows)
    a.credit(network, version, [row["id"] for row in rows[:9]])
    a.heard(network, version)
    with network.database.transaction() as session:
        readiness.refresh(session, given.now)
    path = f"{PORTRAIT}?formation={course}"
    visitor.become(h.TRAINER)
    inside = visitor.get(path)
    assert "75\u00a0% (9 sur 12)" in inside.text
    assert "56\u00a0% (9 sur 16)" in inside.text
    assert inside.text.index("CALACS La Chrysalide") < inside.text.index("Service de police")
    visitor.become(h.WORKER)
    outside = visitor.get(path)
    assert "au moins 70\u00a0%" in outside.text
    assert "masqué" in outside.text
    assert "9 sur 12" not in outside.text
    assert "Service de police" not in outside.text
    visitor.become(h.ADMIN)
    own = visitor.get(path)
    assert "0\u00a0% (0 sur 4)" in own.text
    assert "9 sur 12" not in own.text


def test_the_portrait_reads_as_much_for_a_hundred_thousand_people(network: Network, visitor: Visitor) -> None:
    """Its lines are counted beforehand: the page asks the same statements, and reads no table of people."""
    version = h.a_course(network, modules=1)
    course_id, course = a.course_of(network, version)
    visitor.become(h.TRAINER)
    path = f"{PORTRAIT}?formation={course}"
    row = {"course_id": course_id, "type": "police", "mrc": "Joliette", "people": 50, "valid": 20, "share": 40}
    sent_by_size = []
    for _ in (1, 2):
        with network.database.transaction() as session:
            lines = [
                {"id": new_id(), "organisation_id": new_id(), "at": network.clock.now(), **row} for _ in range(1000)
            ]
            session.execute(insert(Readiness), lines)
        visitor.get(path)
        with page_statements() as sent:
            page = visitor.get(path)
        assert page.status_code == 200
        sent_by_size.append([re.sub(r"\s+", " ", one) for one in sent])
    assert sent_by_size[0] == sent_by_size[1]
    assert len(sent_by_size[0]) <= 20
    assert not any("ficesl_learners" in one or "ficesl_attestations" in one for one in sent_by_size[0])


def test_the_card_says_what_ends_soon_in_two_statements(network: Network, visitor: Visitor) -> None:
    version = h.a_course(network, modules=1)
    code = a.attested(network, h.ADMIN, version=version)
    with network.database.transaction() as session:
        soon = network.clock.now().date() + timedelta(days=40)
        session.execute(update(AttestationRow).values(expires_on=soon))
    visitor.become(h.ADMIN)
    page = visitor.get("/")
    assert f"{HOME}/{code}" in page.text
    assert "1 attestation de votre organisme finit dans les 60 jours" in page.text
