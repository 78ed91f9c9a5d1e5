"""`arrimage plugin`: what it says, what it refuses, and that a refusal changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import func, select, table
from typer.testing import CliRunner

from core.kernel import migrations
from core.kernel.clock import FixedClock
from core.kernel.db import Database
from core.kernel.hooks import docs
from core.plugin_cli import app
from core.testing.plugins import a_viewer, enabled_plugin, page_request

MODEL = '[plugins.modele]\nenabled = true\npackage = "plugins._modele"\n'


@pytest.fixture
def toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "plugins.toml"
    path.write_text(MODEL, encoding="utf-8")
    monkeypatch.setenv("ARRIMAGE_PLUGINS_FILE", str(path))
    monkeypatch.setenv("ARRIMAGE_MODE", "test")
    monkeypatch.setenv("COLUMNS", "200")
    return path


def run(*arguments: str, says: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=says)


def test_list_shows_what_is_enabled(toml: Path) -> None:
    said = run("list").stdout
    for word in ("modele", "activé", "0.1.0", "Babillard"):
        assert word in said
    toml.write_text(MODEL.replace("true", "false"), encoding="utf-8")
    assert "désactivé" in run("list").stdout


def test_list_says_what_is_wrong(toml: Path) -> None:
    toml.write_text(MODEL + "board_sise = 3\n", encoding="utf-8")
    result = run("list")
    assert result.exit_code == 1
    assert (
        result.stderr.strip()
        == f"{toml} : [plugins.modele] board_sise : clé inconnue. Remède : écrivez « board_size »."
    )


@pytest.mark.parametrize("name", ["Bien", "bien-etre", "class", "referrals", "organisations", "modele", "a" * 31, "_x"])
def test_new_refuses_a_name_it_cannot_use(toml: Path, tmp_path: Path, name: str) -> None:
    result = run("new", name, "--into", str(tmp_path / "plugins"))
    assert result.exit_code == 1
    assert "Remède" in result.stderr or "déjà ce nom" in result.stderr
    assert not (tmp_path / "plugins").exists()


def test_new_never_writes_over_a_folder(toml: Path, tmp_path: Path) -> None:
    (tmp_path / "cafe").mkdir()
    result = run("new", "cafe", "--into", str(tmp_path))
    assert result.exit_code == 1
    assert "rien n’a été changé" in result.stderr
    assert list((tmp_path / "cafe").iterdir()) == []


def test_new_makes_a_plugin_and_says_what_next(toml: Path, tmp_path: Path) -> None:
    result = run("new", "table_ronde", "--into", str(tmp_path))
    assert result.exit_code == 0
    for step in ("python -m pytest", "[plugins.table_ronde]", "arrimage migrate", "docs/hooks.md"):
        assert step in result.stdout
    home = tmp_path / "table_ronde"
    for path in ("plugin.py", "migrations/table_ronde_0001_notes.py", "templates/table_ronde/board.html", "README.md"):
        assert (home / path).is_file()
    assert 'branch_labels = ("table_ronde",)' in (home / "migrations/table_ronde_0001_notes.py").read_text("utf-8")


def test_docs_are_written_or_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    target = tmp_path / "hooks.md"
    monkeypatch.setattr(docs, "TARGET", target)
    assert run("docs").exit_code == 0
    assert run("docs", "--check").exit_code == 0
    target.write_text(target.read_text("utf-8") + "périmé", encoding="utf-8")
    result = run("docs", "--check")
    assert result.exit_code == 1
    assert "arrimage plugin docs" in result.stderr


@pytest.fixture
def noted(database_url: str, toml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: FixedClock) -> str:
    """A database where the model holds one note; its address is the one of the settings."""
    monkeypatch.setenv("ARRIMAGE_DATABASE_URL", database_url)
    database = Database(database_url)
    with enabled_plugin(tmp_path, "modele", package="plugins._modele") as hooks, database.transaction() as session:
        request = page_request(hooks, "modele.post", a_viewer(), clock.now(), form={"text": "Une note."})
        request.route.handler(session, request)
    database.dispose()
    return database_url


def held(url: str) -> bool:
    return "modele" in migrations.current(url)


def test_uninstall_refuses_an_enabled_plugin(noted: str, toml: Path) -> None:
    result = run("uninstall", "modele", "--yes")
    assert result.exit_code == 1
    assert "enabled = false" in result.stderr
    assert held(noted)


def test_uninstall_asks_first_and_says_how_much_is_lost(noted: str, toml: Path) -> None:
    toml.write_text(MODEL.replace("true", "false"), encoding="utf-8")
    result = run("uninstall", "modele", says="n\n")
    assert result.exit_code == 1
    assert "Lignes perdues : 1." in result.stdout
    assert held(noted)
    database = Database(noted)
    with database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(table("modele_notes"))) == 1
    database.dispose()
    assert run("uninstall", "modele", says="y\n").exit_code == 0
    assert not held(noted)
    assert "core" in migrations.current(noted)
    again = run("uninstall", "modele", "--yes")
    assert again.exit_code == 1
    assert "n’a rien dans la base" in again.stderr


def test_uninstall_knows_its_plugins(noted: str, toml: Path) -> None:
    result = run("uninstall", "inconnu", "--yes")
    assert result.exit_code == 1
    assert "Plugins connus : " in result.stderr
    assert "modele" in result.stderr
