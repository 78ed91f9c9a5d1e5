"""From plugins.toml to a checked `Hooks`: the only way a plugin gets in.

plugins.toml is the only list of enabled plugins and of their settings. Whatever is wrong stops the start with
the file, the key and the remedy; nothing is skipped in silence.
"""

from __future__ import annotations

import importlib
import importlib.util
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import ValidationError

from core.kernel.errors import StartupError
from core.kernel.hooks import checks
from core.kernel.hooks.checks import closest, refuse
from core.kernel.hooks.contributions import Manifest, PluginSettings
from core.kernel.hooks.hookspecs import PROJECT, HookSpecs
from core.kernel.hooks.manager import Hooks, LoadedPlugin

#: Version of the core that plugins' `core_version` is checked against; the same as in pyproject.toml (tested).
CORE_VERSION = "0.1.0"
PLUGINS_PACKAGE = "plugins"
DEFAULT_ROOT = Path(__file__).resolve().parents[3] / PLUGINS_PACKAGE

_ENTRY_KEYS = frozenset({"enabled", "package"})


@dataclass(frozen=True)
class Entry:
    """One table `[plugins.<name>]` of plugins.toml."""

    name: str
    enabled: bool
    package: str | None
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class FoundPlugin:
    """A plugin on disk or in plugins.toml, not imported: `folder` is None when its package cannot be found."""

    name: str
    folder: Path | None
    package: str
    enabled: bool
    listed: bool


