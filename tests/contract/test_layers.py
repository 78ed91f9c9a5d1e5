"""Who may import whom, where import-linter cannot say it; and who may commit."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from pathlib import Path

import pytest

from core import features
from core.kernel.hooks.loader import load_plugins
from tests.support.source import ROOT, imports, nodes, place, python_files

LAYERS = ("kernel", "access", "journal", "directory", "accounts", "consent", "referrals", "reports")
#: committees stand beside referrals: neither sees the other
BELOW = {name: LAYERS[:at] for at, name in enumerate(LAYERS)} | {"committees": LAYERS[:6]}
BELOW["reports"] += ("committees",)


def is_rules(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return path.name == "rules.py" or "rules" in parts[:-1]


def rules_files() -> list[Path]:
    return [path for path in python_files("core", "plugins") if is_rules(path) and "tests" not in path.parts]


def test_rules_import_the_standard_library_and_lower_rules_only() -> None:
    """A rule that cannot reach a database, a clock or a request is a rule that can be tested in a millisecond."""
    assert rules_files()
    wrong = []
    for path in rules_files():
        parts = path.relative_to(ROOT).parts
        own = ".".join(parts[:2])
        for line, module in imports(path):
            top = module.split(".")[0]
            if top in sys.stdlib_module_names and top not in {"time", "socket", "sqlite3", "random", "urllib"}:
                continue
            if top == "core":
                feature = module.split(".")[1]
                rules_of = module.split(".")[2] if len(module.split(".")) > 2 else ""
                if module.startswith(f"{own}.rules") or (feature in BELOW.get(parts[1], ()) and rules_of == "rules"):
                    continue
            if parts[0] == "plugins" and module.startswith(("core.api.", f"{own}.rules")):
                continue
            wrong.append(f"{place(path, line)} imports {module}")
    assert wrong == []


def test_rules_never_ask_for_the_time() -> None:
    """Time is passed in: `now()`, `today()` and `utcnow()` belong to the edges."""
    wrong = [
        place(path, node.lineno)
        for path in rules_files()
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in {"now", "today", "utcnow"} and not node.keywords
        if isinstance(node.func.value, ast.Name) and node.func.value.id in {"datetime", "date", "clock"}
    ]
    assert wrong == []


def test_core_never_imports_a_plugin() -> None:
    wrong = [
        f"{place(path, line)} imports {module}"
        for path in python_files("core")
        for line, module in imports(path)
        if module.split(".")[0] == "plugins"
    ]
    assert wrong == []


def test_a_plugin_imports_core_by_its_api_only() -> None:
    """`core.api` for the plugin, `core.testing` too for its tests, and never another plugin."""
    wrong = []
    for path in python_files("plugins"):
        parts = path.relative_to(ROOT).parts
        if len(parts) < 3:
            continue
        doors = {"core.api"} | ({"core.testing"} if "tests" in parts else set())
        for line, module in imports(path):
            names = module.split(".")
            if names[0] == "core" and ".".join(names[:2]) not in doors:
                wrong.append(f"{place(path, line)} imports {module}")
            if names[0] == "plugins" and names[1] != parts[1]:
                wrong.append(f"{place(path, line)} imports the plugin {module}")
    assert wrong == []


def test_only_the_database_kernel_commits() -> None:
    """One transaction per request, committed at one place: `.commit()` is written nowhere else."""
    allowed = {ROOT / "core" / "kernel" / "db.py"}
    wrong = [
        place(path, node.lineno)
        for path in python_files("core", "plugins")
        if path not in allowed and "tests" not in path.parts
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr == "commit" and isinstance(node.ctx, ast.Load)
        if not (isinstance(node.value, ast.Name) and node.value.id in {"keyring", "self"})
    ]
    assert wrong == []


def test_services_never_call_a_clock() -> None:
    """Services take `now`; a handler or a job passes it."""
    wrong = [
        place(path, node.lineno)
        for path in python_files("core")
        if path.name == "services.py" or "services" in path.relative_to(ROOT).parts[:-1]
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in {"now", "utcnow", "today"}
    ]
    assert wrong == []


def test_every_job_of_a_room_is_run(tmp_path: Path) -> None:
    """A file of jobs that `core.features` forgets: nothing is sealed, reminded or erased, and nothing says so."""
    (tmp_path / "plugins.toml").touch()
    run = {job.name for job in features.jobs(load_plugins(tmp_path / "plugins.toml"))}
    rooms = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in ROOT.glob("core/*/*jobs.py")]
    written = {job.name for room in rooms for job in getattr(importlib.import_module(room), "jobs", ())}
    assert {"journal.seal", "referrals.clocks"} <= written <= run


@pytest.mark.parametrize("folder", ["core", "plugins"])
def test_no_file_outgrows_its_room(folder: str) -> None:
    """Past 400 lines a file is two rooms: make a folder of the same name."""
    long = {
        place(path): lines
        for path in python_files(folder)
        if (lines := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert long == {}


def test_no_drawer_for_what_has_no_place() -> None:
    """No `utils`, `helpers`, `common` or `misc`: a thing is named after what it does."""
    wrong = [
        place(path)
        for path in python_files("core", "plugins")
        if re.fullmatch(r"(utils?|helpers?|common|misc)", path.stem) or {"utils", "helpers"} & set(path.parts)
    ]
    assert wrong == []
