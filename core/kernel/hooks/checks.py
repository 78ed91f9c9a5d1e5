"""What the loader refuses: names outside the plugin's prefix, imports of the core's inside, misspelt hooks.

Each check raises `StartupError` whose text names the file, the key and the remedy.
"""

from __future__ import annotations

import difflib
import keyword
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy import Table

from core.kernel.db import Base
from core.kernel.errors import StartupError
from core.kernel.hooks.hookspecs import HOOK_NAMES, PROJECT
from core.kernel.hooks.imports import imports_of

if TYPE_CHECKING:
    from core.kernel.web.routes import Route

PUBLIC = "public"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
#: The core's rooms, whose names begin its tables.
RESERVED = frozenset(path.name for path in Path(__file__).resolve().parents[2].iterdir()) | {"core", "plugins"}

#: What follows `/comites/<slug>/` in the core's own pages of a committee.
CORE_PAGES = frozenset({"decisions", "documents", "heures", "mandat", "rencontres", "sieges", "suivis", "votes"})

#: What a short address may be: `/guide`.
_WORD = re.compile(r"[a-z]+(-[a-z]+)*")

#: The only doors of the core; `core.testing` is for a plugin's tests.
DOORS = ("core.api",)
DOORS_OF_TESTS = ("core.api", "core.testing")


def refuse(where: Path | str, key: str, problem: str, remedy: str) -> NoReturn:
    """Stop the start with one sentence for the file, the key, what is wrong, and what to do."""
    raise StartupError(f"{where} : {key} : {problem} Remède : {remedy}")


def check_name(name: str, where: Path | str = "nom du plugin") -> None:
    """Refuse a name that is no identifier, or that would mix the plugin's tables and permissions with the core's."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > 30:
        refuse(where, f"« {name} »", "ce nom n’est pas valide.", "minuscules, chiffres et _, 30 signes : bien_etre.")
    tables = {
        mapper.class_.__tablename__ for mapper in Base.registry.mappers if mapper.class_.__module__[:5] == "core."
    }
    if name in RESERVED or any(table == name or table.startswith(f"{name}_") for table in tables):
        refuse(where, f"« {name} »", "ce nom est à une pièce du noyau.", "choisissez-en un autre.")


def closest(name: str, known: Collection[str]) -> str:
    """« voulez-vous dire … ? » when a known name is near, else the list."""
    near = difflib.get_close_matches(name, sorted(known), n=1)
    if near:
        return f"écrivez « {near[0]} »."
    return "choisissez parmi : " + (", ".join(sorted(known)) or "(rien)") + "."


def check_imports(plugin: str, folder: Path, package: str, others: Collection[str]) -> None:
    """Refuse an import of anything in core but `core.api`, or of another plugin, in any file of the plugin."""
    try:
        files = imports_of(folder, package)
    except SyntaxError as error:
        refuse(f"{error.filename}, ligne {error.lineno}", "syntaxe", f"{error.msg}.", "corrigez le fichier.")
    for path, imported in files:
        doors = DOORS_OF_TESTS if "tests" in path.relative_to(folder).parts else DOORS
        for line, module in imported:
            if _within(module, ("core",)) and not _within(module, doors):
                refuse(
                    f"{path}, ligne {line}",
                    module,
                    f"le plugin {plugin} importe l’intérieur du noyau.",
                    f"importez de {' ou '.join(doors)} ; s’il y manque un nom, demandez-le.",
                )
            if not _within(module, (package,)) and _within(module, ("plugins", *others)):
                refuse(
                    f"{path}, ligne {line}",
                    module,
                    f"le plugin {plugin} importe un autre plugin.",
                    "passez par un événement, ou par le noyau.",
                )


def _within(module: str, packages: Collection[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def check_hook_names(plugin: str, module: ModuleType) -> None:
    """Refuse a marked function that is no hook, a hook without its mark, and wrappers around other plugins' hooks."""
    where = module.__file__ or module.__name__
    for name, value in vars(module).items():
        options = getattr(value, f"{PROJECT}_impl", None)
        if options is not None and name not in HOOK_NAMES:
            refuse(
                where,
                name,
                f"le plugin {plugin} marque @hookimpl une fonction qui n’est pas un hook.",
                closest(name, HOOK_NAMES),
            )
        if options is not None and (options["wrapper"] or options["hookwrapper"]):
            refuse(where, name, "un plugin n’enveloppe pas les hooks des autres.", "écrivez @hookimpl sans argument.")
        if name in HOOK_NAMES and options is None and getattr(value, "__module__", "") == module.__name__:
            refuse(
                where,
                name,
                "ce hook n’est pas marqué : il ne serait jamais appelé.",
                "ajoutez @hookimpl au-dessus de la fonction.",
            )


def check_prefix(plugin: str, where: Path | str, hook: str, names: Sequence[str]) -> None:
    """Refuse a permission, event, job, … that does not begin with `<plugin>.`, and a name given twice."""
    seen: set[str] = set()
    for name in names:
        if not name.startswith(f"{plugin}.") or name == f"{plugin}.":
            refuse(
                where,
                f"{hook}, « {name} »",
                f"ce nom ne porte pas le préfixe du plugin {plugin}.",
                f"nommez-le « {plugin}.{name.rsplit('.', 1)[-1]} ».",
            )
        if name in seen:
            refuse(where, f"{hook}, « {name} »", "ce nom est donné deux fois.", "gardez-en un.")
        seen.add(name)


def check_routes(
    plugin: str,
    where: Path | str,
    routes: Sequence[Route],
    permissions: Collection[str],
    plugins: Collection[str],
    public: Collection[str] = (),
) -> None:
    """Refuse a page outside `/comites/<slug>/…`, on a page that the core gives every committee, or without a
    permission that exists. `public`: words of the manifest, at which pages for everybody may stand (`/<word>`)."""
    slug = slug_of(plugin)
    check_prefix(plugin, where, "register_routes", [route.name for route in routes])
    for word in public:
        if not _WORD.fullmatch(word):
            refuse(
                where,
                f"register_plugin, « {word} »",
                "ce n’est pas un mot.",
                "écrivez des lettres et des traits d’union.",
            )
    for route in routes:
        if route.path.removeprefix("/") in public:
            if route.permission != PUBLIC:
                refuse(
                    where,
                    f"register_routes, « {route.path} »",
                    "une adresse courte est pour tout le monde.",
                    f"donnez-lui la permission PUBLIC, ou placez-la sous /comites/{slug}/.",
                )
        elif not route.path.startswith(f"/comites/{slug}/"):
            refuse(
                where,
                f"register_routes, « {route.path} »",
                "cette page sort du domaine du plugin.",
                f"placez-la sous /comites/{slug}/.",
            )
        head = route.path.removeprefix(f"/comites/{slug}/").split("/")[0]
        if head in CORE_PAGES:
            refuse(
                where,
                f"register_routes, « {route.path} »",
                "cette page est celle du noyau pour tous les comités : la vôtre ne serait jamais servie.",
                "choisissez un autre mot après /comites/<slug>/.",
            )
        check_permission(where, f"register_routes, « {route.name} »", route.permission, permissions, plugins)


def check_permission(
    where: Path | str, key: str, permission: str, own: Collection[str], plugins: Collection[str]
) -> None:
    """Refuse a missing permission, one that the plugin did not register, and one of another plugin."""
    head, dot, _ = permission.partition(".")
    if not permission:
        refuse(where, key, "aucune permission n’est déclarée.", "nommez une permission, ou PUBLIC.")
    if dot and permission not in own:
        problem = "permission d’un autre plugin." if head in plugins else "permission non déclarée."
        refuse(where, f"{key}, « {permission} »", problem, closest(permission, [*own, PUBLIC]))


def slug_of(plugin: str) -> str:
    """The plugin's name in addresses: hyphens for underscores."""
    return plugin.replace("_", "-")


def check_tables(plugin: str, package: str, where: Path | str) -> None:
    """Refuse a table that the plugin's modules define without its prefix, or outside the shared metadata."""
    for name, table, metadata in _tables(package):
        if not name.startswith(f"{plugin}_"):
            refuse(
                where,
                f"table « {name} »",
                f"cette table ne porte pas le préfixe du plugin {plugin}.",
                f"nommez-la « {plugin}_{name} ».",
            )
        if metadata is not Base.metadata:
            refuse(
                where, f"table « {name} »", "cette table échappe aux migrations.", "dérivez le modèle de core.api.Base."
            )
        for column in table.columns:
            if column.info.get("class") not in {"public", "internal", "personal"}:
                refuse(
                    where,
                    f"colonne « {name}.{column.name} »",
                    "cette colonne n’a pas de classe.",
                    "déclarez-la avec public(), internal() ou sealed().",
                )


def _tables(package: str) -> Iterator[tuple[str, Table, object]]:
    found: dict[int, Table] = {}
    for name, module in list(sys.modules.items()):
        if name != package and not name.startswith(f"{package}."):
            continue
        for value in list(vars(module).values()):
            table = value if isinstance(value, Table) else getattr(value, "__table__", None)
            home = name if isinstance(value, Table) else getattr(value, "__module__", "")
            if isinstance(table, Table) and (home == package or home.startswith(f"{package}.")):
                found[id(table)] = table
    for table in sorted(found.values(), key=lambda table: table.name):
        yield table.name, table, table.metadata


def check_folders(plugin: str, folder: Path) -> None:
    """Refuse templates outside `templates/<plugin>/`: they would replace the core's or another plugin's."""
    templates = folder / "templates"
    for path in sorted(templates.iterdir()) if templates.is_dir() else ():
        if path.name != plugin:
            refuse(
                path,
                "templates",
                f"ce fichier est hors du dossier templates/{plugin}/.",
                f"déplacez-le dans templates/{plugin}/.",
            )


def check_kind(where: Path | str, hook: str, values: object, kinds: type | tuple[type, ...]) -> Sequence[Any]:
    """The values a hook returned, as a tuple; refuses what is not a sequence of the right contributions."""
    if isinstance(values, Mapping | str) or not isinstance(values, Sequence):
        refuse(where, hook, f"ce hook doit rendre une suite, pas {type(values).__name__}.", "rendez un tuple.")
    for value in values:
        if not isinstance(value, kinds):
            names = kinds.__name__ if isinstance(kinds, type) else " ou ".join(kind.__name__ for kind in kinds)
            refuse(where, hook, f"{type(value).__name__} n’est pas attendu ici.", f"rendez des {names}.")
    return tuple(values)
