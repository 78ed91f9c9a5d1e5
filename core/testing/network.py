"""The seeded network of the demo (region, organisations, invented people), copied for each test that walks pages."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

from sqlalchemy import Select, select
from starlette.testclient import TestClient

from core import features
from core.access.registry import registry
from core.access.viewer import ANONYMOUS, Viewer
from core.accounts.agreements import IN_FORCE
from core.accounts.models import User
from core.accounts.queries import identity, sessions
from core.accounts.services import accept_agreements, open_session
from core.app import Application, create_app
from core.committees.services.syncing import sync_committees
from core.demo import seed_demo
from core.directory.models import Organisation
from core.kernel.clock import FixedClock
from core.kernel.crypto import Keyring
from core.kernel.db import Database
from core.kernel.hooks import manager
from core.kernel.hooks.manager import Hooks
from core.kernel.web.csrf import token_for
from core.settings import Settings
from core.testing import databases, hashing, postgres, thrift
from core.testing.client import crossing_once

hashing.hash_at(hashing.CHEAP)
#: Seconds a plugin's card may take, as shipped. A machine busy with other tests can take as long from one that asks
#: for a hundredth of it: `limits_as_shipped()` for a test of the limit itself.
PAGE_SECONDS = manager.PAGE_SECONDS
manager.PAGE_SECONDS = 30.0
_LONG = timedelta(days=1)


def _built_once(build: Callable[[datetime], Select[Any]]) -> Callable[[datetime], Select[Any]]:
    """The statement that tells who asks, kept while the clock stands still: a tenth of each request is to build it."""
    last: tuple[Any, Select[Any] | None] = (None, None)

    def built(now: datetime) -> Select[Any]:
        nonlocal last
        told_by = (now, *registry.facts.items())
        known, statement = last
        if statement is None or known != told_by:
            statement = build(now)
            last = (told_by, statement)
        return statement

    return built


sessions.of_token = _built_once(sessions.of_token)  # type: ignore[assignment]
features.load_hooks = thrift.loading_once(features.load_hooks)  # type: ignore[assignment]
thrift.compile_paths_once()
thrift.compile_templates_once(postgres.begin_run)


@contextmanager
def limits_as_shipped() -> Iterator[float]:
    """The time that a plugin's card has in the platform, in seconds."""
    with patch.object(manager, "PAGE_SECONDS", PAGE_SECONDS):
        yield PAGE_SECONDS


@dataclass
class Network:
    """A committed database with the demo's network and people, its keys and its standing clock."""

    database: Database
    keyring: Keyring
    settings: Settings
    clock: FixedClock
    _viewers: dict[str, Viewer] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The database's address."""
        return self.settings.database_url

    def app(self, **changes: Any) -> Application:
        """A new application on this network; `changes` are settings."""
        settings = self.settings.model_copy(update=changes)
        return create_app(settings, clock=self.clock, keyring=self.keyring)

    def serve_plugins(self) -> None:
        """Have the committees know the plugins that plugins.toml enables, as each start of the platform does."""
        if not hasattr(self, "_served"):
            with self.database.transaction() as session:
                sync_committees(session, self._hooks(), self.clock.now())
            self._served = True

    def viewer(self, persona: str) -> Viewer:
        """The viewer a demo persona is once signed in, such as `police-repentigny`."""
        if persona not in self._viewers:
            with self.database.transaction() as session:
                token = self._open(session, persona)
                # What a plugin restricts holds for her as for whoever comes by a page
                features.restrict_access(self._hooks())
                self._viewers[persona] = identity(
                    session, self.keyring, token, self.clock.now(), idle=_LONG, absolute=_LONG
                ).viewer
        return self._viewers[persona]

    def token(self, persona: str) -> str:
        """A new session cookie of the persona."""
        with self.database.transaction() as session:
            return self._open(session, persona)

    def agree(self, user_id: UUID) -> UUID:
        """Somebody a test adds has accepted the agreements in force, as the demo's people have; her id again."""
        with self.database.transaction() as session:
            organisation = session.execute(select(User.organisation_id).where(User.id == user_id)).scalar_one()
            accept_agreements(session, user_id, organisation, IN_FORCE, self.clock.now())
        return user_id

    def organisation(self, slug: str) -> UUID:
        """The identifier of an organisation of the region, such as `calacs-la-chrysalide`."""
        with self.database.transaction(write=False) as session:
            return session.execute(select(Organisation.id).where(Organisation.slug == slug)).scalar_one()

    def _open(self, session: Any, persona: str) -> str:
        user_id = session.execute(select(User.id).where(User.demo_key == persona)).scalar_one()
        return open_session(session, user_id, self.clock.now(), second_factor=True, device="essai")

    def _house(self) -> Any:
        if not hasattr(self, "_kept_house"):
            self._kept_house = self.app().state.house
        return self._kept_house

    def _hooks(self) -> Hooks:
        if not hasattr(self, "_kept_hooks"):
            self._kept_hooks = features.load_hooks(self.settings)
        return self._kept_hooks


