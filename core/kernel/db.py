"""The database: declarative base, column classes, and the one place that runs and commits a transaction.

How a function of a `Session` is run depends on the engine (measured, see docs/architecture.md):
SQLite reads run inline on the event loop, SQLite writes on one writer thread under BEGIN IMMEDIATE,
PostgreSQL work through asyncpg, slow work on a small thread pool.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, wraps
from inspect import signature
from typing import Any, Literal, ParamSpec, TypeVar, cast
from uuid import UUID

from sqlalchemy import (
    DateTime,
    Dialect,
    Engine,
    Executable,
    Insert,
    LargeBinary,
    MetaData,
    Row,
    Select,
    Table,
    bindparam,
    create_engine,
    event,
    insert,
    make_url,
)
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, MappedColumn, Session, mapped_column
from sqlalchemy.types import TypeDecorator, Uuid

from core.kernel.ids import new_id

__all__ = [
    "Base",
    "Database",
    "Mode",
    "UtcDateTime",
    "add_row",
    "dialect_name",
    "identifier",
    "internal",
    "lock_row",
    "mark",
    "new_id",
    "prepared",
    "public",
    "sealed",
    "table_of",
]

P = ParamSpec("P")
T = TypeVar("T")
E = TypeVar("E", bound=Executable)
Mode = Literal["read", "write", "slow"]
Listener = Callable[[frozenset[str]], None]

_WRITE_OPTION = "arrimage_write"
_MARKS = "arrimage_marks"

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes in and out; SQLite forgets the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime never reaches the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Root of every mapping; constraint names are predictable so that migrations can name them."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime, UUID: Uuid}  # noqa: RUF012 (SQLAlchemy reads it on the class)


def public(*args: Any, **kwargs: Any) -> MappedColumn[Any]:
    """A column anyone may read: the public tier of the directory, wordings."""
    return mapped_column(*args, info={"class": "public", **kwargs.pop("info", {})}, **kwargs)


def internal(*args: Any, **kwargs: Any) -> MappedColumn[Any]:
    """A column of the working of the network: codes, states, dates, never anything about a woman in words."""
    return mapped_column(*args, info={"class": "internal", **kwargs.pop("info", {})}, **kwargs)


def sealed(*args: Any, **kwargs: Any) -> MappedColumn[Any]:
    """A personal column: always ciphertext (`LargeBinary`), never readable with the database alone."""
    return mapped_column(LargeBinary, *args, info={"class": "personal", **kwargs.pop("info", {})}, **kwargs)


def identifier() -> MappedColumn[Any]:
    """The usual primary key: an internal UUIDv7."""
    return internal(Uuid, primary_key=True, default=new_id)


def mark(session: Session, tag: str) -> None:
    """Note on the session that `on_commit` listeners must be told `tag` once its transaction is committed."""
    session.info.setdefault(_MARKS, set()).add(tag)


def dialect_name(session: Session) -> str:
    """`sqlite` or `postgresql`."""
    return session.get_bind().dialect.name


def lock_row(session: Session, statement: Select[*tuple[Any, ...]]) -> Row[Any] | None:
    """First row of `statement`, locked until commit on PostgreSQL; SQLite's single writer holds the whole file."""
    return session.execute(statement.with_for_update()).first()


def prepared(build: Callable[P, E]) -> Callable[P, tuple[E, dict[str, Any]]]:
    """A statement that is built once; each call gives it with its values: `session.execute(*offer_of(code))`.

    To build a statement and find it among the compiled ones costs more than to run it: 0.13 ms of processor for one
    column, 1.0 ms for a referral with its parties, against 0.05 and 0.18 for a kept one. `build` receives a parameter
    for each argument: it may compare it with a column and no more (no `if`); a list goes to `in_`; None is no value
    here, for `= NULL` is never true.
    """
    names = tuple(signature(build).parameters)
    kept: list[E] = []

    @wraps(build)
    def filled(*values: P.args, **named: P.kwargs) -> tuple[E, dict[str, Any]]:
        if not kept:
            made: Any = build
            kept.append(made(*(bindparam(f"the_{name}") for name in names)))
        given = dict(zip(names, values, strict=False)) | named
        return kept[0], {f"the_{name}": given[name] for name in names}

    return filled


def table_of(model: type[Base]) -> Table:
    """The table itself: what is written to it costs a fourth of what goes by the model."""
    return cast(Table, model.__table__)


@cache
def _insert_into(model: type[Base]) -> Insert:
    return insert(table_of(model))


