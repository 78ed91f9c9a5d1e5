"""What every command of `arrimage` shares: settings, database and keys, or one clear sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import OperationalError, ProgrammingError
from typer.core import TyperGroup

from core.kernel.crypto import Keyring
from core.kernel.db import Database
from core.kernel.errors import StartupError
from core.settings import Settings


class Commands(TyperGroup):
    """The commands, and the sentence for a database that is away or behind, whichever of them meets it."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except (OperationalError, ProgrammingError):
            fail(
                "La base de données (ARRIMAGE_DATABASE_URL) ne répond pas ou n’est pas à jour : "
                "vérifiez son adresse, puis faites « arrimage migrate »."
            )


def open_settings(**given: Any) -> Settings:
    """Settings of the environment, `given` ones first; exits with one sentence when they are wrong or incomplete."""
    try:
        return Settings(**given)
    except StartupError as failure:
        fail(str(failure))
    except (ValidationError, SettingsError) as failure:
        wrong = failure.errors(include_input=False) if isinstance(failure, ValidationError) else ()
        names = sorted({f"ARRIMAGE_{str(error['loc'][0]).upper()}" for error in wrong if error["loc"]})
        fail(f"environnement : {', '.join(names) or 'un réglage'} : valeur non reconnue. Voyez docs/operating.md.")


def open_database(settings: Settings | None = None) -> Database:
    """The database of the environment's settings; its folder is made if need be."""
    settings = settings or open_settings()
    database_folder(settings.database_url)
    return Database(settings.database_url)


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """The same, let go of at the end of the command, refused or not."""
    database = open_database(settings)
    try:
        yield database
    finally:
        database.dispose()


def open_keyring(settings: Settings | None = None, *, create: bool = False) -> Keyring:
    """The master key of the environment's settings; `create` makes a first one (demo, `arrimage key init`)."""
    path = (settings or open_settings()).master_key_file
    if not path.exists():
        if not create:
            fail(
                f"{path} : la clé maîtresse n’existe pas. "
                "Créez-la avec « arrimage key init », puis gardez-en une copie ailleurs."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        return Keyring.generate(path)
    try:
        return Keyring.from_file(path)
    except StartupError as failure:
        fail(str(failure))


def database_folder(url: str) -> None:
    """Make the folder of an SQLite file."""
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)


def fail(message: str) -> NoReturn:
    """Say one sentence on the error stream and stop with status 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)
