"""*Rapports*: who reads what, what is hidden, the files taken away, the words of a section."""

import csv
import io
import re
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from core.accounts.models import LoginSession
from core.committees.services.hours_import import import_annual
from core.journal.models import JournalEntry
from core.reports.exports.pdf import pdf_available
from core.reports.models import ReportFact, ReportText
from core.testing.statements import page_statements

YEAR = "/rapports/2025-2026"


def rows_of(page, caption):
    """The rows of the table of that caption, as texts."""
    table = re.search(rf"<caption[^>]*>{caption}</caption>.*?</table>", page, re.DOTALL)
    assert table is not None, caption
    return {
        re.sub(r"<[^>]+>", "", cells[0]).strip(): [re.sub(r"<[^>]+>", "", cell).strip() for cell in cells[1:]]
        for row in re.findall(r"<tr role=\"row\">(.*?)</tr>", table.group(0), re.DOTALL)
        if (cells := re.findall(r"<t[hd][^>]*role=\"(?:rowheader|cell)\"[^>]*>(.*?)</t[hd]>", row, re.DOTALL))
    }


def just_confirmed(visitor):
    """She has just shown a factor."""
    with visitor.network.database.transaction() as session:
        session.execute(update(LoginSession).values(stepped_up_at=visitor.network.clock.now()))


def test_who_reads_what(visitor):
    for persona, status in (
        ("coordination-cresl", 200),
        ("bien-etre-presidence", 200),
        ("admin-chrysalide", 200),
        ("calacs-chrysalide", 403),
        ("bien-etre-1", 403),
        ("operateur", 403),
        ("confidentialite-chrysalide", 403),
    ):
        visitor.become(persona)
        assert visitor.get("/rapports").status_code == status, persona
        assert visitor.get(YEAR).status_code == status, persona
    visitor.become(None)
    assert visitor.get(YEAR).status_code == 303
    visitor.become("bien-etre-presidence")
    assert visitor.get(f"{YEAR}?portee=organisme").status_code == 403
    assert visitor.get(f"{YEAR}/textes/contact").status_code == 403
    visitor.become("coordination-cresl")
    for closed in ("2026T3", "2027-2028", "2026T4", "n-importe", "2025-2027"):
        assert visitor.get(f"/rapports/{closed}").status_code == 404, closed
    assert visitor.get("/rapports/2026T2").status_code == 200
    assert visitor.get("/rapports/2026-2027").status_code == 200


def test_the_networks_report_hides_small_counts_and_an_organisations_own_is_exact(visitor):
    page = visitor.become("coordination-cresl").get(YEAR).text
    assert "<span>masqué</span>" in page
    ages = rows_of(page, "Références terminées, selon l’âge")
    total = [int(cell.replace("\u00a0", "")) for cell in ages["Total"] if cell != "masqué"]
    assert total
    for cells in ages.values():
        assert all(cell == "masqué" or int(cell.replace("\u00a0", "")) >= 5 for cell in cells)
    own = visitor.become("admin-chrysalide").get(YEAR).text
    assert "<span>masqué</span>" not in own
    assert "CALACS La Chrysalide" in own
    with visitor.network.database.transaction(write=False) as session:
        mine = visitor.network.organisation("calacs-la-chrysalide")
        exact = session.execute(
            select(func.count()).where(ReportFact.recipient_id == mine, ReportFact.ended_quarter.like("2025T%"))
        ).scalar_one()
    assert rows_of(own, "Références terminées, selon l’âge")["Total"][4] == str(exact)


