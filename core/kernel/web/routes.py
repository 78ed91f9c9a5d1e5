"""Routes and the values a handler may return. Handlers never build a response, so they test without HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.datastructures import FormData, QueryParams

if TYPE_CHECKING:
    from datetime import datetime

    from core.kernel.web.house import House, TimeLeft

PUBLIC = "public"
Mode = Literal["read", "write", "slow"]


class Assurance(IntEnum):
    """How sure the platform must be that this is the person (security S8, S10): each level contains the lower ones."""

    #: Whatever the route's permission asks, nothing more. Also open to someone who has not agreed to the rules yet.
    NONE = 0
    #: A session that is not locked, of someone who has accepted the agreements in force.
    SESSION = 1
    #: A second factor was shown when the session began, or since.
    SECOND_FACTOR = 2
    #: A factor was shown in the last five minutes.
    STEP_UP = 3


@dataclass(frozen=True)
class Page:
    """A template and its frozen context, rendered once the transaction is closed.

    `sign_in`: this browser's session continues, or begins, under that token.
    """

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    sign_in: str | None = None


@dataclass(frozen=True)
class Redirect:
    """303 to `location`: a path of this site, or the address of an identity provider.

    `notice` is French source text shown once on the next page.

    `again`: 307, the browser sends the same form there.

    `sign_in` / `sign_out` let the accounts feature set or clear the session cookie with the answer.
    """

    location: str
    notice: str | None = None
    sign_in: str | None = None
    sign_out: bool = False
    locale: str | None = None
    again: bool = False


@dataclass(frozen=True)
class File:
    """A download; never displayed inline."""

    content: bytes
    media_type: str
    filename: str


@dataclass(frozen=True)
class Data:
    """JSON for a script of ours (autosave) or an API client."""

    body: Any
    status: int = 200


@dataclass(frozen=True)
class Refusal:
    """A refusal is a value: whatever the handler recorded before returning it (a throttle, a denial) is committed.

    `remedy`: address of the page of ours that says what would change the answer.
    """

    status: int
    message: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Compute:
    """Slow computation between two transactions: commit, `fn()` in a thread, then `then(session, result)`."""

    fn: Callable[[], Any]
    then: Callable[[Session, Any], Page | Redirect | File | Data | Refusal]


Answer = Page | Redirect | File | Data | Refusal | Compute


def not_found() -> Refusal:
    """The only 404: a denied object and a missing one answer alike in every byte."""
    return Refusal(404)


@dataclass(frozen=True)
class PageRequest:
    """What a handler may know of the request. `now` is aware UTC; `form` is empty for a GET."""

    viewer: Any  # core.access.viewer.Viewer: the kernel sits below it and only passes it on
    path: Mapping[str, str]
    query: QueryParams
    form: FormData
    now: datetime
    locale: str
    house: House
    route: Route
    wants_fragment: bool = False
    cookies: Mapping[str, str] = field(default_factory=dict)
    client_address: str = ""
    url_path: str = "/"
    session_mark: str = ""
    user_agent: str = ""
    #: The session the browser's cookie names, even a locked one whose viewer is therefore anonymous.
    browser_session: UUID | None = None
    #: That session is locked: its holder may prove who she is, nothing else.
    locked: bool = False
    left: TimeLeft | None = None

    @property
    def page(self) -> int:
        """The page of a list that the address asks for (`?page=`), from 1; anything odd is the first."""
        asked = self.query.get("page", "1")
        return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1


Handler = Callable[[Session, PageRequest], Answer]


@dataclass(frozen=True)
class Route:
    """One path and method, its handler, the permission it asks and how its transaction is run."""

    method: Literal["GET", "POST"]
    path: str
    handler: Handler
    permission: str
    mode: Mode
    name: str
    #: Pages that keep a session alive: a background fetch (fragment, autosave) is not activity.
    activity: bool = True
    #: Bytes of body accepted (security: size is checked before anything is read).
    max_body: int = 1_000_000
    assurance: Assurance = Assurance.SESSION
    #: Called by another server, never by a browser: no cookie is read, so there is nothing to forge. See machine_post.
    machine: bool = False


def get(
    path: str,
    handler: Handler,
    *,
    permission: str,
    mode: Mode = "read",
    name: str,
    activity: bool = True,
    assurance: Assurance = Assurance.SESSION,
) -> Route:
    """A GET route. Use mode "write" for a read that is journaled, "slow" for a report."""
    return Route("GET", path, handler, permission, mode, name, activity, assurance=assurance)


def post(
    path: str,
    handler: Handler,
    *,
    permission: str,
    mode: Mode = "write",
    name: str,
    activity: bool = True,
    max_body: int = 1_000_000,
    assurance: Assurance = Assurance.SESSION,
) -> Route:
    """A POST route; the adapter checks CSRF, origin and body size before the handler runs."""
    return Route("POST", path, handler, permission, mode, name, activity, max_body, assurance)


def machine_post(path: str, handler: Handler, *, mode: Mode = "write", name: str, max_body: int) -> Route:
    """A POST route for another server. Its cookies are not read and no form token is asked (security S12).

    The handler sees nobody (`ANONYMOUS`) and must verify a signature over what it is given before it acts on it.
    """
    level = Assurance.NONE
    return Route("POST", path, handler, PUBLIC, mode, name, False, max_body, assurance=level, machine=True)
