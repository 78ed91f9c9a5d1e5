"""What the loader refuses, and that each refusal names the file, the key and the remedy."""

from __future__ import annotations

import ast
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.kernel.errors import StartupError
from core.kernel.hooks import imports, loader
from core.kernel.hooks.loader import find_plugins, load_plugins, migration_packages
from tests.support.forking import Forking
from tests.support.plugin_source import PluginWorkshop

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[PluginWorkshop]:
    made = PluginWorkshop(tmp_path)
    yield made
    made.close()


def refusal(toml: Path) -> str:
    with pytest.raises(StartupError) as caught:
        load_plugins(toml)
    return str(caught.value)


def written(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "plugins.toml"
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("content", "key", "remedy"),
    [
        ("[plugin.orres]\nenabled = true", "plugin :", "n’écrivez que des tables [plugins.<nom>]"),
        ("plugins = 3", "plugins :", "écrivez [plugins.<nom>]"),
        ("[plugins]\nmodele = true", "[plugins.modele]", "enabled = true"),
        ("[plugins.modele]\n", "[plugins.modele] enabled", "enabled = true"),
        ('[plugins.modele]\nenabled = "oui"', "[plugins.modele] enabled", "enabled = true"),
        ("[plugins.modele]\nenabled = true\npackage = 3", "[plugins.modele] package", 'package = "nom_du_module"'),
        ("[plugins.Modele]\nenabled = true", "« Modele »", "minuscules"),
        ("[plugins.referrals]\nenabled = true", "« referrals »", "choisissez-en un autre"),
        ("[plugins.model]\nenabled = true", "[plugins.model]", "écrivez « modele »"),
        ("[plugins.modele]\nenabled = true\nboard_sise = 3", "[plugins.modele] board_sise", "écrivez « board_size »"),
        ("[plugins.modele]\nenabled = true\nboard_size = 0", "[plugins.modele] board_size", "corrigez cette valeur"),
        ('[plugins.a_b]\nenabled = true\npackage = "nulle_part"', "[plugins.a_b] package", "enabled = false"),
        ("[plugins.modele", "TOML", "corrigez cette ligne"),
    ],
)
def test_plugins_toml_is_refused_with_file_key_and_remedy(tmp_path: Path, content: str, key: str, remedy: str) -> None:
    path = written(tmp_path, content)
    said = refusal(path)
    assert said.startswith(f"{path} : ")
    assert key in said
    assert remedy in said.split("Remède : ")[1]


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    assert "ARRIMAGE_PLUGINS_FILE" in refusal(tmp_path / "absent.toml")


def test_a_disabled_plugin_may_be_missing_or_broken(workshop: PluginWorkshop) -> None:
    home = workshop.add("brise", "raise RuntimeError")
    workshop.toml.write_text(workshop.toml.read_text("utf-8").replace("true", "false"), encoding="utf-8")
    assert workshop.load().plugins == ()
    (found,) = [plugin for plugin in find_plugins(workshop.toml) if plugin.name == "brise"]
    assert (found.folder, found.enabled, found.listed) == (home, False, True)


def test_a_file_written_again_is_checked_again_even_within_one_tick_of_the_clock(workshop: PluginWorkshop) -> None:
    home = workshop.add("relu", "pass")
    allowed, refused = "import core.api as door\n", "import core.home as dor\n"
    assert len(allowed) == len(refused)
    for source, said in ((allowed, ""), (refused, "core.home"), (refused, "core.home"), (allowed, "")):
        (home / "more.py").write_text(source, encoding="utf-8")
        os.utime(home / "more.py", ns=(1, 1))
        if said:
            assert said in refusal(workshop.toml)
        else:
            workshop.load()


