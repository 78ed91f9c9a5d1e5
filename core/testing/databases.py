"""Clean databases for the tests: migrated once per run on each engine, then copied."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from core.kernel import migrations
from core.kernel.db import Database
from core.testing import postgres

T = TypeVar("T")

#: When every test happens: Tuesday 24 November 2026, 19:00 UTC (14 h in Joliette)
NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)


def enabled_plugins() -> tuple[str, ...]:
    """Branches the templates hold: every plugin on disk that has revisions."""
    return tuple(migrations.plugin_labels())


def sqlite_template() -> Path:
    """A migrated SQLite file, made at first need and shared by the run's processes."""
    with postgres.locked("sqlite") as folder, once(folder / "sqlite.state") as needed:
        template = folder / "template.sqlite"
        if needed:
            migrations.upgrade(f"sqlite:///{template}", enabled_plugins())
            fold_wal(template)
    return template


def postgresql_template() -> str:
    """The name of a migrated PostgreSQL database, made at first need and shared by the run's processes."""
    name = postgres.run_name("template")
    with postgres.locked("template") as folder, once(folder / "template.state") as needed:
        if needed:
            migrations.upgrade(postgres.create_database(name), enabled_plugins())
    return name


@contextmanager
def once(state: Path) -> Iterator[bool]:
    """True for the first caller of the run; the others are told at once if it failed."""
    if state.exists():
        if failure := state.read_text():
            raise RuntimeError(f"the template database could not be made: {failure}")
        yield False
        return
    try:
        yield True
    except Exception as error:
        state.write_text(f"{type(error).__name__}: {error}")
        raise
    state.write_text("")


def fresh_sqlite(folder: Path) -> str:
    """A migrated file of its own in `folder`; returns its address."""
    path = folder / f"{secrets.token_hex(4)}.sqlite"
    shutil.copyfile(sqlite_template(), path)
    return f"sqlite:///{path}"


@contextmanager
def fresh_postgresql() -> Iterator[str]:
    """A migrated database of its own (about 50 ms), dropped afterwards; yields its address."""
    name = postgres.fresh_name()
    yield postgres.create_database(name, template=postgresql_template())
    postgres.drop_database(name)


@contextmanager
def rolled_back(database: Database) -> Iterator[Session]:
    """A plain session in an outer transaction that is never committed; a commit inside is a savepoint."""
    engine = database.engine.execution_options(arrimage_write=True)
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False, info=database.session_info
        ) as session:
            yield session
        outer.rollback()


def in_loop(database: Database, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run `await main()` in a loop of its own, then let go of the connections that would die with that loop."""

    async def run() -> T:
        try:
            return await main()
        finally:
            await database.leave_loop()

    return asyncio.run(run())


def fold_wal(path: Path) -> None:
    """Put everything in the file itself, so that it can be copied alone."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    for leftover in (f"{path}-wal", f"{path}-shm"):
        if os.path.exists(leftover):
            os.remove(leftover)
