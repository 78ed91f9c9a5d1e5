"""The frozen bundle a handler works with, built once by `create_app`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from core.kernel.clock import Clock
    from core.kernel.crypto import Keyring
    from core.kernel.db import Database
    from core.kernel.hooks.manager import Hooks
    from core.kernel.mail import MailSeal
    from core.kernel.web.render import Renderer
    from core.kernel.web.routes import PageRequest, Route


@dataclass(frozen=True)
class TimeLeft:
    """Seconds a live session still has. `idle`: what it lasts without activity; `warning`: said this much before."""

    idle: float
    until_lock: float
    until_end: float
    warning: float


@dataclass(frozen=True)
class Identity:
    """Who the session cookie speaks for. `stale`: activity should be noted in a later, separate write."""

    viewer: Any
    #: The session this browser's cookie names, even locked: signing in or out ends it.
    session_id: UUID | None = None
    locked: bool = False
    stale: bool = False
    #: The agreements in force are not accepted yet.
    must_agree: bool = False
    #: Whose session is locked: for what a locked screen may say, never to act for.
    holder: Any = None
    #: None for nobody and for a locked session.
    left: TimeLeft | None = None


@dataclass(frozen=True)
class Chrome:
    """What surrounds every full page: navigation with counts."""

    nav: tuple[Any, ...] = ()


@dataclass(frozen=True)
class House:
    """Settings and shared services. The callables tie the kernel to the features above it without importing them."""

    settings: Any
    clock: Clock
    database: Database
    keyring: Keyring
    hooks: Hooks
    hub: Any
    renderer: Renderer
    #: Seals recipients' addresses in the outbox of mail.
    mail_seal: MailSeal
    #: (session, cookie value, now) -> Identity
    authenticate: Callable[[Session, str | None, datetime], Identity]
    #: (viewer, permission) -> whether a role of the viewer carries it
    holds: Callable[[Any, str], bool]
    #: (session) -> opaque live cursor; asked before any other read, so that nothing published meanwhile is skipped
    cursor: Callable[[Session], str]
    #: (session, request) -> navigation of a full page
    chrome: Callable[[Session, PageRequest], Chrome]
    #: (session, session id, now): note that the person is active
    touch: Callable[[Session, Any, datetime], None]
    #: (identity, route, now) -> path of the page to go through first (lock, second factor, agreement), or None
    detour: Callable[[Identity, Route, datetime], str | None]
    #: (viewer, permission) -> `core.access.rules.Decision`: `holds`, with why not and the page that helps
    holding: Callable[[Any, str], Any]
