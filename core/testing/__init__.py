"""Fixtures for the tests of core and of plugins; pytest loads this module itself (`-p core.testing`).

`sqlite_url`, `pg_url`   a fresh migrated database of its own: its address (committed data, races, live events)
`database`               the same on both engines, as a `Database`; `in_loop(database, main)` runs `async` work on it
`session`                a plain `Session` on both engines, everything rolled back after the test
`clock`, `keyring`       a `FixedClock` (a Tuesday, 14 h in Joliette) and a keyring of its own
`network`                the demo's network and people, seeded, on both engines; `visitor` and `client` walk its pages
`pango`                  the system's library that PDFs are drawn with
`browser`, `page`        Debian's Chromium; `live_server(app)` a real server on loopback
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from sqlalchemy.orm import Session

from core.kernel.clock import FixedClock
from core.kernel.crypto import Keyring
from core.kernel.db import Database
from core.reports.exports.pdf import pdf_available
from core.testing import databases, postgres, thrift
from core.testing.browser import SharedBrowser, chromium
from core.testing.databases import NOW, in_loop
from core.testing.missing import missing
from core.testing.server import LiveServer, free_port, serving
from core.testing.sockets import loopback_only

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from starlette.testclient import TestClient

    from core.testing.network import Network, Visitor

__all__ = ["NOW", "LiveServer", "free_port", "in_loop", "serving"]

ENGINES = ("sqlite", "postgresql")

thrift.compile_once()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Begin the run in the process that starts the workers: they find its folder in the environment.

    `tmp_path` is below it (in memory, where there is room) unless `--basetemp` says where files are to be kept.
    """
    config.stash[_RUN] = run = postgres.begin_run()
    if config.option.basetemp is None:
        config.option.basetemp = str(run / f"files-{os.getpid()}")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Everything the tests import is loaded: it stays, and needs no more looking at."""
    thrift.collect_rarely()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the run's PostgreSQL, in the process that began it."""
    if _RUN in config.stash:
        postgres.end_run(config.stash[_RUN])


_RUN = pytest.StashKey[Path]()


@pytest.fixture
def pango() -> None:
    """A machine that can make PDFs."""
    if not pdf_available():
        missing("Pango is missing: apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0")


@pytest.fixture(autouse=True, scope="session")
def _no_outside() -> Iterator[None]:
    with loopback_only():
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """`@pytest.mark.anyio` tests run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands still: Tuesday 24 November 2026, 19:00 UTC (14 h in Joliette)."""
    return FixedClock(databases.NOW)


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """A keyring whose master key is in this test's own folder."""
    return Keyring.generate(tmp_path / "master.key")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a migrated SQLite file of its own."""
    return databases.fresh_sqlite(tmp_path)


@pytest.fixture
def pg_url() -> Iterator[str]:
    """The address of a migrated PostgreSQL database of its own."""
    with databases.fresh_postgresql() as url:
        yield url


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a migrated database of its own, once on each engine."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "pg_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A `Database` on a migrated copy of its own, once on each engine; disposed of afterwards."""
    opened = Database(database_url)
    yield opened
    opened.dispose()


@contextmanager
def _shared(engine: str, folder: Path) -> Iterator[Database]:
    with ExitStack() as stack:
        if engine == "sqlite":
            url = databases.fresh_sqlite(folder)
        else:
            url = stack.enter_context(databases.fresh_postgresql())
        opened = Database(url)
        stack.callback(opened.dispose)
        yield opened


@pytest.fixture(scope="session")
def _shared_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Database]]:
    opened: dict[str, Database] = {}
    with ExitStack() as stack:

        def get(engine: str) -> Database:
            if engine not in opened:
                opened[engine] = stack.enter_context(_shared(engine, tmp_path_factory.mktemp(engine)))
            return opened[engine]

        yield get


@pytest.fixture(params=ENGINES)
def session(request: pytest.FixtureRequest, _shared_databases: Callable[[str], Database]) -> Iterator[Session]:
    """A plain session, once on each engine, in a transaction rolled back after the test (under 1 ms)."""
    with databases.rolled_back(_shared_databases(request.param)) as opened:
        yield opened


@pytest.fixture(params=ENGINES)
def network(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[Network]:
    """The demo's network and people in a committed database of its own, once on each engine."""
    # Imported late: a test of pure rules does not wait for the whole application
    from core.testing.network import fresh_network

    with fresh_network(request.param, tmp_path, clock) as seeded:
        yield seeded


@pytest.fixture
def visitor(network: Network) -> Iterator[Visitor]:
    """A browser without JavaScript on the network's application; `visitor.become("police-repentigny")` signs in."""
    from core.testing.network import visiting

    with visiting(network) as browsing:
        yield browsing


@pytest.fixture
def client(visitor: Visitor) -> TestClient:
    """The bare Starlette test client under `visitor`."""
    return visitor.http


@pytest.fixture
def live_server(request: pytest.FixtureRequest) -> Iterator[Callable[[Any], LiveServer]]:
    """`live_server(app)` serves an application on a free loopback port until the end of the test.

    Without the periodic jobs where a browser looks at it, as under `visitor`: all are due at the first start, and would
    do beside the test, sooner or later, what it is about to do by a button.
    """
    with ExitStack() as stack:
        if "browser" in request.fixturenames:
            from core import features

            stack.enter_context(patch.object(features, "jobs", lambda _hooks: ()))
        yield lambda app: stack.enter_context(serving(app))


@pytest.fixture(scope="session")
def _shared_browser() -> Iterator[SharedBrowser]:
    shared = SharedBrowser()
    yield shared
    shared.close()


@pytest.fixture(scope="module")
def browser(_shared_browser: SharedBrowser, request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Headless Chromium, lent for the file: while it is, the thread has a loop and `asyncio.run` is refused.

    A file that says `WHOLE_BROWSER = True` gets the one that people have, not its cheaper headless shell.
    """
    path = chromium(whole=getattr(request.module, "WHOLE_BROWSER", False))
    with _shared_browser.lent(path) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a browsing context of its own, at 1280 px, in French (Canada) and Toronto's zone."""
    context = browser.new_context(
        locale="fr-CA", timezone_id="America/Toronto", viewport={"width": 1280, "height": 900}
    )
    yield context.new_page()
    context.close()
