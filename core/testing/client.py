"""A test client that crosses to the application's thread once a request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import unquote

import httpx2
from anyio.from_thread import BlockingPortal
from starlette.testclient import TestClient

_PORTS = {"http": 80, "https": 443}


class WholeAnswers(httpx2.BaseTransport):
    """Asks the application for its whole answer in one call to its loop.

    Starlette's own transport hands each event of a request from one thread to the other, eight times: half of what a
    page costs here. It does so for streams that never end; those are tested on a real server (`live_server`).
    """

    def __init__(self, app: Any, portal: Callable[[], AbstractContextManager[BlockingPortal]]) -> None:
        self._app = app
        self._portal = portal

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer; what the application raises is raised here."""
        with self._portal() as portal:
            answer: httpx2.Response = portal.call(ask, self._app, request)
        return answer


async def ask(app: Any, request: httpx2.Request) -> httpx2.Response:
    """What an ASGI application answers to one request, in the loop that runs. Raises what the application raises."""
    scope, body = _scope(request), request.read()
    sent: list[dict[str, Any]] = []
    waiting = iter([{"type": "http.request", "body": body, "more_body": False}])
    over = asyncio.Event()

    async def receive() -> dict[str, Any]:
        for message in waiting:
            return message
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            over.set()

    await app(scope, receive, send)
    start, *pieces = sent
    # A server sends no body after the headers of a HEAD, whatever the application said
    content = b"" if scope["method"] == "HEAD" else b"".join(bytes(piece.get("body", b"")) for piece in pieces)
    return httpx2.Response(start["status"], headers=start.get("headers", []), stream=httpx2.ByteStream(content))


def crossing_once(client: TestClient) -> TestClient:
    """The same client, whose answers come whole."""
    client._transport = WholeAnswers(client.app, client._portal_factory)
    return client


def _scope(request: httpx2.Request) -> dict[str, Any]:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(url.path),
        "raw_path": url.raw_path.split(b"?", 1)[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in request.headers.multi_items()],
        "client": ("testclient", 50000),
        "server": (url.host, url.port or _PORTS[url.scheme]),
        "state": {},
    }