def test_only_what_changed_is_read_again(workshop: PluginWorkshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the bytecode, as it is: an earlier start's findings, of no use when they are spoilt or of other words."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    home = workshop.add("retenu", files={"rules.py": "import core.api"})
    read: list[str] = []
    parse = ast.parse
    monkeypatch.setattr(
        ast, "parse", lambda source, path="", *rest: read.append(Path(path).name) or parse(source, path, *rest)
    )

    def started() -> list[str]:
        monkeypatch.setattr(imports, "_KNOWN", {})
        read.clear()
        workshop.load()
        return sorted(read)

    everything = ["__init__.py", "plugin.py", "rules.py"]
    assert (started(), started()) == (everything, [])
    (kept,) = home.glob("__pycache__/imports.*.json")
    for spoilt in ("", "nonsense", "[]", '{"x": 3}'):
        kept.write_text(spoilt, encoding="utf-8")
        assert (started(), started()) == (everything, [])
    (home / "rules.py").write_text("import core.home", encoding="utf-8")
    with pytest.raises(StartupError, match=r"rules\.py, ligne 1 : core\.home"):
        started()
    assert read == ["rules.py"]
    # Same words, another place: what is relative is something else there
    (home / "deep").mkdir()
    for place in (home / "deep" / "rules.py", home / "rules.py"):
        place.write_text("from ..core import home", encoding="utf-8")
    with pytest.raises(StartupError, match=rf"{home.name}/rules\.py, ligne 1 : core\.home"):
        started()
    (home / "rules.py").unlink()
    monkeypatch.setattr(imports, "_READER", b"another version of the reader")
    assert started() == ["__init__.py", "plugin.py", "rules.py"], "it may find what this one did not"


WRONG_CODE = {
    "unknown hook": (
        "@hookimpl\ndef dashboard_card_for(viewer): return ()",
        "dashboard_card_for",
        "dashboard_cards_for",
    ),
    "forgotten mark": ("def nav_items_for(viewer): return ()", "nav_items_for", "@hookimpl"),
    "unknown argument": ("@hookimpl\ndef nav_items_for(viewer, session): return ()", "session", "docs/hooks.md"),
    "wrapper": ("@hookimpl(wrapper=True)\ndef nav_items_for(viewer): yield", "nav_items_for", "sans argument"),
    "import error": ("import module_absent", "plugin.py", "enabled = false"),
    "permission": (
        '@hookimpl\ndef register_permissions(): return (PermissionSpec("autre.read", "", MEMBERS),)',
        "register_permissions, « autre.read »",
        "« NAME.read »",
    ),
    "permission twice": (
        '@hookimpl\ndef register_permissions(): return (PermissionSpec("NAME.x", "", MEMBERS),) * 2',
        "« NAME.x »",
        "gardez-en un",
    ),
    "event": ('@hookimpl\ndef register_events(): return (EventSpec("done", ""),)', "« done »", "« NAME.done »"),
    "job": (
        '@hookimpl\ndef register_jobs(): return (Job("nightly", timedelta(1), print),)',
        "register_jobs, « nightly »",
        "« NAME.nightly »",
    ),
    "subscriber": (
        '@hookimpl\ndef register_subscribers(): return (Subscriber("x.y", "x.z", print),)',
        "« x.z »",
        "« NAME.z »",
    ),
    "page of the core": (
        (
            "@hookimpl\ndef register_routes():"
            ' return (get("/comites/NAME/votes/x", print, permission=PUBLIC, name="NAME.x"),)'
        ),
        "« /comites/NAME/votes/x »",
        "un autre mot",
    ),
    "purpose": (
        '@hookimpl\ndef register_purposes(): return (PurposeSpec("aide", "", "", frozenset()),)',
        "« aide »",
        "« NAME.aide »",
    ),
    "retention": (
        '@hookimpl\ndef register_retention(): return (RetentionRule("rows", "", timedelta(1), print),)',
        "« rows »",
        "« NAME.rows »",
    ),
    "route outside": (
        '@hookimpl\ndef register_routes(): return (get("/references/x", print, permission=PUBLIC, name="NAME.x"),)',
        "« /references/x »",
        "/comites/NAME/",
    ),
    "route of another committee": (
        '@hookimpl\ndef register_routes(): return (get("/comites/NAMES/x", print, permission=PUBLIC, name="NAME.x"),)',
        "« /comites/NAMES/x »",
        "/comites/NAME/",
    ),
    "route's name": (
        '@hookimpl\ndef register_routes(): return (get("/comites/NAME/x", print, permission=PUBLIC, name="x"),)',
        "« x »",
        "« NAME.x »",
    ),
    "route without permission": (
        '@hookimpl\ndef register_routes(): return (get("/comites/NAME/x", print, permission="", name="NAME.x"),)',
        "« NAME.x »",
        "PUBLIC",
    ),
    "route with an unknown permission": (
        '@hookimpl\ndef register_routes(): return (get("/comites/NAME/x", print, permission="NAME.y", name="NAME.x"),)',
        "« NAME.y »",
        "« NAME.read »",
    ),
    "slug": (
        '@hookimpl\ndef register_committee(): return CommitteeSpec("orres", "", "")',
        "slug = « orres »",
        '"NAME"',
    ),
    "not a sequence": ('@hookimpl\ndef register_events(): return "rien"', "register_events", "tuple"),
    "wrong kind": ('@hookimpl\ndef register_events(): return ("NAME.x",)', "register_events", "EventSpec"),
    "failing registration": ("@hookimpl\ndef register_events(): return 1 / 0", "register_events", "ZeroDivisionError"),
}


@pytest.mark.parametrize("what", WRONG_CODE)
def test_wrong_code_stops_the_start(workshop: PluginWorkshop, what: str) -> None:
    body, key, remedy = (text.replace("NAME", "essai") for text in WRONG_CODE[what])
    home = workshop.add("essai", body, read="register_permissions" not in body)
    said = refusal(workshop.toml)
    assert said.startswith(str(home / "plugin.py"))
    assert key in said
    assert remedy in said


MANIFESTS = {
    "missing": ("", "register_plugin", "Manifest"),
    "unmarked": ("def register_plugin(): return None", "register_plugin", "@hookimpl"),
    "nothing": ("@hookimpl\ndef register_plugin(): return None", "register_plugin", "core.api.Manifest"),
    "another name": (
        '@hookimpl\ndef register_plugin(): return Manifest("x", "", "", "1", ">=0", "")',
        "name = « x »",
        'name="essai"',
    ),
    "another core": (
        '@hookimpl\ndef register_plugin(): return Manifest("NAME", "", "", "1", ">=7", "")',
        "core_version = « >=7 »",
        loader.CORE_VERSION,
    ),
    "not a range": (
        '@hookimpl\ndef register_plugin(): return Manifest("NAME", "", "", "1", "récent", "")',
        "core_version = « récent »",
        ">=0.1,<1",
    ),
    "settings": (
        '@hookimpl\ndef register_plugin(): return Manifest("NAME", "", "", "1", ">=0", "", dict)',
        "settings",
        "core.api.PluginSettings",
    ),
    "short address that is no word": (
        (
            "from core.api import PublicPage\n@hookimpl\ndef register_plugin(): "
            'return Manifest("NAME", "", "", "1", ">=0", "", public=(PublicPage("annuaire/x", "", ""),))'
        ),
        "« annuaire/x »",
        "des lettres et des traits d’union",
    ),
    "short address that is not for everybody": (
        (
            "from core.api import PublicPage\n@hookimpl\ndef register_plugin(): "
            'return Manifest("NAME", "", "", "1", ">=0", "", public=(PublicPage("aide", "", ""),))\n'
            '@hookimpl\ndef register_routes(): return (get("/aide", print, permission="NAME.read", name="NAME.x"),)'
        ),
        "« /aide »",
        "PUBLIC",
    ),
}


@pytest.mark.parametrize("what", MANIFESTS)
def test_a_wrong_manifest_stops_the_start(workshop: PluginWorkshop, what: str) -> None:
    manifest, key, remedy = MANIFESTS[what]
    home = workshop.add("essai", manifest=manifest)
    said = refusal(workshop.toml)
    assert said.startswith(str(home / "plugin.py"))
    assert key in said
    assert remedy in said


IMPORTS = {
    "plugin.py": "import core.kernel.db",
    "queries.py": "from core.kernel.db import Base",
    "models.py": "from core.offers.base import Base",
    "deep/queries.py": "from core import referrals",
    "lazy.py": 'import importlib\ndef later():\n    importlib.import_module("core.referrals.models")',
    "rules.py": "from core.testing import NOW",
    "tests/test_x.py": "from core.referrals.services import submit",
    "other.py": "import plugins.orres.queries",
}


@pytest.mark.parametrize("path", IMPORTS)
def test_a_plugin_imports_nothing_but_the_api(workshop: PluginWorkshop, path: str) -> None:
    if path == "plugin.py":
        home = workshop.add("essai", IMPORTS[path])
    else:
        home = workshop.add("essai", files={path: IMPORTS[path]})
    said = refusal(workshop.toml)
    assert said.startswith(f"{home / path}, ligne ")
    assert "core.api" in said or "un autre plugin" in said


def test_a_plugin_does_not_import_another_one(workshop: PluginWorkshop) -> None:
    other = workshop.add("premier")
    workshop.add("second", f"from {other.name} import plugin")
    assert "importe un autre plugin" in refusal(workshop.toml)


def test_a_plugin_may_import_its_own_files_and_its_tests_the_testing_module(workshop: PluginWorkshop) -> None:
    files = {"rules.py": "x = 1", "tests/test_x.py": "from core.testing.plugins import a_viewer\nfrom ..rules import x"}
    workshop.add("essai", "from .rules import x\nfrom . import rules", files=files)
    assert workshop.load().names() == ("essai",)


def test_a_template_outside_its_folder_is_refused(workshop: PluginWorkshop) -> None:
    home = workshop.add("essai", files={"templates/base.html": "<p>"})
    said = refusal(workshop.toml)
    assert said.startswith(str(home / "templates" / "base.html"))
    assert "templates/essai/" in said


TABLES = {
    "prefix": ("class Row(Base):\n    __tablename__ = 'rows'\n    id: Mapped[UUID] = identifier()\n", "« essai_rows »"),
    "core table": ("from sqlalchemy import Table\nRow = Table('notes', Base.metadata)\n", "« essai_notes »"),
    "own metadata": (
        "from sqlalchemy import MetaData, Table\nRow = Table('essai_rows', MetaData())\n",
        "core.api.Base",
    ),
    "class": (
        "class Row(Base):\n    __tablename__ = 'essai_rows'\n    id: Mapped[int] = mapped_column(primary_key=True)\n",
        "internal()",
    ),
}


@pytest.mark.parametrize("what", TABLES)
def test_a_table_outside_its_prefix_is_refused(workshop: PluginWorkshop, forking: Forking, what: str) -> None:
    """In a process of its own: a mapped class stays in the shared metadata for ever."""
    body, remedy = TABLES[what]
    head = "from uuid import UUID\nfrom core.api import *\nfrom sqlalchemy.orm import Mapped, mapped_column\n"
    home = workshop.add("essai", files={"models.py": head + body})
    code = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from pathlib import Path\nfrom core.kernel.hooks.loader import load_plugins\n"
        "load_plugins(Path(sys.argv[3]))\n"
    )
    done = forking.run(code, ROOT, workshop.folder, workshop.toml)
    assert done.returncode == 1
    said = done.stderr.strip().splitlines()[-1]
    assert f"StartupError: {home} : " in said
    assert remedy in said


