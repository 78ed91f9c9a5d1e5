"""What every command of `arrimage` shares: settings, database and keys, or one clear sentence."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import typer

from core.kernel.crypto import Keyring
from core.kernel.db import Database
from core.kernel.errors import StartupError
from core.settings import Settings


def open_settings() -> Settings:
    """Settings of the environment; exits with one sentence when they are incomplete."""
    try:
        return Settings()
    except StartupError as failure:
        fail(str(failure))


def open_database(settings: Settings | None = None) -> Database:
    """The database of the environment's settings; its folder is made if need be."""
    settings = settings or open_settings()
    database_folder(settings.database_url)
    return Database(settings.database_url)


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
    return Keyring.from_file(path)


def database_folder(url: str) -> None:
    """Make the folder of an SQLite file."""
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)


def fail(message: str) -> NoReturn:
    """Say one sentence on the error stream and stop with status 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)
