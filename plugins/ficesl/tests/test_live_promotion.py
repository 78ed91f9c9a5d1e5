"""The seat that is given back goes on by itself, on the page of who looks; and what the wire carried meanwhile."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from core.testing import LiveServer
from core.testing.network import Network

from ..events import LIST_CHANGED, PROMOTED
from ..models import Registration, TrainingSession
from ..settings import SESSIONS
from . import training as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


class Listening:
    """A live stream read from its socket, byte by byte as it comes."""

    def __init__(self, server: LiveServer, token: str) -> None:
        self.raw = b""
        self.frames: list[dict[str, str]] = []
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        ask = f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: arrimage={token}\r\n\r\n"
        self._socket.sendall(ask.encode())
        self.raw += self._socket.recv(4096)
        assert b" 200 " in self.raw.split(b"\r\n")[0], self.raw
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while more := self._socket.recv(4096):
            self.raw += more

    def close(self) -> Listening:
        """Stop, and read the frames."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(60)
        self._socket.close()
        self.frames = [json.loads(line[6:]) for line in self.raw.split(b"\n") if line.startswith(b"data: {")]
        return self


@SQLITE
def test_three_are_registered_one_waits_one_cancels_and_the_seat_goes_on_live(
    network: Network, live_server: Callable[[Any], LiveServer], browser: Any
) -> None:
    from playwright.sync_api import expect

    session_id = h.a_session(network, capacity=2)
    learners = [h.a_person(network, name) for name in ("Aube Essai", "Basile Essai", "Clara Essai")]
    with network.database.transaction(write=False) as session:
        code = session.scalars(select(TrainingSession.code).where(TrainingSession.id == session_id)).one()
    server = live_server(network.app())
    streams = {one: Listening(server, network.token(one)) for one in (h.ADMIN, h.TRAINER, h.WORKER)}
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="fr-CA")
    context.add_cookies([{"name": "arrimage", "value": network.token(h.ADMIN), "url": server.url}])
    page = context.new_page()
    page.goto(f"{server.url}{SESSIONS}/{code}")
    for name in ("Aube Essai", "Basile Essai", "Clara Essai"):
        page.get_by_label(name).check()
    page.get_by_role("button", name="Inscrire", exact=True).click()
    expect(page.get_by_text("rang 1 dans l’attente")).to_be_visible()
    other = context.new_page()
    other.goto(f"{server.url}{SESSIONS}/{code}")
    expect(other.locator("[data-connection]")).to_have_text("En direct")
    page.get_by_role("button", name="Annuler Aube Essai").click()
    expect(page.get_by_role("button", name="Rétablir Aube Essai")).to_be_visible()
    # The other page learns it by itself: the one who waited has the seat
    expect(other.get_by_text("rang 1 dans l’attente")).to_have_count(0)
    expect(other.get_by_text("Place confirmée")).to_have_count(2)
    assert h.states(network, session_id).count("registered") == 2
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()
    # What the wire itself carried, to who keeps these people, who trains them and somebody of another organisation
    with network.database.transaction(write=False) as session:
        seats = list(session.scalars(select(Registration.id)))
    heard = {one: stream.close() for one, stream in streams.items()}
    assert {frame["kind"] for frame in heard[h.ADMIN].frames} >= {LIST_CHANGED, PROMOTED}
    assert heard[h.TRAINER].frames
    for persona, stream in heard.items():
        assert all(set(frame) == {"kind", "ref"} for frame in stream.frames), persona
        assert {frame["ref"] for frame in stream.frames if frame["kind"].startswith("ficesl.")} <= {code}, persona
        for told in ("Aube", "Basile", "Clara", "Essai", "exemple.invalid", *map(str, learners), *map(str, seats)):
            assert told.encode() not in stream.raw, (persona, told)
            assert told.replace("-", "").encode() not in stream.raw, (persona, told)
