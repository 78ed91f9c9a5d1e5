"""Asking another server over HTTPS: no redirect, no internal address, five seconds in all, a bounded answer.

Blocking, so it runs in a thread (`Compute`), never in a transaction. The address is checked once it is resolved, and
the connection made to that very address: a name that answers something else a moment later leads nowhere.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from core.kernel.oidc.claims import Refused

#: The whole exchange, look-up of the name excepted.
SECONDS = 5.0
#: A discovery document or a set of keys is a few kilobytes.
LARGEST_ANSWER = 256_000
LONGEST_ADDRESS = 500
#: Exchanges at once in this process: the threads are also those that verify passwords.
_AT_ONCE = threading.BoundedSemaphore(3)
_WAIT_SECONDS = 2.0


@dataclass(frozen=True)
class Reach:
    """What may be asked. `loopback`: this machine, over http too (demo, tests). `internal`: private networks."""

    loopback: bool = False
    internal: bool = False


@dataclass(frozen=True)
class Fetched:
    """An answer, whole. Never a redirect."""

    status: int
    body: bytes

    def json(self, reason: str) -> dict[str, Any]:
        """The JSON object of the body. Raises Refused(reason) for anything else."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Refused(reason) from None
        if not isinstance(found, dict):
            raise Refused(reason)
        return found


def checked_address(url: str, reach: Reach) -> SplitResult:
    """The parts of an address that may be asked. Raises Refused("address_refused") before anything is sent.

    https only, but http to this machine where `reach.loopback` says so; no user, no fragment.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise Refused("address_refused") from None
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and len(url) <= LONGEST_ADDRESS
    whole = bool(host) and parts.username is None and parts.password is None and not parts.fragment
    safe = parts.scheme == "https" or (parts.scheme == "http" and reach.loopback and _names_loopback(host))
    if not (plain and whole and safe):
        raise Refused("address_refused")
    return parts


def fetch(
    url: str,
    reach: Reach,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
    seconds: float = SECONDS,
) -> Fetched:
    """Ask `url` and return the answer, whatever its status but a redirect.

    Raises Refused: address_refused, unreachable, certificate_refused, timed_out, redirected, too_large, busy.
    """
    parts = checked_address(url, reach)
    if not _AT_ONCE.acquire(timeout=_WAIT_SECONDS):
        raise Refused("busy")
    try:
        return _exchange(parts, reach, method, headers or {}, body, seconds)
    finally:
        _AT_ONCE.release()


def _exchange(
    parts: SplitResult, reach: Reach, method: str, headers: Mapping[str, str], body: str | None, seconds: float
) -> Fetched:
    deadline = time.monotonic() + seconds
    connection = _connection(parts, reach, seconds)
    # A server that sends a byte now and then would outlast any timeout of one read: the clock cuts the connection
    watch = threading.Timer(seconds, _cut, [connection])
    watch.daemon = True
    watch.start()
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path, body=body, headers={"Accept": "application/json", **headers})
        with connection.getresponse() as answer:
            status = answer.status
            if 300 <= status < 400:
                raise Refused("redirected")
            content = answer.read(LARGEST_ANSWER + 1)
    except ssl.SSLCertVerificationError:
        raise Refused("certificate_refused") from None
    except (OSError, HTTPException, ValueError) as failure:
        late = isinstance(failure, TimeoutError) or time.monotonic() >= deadline
        raise Refused("timed_out" if late else "unreachable") from None
    finally:
        watch.cancel()
        connection.close()
    if time.monotonic() >= deadline:
        raise Refused("timed_out")
    if len(content) > LARGEST_ANSWER:
        raise Refused("too_large")
    return Fetched(status, content)


def _connection(parts: SplitResult, reach: Reach, seconds: float) -> HTTPConnection:
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if parts.scheme == "https":
        secure = HTTPSConnection(host, port, timeout=seconds, context=ssl.create_default_context())
        secure._create_connection = _opener(reach)  # type: ignore[attr-defined]
        return secure
    plain = HTTPConnection(host, port, timeout=seconds)
    plain._create_connection = _opener(reach)  # type: ignore[attr-defined]
    return plain


def _opener(reach: Reach) -> Any:
    """What `http.client` calls to connect: to an address that was looked at, and to no other."""

    def connect(address: tuple[str, int], timeout: float, source: Any = None) -> socket.socket:
        host, port = address
        last: OSError | None = None
        for found in _addresses(host, port):
            if not may_reach(found, reach):
                raise Refused("address_refused")
            try:
                return socket.create_connection((str(found), port), timeout)
            except OSError as failure:
                last = failure
        raise last or OSError("no address")

    return connect


def _addresses(host: str, port: int) -> list[IPv4Address | IPv6Address]:
    try:
        return [ip_address(host)]
    except ValueError:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(str(one[4][0]).partition("%")[0]) for one in found]


def may_reach(address: IPv4Address | IPv6Address, reach: Reach) -> bool:
    """Public addresses; loopback and private ones only where allowed. Link-local ones (cloud metadata) never."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return reach.loopback
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return False
    return address.is_global or (reach.internal and address.is_private)


def _names_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _cut(connection: HTTPConnection) -> None:
    opened = connection.sock
    if opened is not None:
        try:
            opened.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
