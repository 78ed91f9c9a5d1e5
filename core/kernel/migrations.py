"""Migrations: one Alembic history with a branch for core and one per plugin, driven from Python (no alembic.ini).

Every plugin found on disk is listed, enabled or not: the database may hold revisions of a plugin that was switched
off, and Alembic refuses to read a history with holes. Only core and the enabled plugins are brought up to date.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import BatchOperations
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import SchemaItem

from core.kernel.db import Base
from core.kernel.errors import StartupError
from core.kernel.schema import CORE, PLUGINS, ROOT, handmade, import_models, undone

__all__ = [
    "CORE",
    "MigrationError",
    "batch_keeping_triggers",
    "compare",
    "current",
    "downgrade",
    "include_object",
    "new_revision",
    "pending",
    "plugin_labels",
    "upgrade",
]

SCRIPTS = ROOT / "migrations"

# One migration at a time per PostgreSQL database; the number is arbitrary and ours.
_LOCK = 7_267_118_401


class MigrationError(StartupError):
    """The schema cannot be brought where it was asked; the text says what to do."""


def plugin_labels(packages: Mapping[str, Path] | None = None) -> dict[str, Path]:
    """Branch label -> folder of revisions: every plugin on disk, then those installed as packages.

    A label is the plugin's folder without its leading underscore; it is also the prefix of the plugin's tables.
    """
    found = {
        folder.parent.name.lstrip("_"): folder
        for folder in sorted(PLUGINS.glob("*/migrations"))
        if any(folder.glob("*.py"))
    }
    return found | dict(packages or {})


def upgrade(url: str, plugins: Sequence[str] = (), *, packages: Mapping[str, Path] | None = None) -> None:
    """Bring core and the enabled `plugins` to their last revision, in one transaction. Safe to call again."""
    labels = plugin_labels(packages)
    with _migrating(url) as connection:
        config = _config(packages, connection)
        for label in (CORE, *(name for name in plugins if name in labels)):
            with _explained():
                command.upgrade(config, f"{label}@head")


def downgrade(url: str, target: str, *, packages: Mapping[str, Path] | None = None) -> None:
    """Go back to `target`, such as `orres@base` or `core@-1`.

    Raises `MigrationError` for core while a plugin's tables are there: Alembic would drop them without a word.
    """
    branch, at, _revision = target.partition("@")
    if not at:
        raise MigrationError(f"« {target} » : écrivez la branche et la révision, par exemple core@base ou orres@base.")
    plugins = sorted(set(current(url, packages=packages)) - {CORE})
    if branch == CORE and plugins:
        raise MigrationError(
            f"Le noyau ne recule pas sous une extension installée ({', '.join(plugins)}), dont les tables "
            f"seraient perdues. Retirez-la d’abord : arrimage plugin uninstall {plugins[0]}"
        )
    with _migrating(url) as connection, _explained():
        command.downgrade(_config(packages, connection), target)


def current(url: str, *, packages: Mapping[str, Path] | None = None) -> dict[str, str]:
    """Branch label -> last applied revision; empty for a new database."""
    applied = _applied(url, packages)
    return {
        label: identifier
        for identifier, script in applied.items()
        for label in script.branch_labels
        if not any(later in applied for later in script.nextrev)
    }


def pending(url: str, plugins: Sequence[str] = (), *, packages: Mapping[str, Path] | None = None) -> tuple[str, ...]:
    """Branches not at their last revision: a server refuses to start unless this is empty."""
    applied = _applied(url, packages)
    scripts = ScriptDirectory.from_config(_config(packages))
    labels = plugin_labels(packages)
    wanted = (CORE, *(name for name in plugins if name in labels))
    return tuple(label for label in wanted if scripts.as_revision_number(f"{label}@head") not in applied)


def compare(
    url: str, plugins: Sequence[str] = (), *, core: bool = True, packages: Mapping[str, Path] | None = None
) -> list[object]:
    """What the models say and the database does not (or the other way round), of `core` and of these plugins; empty
    when they agree."""
    import_models(plugin_labels(packages))
    with _connected(url) as connection:
        branches = (*((CORE,) if core else ()), *plugins)
        named = _named(connection, branches, packages)
        options = {
            "include_object": include_object(connection, branches, packages),
            # The other branches' tables are not even read
            "include_name": lambda name, kind, _parents: kind != "table" or named(name),
            "compare_type": True,
        }
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, Base.metadata))


def new_revision(message: str, branch: str = CORE) -> Path:
    """Write a revision of `branch` from the difference between the models and a database at the branches' heads."""
    labels = plugin_labels()
    folder = SCRIPTS / CORE if branch == CORE else PLUGINS / branch / "migrations"
    folder.mkdir(parents=True, exist_ok=True)
    first = not any(folder.glob("*.py"))
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite:///{scratch}/revision.sqlite"
        if any((SCRIPTS / CORE).glob("*.py")):
            upgrade(url, tuple(labels))
        with _migrating(url) as connection:
            # The plugins' histories hang from core's first revision, which does not exist yet when it is written
            config = _config({branch: folder}, connection, alone=branch == CORE and first)
            config.attributes["branches"] = (branch,)
            with _explained():
                written = command.revision(
                    config,
                    message,
                    autogenerate=True,
                    rev_id=f"{branch}_{len(list(folder.glob('*.py'))) + 1:04d}",
                    head="base" if first else f"{branch}@head",
                    splice=first,
                    branch_label=branch if first else None,
                    version_path=str(folder),
                    depends_on=None if branch == CORE or not first else _core_head(config),
                )
    if written is None or isinstance(written, list):
        raise MigrationError("Alembic n’a rien écrit.")
    path = Path(written.path)
    if branch == CORE and first:
        _freeze_handmade(path)
    return path


