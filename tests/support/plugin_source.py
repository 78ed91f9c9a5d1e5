"""Small plugins written to disk for the tests of the plugin host, each a package of its own."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from core.kernel.hooks.loader import load_plugins
from core.kernel.hooks.manager import Hooks

_HEAD = """
from datetime import timedelta
from sqlalchemy import text
from core.api import *

MEMBERS = frozenset({Role.COMMITTEE_MEMBER})
"""
_MANIFEST = """
@hookimpl
def register_plugin():
    return Manifest("NAME", "Essai", "Trial", "1.0", ">=0.1,<1", "Pour les tests.")
"""
_READ = """
@hookimpl
def register_permissions():
    return (PermissionSpec("NAME.read", "Lire", MEMBERS),)
"""


class PluginWorkshop:
    """Writes plugins below `folder` (put on sys.path) and loads them together."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.toml = folder / "plugins.toml"
        self._tables: dict[str, str] = {}
        sys.path.insert(0, str(folder))

    def add(
        self,
        name: str,
        body: str = "",
        *,
        manifest: str = _MANIFEST,
        read: bool = True,
        settings: str = "",
        files: Mapping[str, str] | None = None,
    ) -> Path:
        """Write a plugin with these hooks and enable it; returns its folder."""
        package = f"{name}_{secrets.token_hex(4)}"
        home = self.folder / package
        home.mkdir()
        (home / "__init__.py").touch()
        source = _HEAD + dedent(manifest) + (_READ if read else "") + dedent(body)
        (home / "plugin.py").write_text(source.replace("NAME", name), encoding="utf-8")
        for path, content in (files or {}).items():
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_text(dedent(content).replace("NAME", name), encoding="utf-8")
        self._tables[name] = f'[plugins.{name}]\nenabled = true\npackage = "{package}"\n{dedent(settings)}\n'
        self.toml.write_text("".join(self._tables.values()), encoding="utf-8")
        return home

    def load(self) -> Hooks:
        """Load every plugin written so far."""
        return load_plugins(self.toml)

    def close(self) -> None:
        """Forget the modules."""
        sys.path.remove(str(self.folder))
        for name in [name for name, module in sys.modules.items() if _inside(module, self.folder)]:
            del sys.modules[name]


def _inside(module: object, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return bool(file) and str(file).startswith(f"{folder}/")
