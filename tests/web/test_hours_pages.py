"""The pages of hours without JavaScript: enter, filter, correct, approve at once and undo, import, export."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, insert, select, update

from core import features
from core.accounts.models import LoginSession
from core.committees.models.hours import HoursEntry
from core.committees.services.syncing import sync_committees
from core.kernel.db import new_id
from core.testing.network import Network, Visitor, visiting
from core.testing.statements import page_statements
from tests.support.pages import words

pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
TODAY = "2026-11-24"


@pytest.fixture
def hours(network: Network, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visitor]:
    """A browser on the demo, its committees in place, nothing working beside the requests."""
    monkeypatch.setattr(features, "jobs", lambda _hooks: ())
    with network.database.transaction() as session:
        sync_committees(session, None, network.clock.now())
    with visiting(network, persona="calacs-chrysalide") as visitor:
        yield visitor


def said(answer: Any) -> str:
    return words(answer.text).replace("\u00a0", " ").replace("&nbsp;", " ")


def enter(visitor: Visitor, **changes: str) -> Any:
    form = {"hours": "2", "minutes": "30", "kind": "meeting", "committee": "orres", "day": TODAY, "whose": "mine"}
    return visitor.post("/heures/nouvelle", form | changes)


def test_hours_are_entered_and_the_next_entry_starts_from_them(hours: Visitor) -> None:
    blank = hours.get("/heures/nouvelle")
    assert "Répéter" not in blank.text
    made = enter(hours, activity="Échanges cliniques")
    assert made.status_code == 303
    page = hours.get(made.headers["location"])
    assert "Inscrit : 2 h 30" in said(page)
    assert re.search(r'value="meeting" checked', page.text)
    assert re.search(r'<option value="orres" selected', page.text)
    entry = made.headers["location"].partition("=")[2]
    repeated = hours.post("/heures/repeter", {"entry": entry})
    assert "Pour aujourd’hui" in said(hours.get(repeated.headers["location"]))
    listed = said(hours.get("/heures"))
    assert "5 h · 2 inscriptions · dont 0 h approuvées" in listed
    hours.post("/heures/reprendre", {"entry": repeated.headers["location"].partition("=")[2]})
    assert "2 h 30 · 1 inscription " in said(hours.get("/heures"))
    twice = [
        hours.post("/heures/nouvelle", {"hours": "1,5", "kind": "travel", "day": TODAY, "_key": "a"}) for _ in "ab"
    ]
    assert twice[0].headers["location"] == twice[1].headers["location"]
    assert "4 h · 2 inscriptions" in said(hours.get("/heures"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hours": "2:20", "minutes": "0"}, "écrivez 2 h 15 ou 2 h 30"),
        ({"hours": "-2", "minutes": "0"}, "Une durée ne peut pas être négative."),
        ({"hours": "", "minutes": "0"}, "Entrez une durée d’au moins 15 minutes."),
        ({"hours": "25", "minutes": "0"}, "une journée a 24 heures"),
        ({"hours": "1,5"}, "pas les deux"),
        ({"day": "2026-11-25"}, "Ce jour est à venir"),
        ({"day": "hier"}, "Entrez une date"),
        ({"committee": "fetes"}, "Choisissez un comité de la liste."),
        ({"kind": ""}, "Ce champ est requis."),
    ],
)
def test_what_is_refused_is_said_at_its_field_and_keeps_what_was_typed(
    hours: Visitor, changes: dict[str, str], message: str
) -> None:
    answer = enter(hours, activity="Préparer l’atelier", **changes)
    assert answer.status_code == 422
    assert message in said(answer)
    assert "Préparer l’atelier" in answer.text
    assert re.search(r"%\((?:below|above|total)\)s", answer.text) is None


def test_a_correction_shows_old_and_new_and_may_be_undone(hours: Visitor) -> None:
    address = "/heures/" + enter(hours).headers["location"].partition("=")[2]
    form = {
        "hours": "2",
        "minutes": "0",
        "kind": "work",
        "committee": "",
        "day": TODAY,
        "whose": "mine",
        "version": "1",
    }
    refused = hours.post(f"{address}/corriger", form)
    assert refused.status_code == 422
    assert "Dites pourquoi, en quelques mots." in said(refused)
    done = hours.post(f"{address}/corriger", form | {"reason": "Le déplacement était compté deux fois"})
    page = said(hours.get(done.headers["location"]))
    assert "Durée : 2 h 30 → 2 h" in page
    assert "Nature : Rencontre → Travaux" in page
    assert "Le déplacement était compté deux fois" in page
    assert "Maïka Lefebvre" in page
    stale = hours.post(f"{address}/corriger", form | {"reason": "Encore", "hours": "3"})
    assert stale.status_code == 409
    batch = done.headers["location"].partition("geste=")[2]
    assert hours.post("/heures/annuler", {"batch": batch}).status_code == 303
    assert "2 h 30 · Rencontre" in said(hours.get(address))
    assert hours.post("/heures/annuler", {"batch": batch}).status_code == 422
    # Neither a colleague's nor another organisation's: it answers as if there were none.
    for stranger in ("ficesl-formation", "orres-comite", "coordination-cresl"):
        hours.become(stranger)
        answers = (
            hours.get(address),
            hours.post(f"{address}/geste", {"act": "withdraw", "version": "1"}),
            hours.post(f"{address}/corriger", form | {"reason": "Pour voir"}),
            hours.post("/heures/reprendre", {"entry": address.rpartition("/")[2]}),
        )
        assert [answer.status_code for answer in answers] == [404] * 4


def test_the_organisation_approves_at_once_returns_with_a_reason_and_undoes(hours: Visitor) -> None:
    for number in range(3):
        enter(hours, activity=f"Tâche {number}")
    assert hours.get("/heures/a-approuver").status_code == 403
    hours.become("admin-chrysalide")
    assert "Heures à approuver" in said(hours.get("/"))
    page = hours.get("/heures/a-approuver")
    assert "7 h 30 · 3 inscriptions" in said(page)
    assert "Maïka Lefebvre" in page.text
    entries = re.findall(r'name="entries" value="([^"]+)"', page.text)
    assert len(entries) == 3
    nothing = hours.post("/heures/a-approuver", {"act": "approve"})
    assert "Choisissez au moins une inscription." in said(nothing)
    unsaid = hours.post("/heures/a-approuver", {"act": "return", "entries": entries[0]})
    assert (unsaid.status_code, "Dites pourquoi" in unsaid.text) == (422, True)
    hours.post("/heures/a-approuver", {"act": "return", "entries": entries[0], "reason": "Quel comité?"})
    late = hours.post("/heures/a-approuver", {"act": "approve", "everything": "true", "expected": "3"})
    assert late.status_code == 409
    done = hours.post("/heures/a-approuver", {"act": "approve", "everything": "true", "expected": "2"})
    after = hours.get(done.headers["location"])
    assert "2 inscriptions approuvées, 5 h." in said(after)
    assert "Rien n’attend votre approbation." in said(after)
    batch = re.search(r'name="batch" value="([^"]+)"', after.text)
    assert batch is not None
    hours.post("/heures/annuler", {"batch": batch.group(1)})
    assert "2 inscriptions" in said(hours.get("/heures/a-approuver"))
    hours.become("calacs-chrysalide")
    assert "Heures retournées à corriger" in said(hours.get("/"))
    returned = hours.get("/heures?etat=returned")
    found = re.search(r'href="(/heures/[0-9a-f-]{36})"', returned.text)
    assert found is not None
    assert "Retournée par l’organisme : Quel comité?" in said(hours.get(found.group(1)))


def test_the_list_filters_by_its_address_and_exports_what_it_shows(hours: Visitor) -> None:
    enter(hours, activity='=HYPERLINK("http://exemple.test")')
    enter(hours, activity="@SOMME(A1)", kind="travel", hours="1", minutes="0", whose="shared", persons="4")
    enter(hours, committee="", kind="work", hours="1", minutes="0", day="2026-03-31")
    assert "3 h 30 · 2 inscriptions" in said(hours.get("/heures"))
    for query, expected in (
        ("periode=2025-2026", "1 h · 1 inscription"),
        ("periode=tout", "4 h 30 · 3 inscriptions"),
        ("periode=tout&comite=-", "1 h · 1 inscription"),
        ("du=2026-03-01&au=2026-03-31", "1 h · 1 inscription"),
        ("nature=travel&qui=organisme", "1 h · 1 inscription"),
        ("etat=approved", "0 h · 0 inscription"),
        ("periode=n’importe&page=zzz&nature=rien", "3 h 30 · 2 inscriptions"),
    ):
        page = hours.get(f"/heures?{query}")
        assert expected in said(page), query
    asked = hours.get("/heures/export.csv?periode=tout")
    assert asked.headers["location"] == "/confirmer?suite=%2Fheures%2Fexport.csv%3Fperiode%3Dtout", "a fresh factor"
    assert hours.get("/heures/export.xlsx").headers["location"].startswith("/confirmer")
    with hours.network.database.transaction() as session:
        session.execute(update(LoginSession).values(stepped_up_at=hours.network.clock.now()))
    raw = hours.get("/heures/export.csv?periode=tout")
    assert raw.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.content.decode("utf-8-sig")), delimiter=";"))
    assert [row[5] for row in rows[1:]] == ["1:00", "2:30", "1:00"]
    assert {row[3] for row in rows[1:]} == {'\'=HYPERLINK("http://exemple.test")', "'@SOMME(A1)", ""}
    book = openpyxl.load_workbook(io.BytesIO(hours.get("/heures/export.xlsx").content))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert any(str(cell.value).startswith("'=HYPERLINK") for cell in cells)


def upload(visitor: Visitor, content: bytes, name: str = "heures.csv", **data: str) -> Any:
    files = {"file": (name, content, "application/octet-stream")}
    return visitor.post("/heures/importer", data, files=files)


def test_a_file_is_looked_at_then_written_once(hours: Visitor) -> None:
    lines = "jour;comité;nature;heures\n2026-11-02;ORRES;rencontre;2 h 30\n2026-11-03;ORRES;rencontre;2 h 40\n"
    staged = upload(hours, lines.encode("cp1252"))
    address = staged.headers["location"]
    page = said(hours.get(address))
    assert "Rien n’est encore écrit." in page
    assert "écrivez 2 h 30 ou 2 h 45" in page
    assert "0 h · 0 inscription" in said(hours.get("/heures"))
    errors = hours.get(f"{address}/erreurs.csv").content.decode("utf-8-sig")
    (wrong,) = list(csv.DictReader(io.StringIO(errors), delimiter=";"))
    assert (wrong["Jour"], wrong["Heures"], wrong["Ligne du fichier"]) == ("2026-11-03", "2 h 40", "3")
    assert hours.post(f"{address}/ecrire", {"wrong": "0"}).status_code == 409
    assert hours.post(f"{address}/ecrire", {"wrong": "1"}).status_code == 303
    assert "1 inscription ajoutée." in said(hours.get(address))
    assert "2 h 30 · 1 inscription" in said(hours.get("/heures"))
    # The file of errors, corrected, is itself a file to import.
    again = upload(hours, errors.replace("2 h 40", "2 h 45").encode("utf-8-sig"))
    hours.post(f"{again.headers['location']}/ecrire", {"wrong": "0"})
    assert "5 h 15 · 2 inscriptions" in said(hours.get("/heures"))
    same = upload(hours, lines.replace("2 h 40", "2 h 45").encode())
    assert "il n’y a rien à ajouter" in said(hours.get(same.headers["location"]))
    assert hours.post(f"{same.headers['location']}/abandonner").status_code == 303
    hours.become("ficesl-formation")
    assert hours.get(address).status_code == 404


def test_the_template_is_a_file_to_import_in_both_formats(hours: Visitor) -> None:
    for name in ("modele.csv", "modele.xlsx"):
        template = hours.get(f"/heures/importer/{name}")
        page = said(hours.get(upload(hours, template.content, name).headers["location"]))
        assert "Prêtes 1" in page
        assert "À corriger 0" in page


def test_the_published_table_says_its_sum_and_its_note(hours: Visitor) -> None:
    from core.committees.services.hours_import import ANNUAL

    hours.become("admin-chrysalide")
    content = (ANNUAL / "annual_2023_2024" / "hours.csv").read_bytes()
    unsaid = upload(hours, content)
    assert (unsaid.status_code, "choisissez l’exercice" in unsaid.text) == (422, True)
    staged = upload(hours, content, year="2023")
    assert "Total imprimé dans le fichier 461 h" in said(hours.get(staged.headers["location"]))
    hours.post(f"{staged.headers['location']}/ecrire", {"wrong": "0"})
    page = said(hours.get("/heures?periode=2023-2024"))
    assert "499 h 30 · 6 inscriptions · dont 499 h 30 approuvées" in page
    assert "La somme des lignes est de 499 h 30." in page
    assert "499 h 30. Le total imprimé à la source est de 461 h. Pour FICESL" in page
    assert "Pour FICESL, le texte de la source dit 134 h 30 et son tableau 170 h." in page
    assert "Avec le texte, la somme serait de 464 h." in page
    hours.become("coordination-cresl")
    network_page = said(hours.get("/heures/reseau?periode=2023-2024"))
    assert "499 h 30" in network_page
    assert "Table jeunesse" not in network_page
    hours.become("calacs-chrysalide")
    assert hours.get("/heures/reseau").status_code == 403


def test_a_file_too_large_is_refused_before_it_is_read(hours: Visitor) -> None:
    """50 MB: the size alone is looked at."""
    sent = []

    def body() -> Iterator[bytes]:
        sent.append(1)
        yield b"x"

    headers = {"content-length": str(50_000_000), "content-type": "multipart/form-data; boundary=b"}
    answer = hours.http.post("/heures/importer", content=body(), headers=headers)
    assert answer.status_code == 413
    assert "1 Mo" in said(answer) or "trop" in said(answer)
    for wrong, message in (
        (b"%PDF-1.7", "nommer les colonnes"),
        (b"PK\x03\x04", "ni un CSV ni un XLSX"),
        (b"", "Choisissez un fichier"),
    ):
        refused = upload(hours, wrong)
        assert refused.status_code == 422
        assert message in said(refused)


def test_lists_of_fifty_thousand_entries_keep_eight_statements(network: Network, hours: Visitor) -> None:
    viewer = network.viewer("calacs-chrysalide")
    row = {
        "organisation_id": viewer.organisation_id,
        "committee": "orres",
        "activity": "Tâche",
        "kind": "work",
        "quarter_hours": 2,
        "state": "submitted",
        "created_at": network.clock.now(),
    }
    with network.database.transaction() as session:
        day = network.clock.now().date()
        rows = [row | {"id": new_id(), "first_day": day, "last_day": day, "user_id": None} for _ in range(2000)]
        session.execute(insert(HoursEntry), rows)
        assert session.scalar(select(func.count()).select_from(HoursEntry)) == 2000
    hours.become("admin-chrysalide")
    everything = {"act": "approve", "everything": "true", "expected": "2000"}
    done = hours.post("/heures/a-approuver", everything)
    page = hours.get(done.headers["location"])
    assert "2 000 inscriptions approuvées, 1 000 h." in said(page)
    batch = re.search(r'name="batch" value="([^"]+)"', page.text)
    assert batch is not None
    assert hours.post("/heures/annuler", {"batch": batch.group(1)}).status_code == 303
    for persona, paths in (
        ("calacs-chrysalide", ("/heures", "/heures/nouvelle", "/heures/importer")),
        ("admin-chrysalide", ("/heures", "/heures?page=7", "/heures/a-approuver")),
        ("coordination-cresl", ("/heures/reseau",)),
    ):
        hours.become(persona)
        hours.get("/heures")
        for path in paths:
            with page_statements() as mine:
                answer = hours.get(path)
            assert answer.status_code == 200
            assert len(mine) <= 8, "\n".join([path, *(" ".join(one.split())[:110] for one in mine)])
