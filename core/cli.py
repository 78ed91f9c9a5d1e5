"""The `arrimage` command: runs the platform. The operator who uses it reads no content."""

from __future__ import annotations

import errno
import logging
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from core.accounts.cli import organisation_app, user_app
from core.app import create_app
from core.cli_support import Commands, database_folder, fail, open_keyring, open_settings, opened_database
from core.committees.cli import app as hours_app
from core.committees.services.hours_import import import_annual
from core.committees.services.syncing import sync_committees
from core.demo import holds_real_people, seed_demo
from core.demo_admission import seed_admission
from core.demo_meetings import seed_meetings
from core.demo_plugins import seed_plugins
from core.demo_requests import seed_requests
from core.directory.cli import app as region_app
from core.features import load_hooks, restrict_access
from core.journal.cli import app as journal_app
from core.kernel import log, migrations
from core.kernel.errors import StartupError
from core.kernel.hooks.loader import migration_packages
from core.key_cli import app as key_app
from core.plugin_cli import app as plugin_app
from core.report_cli import report as report_command
from core.serving import make_server
from core.settings import Settings

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Arrimage : références, consentements et comités d’un réseau.",
    add_completion=False,
)
app.add_typer(region_app, name="region")
app.add_typer(journal_app, name="journal")
app.add_typer(hours_app, name="hours")
app.add_typer(plugin_app, name="plugin")
app.add_typer(key_app, name="key")
app.add_typer(user_app, name="user")
app.command(name="report")(report_command)
app.add_typer(organisation_app, name="organisation")

DEMO_FOLDER = Path("var")


@app.command()
def migrate() -> None:
    """Mettre la base à jour (cœur et modules activés)."""
    settings = open_settings()
    database_folder(settings.database_url)
    _bring_up_to_date(settings)
    typer.echo("Base à jour.")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Adresse d’écoute.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port d’écoute.")] = 8000,
) -> None:
    """Servir la plateforme sur la base des réglages."""
    settings = open_settings()
    check_port(host, port, f"arrimage serve --port {port + 1}")
    _serve(settings, host, port)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port d’écoute.")] = 8000,
    folder: Annotated[Path, typer.Option(help="Dossier de la base et de la clé de démonstration.")] = DEMO_FOLDER,
) -> None:
    """Servir une démonstration : réseau réel, personnes inventées."""
    check_port("127.0.0.1", port, f"make demo PORT={port + 1}")
    settings = prepare_demo(folder, port, requests=True)
    typer.echo(f"Démonstration : http://127.0.0.1:{port}  (Ctrl+C pour arrêter)")
    _serve(settings, "127.0.0.1", port)


def prepare_demo(folder: Path, port: int = 8000, *, requests: bool = False) -> Settings:
    """Migrate and seed a demo database in `folder`; returns its settings. Refuses a database that is not a demo's."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = open_settings(
        mode="demo",
        database_url=f"sqlite:///{folder / 'demo.sqlite'}",
        master_key_file=folder / "demo.key",
        public_url=f"http://127.0.0.1:{port}",
    )
    _refuse_real_people(settings)
    _bring_up_to_date(settings)
    keyring = open_keyring(settings, create=True)
    now = datetime.now(UTC)
    with opened_database(settings) as database, database.transaction() as session:
        seed_demo(session, keyring, now)
        if requests:
            seed_requests(session, keyring, now)
            seed_meetings(session, keyring, now)
            import_annual(session, "2023_2024", now=now)
            seed_admission(session, keyring, now)
        hooks = load_hooks(settings)
        restrict_access(hooks)  # seeds act as people do, through the same rights
        seed_plugins(session, hooks, now, keyring)
    return settings


def check_port(host: str, port: int, instead: str) -> None:
    """Say in one sentence that the port is taken, and that the command `instead` uses another."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as failure:
            if failure.errno in {errno.EADDRINUSE, errno.EACCES}:
                fail(f"Le port {port} est déjà pris. Choisissez-en un autre : {instead}")
            raise


def _serve(settings: Settings, host: str, port: int) -> None:
    log.configure(logging.getLevelNamesMapping()[settings.log_level.upper()])
    if settings.demo:
        _refuse_real_people(settings)
    try:
        application = create_app(settings)
        house = application.state.house
        packages = migration_packages(settings.plugins_file)
        behind = migrations.pending(settings.database_url, house.hooks.names(), packages=packages)
        if behind:
            fail(f"La base n’est pas à jour ({', '.join(behind)}) : faites « arrimage migrate », puis recommencez.")
        with house.database.transaction(write=False) as session:
            house.hooks.check_start(session)
    except StartupError as failure:
        fail(str(failure))
    make_server(application, host, port).run()


def _refuse_real_people(settings: Settings) -> None:
    """Anybody enters the demo in one click: it never opens on a database where somebody real has an account."""
    with opened_database(settings) as database, database.transaction(write=False) as session:
        real, address = holds_real_people(session), database.url.render_as_string()
    if real:
        fail(
            f"La base {address} n’est pas celle d’une démonstration : des personnes réelles y "
            "ont un compte. Choisissez un autre dossier : arrimage demo --folder DOSSIER"
        )


def _bring_up_to_date(settings: Settings) -> None:
    """Core, then the enabled plugins, installed packages included."""
    try:
        packages = migration_packages(settings.plugins_file)
        hooks = load_hooks(settings)
        migrations.upgrade(settings.database_url, hooks.names(), packages=packages)
    except StartupError as failure:
        fail(str(failure))
    with opened_database(settings) as database, database.transaction() as session:
        sync_committees(session, hooks, datetime.now(UTC))


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
