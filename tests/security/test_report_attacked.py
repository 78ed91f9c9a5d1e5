"""The yearly report attacked through its addresses: other periods, figures, formats, words not adopted yet."""

from __future__ import annotations

import csv
import html
import io
import re
import zipfile
from typing import Any

import pytest
from sqlalchemy import insert, update

from core.accounts.models import LoginSession
from core.kernel.db import Base
from core.reports.exports.words import Words
from core.reports.pages.document import render_document
from core.reports.pages.finding import NETWORK
from core.reports.queries.report import build_report
from core.reports.rules.periods import FiscalYear
from core.testing.network import Visitor
from tests.web.test_report_known_year import request as aid_request
from tests.web.test_report_known_year import rows_of

YEAR = "/rapports/2025-2026"
MASKED = "masqué"
_OWN = re.compile(r'name="_(?:csrf|key)" value="[^"]*"|data-(?:live-cursor|session)="[^"]*"')

pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


def plain(text: str) -> str:
    return _OWN.sub("", text).replace("\u00a0", " ")


def confirmed(visitor: Visitor, persona: str) -> Visitor:
    """She has just shown a factor: files may be asked for."""
    visitor.become(persona)
    with visitor.network.database.transaction() as session:
        session.execute(update(LoginSession).values(stepped_up_at=visitor.network.clock.now()))
    return visitor