def add_row(session: Session, model: type[Base], **values: Any) -> None:
    """Insert one row: 0.03 ms of processor, 0.24 for `insert(model).values(…)`, which is made anew each time.

    Straight to the table: what waits in `session.add` is not written before it.
    """
    session.execute(_insert_into(model), values)


class Database:
    """One SQL database and the rules for running work in it.

    `url` is `sqlite:///path` or `postgresql://…`. In-memory SQLite is refused: several connections must see one file.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.dialect: Literal["sqlite", "postgresql"]
        if parsed.get_backend_name() == "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise ValueError("SQLite needs a file: sqlite:///path/to/file.sqlite")
            self.dialect = "sqlite"
            self.url = parsed.set(drivername="sqlite")
            self.engine = _sqlite_engine(self.url.render_as_string(hide_password=False))
        elif parsed.get_backend_name() == "postgresql":
            self.dialect = "postgresql"
            self.url = parsed.set(drivername="postgresql")
            self.engine = create_engine(
                parsed.set(drivername="postgresql+psycopg"), pool_size=4, max_overflow=8, pool_pre_ping=True
            )
        else:
            raise ValueError("the database is SQLite or PostgreSQL")
        self._writing = self.engine.execution_options(**{_WRITE_OPTION: True})
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="arrimage-writer")
        self._slow = ThreadPoolExecutor(max_workers=2, thread_name_prefix="arrimage-slow")
        self._async_engine: AsyncEngine | None = None
        self._listeners: list[Listener] = []
        #: Copied into every session's `info`: what a service needs of the application without naming it (mail's seal).
        self.session_info: dict[str, Any] = {}

    def on_commit(self, listener: Listener) -> None:
        """Have `listener(tags)` called after each commit whose session was marked; from whichever thread committed."""
        self._listeners.append(listener)

    async def run(self, fn: Callable[[Session], T], mode: Mode = "read") -> T:
        """Run `fn` in one transaction and commit it; anything raised rolls back and is raised again."""
        if mode == "slow":
            return await asyncio.get_running_loop().run_in_executor(self._slow, self._run_plain, fn, True)
        if self.dialect == "postgresql":
            return await self._run_async(fn)
        if mode == "read":
            return self._run_plain(fn, False)
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._run_plain, fn, True)

    @contextmanager
    def transaction(self, *, write: bool = True) -> Iterator[Session]:
        """One transaction for commands, jobs and tests: commits on leaving, rolls back if it raises."""
        engine = self._writing if write else self.engine
        with Session(engine, expire_on_commit=False, info=self.session_info) as session:
            with session.begin():
                yield session
            tags = _take_marks(session)
        self._tell(tags)

    async def close(self) -> None:
        """Let go of every connection and thread."""
        await self.leave_loop()
        self._writer.shutdown(wait=True)
        self._slow.shutdown(wait=True)
        self.engine.dispose()

    async def leave_loop(self) -> None:
        """Let go of the connections bound to the running event loop (asyncpg's die with it); `run` makes new ones."""
        if self._async_engine is not None:
            await self._async_engine.dispose()
            self._async_engine = None

    def dispose(self) -> None:
        """The same for callers without an event loop (commands, tests that never used `run`)."""
        self._writer.shutdown(wait=True)
        self._slow.shutdown(wait=True)
        self.engine.dispose()

    def _run_plain(self, fn: Callable[[Session], T], write: bool) -> T:
        with self.transaction(write=write) as session:
            return fn(session)

    async def _run_async(self, fn: Callable[[Session], T]) -> T:
        if self._async_engine is None:
            self._async_engine = create_async_engine(
                self.url.set(drivername="postgresql+asyncpg"), pool_size=8, max_overflow=8
            )
        async with AsyncSession(self._async_engine, expire_on_commit=False, info=self.session_info) as session:
            async with session.begin():
                result = await session.run_sync(fn)
            tags = _take_marks(session.sync_session)
        self._tell(tags)
        return result

    def _tell(self, tags: frozenset[str]) -> None:
        if tags:
            for listener in self._listeners:
                listener(tags)


def _take_marks(session: Session) -> frozenset[str]:
    return frozenset(session.info.pop(_MARKS, ()))


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 10})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # The driver's implicit transactions split one "transaction" into two snapshots: off, we send BEGIN.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "foreign_keys=ON",
            "busy_timeout=10000",
            "secure_delete=ON",
            "synchronous=FULL",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        writing = connection.get_execution_options().get(_WRITE_OPTION, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine
