"""`arrimage journal`: check the journal, export it, and print the witness that partners keep."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from core.cli_support import fail, open_database, open_keyring
from core.journal.models import JournalEntry
from core.journal.queries import Checkpoint, export, last_root, verify

app = typer.Typer(help="Vérifier et exporter le journal des accès.", no_args_is_help=True)

_WITNESS_HELP = (
    "Témoin conservé par un partenaire, tel que « arrimage journal witness » l’a donné (POSITION:EMPREINTE)."
)


@app.command("verify")
def verify_journal(witness: Annotated[str, typer.Option("--witness", help=_WITNESS_HELP)] = "") -> None:
    """Recalculer chaque chaîne et chaque racine signée ; sortie 1 et l’endroit exact si quelque chose a changé."""
    checkpoint, keys = _parse(witness), open_keyring().journal_public_keys()
    database = open_database()
    try:
        with database.transaction(write=False) as session:
            there = inspect(session.connection()).has_table(JournalEntry.__tablename__)
            report = verify(session, keys, checkpoint) if there else None
    except SQLAlchemyError:
        fail("Journal illisible\u00a0: la base de données ne s’ouvre pas ou n’est pas migrée (« arrimage migrate »).")
    finally:
        database.dispose()
    if report is None:
        fail("Journal absent\u00a0: si la base est neuve, faites « arrimage migrate »\u00a0; sinon, il a été effacé.")
    if report.first_fault is not None:
        fail(f"Journal altéré\u00a0— {report.first_fault}.")
    typer.echo(
        f"Journal intact\u00a0: {report.entries} lignes, {report.chains} chaînes, {report.roots} racines signées"
        f" ({report.unsealed} lignes attendent la prochaine racine)."
    )


@app.command("export")
def export_journal(
    path: Annotated[
        Path, typer.Argument(help="Fichier à écrire (JSON, une ligne par entrée). Il ne doit pas exister.")
    ],
) -> None:
    """Écrire le journal dans un fichier que docs/verify_journal.py vérifie sans le logiciel."""
    keys = open_keyring().journal_public_keys()
    database = open_database()
    try:
        with path.open("x", encoding="utf-8") as out:
            try:
                with database.transaction(write=False) as session:
                    entries = export(session, keys, out)
            except SQLAlchemyError:
                path.unlink()  # half a journal would be taken for a whole one that was cut
                raise
    except FileExistsError:
        fail(f"{path}\u00a0: ce fichier existe déjà. Choisissez un autre nom.")
    except OSError:
        fail(f"{path}\u00a0: l’écriture est refusée. Choisissez un autre endroit.")
    finally:
        database.dispose()
    typer.echo(
        f"{path}\u00a0: {entries} lignes. Vérification sans le logiciel\u00a0: python docs/verify_journal.py {path}"
    )


@app.command("witness")
def print_witness() -> None:
    """Donner la dernière racine signée et la clé publique, à confier à au moins deux partenaires."""
    keys = open_keyring().journal_public_keys()
    database = open_database()
    try:
        with database.transaction(write=False) as session:
            root = last_root(session)
    finally:
        database.dispose()
    if root is None:
        fail("Aucune racine signée encore. Réessayez dans une minute, le serveur en marche.")
    typer.echo(f"--witness {root}")
    for key_id, public in keys.items():
        typer.echo(f"--key {key_id}={public.hex()}")


def _parse(witness: str) -> Checkpoint | None:
    if not witness:
        return None
    position, _, digest = witness.partition(":")
    try:
        return Checkpoint(int(position), bytes.fromhex(digest))
    except ValueError:
        fail("Témoin mal formé. Recopiez-le au complet\u00a0: POSITION:EMPREINTE.")
