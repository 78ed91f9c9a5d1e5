"""Security headers on every response, whatever its route or status (security S29, S30)."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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


class SecurityHeaders:
    """Plain ASGI middleware: adds the headers as the response starts, streams included."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in FIXED.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
                if self.https:
                    headers["strict-transport-security"] = HSTS
            await send(message)

        await self.app(scope, receive, guarded)


def stream_headers(*, https: bool) -> list[tuple[bytes, bytes]]:
    """The same headers for `/live`, which answers outside the middleware."""
    named = {**FIXED, "cache-control": "no-store", **({"strict-transport-security": HSTS} if https else {})}
    return [(name.encode(), value.encode()) for name, value in named.items()]