class Visitor:
    """A browser without JavaScript: follows no redirect by itself, sends the forms' token."""

    def __init__(self, network: Network, client: TestClient) -> None:
        self.network = network
        self.http = client

    def become(self, persona: str | None) -> Visitor:
        """Sign in as a demo persona (None: nobody), by the cookie alone."""
        self.http.cookies.clear()
        if persona is not None:
            self.http.cookies.set("arrimage", self.network.token(persona), domain="127.0.0.1")
        return self

    def get(self, path: str, **options: Any) -> Any:
        """GET, without following redirects unless asked."""
        return self.http.get(path, **{"follow_redirects": False, **options})

    def post(self, path: str, data: Any = None, **options: Any) -> Any:
        """POST a form with this browser's token."""
        form = {"_csrf": self.csrf(), **(data or {})}
        return self.http.post(path, data=form, **{"follow_redirects": False, **options})

    def csrf(self) -> str:
        """The token that this browser's forms hold; a browser that has no cookie yet opens a page first."""
        if self._cookie() is None:
            self.get("/connexion")
        return token_for(self.network.keyring.cookie_key("csrf"), self._cookie() or "")

    def _cookie(self) -> str | None:
        held = {cookie.name: cookie.value for cookie in self.http.cookies.jar}
        return held.get("arrimage") or held.get("arrimage_form")


@contextmanager
def visiting(network: Network, *, persona: str | None = None, **changes: Any) -> Iterator[Visitor]:
    """A browser on an application of its own, started and stopped as a server would, without its periodic jobs.

    All of them are due at the first start, beside whatever the test counts or races: a test of a job runs it, and those
    of the server as it is (`live_server`) have them all.
    """
    with ExitStack() as stack:
        client = crossing_once(TestClient(network.app(**changes), base_url="http://127.0.0.1"))
        with patch.object(features, "jobs", lambda _hooks: ()):
            stack.enter_context(client)
        yield Visitor(network, client).become(persona)


def seeded(engine: str) -> str:
    """What a network is copied from on `engine`: a file's path, or the name of a database."""
    return str(_sqlite_template()) if engine == "sqlite" else _postgresql_template()


@contextmanager
def fresh_network(
    engine: str, folder: Path, clock: FixedClock, *, template: Callable[[str], str] = seeded, kept: bool = False
) -> Iterator[Network]:
    """A copy of the seeded network on `sqlite` or `postgresql`; `kept`: its database stays until the run ends."""
    key = folder / "network.key"
    with _copied(template(engine), engine, folder, kept=kept) as url:
        shutil.copy(_key(), key)
        settings = Settings(
            mode="demo",
            database_url=url,
            master_key_file=key,
            allowed_hosts=("127.0.0.1", "localhost", "testserver"),
            raise_unexpected=True,
        )
        database = Database(url)
        yield Network(database, Keyring.from_file(key), settings, clock)
        database.dispose()


@contextmanager
def _copied(template: str, engine: str, folder: Path, *, kept: bool) -> Iterator[str]:
    if engine == "sqlite":
        path = folder / f"network-{postgres.fresh_name()[-8:]}.sqlite"
        shutil.copyfile(template, path)
        yield f"sqlite:///{path}"
        return
    name = postgres.fresh_name()
    yield postgres.create_database(name, template=template)
    if not kept:
        postgres.drop_database(name)


def _key() -> Path:
    with postgres.locked("key") as folder:
        key = folder / "network.key"
        if not key.exists():
            Keyring.generate(key)
    return key


def _sqlite_template() -> Path:
    key = _key()
    empty = databases.sqlite_template()
    with postgres.locked("network") as folder, databases.once(folder / "network.state") as needed:
        template = folder / "network.sqlite"
        if needed:
            shutil.copyfile(empty, template)
            _seed(f"sqlite:///{template}", key)
            databases.fold_wal(template)
    return template


def _postgresql_template() -> str:
    key = _key()
    empty = databases.postgresql_template()
    name = postgres.run_name("network")
    with postgres.locked("pgnetwork") as folder, databases.once(folder / "pgnetwork.state") as needed:
        if needed:
            _seed(postgres.create_database(name, template=empty), key)
    return name


def _seed(url: str, key: Path) -> None:
    database = Database(url)
    with database.transaction() as session:
        seed_demo(session, Keyring.from_file(key), databases.NOW)
    database.dispose()


__all__ = ["ANONYMOUS", "Network", "Visitor", "fresh_network", "limits_as_shipped", "visiting"]
