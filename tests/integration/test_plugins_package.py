"""A plugin installed as a package, by pip, like any other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.plugin_cli import copy_model
from tests.support.forking import Forking

ROOT = Path(__file__).resolve().parents[2]

PROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "arrimage-babillard"
version = "0.1.0"

[tool.setuptools]
include-package-data = false
packages = ["arrimage_babillard", "arrimage_babillard.migrations"]

[tool.setuptools.package-data]
arrimage_babillard = ["templates/**", "static/**", "locales/**"]
"""

#: Run in a process of its own: it maps tables that the other tests must not know.
STORY = """
import sys
from pathlib import Path
root, target, work = map(Path, sys.argv[1:])
sys.path[:0] = [str(root), str(target)]

from datetime import UTC, datetime
from core.access.plugins import install_plugins
from core.access.registry import registry
from core.access.viewer import Role
from core.kernel import migrations
from core.kernel.db import Database
from core.kernel.hooks.loader import find_plugins, load_plugins, migration_packages
from core.testing.plugins import a_viewer, page_request, render_page
from core.kernel.web.routes import Page

now = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
toml = work / "plugins.toml"
toml.write_text('[plugins.babillard]\\nenabled = true\\npackage = "arrimage_babillard"\\nboard_size = 7\\n')
hooks = load_plugins(toml)
install_plugins(registry, hooks)
plugin = hooks.plugin("babillard")
assert plugin.folder == target / "arrimage_babillard", plugin.folder
assert plugin.settings.board_size == 7

url = f"sqlite:///{work / 'base.sqlite'}"
packages = migration_packages(toml)
assert packages == {"babillard": target / "arrimage_babillard" / "migrations"}, packages
migrations.upgrade(url, hooks.names(), packages=packages)
assert migrations.current(url, packages=packages)["babillard"] == "babillard_0001"
assert migrations.compare(url, hooks.names(), packages=packages) == []

database, viewer = Database(url), a_viewer(Role.COMMITTEE_MEMBER)
with database.transaction() as session:
    request = page_request(hooks, "babillard.post", viewer, now, form={"text": "Bonjour."})
    assert request.route.handler(session, request).location == "/comites/babillard/notes"
with database.transaction(write=False) as session:
    request = page_request(hooks, "babillard.board", viewer, now)
    page = request.route.handler(session, request)
    (card,) = hooks.dashboard_cards(viewer, session, now)
assert "Bonjour." in render_page(hooks, page, viewer, now)
assert "Bonjour." in render_page(hooks, Page(card.template, card.context), viewer, now)
assert "Add the note" in render_page(hooks, page, viewer, now, locale="en")

toml.write_text(toml.read_text().replace("true", "false"))
assert load_plugins(toml).names() == ()
assert migration_packages(toml) == packages
migrations.downgrade(url, "babillard@base", packages=packages)
assert "babillard" not in migrations.current(url, packages=packages)
sys.stdout.write("tout a marché")
"""


@pytest.mark.slow
def test_a_plugin_is_installed_as_a_package(tmp_path: Path, forking: Forking) -> None:
    source, target, work = (tmp_path / name for name in ("source", "target", "work"))
    work.mkdir()
    copy_model("babillard", source / "arrimage_babillard")
    (source / "arrimage_babillard" / "migrations" / "__init__.py").touch()
    (source / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--no-compile", "--target", target, source], check=True, timeout=600)
    done = forking.run(STORY, ROOT, target, work, folder=work)
    assert done.stderr.endswith("tout a marché"), done.stderr