def test_settings_reach_the_plugin_typed(workshop: PluginWorkshop) -> None:
    manifest = """
    class Settings(PluginSettings):
        seats: int
        title: str = "rien"

    @hookimpl
    def register_plugin():
        return Manifest("NAME", "Essai", "Trial", "1.0", ">=0.1,<1", "", Settings)
    """
    workshop.add("essai", manifest=manifest)
    assert "réglage obligatoire manquant" in refusal(workshop.toml)
    home = workshop.add("essai", manifest=manifest, settings="seats = 5")
    hooks = workshop.load()
    plugin = hooks.plugin("essai")
    assert plugin is not None
    assert plugin.settings.model_dump() == {"seats": 5, "title": "rien"}
    assert hooks.settings("essai", type(plugin.settings)) is plugin.settings
    with pytest.raises(LookupError):
        hooks.settings("absent", type(plugin.settings))
    assert plugin.folder == home


def test_folders_are_found(workshop: PluginWorkshop) -> None:
    names = ("templates/essai/a.html", "static/a.css", "locales/en.toml", "migrations/essai_0001.py")
    home = workshop.add("essai", files=dict.fromkeys(names, ""))
    workshop.add("nu")
    hooks = workshop.load()
    assert hooks.template_dirs() == (home / "templates",)
    assert hooks.static_dirs() == {"essai": home / "static"}
    assert hooks.locale_dirs() == (home / "locales",)
    assert hooks.migration_dirs() == {"essai": home / "migrations"}
    assert migration_packages(workshop.toml) == {"essai": home / "migrations"}


def test_the_core_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == loader.CORE_VERSION


def test_the_enabled_plugins_of_the_project_load() -> None:
    hooks = load_plugins(ROOT / "plugins.toml")
    assert "modele" not in hooks.names()


def test_nobody_but_the_manager_calls_pluggy() -> None:
    """`pm.hook.x` is untyped, unsorted and not isolated: `Hooks` is the only door."""
    host = {ROOT / "core" / "kernel" / "hooks" / name for name in ("manager.py", "loader.py", "hookspecs.py")}
    for path in [*(ROOT / "core").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]:
        source = path.read_text("utf-8")
        if path in host or not re.search(r"\bpluggy\b|\.hook\.", source):
            continue
        for node in ast.walk(ast.parse(source)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert "pluggy" not in names, path
            assert not (isinstance(node, ast.Attribute) and node.attr == "hook"), path
