"""`arrimage region import`: what the operator sees."""

import re
import shutil
from pathlib import Path

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from core.cli import app
from core.directory.models import Organisation
from core.kernel.crypto import Keyring
from core.kernel.db import Database

REGION = Path(__file__).parents[3] / "core" / "directory" / "regions" / "lanaudiere"
run = CliRunner().invoke


@pytest.fixture
def url(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    Keyring.generate(tmp_path / "operator.key")
    monkeypatch.setenv("ARRIMAGE_MODE", "test")
    monkeypatch.setenv("ARRIMAGE_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("ARRIMAGE_MASTER_KEY_FILE", str(tmp_path / "operator.key"))
    return sqlite_url


def organisations(url: str) -> tuple[int, int]:
    """How many there are, and how many have a key."""
    database = Database(url)
    with database.transaction(write=False) as session:
        total = session.scalar(select(func.count()).select_from(Organisation)) or 0
        keyed = session.scalar(select(func.count(Organisation.key_id))) or 0
    database.dispose()
    return total, keyed


def test_dry_run_then_import_then_again(url: str) -> None:
    dry = run(app, ["region", "import", str(REGION), "--dry-run"])
    assert dry.exit_code == 0, dry.output
    assert "Serait fait" in dry.output
    assert organisations(url) == (0, 0)
    first = run(app, ["region", "import", str(REGION)])
    assert first.exit_code == 0, first.output
    assert organisations(url) == (42, 41), "one is not admitted: it receives nothing, so it has no key"
    again = " ".join(run(app, ["region", "import", str(REGION)]).output.split())
    assert "0 créées, 0 mises à jour" in again
    assert "0 clés créées" in again


def test_a_bar_shows_how_far_it_is(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal: lines treated out of all lines, to the last one."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = run(app, ["region", "import", str(REGION), "--dry-run"]).output
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    counts = [(int(done), int(total)) for done, total in re.findall(r"Lignes.*?(\d+)/(\d+)", plain)]
    assert counts
    done, total = counts[-1]
    assert done == total > 200
    assert f"{total} lignes lues" in " ".join(plain.split())


def test_mistakes_are_listed_and_nothing_is_written(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "region"
    shutil.copytree(REGION, folder)
    path = folder / "organisations.csv"
    path.write_text(path.read_text("utf-8").replace("lu-ve 9:00-17:00", "toujours"), "utf-8")
    answer = run(app, ["region", "import", str(folder)])
    assert answer.exit_code == 1
    assert "Rien n’a été écrit" in answer.output
    assert "organisations.csv" in answer.output
    assert organisations(url) == (0, 0)


def test_missing_folder_is_one_sentence(url: str, tmp_path: Path) -> None:
    answer = run(app, ["region", "import", str(tmp_path / "nulle-part")])
    assert answer.exit_code == 1
    assert "n’existe pas" in answer.output
    assert "Traceback" not in answer.output
