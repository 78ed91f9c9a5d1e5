"""Security headers on every response, whatever its route or status (security S29, S30)."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.kernel.log import get_logger

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "manifest-src 'self'",
        "worker-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

FIXED = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex",
}
HSTS = "max-age=63072000; includeSubDomains"
UNKNOWN_HOST = "Cette adresse n’est pas celle d’Arrimage. Vérifiez-la, puis recommencez."
UNEXPECTED = "Une erreur est survenue de notre côté. Rien n’a été enregistré."

_log = get_logger("web")


class SecurityHeaders:
    """Plain ASGI middleware: adds the headers as the response starts, streams included.

    Nothing passes it but a response: what would escape as an exception, whose text a server writes in its log, becomes
    a sentence and a line of codes. `raising` (tests) lets it through.
    """

    def __init__(self, app: ASGIApp, *, https: bool, raising: bool = False) -> None:
        self.app = app
        self.https = https
        self.raising = raising

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in FIXED.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
                if self.https:
                    headers["strict-transport-security"] = HSTS
            await send(message)

        try:
            await self.app(scope, receive, guarded)
        except Exception as failure:
            if self.raising:
                raise
            _log.error("unexpected", error=type(failure).__name__, method=scope["method"])
            if not started:
                await PlainTextResponse(UNEXPECTED, status_code=500)(scope, receive, guarded)


def known_host(scope: Scope, hosts: Iterable[str]) -> bool:
    """Whether the request names one of our own hosts (`*` accepts any)."""
    named = Headers(scope=scope).get("host", "").lower()
    name = named if named.endswith("]") else named.rsplit(":", 1)[0]
    return any(host in ("*", name) for host in hosts)


class KnownHosts:
    """Plain ASGI middleware: a request for another name than ours is refused in one sentence."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str]) -> None:
        self.app = app
        self.hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or known_host(scope, self.hosts):
            await self.app(scope, receive, send)
            return
        await PlainTextResponse(UNKNOWN_HOST, status_code=400)(scope, receive, send)


def stream_headers(*, https: bool) -> list[tuple[bytes, bytes]]:
    """The same headers for `/live`, which answers outside the middleware."""
    named = {**FIXED, "cache-control": "no-store", **({"strict-transport-security": HSTS} if https else {})}
    return [(name.encode(), value.encode()) for name, value in named.items()]
