"""The web server: uvicorn, ending live streams first when it is told to stop, so that nobody waits for them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from core.app import Application

GRACE_SECONDS = 5


class Server(uvicorn.Server):
    """uvicorn waits for open requests before the application may shut down; a stream would never end by itself."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the hub, then stop as uvicorn does."""
        self._end_streams()
        await super().shutdown(sockets)


def make_server(application: Application, host: str, port: int, **options: Any) -> Server:
    """A server ready to `run()`; `options` are uvicorn's.

    Where a request comes from is read in `X-Forwarded-For` when one of the settings' proxies says so, from nobody else:
    attempts are counted by address, and anybody writes a header.
    """
    proxies = list(application.state.house.settings.trusted_proxies)
    chosen = {
        "loop": "uvloop",
        "http": "httptools",
        "access_log": False,
        "log_level": "warning",
        "server_header": False,
        # The server's own lines go through the allow-list like ours, not to a console of its own.
        "log_config": None,
        "timeout_graceful_shutdown": GRACE_SECONDS,
        "proxy_headers": bool(proxies),
        "forwarded_allow_ips": proxies or None,
        **options,
    }
    return Server(uvicorn.Config(application, host=host, port=port, **chosen), application.state.house.hub.close_all)
