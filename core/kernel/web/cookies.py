"""A browser's cookies: session or pre-session value, language, one-time notice. Nothing personal in any."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from starlette.responses import Response

from core.kernel.web import csrf
from core.kernel.web.house import House
from core.kernel.web.routes import Redirect

LOCALES = frozenset({"fr", "en"})
YEAR_SECONDS = 365 * 24 * 3600


class CookieJar:
    """Reads the request's cookies and writes the response's. Names gain `__Host-` on an https address."""

    def __init__(self, cookies: Mapping[str, str], house: House) -> None:
        self._house = house
        self._secure: bool = house.settings.secure_cookies
        prefix = "__Host-" if self._secure else ""
        self._session_name = f"{prefix}arrimage"
        self._browser_name = f"{prefix}arrimage_form"
        self._notice_name = f"{prefix}arrimage_notice"
        self._locale_name = f"{prefix}arrimage_langue"
        self.session = cookies.get(self._session_name)
        known = self.session or cookies.get(self._browser_name)
        self._fresh = known is None
        #: The value CSRF tokens are bound to.
        self.browser: str = known or csrf.new_browser_cookie()
        self.csrf_key: bytes = house.keyring.cookie_key("csrf")
        self.locale = cookies.get(self._locale_name) if cookies.get(self._locale_name) in LOCALES else None
        self.notice = self._read_notice(cookies.get(self._notice_name))
        self._had_notice = self._notice_name in cookies

    @property
    def is_new(self) -> bool:
        """Whether this browser holds no value of ours yet: nothing can be bound to it."""
        return self._fresh

    @property
    def csrf_token(self) -> str:
        """The token for forms of this browser."""
        return csrf.token_for(self.csrf_key, self.browser)

    @property
    def mark(self) -> str:
        """An opaque name of the session: tabs of another identity blank themselves. Empty for the public."""
        if not self.session:
            return ""
        return hmac.new(self.csrf_key, b"mark:" + csrf.lasting(self.session).encode(), hashlib.sha256).hexdigest()[:16]

    def after_page(self, response: Response, *, shown: bool) -> None:
        """A page was rendered: give a new browser its cookie, and forget a notice that a person was `shown`."""
        if self._fresh:
            self._set(response, self._browser_name, self.browser)
        if self._had_notice and shown:
            response.delete_cookie(self._notice_name, path="/", secure=self._secure, httponly=True, samesite="lax")

    def after_redirect(self, response: Response, answer: Redirect) -> None:
        """Session, language and notice changes travel with a redirect."""
        if answer.sign_in is not None:
            self._set(response, self._session_name, answer.sign_in)
        if answer.sign_out:
            response.delete_cookie(self._session_name, path="/", secure=self._secure, httponly=True, samesite="lax")
            response.headers["clear-site-data"] = '"cache", "storage"'
        if answer.locale in LOCALES:
            self._set(response, self._locale_name, answer.locale or "fr", max_age=YEAR_SECONDS)
        if answer.notice:
            self._set(response, self._notice_name, self._write_notice(answer.notice), max_age=60)

    def _set(self, response: Response, name: str, value: str, max_age: int | None = None) -> None:
        response.set_cookie(name, value, max_age=max_age, path="/", secure=self._secure, httponly=True, samesite="lax")

    def _write_notice(self, text: str) -> str:
        body = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        return f"{body}.{self._sign(body)}"

    def _read_notice(self, value: str | None) -> str | None:
        body, _, signature = (value or "").partition(".")
        if not body or not hmac.compare_digest(self._sign(body).encode(), signature.encode()):
            return None
        try:
            return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None

    def _sign(self, body: str) -> str:
        return hmac.new(self.csrf_key, b"notice:" + body.encode(), hashlib.sha256).hexdigest()[:32]
