"""The report's PDF: tagged, titled, the same twice; and what an installation that cannot make one says.

WeasyPrint is in the lock; it draws with the system's Pango (`apt install libpango-1.0-0 libpangoft2-1.0-0`). Where that
is missing the tests of the PDF are skipped, with that reason, but never when CI is set.
"""

from __future__ import annotations

import getpass
import importlib
import io
import re
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image
from sqlalchemy import update

from core.accounts.models import LoginSession
from core.reports.exports.pdf import as_pdf, pdf_available
from core.testing.network import Visitor

YEAR = "/rapports/2023-2024"


@pytest.fixture
def reader(visitor: Visitor) -> Iterator[Visitor]:
    """The coordination, who has just shown a factor."""
    visitor.become("coordination-cresl")
    with visitor.network.database.transaction() as session:
        now = visitor.network.clock.now() + timedelta(seconds=1)
        session.execute(update(LoginSession).values(stepped_up_at=now))
    yield visitor
    pdf_available.cache_clear()


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("pango")
def test_the_pdf_is_tagged_and_the_same_twice(reader: Visitor) -> None:
    made = reader.get(f"{YEAR}/fichiers/pdf")
    assert (made.status_code, made.headers["content-type"]) == (200, "application/pdf")
    assert made.content == reader.get(f"{YEAR}/fichiers/pdf").content
    with pikepdf.open(io.BytesIO(made.content)) as document:
        root = document.Root
        assert bool(root.MarkInfo.Marked)
        assert str(root.Lang) == "fr-CA"
        assert "2023-2024" in str(document.docinfo["/Title"])
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        assert len(document.pages) >= 3
        found = list(_elements(root.StructTreeRoot))
        # A reader that speaks the table says the line and the column of each cell
        headers = {str(one.ID) for one in found if one.S == "/TH"}
        cells = [{str(name) for name in one.A.Headers} for one in found if one.S == "/TD"]
        assert len(headers) > 20
        assert all(len(names) == 2 and names <= headers for names in cells)
        assert all(str(one.Alt) for one in found if one.S == "/Figure")
        # Nothing of the machine: no date, no author, no path, no file inside
        assert set(document.docinfo.keys()) == {"/Title", "/Producer"}
        assert "/Names" not in root or "/EmbeddedFiles" not in root.Names
        about = str(dict(document.docinfo.items())) + root.Metadata.read_bytes().decode()
        plain = io.BytesIO()
        document.save(plain, stream_decode_level=pikepdf.StreamDecodeLevel.all, qdf=True)
    for word in (socket.gethostname(), getpass.getuser()):
        assert re.search(rf"\b{re.escape(word)}\b", about) is None, word
    for word in (
        str(Path.cwd()),
        str(Path.home()),
        "/usr/share",
        "CreationDate",
        "ModDate",
        "CreateDate",
        "ModifyDate",
    ):
        assert word.encode() not in plain.getvalue(), word
    kinds = {str(one.S) for one in found}
    assert {"/H1", "/H2", "/Table", "/TR", "/TH", "/TD", "/Caption", "/Figure"} <= kinds


@pytest.mark.usefixtures("pango")
def test_making_a_pdf_fetches_nothing(tmp_path: Path) -> None:
    asked: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    drawn = tmp_path / "a.png"
    Image.new("RGB", (8, 8), "red").save(drawn)
    with ThreadingHTTPServer(("127.0.0.1", 0), Listening) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        there = f"http://127.0.0.1:{server.server_port}"
        made = as_pdf(
            f'<html lang="fr"><head><title>T</title><link rel="stylesheet" href="{there}/a.css">'
            f'<style>@import "{there}/b.css"; p {{ background: url({there}/c.png) }}</style></head>'
            f'<body><p>Mot<img alt="a" src="{there}/d.png"><img alt="b" src="{drawn.as_uri()}"></p></body></html>'
        )
        server.shutdown()
    assert asked == []
    with pikepdf.open(io.BytesIO(made)) as document:
        assert [image for page in document.pages for image in page.get_images()] == []


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
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


def _elements(node: Any) -> Iterator[Any]:
    """Every element in the tree of tags."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, pikepdf.Array):
            waiting += list(one)
        elif isinstance(one, pikepdf.Dictionary):
            if "/S" in one:
                yield one
            if "/K" in one:
                waiting.append(one.K)
