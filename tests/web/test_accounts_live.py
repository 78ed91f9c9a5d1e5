"""What ends a session ends its live stream within a second: a real server, both engines."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from core.accounts.models import LoginSession
from core.accounts.services import token_hash
from core.cli import app as command
from core.testing import LiveServer
from core.testing.network import Network
from tests.support.live import Client, stream
from tests.support.pages import csrf_of

PERSONA = "calacs-chrysalide"


def browser(server: LiveServer, token: str) -> httpx2.Client:
    return httpx2.Client(base_url=server.url, cookies={"arrimage": token})


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


ENDS = [end_from_another_device, sign_out, become_somebody_else, disable_from_the_shell]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_the_stream_ends_with_the_session(
    network: Network, live_server: Callable[[Any], LiveServer], end: Callable[[LiveServer, Network, str], None]
) -> None:
    server = live_server(network.app())
    token, colleague = network.token(PERSONA), network.token("calacs-coup-de-coeur")

    async def scenario() -> None:
        cookie, theirs = f"Cookie: arrimage={token}\r\n", f"Cookie: arrimage={colleague}\r\n"
        async with (
            stream(server.port, "", headers=cookie) as open_one,
            stream(server.port, "", headers=theirs) as other,
        ):
            assert open_one.status == other.status == 200
            await asyncio.to_thread(end, server, network, token)
            done = time.perf_counter()
            await _closed(open_one)
            assert open_one.closed_at - done < 1
            assert not other.closed.is_set(), "nobody else is cut"
        async with stream(server.port, "", headers=cookie) as again:
            assert again.status == 401

    asyncio.run(scenario())


async def _closed(client: Client) -> None:
    async with asyncio.timeout(5):
        await client.closed.wait()
