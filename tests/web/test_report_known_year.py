"""A year of facts that one can count by hand, read on the report's page: hours, delays, a plugin's section."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select

from core.committees.models.hours import HoursEntry
from core.directory.models import Organisation
from core.kernel.db import Base, new_id
from core.reports.models import ReportFact
from core.testing.network import Visitor

YEAR = "/rapports/2025-2026"


def rows_of(page: str, caption: str) -> dict[str, list[str]]:
    """The rows of the table of that caption, as texts with plain spaces."""
    table = re.search(rf"<caption[^>]*>{caption}</caption>.*?</table>", page.replace("\u00a0", " "), re.DOTALL)
    assert table is not None, caption
    rows = re.findall(r"<tr role=\"row\">(.*?)</tr>", table.group(0), re.DOTALL)
    cells = [re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL) for row in rows]
    texts = [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in cells]
    return {words[0]: words[1:] for words in texts}


def entry(owner: Any, day: date, quarters: int, committee: str | None = "orres") -> dict[str, Any]:
    return {
        "id": new_id(),
        "organisation_id": owner,
        "committee": committee,
        "activity": "Rencontre",
        "kind": "meeting",
        "first_day": day,
        "last_day": day,
        "quarter_hours": quarters,
        "state": "approved",
        "created_at": datetime(2026, 5, 1, tzinfo=UTC),
    }


def reference(fact: dict[str, Any], recipient: Any, number: int) -> dict[str, Any]:
    """60 for each centre: answered in 1 h (30), 5 h (25) or 20 h (5); reached in 10 h (25), 30 h (20), 72 h (9)."""
    return {
        **fact,
        "id": uuid4(),
        "recipient_id": recipient,
        "ended_quarter": f"2025T{number % 4 + 1}",
        "answer_minutes": 60 if number < 30 else 300 if number < 55 else 1200,
        "contact_minutes": 600 if number < 25 else 1800 if number < 45 else 4320 if number < 54 else None,
    }


def request(number: int) -> dict[str, Any]:
    """Twelve for food, six for transport, two for health: two are few, and the six hide them."""
    return {
        "id": new_id(),
        "code": f"F-{number:04d}-X",
        "committee_id": new_id(),
        "organisation_id": new_id(),
        "organisation_type": "calacs",
        "sent_key": f"known-{number}",
        "state": "paid",
        "version": 1,
        "urgent": False,
        "age_band": "25_34",
        "area_code": "mrc-600",
        "area_label": "L’Assomption",
        "area_label_en": "L’Assomption",
        "category": "food" if number < 12 else "transport" if number < 18 else "health",
        "needed_by": date(2025, 7, 1),
        "asked_cents": 10_000,
        "amount_cents": 10_000,
        "lafu": "silent",
        "payment": "transfer",
        "created_at": datetime(2025, 6, 10, 15, tzinfo=UTC),
    }


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_what_one_counts_by_hand_is_what_the_page_says(visitor: Visitor) -> None:
    network = visitor.network
    network.serve_plugins()
    with network.database.transaction() as session:
        owners = list(session.scalars(select(Organisation.id).where(Organisation.type == "calacs")))[:2]
        session.execute(delete(HoursEntry))
        hours = [(2025, 6, 3, 30), (2025, 11, 4, 9), (2024, 10, 1, 17)]
        session.execute(insert(HoursEntry), [entry(owners[0], date(*day), quarters) for *day, quarters in hours])
        model = dict(session.execute(select(ReportFact.__table__)).first()._mapping)  # type: ignore[union-attr]
        session.execute(delete(ReportFact))
        facts = [reference(model, owner, number) for owner in owners for number in range(60)]
        session.execute(insert(ReportFact), facts)
        session.execute(insert(Base.metadata.tables["bien_etre_requests"]), [request(number) for number in range(20)])
    page = visitor.become("coordination-cresl").get(YEAR).text

    given = rows_of(page, "Heures selon le comité et la nature du travail")
    assert next(iter(given.values()))[-1] == "Année d’avant"
    (line,) = (cells for label, cells in given.items() if "ORRES" in label)
    assert line[-2:] == ["9 h 45", "4 h 15"], "39 quarters, then 17 the year before"
    assert given["Total (somme des lignes)"][-2:] == ["9 h 45", "4 h 15"]

    # Of 120, the 60th was answered in 1 h and the 108th in 5 h; of 108, the 54th was reached in 30 h, the 98th in 72 h
    delays = rows_of(page, "Délais, selon le type d’organisme qui recevait")
    assert delays["CALACS"] == ["1 h", "5 h", "30 h", "3 jours"]
    assert delays["Police"] == ["masqué"] * 4
    reached = rows_of(page, "Femmes rejointes et non rejointes")
    assert [reached[name][4] for name in ("Rejointes en 24 h", "Rejointes en 48 h")] == ["42 %", "75 %"]

    food = rows_of(page, "Demandes au fonds par catégorie")
    assert {name: cells for name, cells in food.items() if name != "Catégorie"} == {
        "Nourriture": ["12"],
        "Transport": ["masqué"],
        "Santé": ["masqué"],
    }
    assert ">Fonds d’urgence</h2>" in page
    assert 'href="#s-bien_etre-requests">Fonds d’urgence</a>' in page, "a long page says what is on it"
    assert '<p class="small soft">2025-2026</p><svg' in page, "a drawing says which column it draws"

    empty = page[page.index("Demandes non acceptées, par raison") :][:300]
    assert "Rien à compter pour cette période." in empty, "a table without lines says so instead of offering a file"

    # Hours, unlike references, are read for any days
    free = visitor.get("/heures/reseau?du=2025-11-01&au=2025-11-30").text.replace("\u00a0", " ")
    assert "2 h 15" in free
    assert "9 h 45" not in free
