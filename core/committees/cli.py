"""`arrimage hours`: import a file of hours for an organisation, as its page does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from core.cli_support import fail, open_settings, opened_database
from core.committees.queries.hours_imports import ImportView, WrongLine, view_import, wrong_lines
from core.committees.queries.hours_sums import ImportNote, import_note
from core.committees.rules.durations import format_duration
from core.committees.rules.hours import Period, fiscal_start, fiscal_year
from core.committees.services.hours import HoursInvalid
from core.committees.services.hours_import import continue_import, run_import, stage_import
from core.directory.queries import organisation_by_slug
from core.kernel.db import Database

app = typer.Typer(no_args_is_help=True, help="Les heures données aux comités.")
#: As much as the page takes, ten times over: a command holds no form.
MAX_FILE = 10_000_000


@app.callback()
def hours() -> None:
    """Les heures données aux comités."""


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="Fichier CSV ou XLSX.", metavar="FICHIER")],
    organisation: Annotated[str, typer.Option(help="Identifiant court de l’organisme.")],
    year: Annotated[str, typer.Option(help="Exercice d’un tableau d’année, par exemple 2023-2024.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Vérifier et compter sans rien écrire.")] = False,
    right_only: Annotated[bool, typer.Option("--right-only", help="Écrire les lignes justes seulement.")] = False,
    approved: Annotated[bool, typer.Option("--approved", help="L’organisme a déjà approuvé ces heures.")] = False,
) -> None:
    """Importer des heures : tout, ou rien si une ligne est à corriger. Se répète sans rien doubler."""
    content, period = _content(file), _period(year)
    console = Console()
    with opened_database(open_settings()) as database:
        try:
            with database.transaction() as session:
                found = organisation_by_slug(session, organisation)
                if found is None:
                    fail(f"Organisme inconnu : {organisation}")
                staged = stage_import(
                    session, found.id, content, approved=approved, period=period, now=datetime.now(UTC)
                )
                view, wrong = view_import(session, staged), wrong_lines(session, staged)
                if dry_run or (wrong and not right_only):
                    raise _NothingWritten(view, wrong)
        except HoursInvalid as refused:
            fail(refused.message % dict(refused.values))
        except _NothingWritten as nothing:
            _show(console, nothing.view, nothing.wrong)
            if nothing.wrong:
                raise typer.Exit(1) from None
            console.print(f"Serait écrit : {nothing.view.right} lignes, {nothing.view.known} déjà inscrites.")
            return
        _write(database, console, view)
        with database.transaction(write=False) as session:
            view, note = view_import(session, staged), import_note(session, staged)
    _show(console, view, wrong)
    console.print(f"Fait : {view.written} lignes écrites, {view.known} déjà inscrites, {view.wrong} laissées.")
    if note is not None and note.worth_saying:
        console.print(_note(note))


class _NothingWritten(Exception):
    """Rolls the look at the file back."""

    def __init__(self, view: ImportView, wrong: tuple[WrongLine, ...]) -> None:
        self.view, self.wrong = view, wrong
        super().__init__()


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_FILE:
            fail(f"{file} : ce fichier est trop gros (10 Mo au plus). Séparez-le.")
        return file.read_bytes()
    except OSError:
        fail(f"{file} : ce fichier ne s’ouvre pas.")


def _period(year: str) -> Period | None:
    if not year:
        return None
    start = fiscal_start(year)
    if start is None:
        fail(f"Exercice non reconnu : {year}. Écrivez par exemple 2023-2024.")
    return fiscal_year(start)


def _write(database: Database, console: Console, view: ImportView) -> None:
    """One transaction for each thousand lines: stopped, the server's own job goes on where it was."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Lignes", total=view.right)
        with database.transaction() as session:
            run_import(session, view.id)
        while True:
            with database.transaction() as session:
                progress = continue_import(session, view.id, now=datetime.now(UTC))
            bar.update(task, completed=view.right - progress.left)
            if progress.done:
                return


def _show(console: Console, view: ImportView, wrong: tuple[WrongLine, ...]) -> None:
    if not wrong:
        return
    table = Table("Ligne", "À corriger", title=f"{view.wrong} lignes à corriger sur {view.lines}")
    for line in wrong:
        table.add_row(str(line.number), " ".join(message % dict(values) for _, message, values in line.problems))
    console.print(table)


def _note(note: ImportNote) -> str:
    said = [f"Somme des lignes : {format_duration(note.quarter_hours)}."]
    if note.printed is not None and note.printed != note.quarter_hours:
        said.append(f"Total imprimé : {format_duration(note.printed)}.")
    said += [
        f"{one.activity} : le texte dit {format_duration(one.other)}, le tableau {format_duration(one.quarter_hours)}."
        for one in note.differing
    ]
    if note.other_sum is not None:
        said.append(f"Avec le texte : {format_duration(note.other_sum)}.")
    return " ".join(said)
