"""What ends a session ends its live stream within a second: a real server, both engines."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from core.accounts import services
from core.accounts.models import LoginSession
from core.accounts.services import token_hash
from core.cli import app as command
from core.kernel.clock import FixedClock
from core.testing import LiveServer, free_port
from core.testing.network import Network, fresh_network
from tests.support import killed_server
from tests.support.fair import Watch
from tests.support.forking import Forking
from tests.support.live import only_when_told, stream
from tests.support.pages import csrf_of

PERSONA = "calacs-chrysalide"


def browser(server: LiveServer, token: str) -> httpx2.Client:
    # The machine's certificates are of no use here, and take 25 ms to read
    return httpx2.Client(base_url=server.url, cookies={"arrimage": token}, verify=False)


def post(http: httpx2.Client, path: str) -> httpx2.Response:
    token = csrf_of(http.get("/compte").text)
    return http.post(path, data={"_csrf": token})


def end_from_another_device(server: LiveServer, network: Network, token: str) -> None:
    with network.database.transaction(write=False) as session:
        theirs = session.execute(select(LoginSession.id).where(LoginSession.token_hash == token_hash(token))).scalar()
    with browser(server, network.token(PERSONA)) as elsewhere:
        assert post(elsewhere, f"/compte/appareils/{theirs}").status_code == 303


def sign_out(server: LiveServer, _network: Network, token: str) -> None:
    with browser(server, token) as same:
        assert post(same, "/deconnexion").headers["clear-site-data"]


def become_somebody_else(server: LiveServer, _network: Network, token: str) -> None:
    with browser(server, token) as same:
        assert post(same, "/demo/communautaire-ajrj").status_code == 303


def disable_from_the_shell(_server: LiveServer, network: Network, _token: str) -> None:
    """A connection of its own to the database, as another process has."""
    done = CliRunner().invoke(
        command,
        ["user", "disable", f"{PERSONA}@exemple.invalid"],
        env={
            "ARRIMAGE_MODE": "demo",
            "ARRIMAGE_DATABASE_URL": network.url,
            "ARRIMAGE_MASTER_KEY_FILE": str(network.settings.master_key_file),
        },
    )
    assert done.exit_code == 0, done.output


def suspend_the_organisation(_server: LiveServer, network: Network, _token: str) -> None:
    with network.database.transaction() as session:
        organisation = network.viewer(PERSONA).organisation_id
        assert organisation is not None
        services.suspend_organisation(session, organisation, network.clock.now())


def change_a_factor(_server: LiveServer, network: Network, _token: str) -> None:
    """From another of her sessions, which alone stays."""
    with network.database.transaction() as session:
        viewer, now = network.viewer(PERSONA), network.clock.now()
        services.announce_change(session, network.keyring, viewer, "factor_added", "totp", now)


ENDS = [
    end_from_another_device,
    sign_out,
    become_somebody_else,
    disable_from_the_shell,
    suspend_the_organisation,
    change_a_factor,
]

#: The others are written beside the server: on PostgreSQL it sees them when it looks, ten times a second.
BY_THE_SERVER = (end_from_another_device, sign_out, become_somebody_else)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_the_stream_ends_with_the_session(
    network: Network,
    live_server: Callable[[Any], LiveServer],
    end: Callable[[LiveServer, Network, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if end in BY_THE_SERVER:
        only_when_told(monkeypatch)
    server = live_server(network.app())
    token, colleague = network.token(PERSONA), network.token("calacs-coup-de-coeur")

    async def scenario() -> None:
        cookie, theirs = f"Cookie: arrimage={token}\r\n", f"Cookie: arrimage={colleague}\r\n"
        async with (
            stream(server.port, "", headers=cookie) as open_one,
            stream(server.port, "", headers=theirs) as other,
        ):
            assert open_one.status == other.status == 200
            with Watch() as watch:
                await asyncio.to_thread(end, server, network, token)
                done = time.perf_counter()
                await open_one.until_closed()
                assert watch.between(done, open_one.closed_at) < 1
            assert not other.closed.is_set(), "nobody else is cut"
        async with stream(server.port, "", headers=cookie) as again:
            assert again.status == 401

    asyncio.run(scenario())


@contextmanager
def processes(forking: Forking, url: str, key: Path, count: int) -> Iterator[list[int]]:
    """Whole servers, each a process of its own on one database: their ports."""
    ports = [free_port() for _ in range(count)]
    with forking.start(killed_server.PARENT, url, key) as parent:
        parent.stdin.write("".join(f"beside {port}\n" for port in ports))
        parent.stdin.flush()
        for port in ports:
            _answers(port)
        yield ports
        parent.stdin.close()
        assert parent.wait() == 0


def _answers(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx2.get(f"http://127.0.0.1:{port}/session", verify=False).raise_for_status()
            return
        except httpx2.TransportError:
            assert time.monotonic() < deadline, "a server did not start"
            time.sleep(0.1)


def test_whatever_ends_an_access_ends_its_streams_in_every_process(
    tmp_path: Path, clock: FixedClock, forking: Forking
) -> None:
    """Security S11 on PostgreSQL: the act happens in one process, the stream is open in another."""
    with (
        fresh_network("postgresql", tmp_path, clock) as network,
        processes(forking, network.url, network.settings.master_key_file, 2) as (here, there),
    ):
        now = clock.now()
        device, disabled, suspended, changed, bystander = (
            network.token(one)
            for one in (
                PERSONA,
                "police-repentigny",
                "communautaire-ajrj",
                "cisss-centre-designe",
                "calacs-coup-de-coeur",
            )
        )

        def end_the_device() -> None:
            first = LiveServer(f"http://127.0.0.1:{here}", here, None)
            end_from_another_device(first, network, device)

        def write(act: Callable[[Any], object]) -> Callable[[], None]:
            def run() -> None:
                with network.database.transaction() as session:
                    act(session)

            return run

        user, organisation = network.viewer("police-repentigny").user_id, network.organisation("ajrj")
        health = network.viewer("cisss-centre-designe").user_id
        assert user is not None
        assert health is not None
        ends: list[tuple[str, Callable[[], None]]] = [
            (device, end_the_device),
            (disabled, write(lambda session: services.disable_user(session, user, now))),
            (suspended, write(lambda session: services.suspend_organisation(session, organisation, now))),
            (changed, write(lambda session: services.end_other_sessions(session, health, None, now))),
        ]

        delays: list[float] = []

        async def scenario() -> None:
            async with stream(there, "", headers=f"Cookie: arrimage={bystander}\r\n") as kept:
                for token, end in ends:
                    cookie = f"Cookie: arrimage={token}\r\n"
                    async with stream(here, "", headers=cookie) as near, stream(there, "", headers=cookie) as far:
                        assert near.status == far.status == 200
                        await asyncio.to_thread(end)
                        done = time.perf_counter()
                        await near.until_closed()
                        await far.until_closed()
                        delays.append(max(near.closed_at, far.closed_at) - done)
                    async with stream(there, "", headers=cookie) as again:
                        assert again.status == 401
                assert not kept.closed.is_set(), "nobody else is cut"
            # How fast, at the best of four, for all go the same way
            assert min(delays) < 1, delays

        asyncio.run(scenario())
