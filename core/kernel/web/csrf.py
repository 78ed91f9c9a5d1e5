"""Cross-site request forgery: a token bound to the browser's cookie, plus what the browser says of the request."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers


def lasting(cookie: str) -> str:
    """What stays of a session's cookie when its token is renewed: forms half filled in other tabs stay good.

    A cookie without a session has no such part and counts whole.
    """
    return cookie.rpartition(".")[2]


def token_for(key: bytes, cookie: str) -> str:
    """The token of the browser holding `cookie`; 256 bits, nothing stored."""
    return hmac.new(key, b"csrf:" + lasting(cookie).encode(), hashlib.sha256).hexdigest()


def new_browser_cookie() -> str:
    """An opaque value for a browser that has no session yet."""
    return secrets.token_urlsafe(32)


def same_site(headers: Headers, *, https: bool) -> bool:
    """Whether the browser says the request comes from our own pages (Fetch Metadata, then Origin).

    Absent headers pass: the token still decides. An `https` site refuses a page of its own name read over http, which
    anybody on the way may have written.
    """
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.netloc == headers.get("host", "") and parts.scheme in ({"https"} if https else {"http", "https"})


def valid(key: bytes, cookie: str | None, token: str) -> bool:
    """Constant-time check of the form's token against the browser's cookie."""
    return bool(cookie) and hmac.compare_digest(token_for(key, cookie or "").encode(), token.encode())
