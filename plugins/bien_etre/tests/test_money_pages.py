"""The fund's pages without a browser: who sees them, two steps, what is refused, the export, the night."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import insert, select, update

from core.api import Choice, Method, VoteRule, cast_ballot, close_vote, new_id, open_vote

from .. import models
from ..pages.grants import MAX_UPLOAD
from ..queries import money as queries
from ..queries.money_access import Standing, standing_of
from ..services import cards, money
from .test_money import request

FUNDS = "/comites/bien-etre/fonds"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R/Info<</Author(Quelqu un)>>>>"
)


def one(network: Any, statement: Any) -> Any:
    with network.database.transaction(write=False) as session:
        return session.scalar(statement)


def kept(answer: Any, *pairs: str) -> bool:
    """Whether the page shows again what was typed: name, value, name, value…"""
    inputs = re.findall(r"<input[^>]*>", answer.text)
    for name, value in zip(pairs[::2], pairs[1::2], strict=True):
        assert any(f'name="{name}"' in tag and f'value="{value}"' in tag for tag in inputs), (name, value)
    return True


def fresh(network: Any) -> None:
    """Everybody has just shown a factor."""
    with network.database.transaction() as session:
        sessions = models.Envelope.metadata.tables["login_sessions"]
        session.execute(update(sessions).values(stepped_up_at=network.clock.now()))


def colleague(network: Any) -> str:
    """A second worker of the holder: a demo person of another organisation moves there for the test."""
    holder = network.organisation("calacs-la-chrysalide")
    with network.database.transaction() as session:
        users = models.Envelope.metadata.tables["users"]
        session.execute(update(users).where(users.c.demo_key == "communautaire-ajrj").values(organisation_id=holder))
    return "communautaire-ajrj"


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_from_an_envelope_to_a_receipt_by_two_people(network: Any, visitor: Any) -> None:
    second = colleague(network)
    for persona in ("bien-etre-1", "police-repentigny", "coordination-cresl", "admin-chrysalide"):
        assert visitor.become(persona).get(FUNDS).status_code in (403, 404), persona
    assert visitor.become("bien-etre-presidence").get(FUNDS).status_code == 200
    visitor.become("calacs-chrysalide")
    assert "Aucune enveloppe" in visitor.get(FUNDS).text
    typed = {"funder": "=Fondation fictive", "year": "2026", "amount": "-5", "cap_food": "six cents"}
    refused = visitor.post(f"{FUNDS}/enveloppes", typed)
    assert refused.status_code == 422
    assert kept(refused, "funder", "=Fondation fictive", "amount", "-5", "cap_food", "six cents")
    opened = {"funder": "=Fondation fictive", "year": "2026", "amount": "1 000,50", "cap_food": "600"}
    assert visitor.post(f"{FUNDS}/enveloppes", opened).status_code == 303
    again = visitor.post(f"{FUNDS}/enveloppes", opened)
    assert again.status_code == 409
    assert kept(again, "amount", "1 000,50", "cap_food", "600")
    # A double click adds once: the form says which sum was read
    own = one(network, select(models.Envelope.id))
    more = {"amount": "10", "was": "100050"}
    refused = visitor.post(f"{FUNDS}/enveloppes/{own}/ajouter", {**more, "amount": "dix"})
    assert refused.status_code == 422
    assert kept(refused, "amount", "dix")
    assert f'id="f-amount-{own}-error"' in refused.text
    assert [visitor.post(f"{FUNDS}/enveloppes/{own}/ajouter", more).status_code for _ in range(2)] == [303, 409]
    assert one(network, select(models.Envelope.amount_cents)) == 101_050
    with network.database.transaction() as session:
        request_id, code = request(session)
        money.commit_amount(session, None, request_id, code, 30_000, network.clock.now())
    grant = f"{FUNDS}/demandes/{code}"
    assert "300,00" in visitor.get(grant).text
    too_much = visitor.post(f"{grant}/preparer", {"amount": "300,01", "route": "supplier", "_key": "k0"})
    assert too_much.status_code == 409
    assert "300,01" in too_much.text
    prepared = {"amount": "250", "route": "supplier", "_key": "k1"}
    for _ in range(2):
        assert visitor.post(f"{grant}/preparer", prepared).status_code == 303
    payment = one(network, select(models.Payment.id))
    confirm = f"{FUNDS}/paiements/{payment}/confirmer"
    alone = visitor.post(confirm)
    assert alone.status_code == 403
    assert "Une deuxième personne confirme" in alone.text
    assert "Étape 1" in alone.text  # on the grant's page, which says what is
    assert visitor.become("bien-etre-presidence").post(confirm).status_code == 404
    visitor.become(second)
    for _ in range(2):
        assert visitor.post(confirm).status_code == 303
    assert one(network, select(models.Envelope.paid_cents)) == 25_000
    assert "Joindre un reçu" in visitor.get(grant).text
    receipt = f"{FUNDS}/paiements/{payment}/recus"
    exe = {"file": ("x.exe", b"MZ", "application/pdf")}
    for fields, files, field in (
        ({"amount": "dix"}, {"file": ("r.pdf", PDF, "application/pdf")}, "amount"),
        ({"amount": "10"}, exe, "file"),
        ({"amount": "10"}, {}, "file"),
        ({"amount": "999"}, {"file": ("r.pdf", PDF, "application/pdf")}, "amount"),
    ):
        bad = visitor.post(receipt, fields, files=files)
        assert bad.status_code == 422, fields
        assert kept(bad, "amount", fields["amount"])
        assert f'id="f-{field}-{payment}-error"' in bad.text
    heavy = visitor.post(
        receipt, {"amount": "10"}, files={"file": ("r.pdf", b"0" * (MAX_UPLOAD + 1), "application/pdf")}
    )
    assert heavy.status_code == 413
    assert one(network, select(models.Receipt.id)) is None
    assert visitor.post(receipt, {"amount": "10"}, files={"file": ("r.pdf", PDF, "application/pdf")}).status_code == 303
    proof = one(network, select(models.Receipt.id))
    answer = visitor.get(f"{FUNDS}/recus/{proof}")
    assert answer.content.startswith(b"%PDF")
    assert b"Quelqu un" not in answer.content
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "recu-F-" in answer.headers["content-disposition"]  # not what the file was called
    assert visitor.become("bien-etre-presidence").get(f"{FUNDS}/recus/{proof}").status_code == 404
    for path in ("", "/enveloppes", "/cartes", "/grand-livre", "/suivi", f"/demandes/{code}"):
        assert visitor.get(FUNDS + path).status_code == 200, path
    export = f"{FUNDS}/grand-livre/export"
    assert visitor.get(f"{export}.csv").headers["location"].startswith("/confirmer")  # a fresh factor
    fresh(network)
    raw = visitor.get(f"{export}.csv").content
    text = raw.decode("utf-8-sig")
    assert "'=Fondation fictive" in text
    assert len(text.splitlines()) == 5
    sheet = visitor.get(f"{export}.xlsx").content
    # The same bytes twice, and the effects add up to what is left
    assert (visitor.get(f"{export}.csv").content, visitor.get(f"{export}.xlsx").content) == (raw, sheet)
    rows = list(openpyxl.load_workbook(io.BytesIO(sheet)).worksheets[0].iter_rows(min_row=2, values_only=True))
    assert [row[5] for row in rows] == [100_050, 1_000, 30_000, 25_000]
    left = select(models.Envelope.amount_cents - models.Envelope.held_cents - models.Envelope.paid_cents)
    assert sum(row[6] for row in rows) == one(network, left)
    assert visitor.get(f"{FUNDS}/grand-livre/export.pdf").status_code == 404
    live = visitor.become("bien-etre-presidence").get(FUNDS, headers={"X-Fragment": "1"})
    assert "<html" not in live.text
    # A reversal, then the rest goes back
    assert visitor.become(second).post(f"{FUNDS}/paiements/{payment}/renverser").status_code == 303
    assert visitor.post(f"{FUNDS}/paiements/{payment}/renverser").status_code == 409
    assert visitor.post(f"{grant}/liberer").status_code == 303
    assert one(network, select(models.Envelope.held_cents + models.Envelope.paid_cents)) == 0


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_a_card_is_handed_at_night_with_one_button_then_ratified(network: Any, visitor: Any) -> None:
    now = network.clock.now()
    chair, member = network.viewer("bien-etre-presidence"), network.viewer("bien-etre-1")
    partner = network.organisation("calacs-coup-de-coeur")
    with network.database.transaction() as session:
        standing = standing_of(session, chair, "calacs-la-chrysalide", now)
        assert standing.chairs
        assert standing_of(session, member, "calacs-la-chrysalide", now) == Standing(
            standing.committee_id, standing.holder_id, sits=True
        )
        stock: UUID = new_id()
        session.execute(insert(models.CardStock).values(id=stock, label="Épicerie", face_cents=5_000, left_count=9))
        given = (partner, stock, 3, 10_000, now.date(), "", now)
        cards.authorise_reserve(session, chair, standing, *given)
    assert visitor.become("calacs-chrysalide").get(f"{FUNDS}/reserve").status_code == 404
    page = visitor.become("calacs-coup-de-coeur").get(f"{FUNDS}/reserve").text
    reserve = re.search(r'name="reserve" value="([^"]+)"', page)
    assert reserve is not None
    handed = {"reserve": reserve.group(1), "cards": "2", "_key": "n1"}
    for _ in range(2):
        assert visitor.post(f"{FUNDS}/reserve", handed).status_code == 303
    over = visitor.post(f"{FUNDS}/reserve", {**handed, "cards": "1", "_key": "n2"})
    assert over.status_code == 409
    assert visitor.post(f"{FUNDS}/reserve", {**handed, "cards": "-1", "_key": "n3"}).status_code == 422
    handing = one(network, select(models.CardHanding.id))
    ratify = f"{FUNDS}/remises/{handing}"
    assert visitor.post(ratify, {"verdict": "ratified"}).status_code == 404
    unsaid = visitor.become("calacs-chrysalide").post(ratify, {"verdict": "ratified", "decision": "V-2222-22"})
    assert unsaid.status_code == 422
    assert kept(unsaid, "decision", "V-2222-22")
    assert f'id="f-decision-{handing}-error"' in unsaid.text
    assert visitor.become("bien-etre-presidence").post(ratify, {"verdict": "ratified"}).status_code == 303
    assert one(network, select(models.CardHanding.ratification)) == "ratified"


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_a_balance_is_carried_over_by_an_adopted_vote_only(network: Any, visitor: Any) -> None:
    now = network.clock.now()
    chair, *voters = (network.viewer(key) for key in ("bien-etre-presidence", "bien-etre-1", "bien-etre-2"))
    with network.database.transaction() as session:
        standing = standing_of(session, chair, "calacs-la-chrysalide", now)
        old = money.open_envelope(session, chair, standing, 2025, "Fondation fictive", 40_000, [("food", 30_000)], now)
        vote_id = open_vote(
            session,
            network.keyring,
            chair,
            standing.committee_id,
            rule=VoteRule(Method.N_OF_M, asked=2, quorum=1),
            question="Reporter le solde de 2025-2026?",
            closes_at=now + timedelta(hours=24),
            now=now,
        )
        for voter in voters:
            cast_ballot(session, network.keyring, voter, vote_id, choice=Choice.YES, amount=None, reason="", now=now)
        votes = models.Envelope.metadata.tables["votes"]
        code = session.scalar(select(votes.c.code).where(votes.c.id == vote_id))
    carry = f"{FUNDS}/enveloppes/{old}/reporter"
    visitor.become("calacs-chrysalide")
    opened = visitor.post(carry, {"decision": code})
    assert opened.status_code == 422  # the vote is still open
    assert kept(opened, "decision", code)
    with network.database.transaction() as session:
        close_vote(session, network.keyring, vote_id, now + timedelta(hours=25))
    assert visitor.post(carry, {"decision": "V-0000-00"}).status_code == 422
    assert visitor.post(carry, {"decision": ""}).status_code == 422
    for _ in range(2):
        assert visitor.post(carry, {"decision": code}).status_code == 303
    proposed = one(network, select(models.CarryOver.id))
    confirm = f"{FUNDS}/reports/{proposed}/confirmer"
    alone = visitor.post(confirm)
    assert alone.status_code == 403
    assert "celle qui a proposé" in alone.text
    assert visitor.post(f"{FUNDS}/reports/{proposed}/annuler").status_code == 303
    assert visitor.become("bien-etre-presidence").post(confirm).status_code == 409  # cancelled
    assert visitor.become("calacs-chrysalide").post(carry, {"decision": code}).status_code == 303
    assert visitor.become("bien-etre-1").post(confirm).status_code == 404
    visitor.become("bien-etre-presidence")
    for _ in range(2):  # confirming twice carries once
        assert visitor.post(confirm).status_code == 303
    assert visitor.post(carry, {"decision": code}).status_code == 409
    with network.database.transaction(write=False) as session:
        new, past = queries.list_envelopes(session)
        assert (new.fiscal_year, new.left_cents, new.caps) == (2026, 40_000, (("food", 30_000, 0),))
        assert (past.fiscal_year, past.left_cents) == (2025, 0)
        assert [(line.decision, line.amount_cents) for line in queries.list_ledger(session, 2026)[0]] == [
            (code, 40_000)
        ]
