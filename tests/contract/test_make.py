"""The first minute of a newcomer: what is missing is said in one clear sentence, with the remedy, in both languages."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.forking import Forking
from tests.support.source import ROOT

OLD = "#!/bin/sh\ncase \"$*\" in *version_info*) exit 1;; -V) echo 'Python 3.9.2';; esac\n"
WITHOUT_VENV = '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; esac\nexit 0\n'


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`make` in a fresh folder that has nothing installed."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    environment = {
        name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    }
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def stub(folder: Path, script: str) -> str:
    path = folder / "python-stub"
    path.write_text(script)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("script", "remedies"),
    [
        (None, ("est introuvable", "apt install python3 python3-venv")),
        (OLD, ("Python 3.11 ou plus récent", "Python 3.9.2", "Python 3.11 or newer")),
        (WITHOUT_VENV, ("sudo apt install python3-venv", "venv module is missing")),
    ],
    ids=["no python", "an old python", "no venv module"],
)
def test_what_is_missing_is_said_with_its_remedy(tmp_path: Path, script: str | None, remedies: tuple[str, ...]) -> None:
    done = make(tmp_path, ".venv", f"PYTHON={stub(tmp_path, script) if script else tmp_path / 'no-such-python'}")
    assert done.returncode != 0
    for remedy in remedies:
        assert remedy in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_each_command_does_all_that_is_said_of_it(tmp_path: Path) -> None:
    """What `make` would run: install from the lock, then the demo at its port, or every check and every test."""
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    (tmp_path / "plugins").symlink_to(ROOT / "plugins")

    def would(*arguments: str) -> str:
        done = make(tmp_path, "-n", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    installed, demo, moved, test = would(".venv"), would("demo"), would("demo", "PORT=8010"), would("test")
    for said in (installed, demo, moved, test):
        assert "install --quiet --no-deps --no-compile --require-hashes -r requirements.lock\n" in said
        assert re.search(r"pip .*check\n", said), "without it, a lock that lacks a package is seen by nobody"
    assert "pytest" not in installed
    assert "arrimage demo" not in installed
    assert "arrimage demo --port 8000\n" in demo
    assert "arrimage demo --port 8010\n" in moved
    for check in (
        "ruff check .",
        "ruff format --check .",
        "djlint --lint",
        "/mypy\n",
        "lint-imports",
        "-m pytest -n 2 ",
    ):
        assert check in test, check
    asked = next(line for line in test.splitlines() if "-m pytest" in line).split()
    rooms = {f"tests/{path.parent.relative_to(ROOT / 'tests').parts[0]}" for path in ROOT.glob("tests/**/test_*.py")}
    assert {*rooms, "plugins"} <= set(asked), "a folder of tests that nobody runs"


def test_a_taken_port_is_said_with_its_remedy(tmp_path: Path, forking: Forking) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = forking.run("from core.cli import main; main()", "demo", "--port", port, "--folder", tmp_path)
    assert done.returncode != 0
    said = " ".join(done.stderr.split())
    assert f"Le port {port} est déjà pris" in said
    assert "make demo PORT=" in said
    assert "Traceback" not in said
    assert not (tmp_path / "demo.sqlite").exists()


def test_the_installed_command_starts_by_itself() -> None:
    """In a new interpreter, as a shell starts it: the other tests fork one that has imported everything."""
    command = Path(sys.executable).with_name("arrimage")
    said = subprocess.run([command, "--help"], capture_output=True, text=True, check=False, timeout=300)
    assert said.returncode == 0, said.stderr
    # A frame is drawn around it
    listed = set(re.findall(r"^\W+([a-z]+) {2,}\S", said.stdout, re.MULTILINE))
    assert {"demo", "serve", "migrate", "region", "user", "plugin", "journal", "key"} <= listed
    assert said.stderr == ""
