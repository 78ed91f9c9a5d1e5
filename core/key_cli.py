"""`arrimage key`: the master key, kept outside the database."""

from __future__ import annotations

import typer

from core.cli_support import fail, open_keyring, open_settings, opened_database
from core.kernel.crypto import Keyring
from core.rotation import is_under_way, renew_all

app = typer.Typer(no_args_is_help=True, help="La clé maîtresse, gardée hors de la base.")


@app.command("init")
def key_init() -> None:
    """Créer la clé maîtresse au chemin des réglages."""
    settings = open_settings()
    if settings.master_key_file.exists():
        fail(f"{settings.master_key_file} existe déjà : rien n’a été changé.")
    open_keyring(settings, create=True)
    typer.echo(
        f"Clé créée : {settings.master_key_file}. "
        "Gardez-en une copie hors de cette machine : sans elle, rien ne se relit."
    )


@app.command("rotate")
def key_rotate() -> None:
    """Mettre une nouvelle clé maîtresse en service (plateforme arrêtée) ; reprendre une rotation interrompue."""
    settings = open_settings()
    keyring = open_keyring(settings)
    with opened_database(settings) as database:
        with database.transaction(write=False) as session:
            resumed = is_under_way(session, keyring)
        if not resumed:
            keyring = Keyring.rotate_file(settings.master_key_file)
        done = renew_all(database, keyring)
    if done.unreadable:
        fail(
            f"{done.unreadable} éléments ne s’ouvrent avec aucune clé de {settings.master_key_file} : "
            "remettez la copie de sauvegarde de ce fichier, puis relancez « arrimage key rotate »."
        )
    first = "Rotation interrompue terminée" if resumed else "Nouvelle clé en service"
    typer.echo(
        f"{first} : {done.renewed} éléments repris. Redémarrez la plateforme, puis gardez une copie de "
        f"{settings.master_key_file} hors de cette machine : les anciennes clés y restent nécessaires."
    )