def _freeze_handmade(path: Path) -> None:
    """Copy the features' own statements into the first revision: history does not change when a feature does."""
    frozen = {dialect: tuple(handmade(dialect)) for dialect in ("sqlite", "postgresql")}
    undoing = {dialect: tuple(undone(statements)) for dialect, statements in frozen.items()}
    constants = (
        "# Triggers and search tables, as the features had them at this revision\n"
        f"HANDMADE: dict[str, tuple[str, ...]] = {frozen!r}\n"
        f"UNDONE: dict[str, tuple[str, ...]] = {undoing!r}\n"
    )
    run = "    for statement in {name}[op.get_bind().dialect.name]:\n        op.get_bind().exec_driver_sql(statement)\n"
    head, rest = path.read_text(encoding="utf-8").split("\n\ndef upgrade() -> None:\n", 1)
    up, down = rest.split("\n\ndef downgrade() -> None:\n", 1)
    path.write_text(
        f"{head}\n{constants}\n\ndef upgrade() -> None:\n{up.rstrip()}\n{run.format(name='HANDMADE')}"
        f"\n\ndef downgrade() -> None:\n{down.rstrip()}\n{run.format(name='UNDONE')}",
        encoding="utf-8",
    )


IncludeObject = Callable[[SchemaItem, str | None, str, bool, SchemaItem | None], bool]


def include_object(
    connection: Connection, branches: Sequence[str], packages: Mapping[str, Path] | None = None
) -> IncludeObject:
    """Alembic's filter: only the tables of `branches`, without search machinery."""
    named = _named(connection, branches, packages)

    def include(item: SchemaItem, name: str | None, kind: str, reflected: bool, _other: SchemaItem | None) -> bool:
        if item.info.get("handmade"):
            return False
        return kind != "table" or name is None or named(name)

    return include


def _named(
    connection: Connection, branches: Sequence[str], packages: Mapping[str, Path] | None
) -> Callable[[str], bool]:
    """Whether a table is one of `branches`, told apart by their prefix."""
    prefixes = tuple(f"{label}_" for label in (*plugin_labels(packages), *branches) if label != CORE)
    wanted = tuple(f"{label}_" for label in branches if label != CORE)
    machinery = _virtual_tables(connection)

    def named(name: str) -> bool:
        if name == "alembic_version" or name in machinery:
            return False
        return name.startswith(wanted) if name.startswith(prefixes) else CORE in branches

    return named


