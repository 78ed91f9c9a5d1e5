"""Migrations on both engines: up, down and up with rows counted; core alone, each plugin, all; nothing half-done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Table, inspect, text
from sqlalchemy.exc import DBAPIError

from core.kernel import migrations
from core.kernel.db import Database
from core.kernel.migrations import MigrationError
from core.kernel.schema import create_schema, import_models
from core.testing import postgres
from tests.support.forking import Forking
from tests.support.rows import counts, fill

PLUGINS = tuple(migrations.plugin_labels())


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    name = postgres.fresh_name()
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    database = Database(empty_url)
    yield database
    database.dispose()


@pytest.fixture
def migrated_url(database_url: str) -> str:
    """A copy of what `migrations.upgrade(empty, PLUGINS)` made at the beginning of the run."""
    return database_url


@pytest.fixture
def migrated(database: Database) -> Database:
    """The same database, opened."""
    return database


def tables(*branches: str) -> list[Table]:
    """The models' tables of these branches, parents first."""
    metadata = import_models(migrations.plugin_labels())
    prefixes = {f"{plugin}_": plugin for plugin in PLUGINS}

    def branch(table: Table) -> str:
        return next((plugin for prefix, plugin in prefixes.items() if table.name.startswith(prefix)), "core")

    return [table for table in metadata.sorted_tables if branch(table) in branches]


def revision(folder: Path, label: str, up: str, down: str = "pass", *, depends: str | None = "core_0001") -> Path:
    """A plugin's first revision, written as an installed package would bring it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{label}_0001.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        "from core.kernel.migrations import batch_keeping_triggers\n"
        f"revision = '{label}_0001'\ndown_revision = None\nbranch_labels = ('{label}',)\ndepends_on = {depends!r}\n"
        f"def upgrade():\n    {up}\ndef downgrade():\n    {down}\n"
    )
    return folder


def test_core_alone_then_with_each_plugin_is_what_the_models_say(empty_url: str) -> None:
    """Also what an empty database, then core alone, says is pending."""
    assert migrations.pending(empty_url, PLUGINS) == ("core", *PLUGINS)
    migrations.upgrade(empty_url)
    assert migrations.pending(empty_url, PLUGINS) == PLUGINS
    agree(empty_url)
    for plugin in PLUGINS:
        migrations.upgrade(empty_url, (plugin,))
        # Core's own tables are compared before and after, and beside all the plugins in the next test
        agree(empty_url, plugin, core=False)
        migrations.downgrade(empty_url, f"{plugin}@base")
    agree(empty_url)


def test_all_plugins_together_are_what_the_models_say(migrated_url: str) -> None:
    agree(migrated_url, *PLUGINS)


def agree(url: str, *plugins: str, core: bool = True) -> None:
    """The database holds the models' tables of core and of these plugins, at their last revisions."""
    assert migrations.compare(url, plugins, core=core) == []
    assert migrations.pending(url, plugins) == ()
    assert set(migrations.current(url)) == {"core", *plugins}


def test_triggers_checks_and_search_are_migrated_too(migrated: Database, tmp_path: Path) -> None:
    """What compare_metadata does not see: read from both catalogues, migrated and made from the models."""
    if migrated.dialect == "sqlite":
        model = Database(f"sqlite:///{tmp_path / 'model.sqlite'}")
    else:
        name = postgres.fresh_name()
        model = Database(postgres.create_database(name))
    create_schema(model.engine, migrations.plugin_labels())
    assert catalogue(migrated) == catalogue(model)
    assert any(entry.startswith("trigger ") for entry in catalogue(migrated))
    model.dispose()
    if migrated.dialect == "postgresql":
        postgres.drop_database(name)


