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
    refused = visitor.post(f"{FUNDS}/enveloppes", {"funder": "=Fondation fictive", "year": "2026", "amount": "-5"})
    assert refused.status_code == 422
    assert "=Fondation fictive" in refused.text
    opened = {"funder": "=Fondation fictive", "year": "2026", "amount": "1 000,50", "cap_food": "600"}
    assert visitor.post(f"{FUNDS}/enveloppes", opened).status_code == 303
    assert visitor.post(f"{FUNDS}/enveloppes", opened).status_code == 409
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
    assert visitor.post(confirm).status_code == 403
    assert visitor.become("bien-etre-presidence").post(confirm).status_code == 404
    visitor.become(second)
    for _ in range(2):
        assert visitor.post(confirm).status_code == 303
    assert one(network, select(models.Envelope.paid_cents)) == 25_000
    assert "Joindre un reçu" in visitor.get(grant).text
    receipt = f"{FUNDS}/paiements/{payment}/recus"
    bad = visitor.post(receipt, {"amount": "10"}, files={"file": ("x.exe", b"MZ", "application/pdf")})
    assert bad.status_code == 422
    assert visitor.post(receipt, {"amount": "10"}, files={"file": ("r.pdf", PDF, "application/pdf")}).status_code == 303
    kept = one(network, select(models.Receipt.id))
    content = visitor.get(f"{FUNDS}/recus/{kept}").content
    assert content.startswith(b"%PDF")
    assert b"Quelqu un" not in content
    assert visitor.become("bien-etre-presidence").get(f"{FUNDS}/recus/{kept}").status_code == 404
    for path in ("", "/enveloppes", "/cartes", "/grand-livre", f"/demandes/{code}"):
        assert visitor.get(FUNDS + path).status_code == 200, path
    text = visitor.get(f"{FUNDS}/grand-livre/export.csv").content.decode("utf-8-sig")
    assert "'=Fondation fictive" in text
    assert len(text.splitlines()) == 4
    book = openpyxl.load_workbook(io.BytesIO(visitor.get(f"{FUNDS}/grand-livre/export.xlsx").content))
    assert [row[5] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)] == [100_050, 30_000, 25_000]
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
    assert visitor.become("calacs-chrysalide").post(ratify, {"verdict": "ratified"}).status_code == 422
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
    assert visitor.post(carry, {"decision": code}).status_code == 422  # still open
    with network.database.transaction() as session:
        close_vote(session, network.keyring, vote_id, now + timedelta(hours=25))
    assert visitor.post(carry, {"decision": "V-0000-00"}).status_code == 422
    assert visitor.post(carry, {"decision": code}).status_code == 303
    assert visitor.post(carry, {"decision": code}).status_code == 409
    with network.database.transaction(write=False) as session:
        new, past = queries.list_envelopes(session)
        assert (new.fiscal_year, new.left_cents, new.caps) == (2026, 40_000, (("food", 30_000, 0),))
        assert (past.fiscal_year, past.left_cents) == (2025, 0)
        assert {line.decision for line in queries.list_ledger(session, 2026)[0]} == {code}
