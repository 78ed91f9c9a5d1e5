"""The report's PDF: tagged, titled, the same twice; and what an installation that cannot make one says.

`pip install arrimage[pdf]` needs the system's Pango. Where either is missing the first test is skipped, with that
reason; the other one runs everywhere.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pikepdf
import pytest
from sqlalchemy import update

from core.accounts.models import LoginSession
from core.reports.exports.pdf import pdf_available
from core.testing.network import Visitor

YEAR = "/rapports/2023-2024"
pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


@pytest.fixture
def reader(visitor: Visitor) -> Iterator[Visitor]:
    """The coordination, who has just shown a factor."""
    visitor.become("coordination-cresl")
    with visitor.network.database.transaction() as session:
        now = visitor.network.clock.now() + timedelta(seconds=1)
        session.execute(update(LoginSession).values(stepped_up_at=now))
    yield visitor
    pdf_available.cache_clear()


@pytest.mark.skipif(not pdf_available(), reason="WeasyPrint or its Pango is not installed (pip install arrimage[pdf])")
def test_the_pdf_is_tagged_and_the_same_twice(reader: Visitor) -> None:
    made = reader.get(f"{YEAR}/fichiers/pdf")
    assert (made.status_code, made.headers["content-type"]) == (200, "application/pdf")
    assert made.content == reader.get(f"{YEAR}/fichiers/pdf").content
    with pikepdf.open(io.BytesIO(made.content)) as document:
        root = document.Root
        assert bool(root.MarkInfo.Marked)
        assert str(root.Lang) == "fr-CA"
        assert "2023-2024" in str(document.docinfo["/Title"])
        assert len(document.pages) >= 3
        kinds = _kinds(root.StructTreeRoot)
    assert {"/H1", "/H2", "/Table", "/TR", "/TH", "/TD", "/Caption", "/Figure"} <= kinds


def test_without_pango_the_page_says_so_and_nothing_fails(reader: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def missing(name: str, package: str | None = None) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, package)

    monkeypatch.setattr("importlib.import_module", missing)
    pdf_available.cache_clear()
    page = reader.get(YEAR).text
    assert "Le PDF n’est pas installé sur ce serveur" in page
    assert f"{YEAR}/fichiers/pdf" not in page
    asked = reader.get(f"{YEAR}/fichiers/pdf", follow_redirects=True)
    assert asked.status_code == 200
    assert "Ouvrez le rapport, puis imprimez-le" in asked.text
    assert reader.get(f"{YEAR}/fichiers/zip").status_code == 200


def _kinds(node: Any) -> set[str]:
    """Every kind of element in the tree of tags."""
    found, waiting = set(), [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, pikepdf.Array):
            waiting += list(one)
        elif isinstance(one, pikepdf.Dictionary):
            if "/S" in one:
                found.add(str(one.S))
            if "/K" in one:
                waiting.append(one.K)
    return found