def test_files_are_asked_with_a_factor_and_written_down(visitor):
    visitor.become("coordination-cresl")
    asked = f"{YEAR}/fichiers/csv?tableau=age"
    assert visitor.get(asked).status_code == 303
    just_confirmed(visitor)
    one = visitor.get(asked)
    assert one.status_code == 200, one.text[:300]
    assert one.headers["content-type"].startswith("text/csv")
    assert one.headers["content-disposition"].startswith("attachment")
    assert visitor.get(f"{YEAR}/fichiers/csv?tableau=rien").status_code == 404
    assert visitor.get(f"{YEAR}/fichiers/docx").status_code == 404
    assert one.content == visitor.get(asked).content
    with visitor.network.database.transaction(write=False) as session:
        lines = [line for line in session.execute(select(JournalEntry.line)).scalars() if "report.export" in str(line)]
    assert len(lines) == 2
    visitor.network.clock.advance(timedelta(minutes=6))
    assert visitor.get(asked).status_code == 303


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_the_same_files_twice(visitor):
    """Drawn from figures that the other tests read on both engines: a PDF costs a second of processor. The PDF alone,
    and its absence, are in test_report_pdf.py."""
    visitor.become("coordination-cresl")
    assert visitor.get(f"{YEAR}/fichiers/zip").status_code == 303
    just_confirmed(visitor)
    made = visitor.get(f"{YEAR}/fichiers/zip")
    assert made.status_code == 200, made.text[:300]
    assert made.headers["content-disposition"].startswith("attachment")
    assert made.content == visitor.get(f"{YEAR}/fichiers/zip").content
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        names = archive.namelist()
        first = archive.read(next(name for name in names if "age" in name)).decode("utf-8")
    assert "rapport-2025-2026.xlsx" in names
    assert ("rapport-2025-2026.pdf" in names) is pdf_available()
    assert first.startswith("\ufeff")
    assert next(csv.reader(io.StringIO(first[1:])))[0] == "Ligne"
    visitor.network.clock.advance(timedelta(minutes=6))
    assert visitor.get(f"{YEAR}/fichiers/zip").status_code == 303


def test_words_are_a_draft_until_they_are_adopted(visitor):
    visitor.become("coordination-cresl")
    path = f"{YEAR}/textes/contact"
    words = "Plus de deux femmes sur trois ont été rejointes."
    assert visitor.post(path, {"text": words, "version": "0"}).status_code == 303
    assert words not in visitor.get(YEAR).text
    assert "brouillon en attente" in visitor.get(YEAR).text
    late = visitor.post(path, {"text": "Autre version.", "version": "0"})
    assert late.status_code == 409
    assert "Autre version." in late.text
    assert words in late.text
    too_long = visitor.post(path, {"text": "a" * 5000, "version": "1"})
    assert too_long.status_code == 422
    assert "Texte trop long" in too_long.text
    assert visitor.post(f"{path}/adopter", {"version": "1"}).status_code == 303
    assert words in visitor.get(YEAR).text
    assert visitor.post(f"{YEAR}/textes/autre", {"text": "x", "version": "0"}).status_code == 404
    with visitor.network.database.transaction(write=False) as session:
        assert session.execute(select(ReportText.version, ReportText.status)).all() == [(1, "adopted")]


def test_the_printed_year_is_reproduced_with_its_right_sums(visitor):
    with visitor.network.database.transaction() as session:
        import_annual(session, "2023_2024", now=visitor.network.clock.now())
    page = visitor.become("coordination-cresl").get("/rapports/2023-2024").text.replace("\u00a0", " ")
    hours = rows_of(page, "Heures selon le comité et la nature du travail")
    assert hours["CRESL"] == ["131 h 45"]
    assert hours["Total (somme des lignes)"] == ["499 h 30"]
    assert "total de 461 h" in page
    assert "la somme serait 464 h" in page
    workshops = rows_of(page, "Ateliers en exploitation sexuelle, selon le lieu")
    assert workshops["Total (somme des lignes)"] == ["533", "17", "25", "116 h 30"]
    assert "donne 18 pour « Adultes » ; la somme des lignes est 17" in page
    assert page.count("<svg") >= 8
    assert "Déjà publié : peu de réponses." in page
    visitor.post("/langue", {"locale": "en", "next": "/rapports"})
    english = visitor.get("/rapports/2023-2024").text
    assert "The printed report gives a total of 461\u00a0h; its lines add up to 499\u00a0h\u00a030\u00a0min." in english


def test_the_list_of_reports_is_cheap_and_a_heavy_one_says_that_it_counts(visitor, monkeypatch):
    visitor.become("coordination-cresl")
    visitor.get("/rapports")
    with page_statements() as mine:
        assert visitor.get("/rapports").status_code == 200
    assert len(mine) <= 8, mine
    monkeypatch.setattr("core.reports.queries.size.LIGHT", 10)
    waiting = visitor.get(YEAR).text
    assert "<progress" in waiting
    assert 'content="0; url=/rapports/2025-2026?complet=1"' in waiting
    assert "Références terminées, selon l’âge" not in waiting
    assert "Références terminées, selon l’âge" in visitor.get(f"{YEAR}?complet=1").text
    part = visitor.get(f"{YEAR}?complet=1", headers={"x-fragment": "1"}).text
    assert "<html" not in part
    assert "Les nombres de moins de 5" in part, "the rule comes with the figures it hides"
    assert f"{YEAR}/fichiers/zip" in part
    assert "Références terminées, selon l’âge" in part
