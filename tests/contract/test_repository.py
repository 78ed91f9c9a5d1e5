"""The project stands alone: nothing of the machine it was written on, nothing left open, fast rules."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from core.kernel.errors import StartupError
from core.settings import Settings
from tests.support.forking import Forking
from tests.support.source import ROOT, committed_files, place, python_files

TEXT = {".py", ".md", ".toml", ".html", ".css", ".js", ".csv", ".txt", ".mako", ".cfg", ".yml", ".json", ".svg", ""}


def texts() -> list[tuple[Path, str]]:
    return [
        (path, path.read_text("utf-8", errors="replace"))
        for path in committed_files()
        if path.suffix in TEXT and path.name != "requirements.lock"
    ]


def test_no_file_names_a_place_of_one_machine() -> None:
    """A fresh clone works anywhere: no home folder, no folder outside the project."""
    outside = ("/".join(["..", "shared"]), str(ROOT.parent) + "/", "/".join(["", "root", ""]), str(Path.home()) + "/")
    wrong = [
        f"{place(path)} names {needle}" for path, text in texts() for needle in outside if needle and needle in text
    ]
    assert wrong == []


def test_nothing_is_left_open() -> None:
    """What is committed is finished; what is missing is an issue, not a comment."""
    mark = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented" + "Error"]) + r")\b")
    wrong = [
        f"{place(path)}:{text.count(chr(10), 0, match.start()) + 1}"
        for path, text in texts()
        if path.suffix in {".py", ".html", ".js", ".css", ".md"}
        for match in mark.finditer(text)
    ]
    assert wrong == []


def test_no_test_is_skipped_but_for_a_missing_browser_or_library() -> None:
    """One place skips, and never when CI is set."""
    skip = re.compile(r"pytest\.(?:mark\.)?(?:skip|skipif|xfail)\b|importorskip")
    allowed = ROOT / "core" / "testing" / "missing.py"
    wrong = [
        place(path)
        for path in python_files("tests", "plugins", "core")
        for text in [path.read_text("utf-8")]
        if path.resolve() != Path(__file__).resolve()
        if skip.search(text) and not (path == allowed and 'os.environ.get("CI")' in text)
    ]
    assert wrong == []


def test_the_rules_are_tested_in_under_two_seconds(forking: Forking) -> None:
    """Pure functions: their tests are run at every save. Processor time, on a core that nothing else slows."""
    files = sorted(str(path) for path in (ROOT / "tests" / "unit").rglob("test_*rules*.py"))
    assert files
    # What pytest was told for the run (its plugins, its reports) is not for these
    alone = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    done = forking.run("from tests.support.measured import main; main()", *files, environment=alone)
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"^\d{3,} passed", done.stderr, re.MULTILINE), done.stderr[-2000:]
    assert float(done.stderr.rsplit(":", 1)[1]) < 2.0, done.stderr[-2000:]


def test_every_document_link_leads_somewhere() -> None:
    """A relative link of README or docs that leads nowhere is found here, not by a newcomer."""
    wrong = []
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        if not path.exists():
            wrong.append(place(path))
            continue
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists():
                wrong.append(f"{place(path)} → {target}")
    assert wrong == []


def test_the_operators_manual_names_real_settings() -> None:
    """docs/operating.md: no variable that does not exist, none missing that production refuses to start without."""
    manual = (ROOT / "docs" / "operating.md").read_text("utf-8")
    named = set(re.findall(r"ARRIMAGE_[A-Z_]+[A-Z]", manual))
    real = {f"ARRIMAGE_{name.upper()}" for name in Settings.model_fields}
    assert named <= real
    with pytest.raises(StartupError) as refused:
        Settings(mode="production")
    assert set(re.findall(r"ARRIMAGE_[A-Z_]+[A-Z]", str(refused.value))) <= named


def test_every_make_target_explains_itself() -> None:
    """`make help` tells what each target a person types is for; the readme begins with the two that matter."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([.a-z]+):(?!=)", makefile, re.MULTILINE)) - {"lint", "types", "contracts", "tests"}
    explained = set(re.findall(r"^([.a-z]+):.*## ", makefile, re.MULTILINE))
    assert targets - explained <= {".venv"}
    readme = (ROOT / "README.md").read_text("utf-8")
    assert -1 < readme.find("make demo") < 1500
    assert -1 < readme.find("make test") < 2500
    # What one should see: the live list, the phone's form
    assert len(re.findall(r"!\[[^\]]+\]\(docs/images/\S+\.png\)", readme[:2500])) >= 2


def test_the_integration_run_is_the_same_as_everyones() -> None:
    """`.ci/run` may prepare the machine; what it proves is `make test`, and nothing is skipped there."""
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert script.rstrip().endswith("exec make test")
    assert "export CI=true" in script
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