def catalogue(database: Database) -> set[str]:
    """Every trigger, function, check and index of the database, in words that two databases can be compared by."""
    queries = {
        "sqlite": [
            "SELECT 'trigger ' || sql FROM sqlite_master WHERE type = 'trigger' OR sql LIKE 'CREATE VIRTUAL%'",
            "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        ],
        "postgresql": [
            "SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'",
        ],
    }[database.dialect]
    with database.engine.connect() as connection:
        found = {str(row) for query in queries for row in connection.execute(text(query)).scalars()}
        inspector = inspect(connection)
        for table in inspector.get_table_names():
            found |= {
                f"{table} check {re.sub(chr(92) + 's+', ' ', str(c['sqltext']))}"
                for c in inspector.get_check_constraints(table)
            }
    return {re.sub(r"\s+", " ", entry) for entry in found}


def test_up_down_up_with_rows(migrated: Database, migrated_url: str) -> None:
    everything = tables("core", *PLUGINS)
    with migrated.engine.begin() as connection:
        fill(connection, everything)
        before = counts(connection, everything)
    assert len(before) == len(everything) > 10
    assert set(before.values()) == {1}

    migrations.upgrade(migrated_url, PLUGINS)  # again: nothing to do, nothing lost
    with migrated.engine.connect() as connection:
        assert counts(connection, everything) == before

    for plugin in PLUGINS:
        migrations.downgrade(migrated_url, f"{plugin}@base")
    with migrated.engine.connect() as connection:
        assert counts(connection, everything) == dict.fromkeys((table.name for table in tables("core")), 1)

    migrations.upgrade(migrated_url, PLUGINS)
    with migrated.engine.begin() as connection:
        fill(connection, tables(*PLUGINS))
        assert counts(connection, everything) == before

    for plugin in PLUGINS:
        migrations.downgrade(migrated_url, f"{plugin}@base")
    migrations.downgrade(migrated_url, "core@base")
    assert set(inspect(migrated.engine).get_table_names()) <= {"alembic_version"}
    assert migrations.current(migrated_url) == {}

    migrations.upgrade(migrated_url, PLUGINS)
    with migrated.engine.begin() as connection:
        fill(connection, everything)
        assert counts(connection, everything) == before
    assert migrations.compare(migrated_url, PLUGINS) == []


def test_a_plugin_switched_off_keeps_its_rows(migrated: Database, migrated_url: str) -> None:
    with migrated.engine.begin() as connection:
        fill(connection, tables("core", *PLUGINS))
    migrations.upgrade(migrated_url, ())
    with migrated.engine.connect() as connection:
        assert set(counts(connection, tables(*PLUGINS)).values()) == {1}
    assert set(migrations.current(migrated_url)) == {"core", *PLUGINS}


def test_core_does_not_go_back_under_a_plugin(migrated: Database, migrated_url: str) -> None:
    with pytest.raises(MigrationError, match=f"arrimage plugin uninstall {sorted(PLUGINS)[0]}"):
        migrations.downgrade(migrated_url, "core@base")
    assert {table.name for table in tables(*PLUGINS)} <= set(inspect(migrated.engine).get_table_names())


def test_a_target_without_its_branch_is_refused(migrated_url: str) -> None:
    with pytest.raises(MigrationError, match="core@base"):
        migrations.downgrade(migrated_url, "base")


def test_a_plugin_from_a_package_has_its_branch(migrated: Database, migrated_url: str, tmp_path: Path) -> None:
    up = "op.create_table('ailleurs_notes', sa.Column('id', sa.Integer, primary_key=True))"
    packages = {"ailleurs": revision(tmp_path / "package", "ailleurs", up, "op.drop_table('ailleurs_notes')")}
    migrations.upgrade(migrated_url, ("ailleurs",), packages=packages)
    assert "ailleurs_notes" in inspect(migrated.engine).get_table_names()
    migrations.downgrade(migrated_url, "ailleurs@base", packages=packages)
    assert "ailleurs_notes" not in inspect(migrated.engine).get_table_names()


def test_a_plugin_whose_files_are_gone_is_named_with_the_remedy(migrated_url: str, tmp_path: Path) -> None:
    packages = {"ailleurs": revision(tmp_path / "package", "ailleurs", "pass")}
    migrations.upgrade(migrated_url, ("ailleurs",), packages=packages)
    with pytest.raises(MigrationError, match=r"ailleurs_0001.*arrimage plugin uninstall"):
        migrations.upgrade(migrated_url)


def test_a_migration_that_fails_leaves_nothing(empty: Database, empty_url: str, tmp_path: Path) -> None:
    up = "op.create_table('ailleurs_notes', sa.Column('id', sa.Integer)); op.execute('SELECT * FROM nowhere')"
    packages = {"ailleurs": revision(tmp_path / "package", "ailleurs", up)}
    with pytest.raises(DBAPIError, match="nowhere"):
        migrations.upgrade(empty_url, ("ailleurs",), packages=packages)
    assert set(inspect(empty.engine).get_table_names()) <= {"alembic_version"}
    assert migrations.current(empty_url) == {}


def test_two_processes_that_migrate_at_once_migrate_once(empty_url: str, forking: Forking) -> None:
    # Alembic's context belongs to the process: the second migrator is another process, as it would be in life
    code = "import sys; from core.kernel import migrations; migrations.upgrade(sys.argv[1], tuple(sys.argv[2:]))"
    with ThreadPoolExecutor(1) as beside:
        other = beside.submit(forking.run, code, empty_url, *PLUGINS)
        migrations.upgrade(empty_url, PLUGINS)
    assert other.result() == (0, "")
    assert migrations.pending(empty_url, PLUGINS) == ()


FAMILY = """key = sa.Column('id', sa.Integer, primary_key=True)
    op.create_table('ailleurs_parents', key, sa.Column('name', sa.String(9)))
    parent = sa.Column('parent', sa.Integer, sa.ForeignKey('ailleurs_parents.id', ondelete='CASCADE'))
    op.create_table('ailleurs_children', sa.Column('id', sa.Integer, primary_key=True), parent)
"""
RECREATE = """    op.execute('INSERT INTO ailleurs_parents VALUES (1, 1)')
    op.execute('INSERT INTO ailleurs_children VALUES (1, 1)')
    op.execute('CREATE TRIGGER ailleurs_stop BEFORE DELETE ON ailleurs_parents BEGIN SELECT 1; END')
    with batch_keeping_triggers('ailleurs_parents') as batch:
        batch.alter_column('name', type_=sa.String(90))
"""


def test_recreating_a_table_on_sqlite_keeps_children_and_triggers(tmp_path: Path) -> None:
    """With foreign keys on, SQLite's recreation deletes the children by cascade; and it always drops the triggers."""
    url = f"sqlite:///{tmp_path / 'family.sqlite'}"
    packages = {"ailleurs": revision(tmp_path / "package", "ailleurs", FAMILY + RECREATE)}
    migrations.upgrade(url, ("ailleurs",), packages=packages)
    database = Database(url)
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM ailleurs_children")).scalar() == 1
        assert "length=90" in repr(inspect(connection).get_columns("ailleurs_parents"))
        triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
    assert "ailleurs_stop" in triggers
    database.dispose()


def test_rows_that_point_to_nothing_undo_the_migration_on_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'family.sqlite'}"
    up = FAMILY + "    op.execute('INSERT INTO ailleurs_children VALUES (1, 7)')"
    packages = {"ailleurs": revision(tmp_path / "package", "ailleurs", up)}
    with pytest.raises(MigrationError, match="ailleurs_children"):
        migrations.upgrade(url, ("ailleurs",), packages=packages)
    database = Database(url)
    assert "ailleurs_children" not in inspect(database.engine).get_table_names()
    database.dispose()


def test_a_migrated_sqlite_file_enforces_its_foreign_keys_again(sqlite_url: str) -> None:
    """They are off only on the connection that migrates."""
    database = Database(sqlite_url)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    database.dispose()