@contextmanager
def batch_keeping_triggers(table: str) -> Iterator[BatchOperations]:
    """`op.batch_alter_table` that puts a table's triggers back: SQLite's recreation drops them silently."""
    connection = op.get_bind()
    triggers: Sequence[str] = ()
    if connection.dialect.name == "sqlite":
        statement = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
        triggers = connection.execute(statement, {"table": table}).scalars().all()
    with op.batch_alter_table(table) as batch:
        yield batch
    for trigger in triggers:
        connection.exec_driver_sql(trigger)


def _applied(url: str, packages: Mapping[str, Path] | None) -> dict[str, Script]:
    """Every revision the database holds, dependencies included, by identifier."""
    scripts = ScriptDirectory.from_config(_config(packages))
    with _connected(url) as connection:
        waiting = list(MigrationContext.configure(connection).get_current_heads())
    applied: dict[str, Script] = {}
    while waiting:
        identifier = waiting.pop()
        if identifier in applied:
            continue
        with _explained():
            script = scripts.get_revision(identifier)
        applied[identifier] = script
        waiting += [*_names(script.down_revision), *_names(script.dependencies)]
    return applied


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, Sequence) else ()


def _core_head(config: Config) -> str | None:
    revision = ScriptDirectory.from_config(config).as_revision_number(f"{CORE}@head")
    return revision if isinstance(revision, str) else None


def _config(
    packages: Mapping[str, Path] | None = None, connection: Connection | None = None, *, alone: bool = False
) -> Config:
    config = Config()
    folders = [SCRIPTS / CORE] if alone else [SCRIPTS / CORE, *plugin_labels(packages).values()]
    config.set_main_option("script_location", _literal(SCRIPTS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(_literal(folder) for folder in folders))
    config.attributes["connection"] = connection
    config.attributes["packages"] = packages
    return config


def _literal(path: Path) -> str:
    return str(path).replace("%", "%%")


def _engine(url: str) -> Engine:
    """An engine of our own: migrations run with SQLite's foreign keys off, and hold the write lock from the start."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg"), poolclass=NullPool)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed.set(drivername="sqlite"), poolclass=NullPool, connect_args={"timeout": 60})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "foreign_keys=OFF", "secure_delete=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(
            "BEGIN IMMEDIATE" if connection.get_execution_options().get("migrating") else "BEGIN"
        )

    return engine


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _migrating(url: str) -> Iterator[Connection]:
    """One exclusive transaction; on SQLite nothing is kept if a foreign key dangles afterwards."""
    engine = _engine(url)
    try:
        with engine.connect().execution_options(migrating=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
            yield connection
            if connection.dialect.name == "sqlite":
                dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if dangling:
                    tables = ", ".join(sorted({str(row[0]) for row in dangling}))
                    raise MigrationError(f"Migration annulée : des lignes de {tables} pointent vers rien.")
    finally:
        engine.dispose()


@contextmanager
def _explained() -> Iterator[None]:
    """Alembic's refusals, with the remedy: most often a plugin's folder was deleted before it was uninstalled."""
    try:
        yield
    except CommandError as error:
        raise MigrationError(
            f"{error} — si le dossier d’une extension a été effacé, remettez-le, "
            "puis retirez-la avec : arrimage plugin uninstall NOM"
        ) from error


def _virtual_tables(connection: Connection) -> frozenset[str]:
    """SQLite's full-text tables and their shadows, which are made by hand and mapped by nobody."""
    if connection.dialect.name != "sqlite":
        return frozenset()
    statement = text("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%'")
    names = connection.execute(statement).scalars().all()
    shadows = ("", "_data", "_idx", "_content", "_docsize", "_config", "_row", "_col", "_instance")
    return frozenset(name + shadow for name in names for shadow in shadows)


def main(arguments: Sequence[str]) -> None:
    """`python -m core.kernel.migrations [--branch NAME] MESSAGE`: what `make migration` runs."""
    parser = argparse.ArgumentParser(description="Write a revision from the models")
    parser.add_argument("--branch", default=CORE, help="core, or the plugin's name")
    parser.add_argument("message", help="what changes and why")
    options = parser.parse_args(arguments)
    path = new_revision(options.message, options.branch)
    sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