def read_plugins_toml(path: Path) -> tuple[Entry, ...]:
    """The tables of plugins.toml, by name. Raises `StartupError` on anything it does not know."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        refuse(path, "fichier", "introuvable.", "créez-le (vide, aucun plugin) ou réglez ARRIMAGE_PLUGINS_FILE.")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        refuse(path, "TOML", f"{error}.", "corrigez cette ligne.")
    for key in content:
        if key != "plugins":
            refuse(path, key, "clé inconnue.", "n’écrivez que des tables [plugins.<nom>].")
    tables = content.get("plugins", {})
    if not isinstance(tables, dict):
        refuse(path, "plugins", "ce n’est pas une table.", "écrivez [plugins.<nom>].")
    return tuple(_entry(path, name, table) for name, table in sorted(tables.items()))


def _entry(path: Path, name: str, table: object) -> Entry:
    where = f"[plugins.{name}]"
    checks.check_name(name, path)
    if not isinstance(table, dict):
        refuse(path, where, "ce n’est pas une table.", f"écrivez {where}, puis enabled = true.")
    if not isinstance(table.get("enabled"), bool):
        refuse(
            path,
            f"{where} enabled",
            "réglage manquant ou ni vrai ni faux.",
            "écrivez enabled = true ou enabled = false.",
        )
    package = table.get("package")
    if package is not None and not (isinstance(package, str) and package):
        refuse(path, f"{where} package", "ce n’est pas un nom de module.", 'écrivez package = "nom_du_module".')
    settings = {key: value for key, value in table.items() if key not in _ENTRY_KEYS}
    return Entry(name, table["enabled"], package, settings)


def find_plugins(plugins_toml: Path, roots: Sequence[Path] = (DEFAULT_ROOT,)) -> tuple[FoundPlugin, ...]:
    """Every plugin on disk or in plugins.toml, by name, without importing any."""
    entries = {entry.name: entry for entry in read_plugins_toml(plugins_toml)}
    found: dict[str, FoundPlugin] = {}
    for root in roots:
        for module in sorted(root.glob("*/plugin.py")):
            name = module.parent.name.lstrip("_")
            entry = entries.get(name)
            if name in found or (entry is not None and entry.package):
                continue
            package = f"{PLUGINS_PACKAGE}.{module.parent.name}"
            found[name] = FoundPlugin(name, module.parent, package, bool(entry and entry.enabled), entry is not None)
    for entry in entries.values():
        if entry.package:
            folder = _package_folder(entry.package)
            found[entry.name] = FoundPlugin(entry.name, folder, entry.package, entry.enabled, True)
        elif entry.name not in found:
            remedy = closest(entry.name, found) if found else 'installez-le dans plugins/, ou donnez package = "…".'
            refuse(plugins_toml, f"[plugins.{entry.name}]", "aucun plugin de ce nom sur le disque.", remedy)
    return tuple(found[name] for name in sorted(found))


def migration_packages(plugins_toml: Path, roots: Sequence[Path] = (DEFAULT_ROOT,)) -> dict[str, Path]:
    """Branch label → folder of revisions of each plugin installed as a package, enabled or not."""
    return {
        plugin.name: plugin.folder / "migrations"
        for plugin in find_plugins(plugins_toml, roots)
        if plugin.listed
        and plugin.folder is not None
        and plugin.folder.parent not in roots
        and any((plugin.folder / "migrations").glob("*.py"))
    }


def load_plugins(plugins_toml: Path, roots: Sequence[Path] = (DEFAULT_ROOT,)) -> Hooks:
    """Import, check and register the enabled plugins.

    `roots` are the folders that hold plugins; an installed package is found by its `package = "…"`. Raises
    `StartupError`.
    """
    entries = {entry.name: entry for entry in read_plugins_toml(plugins_toml)}
    found = find_plugins(plugins_toml, roots)
    _open(roots)
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(HookSpecs)
    loaded = []
    for plugin in found:
        if plugin.enabled:
            others = {other.package for other in found if other.name != plugin.name}
            loaded.append(_load(manager, plugin, entries[plugin.name], plugins_toml, others))
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise StartupError(f"{plugins_toml} : {error}") from error
    return Hooks(manager, tuple(loaded), plugins_toml)


def _load(
    manager: pluggy.PluginManager, plugin: FoundPlugin, entry: Entry, plugins_toml: Path, others: set[str]
) -> LoadedPlugin:
    if plugin.folder is None:
        refuse(
            plugins_toml,
            f"[plugins.{plugin.name}] package",
            f"le module {plugin.package} est introuvable.",
            "installez-le dans le même environnement, ou mettez enabled = false.",
        )
    checks.check_imports(plugin.name, plugin.folder, plugin.package, others)
    checks.check_folders(plugin.name, plugin.folder)
    module = _import(plugin)
    where = Path(module.__file__ or plugin.folder)
    checks.check_hook_names(plugin.name, module)
    manifest = _manifest(plugin, module, where)
    checks.check_tables(plugin.name, plugin.package, plugin.folder)
    settings = _settings(manifest, entry, plugins_toml)
    try:
        manager.register(module, name=plugin.name)
    except pluggy.PluginValidationError as error:
        refuse(where, plugin.name, f"{error}.", "n’employez que les arguments du hook (docs/hooks.md).")
    return LoadedPlugin(manifest, settings, plugin.folder, plugin.package, where)


def _import(plugin: FoundPlugin) -> ModuleType:
    assert plugin.folder is not None
    try:
        if (plugin.folder / "models.py").exists() or (plugin.folder / "models").is_dir():
            importlib.import_module(f"{plugin.package}.models")
        return importlib.import_module(f"{plugin.package}.plugin")
    except StartupError:
        raise
    except Exception as error:
        refuse(
            plugin.folder / "plugin.py",
            plugin.name,
            f"l’import échoue ({type(error).__name__} : {error}).",
            f"corrigez-le, ou mettez enabled = false dans [plugins.{plugin.name}].",
        )


def _manifest(plugin: FoundPlugin, module: ModuleType, where: Path) -> Manifest:
    register = getattr(module, "register_plugin", None)
    if register is None:
        refuse(
            where, "register_plugin", "le manifeste manque.", "écrivez le hook register_plugin, qui rend un Manifest."
        )
    manifest = register()
    if not isinstance(manifest, Manifest):
        refuse(where, "register_plugin", "ce n’est pas un Manifest.", "rendez un core.api.Manifest.")
    if manifest.name != plugin.name:
        refuse(
            where,
            f"register_plugin, name = « {manifest.name} »",
            f"plugins.toml l’appelle « {plugin.name} ».",
            f'écrivez name="{plugin.name}".',
        )
    if not (isinstance(manifest.settings, type) and issubclass(manifest.settings, PluginSettings)):
        refuse(
            where,
            "register_plugin, settings",
            "ce n’est pas une classe de réglages.",
            "dérivez-la de core.api.PluginSettings.",
        )
    try:
        fits = SpecifierSet(manifest.core_version).contains(CORE_VERSION, prereleases=True)
    except InvalidSpecifier:
        refuse(
            where,
            f"register_plugin, core_version = « {manifest.core_version} »",
            "ce n’est pas un intervalle.",
            'écrivez par exemple ">=0.1,<1".',
        )
    if not fits:
        refuse(
            where,
            f"register_plugin, core_version = « {manifest.core_version} »",
            f"le noyau est en version {CORE_VERSION}.",
            "installez une version du plugin faite pour ce noyau.",
        )
    return manifest


def _settings(manifest: Manifest, entry: Entry, plugins_toml: Path) -> PluginSettings:
    try:
        return manifest.settings.model_validate(dict(entry.settings))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        where = f"[plugins.{entry.name}] {key}"
        if first["type"] == "extra_forbidden":
            refuse(
                plugins_toml, where, "clé inconnue.", closest(key, set(manifest.settings.model_fields) | _ENTRY_KEYS)
            )
        if first["type"] == "missing":
            refuse(
                plugins_toml, where, "réglage obligatoire manquant.", f"ajoutez {key} = … dans [plugins.{entry.name}]."
            )
        refuse(plugins_toml, where, f"valeur refusée ({first['msg']}).", "corrigez cette valeur.")


def _open(roots: Sequence[Path]) -> None:
    """Let `plugins.<folder>` be imported from every root, whichever folder the package was first found in."""
    package = importlib.import_module(PLUGINS_PACKAGE)
    for root in roots:
        if str(root) not in package.__path__:
            package.__path__.append(str(root))


def _package_folder(package: str) -> Path | None:
    """Folder of an installed package; its parents are imported, itself not."""
    try:
        spec = importlib.util.find_spec(package)
    except ImportError:
        return None
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(places[0]) if places else None
