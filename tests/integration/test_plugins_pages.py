"""The model plugin inside the whole application, on both engines, beside plugins that fail."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import column, select, table

from core import features
from core.access.registry import registry
from core.kernel.jobs import run_due
from core.testing.network import Network, Visitor, visiting
from tests.support.plugin_source import PluginWorkshop

NOTES = table("modele_notes")
BOARD = "/comites/modele/notes"
MEMBER, OTHER, OUTSIDER = "orres-comite", "bien-etre-2", "police-repentigny"

MODEL = '[plugins.modele]\nenabled = true\npackage = "plugins._modele"\n'
BROKEN = """
@hookimpl
def dashboard_cards_for(viewer, session):
    session.execute(text("SELECT * FROM table_absente"))

@hookimpl
def nav_items_for(viewer):
    return 1 / 0
"""
TEMPLATE = """
@hookimpl
def dashboard_cards_for(viewer):
    return [Card("k", "Carte au gabarit fautif", "NAME/card.html", permission="NAME.read")]
"""


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[PluginWorkshop]:
    made = PluginWorkshop(tmp_path)
    yield made
    made.close()
    registry.forget_restrictions()


@pytest.fixture
def board(network: Network, workshop: PluginWorkshop) -> Iterator[Visitor]:
    """A browser on the application with the model and two broken plugins."""
    workshop.add("casse", BROKEN)
    workshop.add("gabarit", TEMPLATE, files={"templates/gabarit/card.html": "{{ absent }}"})
    workshop.toml.write_text(workshop.toml.read_text("utf-8") + MODEL, encoding="utf-8")
    with visiting(network, plugins_file=workshop.toml) as visitor:
        yield visitor


def write(visitor: Visitor, text: str, **ticked: str) -> Any:
    return visitor.post(BOARD, {"text": text, **ticked})


def once(html: str) -> str:
    """The page without what is drawn afresh for each: the sealed live cursor and the form's token."""
    return re.sub(r'(data-live-cursor|name="_(?:csrf|key)" value)="[^"]*"', r'\1=""', html)


def test_only_those_with_the_role_reach_the_pages(board: Visitor) -> None:
    assert board.become(None).get(BOARD).headers["location"].startswith("/connexion?suite=")
    assert board.become(OUTSIDER).get(BOARD).status_code == 403
    assert write(board, "Une note").status_code == 403
    assert BOARD not in board.get("/").text
    assert board.become(MEMBER).get(BOARD).status_code == 200
    assert f'href="{BOARD}"' in board.get("/").text


def test_a_note_posted_is_on_the_board_and_on_the_home_page_of_others(board: Visitor) -> None:
    answer = write(board.become(MEMBER), "Rencontre mardi.")
    assert (answer.status_code, answer.headers["location"]) == (303, BOARD)
    assert "Votre note est au babillard." in board.get(BOARD).text
    board.become(OTHER)
    assert "Rencontre mardi." in board.get(BOARD).text
    assert "Rencontre mardi." in board.get("/").text
    assert "<html" not in board.get(BOARD, headers={"X-Fragment": "1"}).text
    assert "Rencontre mardi." not in board.become(OUTSIDER).get("/").text


def test_a_refused_note_says_why(board: Visitor) -> None:
    answer = write(board.become(MEMBER), "Appelez 450 555-0101")
    assert answer.status_code == 422
    assert "450 555-0101" in answer.text
    assert "ni numéro de téléphone" in answer.text
    assert board.http.post(BOARD, data={"text": "sans jeton"}, follow_redirects=False).status_code == 403


def test_a_reserved_note_equals_a_missing_one_in_every_byte(board: Visitor, network: Network) -> None:
    write(board.become(MEMBER), "Entre nous.", reserved="on")
    page = board.get(BOARD).text
    address = next(part.split('"')[0] for part in page.split('href="') if part.startswith(f"{BOARD}/"))
    assert board.get(address).status_code == 200
    board.become(OTHER)
    assert "Entre nous." not in board.get(BOARD).text
    denied, missing = board.get(address), board.get(f"{address[:-12]}000000000000")
    assert (denied.status_code, missing.status_code) == (404, 404)
    assert once(denied.text) == once(missing.text)
    kept = [{k: v for k, v in answer.headers.items() if k != "date"} for answer in (denied, missing)]
    assert kept[0] == kept[1]


def test_the_subscriber_runs_behind_the_page(network: Network, workshop: PluginWorkshop) -> None:
    """Through the real outbox and dispatcher: a board of one note archives the older one."""
    workshop.toml.write_text(f"{MODEL}board_size = 1\n", encoding="utf-8")
    with visiting(network, plugins_file=workshop.toml) as visitor:
        for text in ("Ancienne.", "Nouvelle."):
            assert write(visitor.become(MEMBER), text).status_code == 303
            network.clock.advance(timedelta(seconds=1))
        deadline = time.monotonic() + 60
        shown: list[str] = []
        while shown != ["Nouvelle."] and time.monotonic() < deadline:
            time.sleep(0.05)
            with network.database.transaction(write=False) as session:
                shown = list(
                    session.scalars(select(column("text")).select_from(NOTES).where(column("archived_at").is_(None)))
                )
    assert shown == ["Nouvelle."]


def test_jobs_and_retention_run_with_the_cores(network: Network, workshop: PluginWorkshop) -> None:
    workshop.toml.write_text(f"{MODEL}keep_days = 30\n", encoding="utf-8")
    with visiting(network, plugins_file=workshop.toml) as visitor:
        write(visitor.become(MEMBER), "À oublier un jour.", pinned="on")
        house = visitor.http.app.state.house  # type: ignore[attr-defined]
        names = {job.name for job in features.jobs(house.hooks)}
        assert {"modele.unpin", "kernel.plugin_retention"} <= names
    own = [job for job in features.jobs(house.hooks) if job.name in {"modele.unpin", "kernel.plugin_retention"}]

    def left(after: timedelta) -> list[bool]:
        assert run_due(network.database, own, house, network.clock.now() + after) == 2
        with network.database.transaction(write=False) as session:
            return list(session.scalars(select(column("pinned")).select_from(NOTES)))

    assert [bool(pinned) for pinned in left(timedelta(days=13))] == [True]
    assert [bool(pinned) for pinned in left(timedelta(days=29))] == [False]
    assert left(timedelta(days=31)) == []


def test_broken_neighbours_are_said_unavailable_and_the_page_stands(board: Visitor) -> None:
    write(board.become(MEMBER), "Toujours là.")
    page = board.get("/")
    assert page.status_code == 200
    assert "Toujours là." in page.text
    assert page.text.count("Cette partie est indisponible pour le moment.") == 2
    assert "Carte au gabarit fautif" in page.text


def test_static_files_and_words_are_the_plugins(board: Visitor) -> None:
    page = board.become(MEMBER).get(BOARD).text
    sheet = next(part.split('"')[0] for part in page.split('href="') if part.startswith("/static/modele/"))
    assert ".modele-notes" in board.get(sheet).text
    board.post("/langue", {"locale": "en", "next": BOARD})
    assert "Add the note" in board.get(BOARD).text
