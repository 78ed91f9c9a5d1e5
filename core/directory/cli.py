"""`arrimage region`: loading a region's folder."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from core.cli_support import fail, open_database, open_keyring, open_settings
from core.directory.services import ImportReport, create_missing_keys, import_region

app = typer.Typer(no_args_is_help=True, help="La région : organismes, services, municipalités.")


@app.callback()
def region() -> None:
    """La région : organismes, services, municipalités."""


@app.command("import")
def import_command(
    directory: Annotated[Path, typer.Argument(help="Répertoire de la région.", metavar="RÉPERTOIRE")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Vérifier et compter sans rien écrire.")] = False,
) -> None:
    """Charger le répertoire d’une région : tout, ou rien si une ligne est fautive. Se répète sans rien doubler."""
    if not directory.is_dir():
        fail(f"{directory} : ce répertoire n’existe pas.")
    settings = open_settings()
    keyring = None if dry_run else open_keyring(settings)
    database = open_database(settings)
    console = Console()
    try:
        with _bar(console) as bar, database.transaction() as session:
            task = bar.add_task("Lignes", total=None)
            report = import_region(
                session,
                directory,
                now=datetime.now(UTC),
                dry_run=dry_run,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
            keys = create_missing_keys(session, keyring) if keyring is not None and not report.errors else 0
    finally:
        database.dispose()
    _show(console, report, keys, dry_run=dry_run)
    if report.errors:
        raise typer.Exit(1)


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def _show(console: Console, report: ImportReport, keys: int, *, dry_run: bool) -> None:
    if report.errors:
        table = Table("Fichier", "Ligne", "À corriger", title="Rien n’a été écrit")
        for error in report.errors:
            table.add_row(error.file, str(error.line or "—"), error.message)
        console.print(table)
        return
    done = "Serait fait" if dry_run else "Fait"
    console.print(
        f"{done} : {report.rows} lignes lues, {report.created} créées, {report.updated} mises à jour, "
        f"{report.kept} champs gardés tels que l’organisme les a décidés, {keys} clés créées."
    )
