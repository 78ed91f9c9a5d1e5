"""The database kernel on both engines: snapshots, savepoints, DDL, one writer, pragmas, marks after commit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.kernel.clock import FixedClock
from core.kernel.db import Database, add_row, lock_row, mark, prepared
from core.kernel.events import OutboxEvent
from core.testing import in_loop

NOTES = Table("kernel_notes", MetaData(), Column("id", Integer, primary_key=True), Column("amount", Integer))


@pytest.fixture
def notes(database: Database) -> Database:
    with database.transaction() as session:
        NOTES.create(session.connection())
    return database


def test_a_prepared_statement_is_built_once_and_takes_each_calls_values(session: Session, clock: FixedClock) -> None:
    built = []

    @prepared
    def of(kind: str, refs: list[str]) -> Any:
        built.append(kind)
        known = (OutboxEvent.kind == kind) & OutboxEvent.ref.in_(refs)
        return select(OutboxEvent.ref).where(known).order_by(OutboxEvent.ref)

    for ref in ("a", "b", "c"):
        add_row(session, OutboxEvent, kind="test.told", ref=ref, topics=["network"], created_at=clock.now())
    told = [
        list(session.scalars(*of("test.told", ["a", "c", "z"]))),
        list(session.scalars(*of(kind="test.told", refs=["b"]))),
        list(session.scalars(*of("test.other", ["a"]))),
        list(session.scalars(*of("test.told", []))),
    ]
    assert told == [["a", "c"], ["b"], [], []]
    assert len(built) == 1


def add(amount: int) -> Callable[[Session], None]:
    return lambda session: session.execute(NOTES.insert().values(amount=amount)) and None


def amounts(session: Session) -> list[int]:
    return list(session.scalars(select(NOTES.c.amount).order_by(NOTES.c.amount)))


@pytest.mark.parametrize("mode", ["read", "write", "slow"])
def test_run_commits_what_the_function_did_and_returns_its_value(notes: Database, mode: Any) -> None:
    def work(session: Session) -> str:
        add(7)(session)
        return "fait"

    async def main() -> tuple[str, list[int]]:
        return await notes.run(work, mode), await notes.run(amounts)

    assert in_loop(notes, main) == ("fait", [7])


@pytest.mark.parametrize("mode", ["read", "write", "slow"])
def test_an_exception_rolls_everything_back_and_is_raised_again(notes: Database, mode: Any) -> None:
    def work(session: Session) -> None:
        add(1)(session)
        session.flush()
        raise LookupError("arrêt")

    async def main() -> list[int]:
        with pytest.raises(LookupError, match="arrêt"):
            await notes.run(work, mode)
        return await notes.run(amounts)

    assert in_loop(notes, main) == []


def test_a_transaction_sees_one_snapshot_on_sqlite(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.transaction() as session:
        NOTES.create(session.connection())
    with database.transaction(write=False) as reader:
        before = amounts(reader)
        with database.transaction() as writer:
            add(1)(writer)
        assert (before, amounts(reader)) == ([], [])
    with database.transaction(write=False) as reader:
        assert amounts(reader) == [1]
    database.dispose()


def test_a_savepoint_loses_only_its_own_work(notes: Database) -> None:
    with notes.transaction() as session:
        add(1)(session)
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(NOTES.insert().values([{"id": 9, "amount": 2}, {"id": 1, "amount": 3}]))
        add(4)(session)
    with notes.transaction(write=False) as session:
        assert amounts(session) == [1, 4]


def test_ddl_rolls_back_with_its_transaction(database: Database) -> None:
    def make(session: Session) -> None:
        NOTES.create(session.connection())
        raise LookupError

    with pytest.raises(LookupError), database.transaction() as session:
        make(session)
    assert "kernel_notes" not in inspect(database.engine).get_table_names()


def test_sqlite_writes_go_one_at_a_time_through_one_thread(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    threads: set[str] = set()
    running = 0

    def write(session: Session) -> int:
        nonlocal running
        running += 1
        threads.add(threading.current_thread().name)
        together = running
        session.execute(text("SELECT 1"))
        running -= 1
        return together

    async def main() -> list[int]:
        import asyncio

        return await asyncio.gather(*(database.run(write, "write") for _ in range(40)))

    assert in_loop(database, main) == [1] * 40
    assert len(threads) == 1
    assert threading.current_thread().name not in threads
    database.dispose()


def test_a_second_sqlite_writer_waits_instead_of_failing(sqlite_url: str) -> None:
    """Even one that reads before it writes: its snapshot is taken once the first is done, never a stale one."""
    first, second = Database(sqlite_url), Database(sqlite_url)
    with first.transaction() as session:
        NOTES.create(session.connection())
    done = threading.Event()
    seen: list[int] = []

    def other() -> None:
        with second.transaction() as session:
            seen.extend(amounts(session))
            add(2)(session)
        done.set()

    thread = threading.Thread(target=other)
    with first.transaction() as session:
        add(1)(session)
        thread.start()
        assert not done.wait(0.2)
    thread.join(60)
    assert seen == [1]
    with first.transaction(write=False) as session:
        assert amounts(session) == [1, 2]
    first.dispose()
    second.dispose()


def test_every_sqlite_connection_bears_the_pragmas(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    wanted = {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 10_000, "secure_delete": 1, "synchronous": 2}
    connections = [database.engine.connect() for _ in range(3)]
    for connection in connections:
        assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted} == wanted
        connection.close()
    database.dispose()


def test_listeners_hear_a_mark_after_the_commit_only(notes: Database) -> None:
    heard: list[tuple[frozenset[str], list[int]]] = []

    def listen(tags: frozenset[str]) -> None:
        with notes.engine.connect() as fresh:
            heard.append((tags, list(fresh.scalars(select(NOTES.c.amount)))))

    notes.on_commit(listen)

    def marked(session: Session) -> None:
        add(5)(session)
        mark(session, "outbox")
        assert heard == []

    async def main() -> None:
        await notes.run(marked, "write")
        await notes.run(amounts)

    in_loop(notes, main)
    assert heard == [(frozenset({"outbox"}), [5])]


def test_a_rolled_back_mark_is_never_told(notes: Database) -> None:
    heard: list[frozenset[str]] = []
    notes.on_commit(heard.append)

    def fails(session: Session) -> None:
        mark(session, "outbox")
        raise LookupError

    async def main() -> None:
        with pytest.raises(LookupError):
            await notes.run(fails, "write")
        await notes.run(amounts, "write")

    in_loop(notes, main)
    assert heard == []


def test_a_locked_row_makes_the_other_transaction_wait(pg_url: str) -> None:
    database = Database(pg_url)
    with database.transaction() as session:
        NOTES.create(session.connection())
        session.execute(NOTES.insert().values(id=1, amount=1))
    order: list[str] = []

    def other() -> None:
        with database.transaction() as session:
            lock_row(session, select(NOTES).where(NOTES.c.id == 1))
            order.append("second")

    thread = threading.Thread(target=other)
    with database.transaction() as session:
        row = lock_row(session, select(NOTES).where(NOTES.c.id == 1))
        assert row is not None
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]
    database.dispose()


def test_in_memory_sqlite_and_other_engines_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="file"):
        Database("sqlite://")
    with pytest.raises(ValueError, match="SQLite or PostgreSQL"):
        Database("mysql://localhost/x")
