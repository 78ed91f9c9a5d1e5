"""`arrimage plugin`: see, make, document and remove plugins."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import column, func, inspect, select, table

from core.cli_support import fail, open_database, open_keyring, open_settings, opened_database
from core.kernel import migrations
from core.kernel.errors import DomainError, StartupError
from core.kernel.hooks import docs as hook_docs
from core.kernel.hooks.checks import check_name, closest
from core.kernel.hooks.loader import DEFAULT_ROOT, FoundPlugin, find_plugins, load_plugins, migration_packages
from core.kernel.schema import import_models
from core.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Les plugins : un dossier par comité.")

MODEL = "modele"
_TEXT = {".py", ".html", ".css", ".js", ".toml", ".md"}

Name = Annotated[str, typer.Argument(help="Nom du plugin : minuscules, chiffres et _.")]


@app.command("list")
def list_plugins() -> None:
    """Montrer les plugins du disque et de plugins.toml ; vérifier ceux qui sont activés."""
    plugins_file = _plugins_file()
    try:
        found = find_plugins(plugins_file)
        hooks = load_plugins(plugins_file)
    except StartupError as failure:
        fail(str(failure))
    table = Table("Plugin", "État", "Version", "Titre", "Dossier", title=str(plugins_file))
    for plugin in found:
        loaded = hooks.plugin(plugin.name)
        version, title = (loaded.manifest.version, loaded.manifest.title_fr) if loaded else ("", "")
        table.add_row(plugin.name, _state(plugin), version, title, str(plugin.folder or f"{plugin.package} (absent)"))
    Console().print(table)


def _plugins_file() -> Path:
    """plugins.toml alone: seeing and making plugins asks for no other setting."""
    return Path(os.environ.get("ARRIMAGE_PLUGINS_FILE") or Settings.model_fields["plugins_file"].default)


def _state(plugin: FoundPlugin) -> str:
    if plugin.enabled:
        return "activé"
    return "désactivé" if plugin.listed else "pas dans plugins.toml"


@app.command()
def new(
    name: Name,
    into: Annotated[Path, typer.Option(help="Dossier qui reçoit le plugin.")] = DEFAULT_ROOT,
) -> None:
    """Créer un plugin complet, avec ses tests, à partir du modèle."""
    import_models()
    try:
        check_name(name)
    except StartupError as failure:
        fail(str(failure))
    target = into / name
    if target.exists() or any(plugin.name == name for plugin in find_plugins(_plugins_file())):
        fail(f"{target} : un plugin porte déjà ce nom. Choisissez-en un autre ; rien n’a été changé.")
    copy_model(name, target)
    typer.echo(
        f"{target} est créé : un babillard complet, à transformer.\n\n"
        f"1. Essayez ses tests :          python -m pytest {target}\n"
        f"2. Activez-le, plugins.toml :   [plugins.{name}]\n"
        f"                                enabled = true\n"
        f"3. Mettez la base à jour :      arrimage migrate\n"
        f"4. Changez les mots (plugin.py, templates/, locales/), puis ce qu’il fait.\n\n"
        f"Le chemin pas à pas : docs/plugin-tutorial.md ; chaque hook : docs/hooks.md."
    )


def copy_model(name: str, target: Path) -> None:
    """Copy plugins/_modele to `target`, its identifiers renamed in paths and in contents."""
    model = DEFAULT_ROOT / f"_{MODEL}"
    for source in sorted(model.rglob("*")):
        inside = source.relative_to(model)
        if source.is_dir() or "__pycache__" in inside.parts:
            continue
        copy = target / Path(*(part.replace(MODEL, name) for part in inside.parts))
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix in _TEXT:
            text = source.read_text(encoding="utf-8").replace(f"plugins/_{MODEL}", f"plugins/{MODEL}")
            copy.write_text(text.replace(MODEL, name), encoding="utf-8")
        else:
            shutil.copyfile(source, copy)


@app.command("docs")
def write_docs(check: Annotated[bool, typer.Option("--check", help="Vérifier seulement.")] = False) -> None:
    """Écrire docs/hooks.md à partir des hooks."""
    page = hook_docs.render()
    if not check:
        hook_docs.TARGET.write_text(page, encoding="utf-8")
        typer.echo(f"{hook_docs.TARGET} est à jour.")
    elif hook_docs.TARGET.read_text(encoding="utf-8") != page:
        fail(f"{hook_docs.TARGET} n’est pas à jour. Écrivez-le avec : arrimage plugin docs")


@app.command("run")
def run_command(
    name: Annotated[str, typer.Argument(help="Nom de la commande : <plugin>.<ce qu’elle fait>.")] = "",
) -> None:
    """Exécuter une commande d’un plugin ; sans nom, les montrer toutes."""
    settings = open_settings()
    try:
        commands = {one.name: one for one in load_plugins(settings.plugins_file).commands()}
    except StartupError as failure:
        fail(str(failure))
    if not name:
        listed = Table("Commande", "Ce qu’elle fait")
        for one in commands.values():
            listed.add_row(one.name, one.title)
        Console().print(listed)
        return
    if name not in commands:
        fail(f"Aucune commande « {name} » : {closest(name, commands)} Rien n’a été changé.")
    keyring = open_keyring(settings)
    try:
        with opened_database(settings) as database, database.transaction() as session:
            told = commands[name].run(session, keyring, datetime.now(UTC))
    except (DomainError, StartupError) as failure:
        fail(f"{failure} Rien n’a été changé.")
    typer.echo(told)


@app.command()
def uninstall(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Ne pas demander de confirmation.")] = False,
) -> None:
    """Effacer de la base les tables d’un plugin désactivé. Ses lignes sont perdues."""
    settings = open_settings()
    try:
        found = {plugin.name: plugin for plugin in find_plugins(settings.plugins_file)}
        packages = migration_packages(settings.plugins_file)
        plugin = found.get(name)
        if plugin is None:
            fail(f"Aucun plugin « {name} ». Plugins connus : {', '.join(found)}.")
        if plugin.enabled:
            where = f"{settings.plugins_file} : [plugins.{name}] enabled"
            fail(f"{where} : le plugin est activé. Remède : mettez enabled = false, redémarrez, puis recommencez.")
        if name not in migrations.current(settings.database_url, packages=packages):
            fail(f"Le plugin {name} n’a rien dans la base : effacez son dossier et sa table de plugins.toml.")
        if not yes:
            typer.confirm(f"Lignes perdues : {_rows(name)}. Effacer les tables du plugin {name} ?", abort=True)
        migrations.downgrade(settings.database_url, f"{name}@base", packages=packages)
    except StartupError as failure:
        fail(str(failure))
    typer.echo(f"Les tables de {name} sont effacées. Vous pouvez effacer {plugin.folder} et [plugins.{name}].")


def _rows(name: str) -> int:
    """How many rows the plugin's tables hold."""
    database = open_database()
    try:
        with database.transaction(write=False) as session:
            tables = [one for one in inspect(session.connection()).get_table_names() if one.startswith(f"{name}_")]
            counted = (session.scalar(select(func.count()).select_from(table(one, column("id")))) for one in tables)
            return sum(count or 0 for count in counted)
    finally:
        database.dispose()