def masks_of_page(page: str) -> dict[str, list[list[bool]]]:
    """Key of each table → for each of its lines, head and foot included, which cells are hidden."""
    found = {}
    for part in re.split(r'<div class="figure', page)[1:]:
        key = re.search(r"\?tableau=([\w-]+)", part)
        if key is None:
            continue
        rows = re.findall(r"<tr[^>]*>(.*?)</tr>", part, re.DOTALL)
        cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
        texts = [[html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in cells]
        found[key.group(1)] = [[cell == MASKED for cell in row] for row in texts]
    return found


def masked_in_workbook(content: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        shared = re.findall(r"<si>(.*?)</si>", book.read("xl/sharedStrings.xml").decode(), re.DOTALL)
        number = next(place for place, text in enumerate(shared) if re.sub(r"<[^>]+>", "", text) == MASKED)
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    return sum(len(re.findall(rf'<c [^>]*t="s"[^>]*><v>{number}</v>', sheet)) for sheet in sheets)


def test_every_format_hides_the_very_cells_that_the_page_hides(visitor: Visitor) -> None:
    network = visitor.network
    network.serve_plugins()
    with network.database.transaction() as session:
        session.execute(
            insert(Base.metadata.tables["bien_etre_requests"]), [aid_request(number) for number in range(20)]
        )
    confirmed(visitor, "coordination-cresl")
    for path in (YEAR, "/rapports/2025T1", "/rapports/2026-2027"):
        page = masks_of_page(visitor.get(path).text)
        hidden = sum(sum(map(sum, rows)) for rows in page.values())
        assert hidden > 0, path
        assert masked_in_workbook(visitor.get(f"{path}/fichiers/xlsx").content) == hidden, path
        for key, masks in page.items():
            one = visitor.get(f"{path}/fichiers/csv?tableau={key}").content
            rows = list(csv.reader(io.StringIO(one.decode("utf-8-sig"))))[: len(masks)]
            assert [[cell == MASKED for cell in row] for row in rows] == masks, (path, key)
    # What the PDF is drawn from
    with network.database.transaction(write=False) as session:
        house = network.app().state.house
        viewer, now = network.viewer("coordination-cresl"), network.clock.now()
        report = build_report(session, house.hooks, viewer, FiscalYear(2025), NETWORK, now)
    words = Words("fr", lambda text, **values: house.renderer.translator.translate("fr", text, **values))
    printed = render_document(house.renderer, report, words)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", printed, re.DOTALL)
    page = masks_of_page(visitor.get(YEAR).text)
    assert sum(re.sub(r"<[^>]+>", "", cell).strip() == MASKED for cell in cells) == sum(
        sum(map(sum, rows)) for rows in page.values()
    )
    # A plugin's table is shown for a whole year only: its quarters, or a year under way, would be subtracted from it.
    year = rows_of(visitor.get(YEAR).text, "Demandes au fonds par catégorie")
    assert year["Nourriture"] == ["12"]
    quarter = rows_of(visitor.get("/rapports/2025T1").text, "Demandes au fonds par catégorie")
    assert {tuple(cells) for name, cells in quarter.items() if name != "Catégorie"} == {(MASKED,)}


def test_no_parameter_and_no_period_gives_other_figures(visitor: Visitor) -> None:
    network = visitor.network
    other = network.organisation("calacs-coup-de-coeur")
    tricks = (
        "du=2025-06-01&au=2025-06-30",
        "portee=reseau",
        f"organisation={other}&recipient={other}&scope={other}",
        "trimestre=2&tableau=age&seuil=1&exact=1",
        "portee=ORGANISME",
    )
    for persona in ("coordination-cresl", "bien-etre-presidence", "admin-chrysalide"):
        confirmed(visitor, persona)
        page, sheet = plain(visitor.get(YEAR).text), visitor.get(f"{YEAR}/fichiers/csv?tableau=age").content
        for trick in tricks:
            assert plain(visitor.get(f"{YEAR}?{trick}").text) == page, (persona, trick)
            asked = trick.replace("tableau=age&", "")
            assert visitor.get(f"{YEAR}/fichiers/csv?tableau=age&{asked}").content == sheet, (persona, trick)
        # Neither a quarter under way, nor one to come, nor anything between.
        for period in ("2026T3", "2026T4", "2027-2028", "2027T1", "2025T5", "2025T0", "2025-2027", "2025-06",
                       "2025T1-2025T2", "2025-2026T1", "2025", "1999-2000"):  # fmt: skip
            assert visitor.get(f"/rapports/{period}").status_code == 404, period
            assert visitor.get(f"/rapports/{period}/fichiers/zip").status_code == 404, period
    # Her organisation's figures are not asked for by whoever has none there, the network's not by a worker.
    assert visitor.become("coordination-cresl").get(f"{YEAR}?portee=organisme").status_code == 403
    confirmed(visitor, "police-repentigny")
    for path in (YEAR, f"{YEAR}?portee=organisme", f"{YEAR}/fichiers/csv?tableau=age", "/rapports"):
        assert visitor.get(path).status_code == 403, path


def test_words_that_nobody_adopted_are_nowhere_but_in_their_form(visitor: Visitor) -> None:
    path, first, second = f"{YEAR}/textes/contact", "Une phrase encore secrète.", "La suite, non adoptée."

    def read(persona: str) -> dict[str, Any]:
        confirmed(visitor, persona)
        found: dict[str, Any] = {}
        for address in (YEAR, "/rapports/2025T4", "/rapports", "/"):
            found[address] = visitor.get(address).text
        found["fragment"] = visitor.get(YEAR, headers={"X-Fragment": "1"}).text
        with zipfile.ZipFile(io.BytesIO(visitor.get(f"{YEAR}/fichiers/xlsx").content)) as book:
            found["xlsx"] = book.read("xl/sharedStrings.xml").decode()
        return found

    def holding(persona: str, words: str) -> set[str]:
        return {name for name, text in read(persona).items() if words in html.unescape(text)}

    assert visitor.become("coordination-cresl").post(path, {"text": first, "version": "0"}).status_code == 303
    for persona in ("coordination-cresl", "bien-etre-presidence", "admin-chrysalide"):
        assert holding(persona, first) == set(), persona
    for persona in ("bien-etre-presidence", "admin-chrysalide", "bien-etre-1", "police-repentigny"):
        visitor.become(persona)
        assert visitor.get(path).status_code == 403, persona
        assert visitor.post(path, {"text": "x", "version": "1"}).status_code == 403, persona
        assert visitor.post(f"{path}/adopter", {"version": "1"}).status_code == 403, persona
    visitor.become("coordination-cresl")
    assert visitor.post(f"{path}/adopter", {"version": "1"}).status_code == 303
    assert visitor.post(path, {"text": second, "version": "1"}).status_code == 303
    for persona in ("coordination-cresl", "bien-etre-presidence"):
        shown = holding(persona, first)
        assert {YEAR, "fragment", "xlsx"} <= shown, shown
        assert "/rapports/2025T4" not in shown
        assert holding(persona, second) == set(), persona
    # An organisation's own report has no words of the network's.
    assert holding("admin-chrysalide", first) == set()
