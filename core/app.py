"""The composition root: settings in, one ASGI application out. Nothing else in the code wires features together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import Receive, Scope, Send

from core.access import permissions
from core.access.rules import Decision
from core.access.viewer import Role, Viewer
from core.accounts import queries as accounts
from core.accounts.rules import first_detour
from core.accounts.services import touch_session
from core.directory.queries import emergency_lines
from core.home.nav import navigation
from core.home.queries import queue_size
from core.kernel.clock import Clock, SystemClock
from core.kernel.crypto import Keyring
from core.kernel.db import Database
from core.kernel.errors import StartupError
from core.kernel.events import SESSION_REGISTRY, snapshot_cursor, topics_for
from core.kernel.i18n import Translator
from core.kernel.live.connection import LiveViewer
from core.kernel.live.endpoint import LiveEndpoint
from core.kernel.live.hub import Hub
from core.kernel.mail import SESSION_SEAL, MailSeal
from core.kernel.web import headers
from core.kernel.web.adapter import Endpoint
from core.kernel.web.cookies import CookieJar
from core.kernel.web.house import Chrome, House, Identity
from core.kernel.web.render import Renderer
from core.kernel.web.routes import PUBLIC, Answer, PageRequest, Refusal, Route, get, not_found, post
from core.kernel.web.static import StaticFiles
from core.kernel.web.table import RouteTable
from core.settings import ROOT, Settings


class Application(Starlette):
    """Starlette, with the event stream answered before its middlewares: they cost a stream four times its price."""

    live: LiveEndpoint
    hosts: frozenset[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/live" and self._known_host(scope):
            await self.live(scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    def _known_host(self, scope: Scope) -> bool:
        return headers.known_host(scope, self.hosts)


def check_routes(routes: tuple[Route, ...], known: frozenset[str]) -> None:
    """Refuse to start, naming the route, when one lacks a known permission, or when two answer the same request."""
    seen: set[tuple[str, str]] = set()
    for route in routes:
        if route.permission != PUBLIC and route.permission not in known:
            raise StartupError(
                f"{route.method} {route.path} ({route.name}): unknown permission {route.permission!r}. "
                "Declare it or use PUBLIC."
            )
        if route.mode not in {"read", "write", "slow"}:
            raise StartupError(
                f"{route.method} {route.path} ({route.name}): mode {route.mode!r}. Use read, write or slow."
            )
        if (route.method, route.path) in seen:
            raise StartupError(f"{route.method} {route.path} ({route.name}): two routes answer this. Remove one.")
        seen.add((route.method, route.path))


def create_app(
    settings: Settings, *, clock: Clock | None = None, keyring: Keyring | None = None, database: Database | None = None
) -> Application:
    """The whole application. Raises StartupError, in words, rather than start half-made."""
    from core import features  # the list of features is read here only, so that tools may import this module alone

    clock = clock or SystemClock()
    keyring = keyring or Keyring.from_file(settings.master_key_file)
    own_database = database is None
    database = database or Database(settings.database_url)
    hooks = features.load_hooks(settings)
    features.restrict_access(hooks)
    hub = features.make_hub(keyring)
    house = _house(settings, clock, database, keyring, hooks, hub)
    # What a service needs of this application without naming it: its events' registry, its mail's seal
    database.session_info[SESSION_REGISTRY] = features.event_registry(hooks)
    database.session_info[SESSION_SEAL] = house.mail_seal
    routes = (*features.routes(), *hooks.routes())
    extra = hooks.permission_roles()
    check_routes(routes, frozenset(permissions.Permission) | frozenset(extra))
    app = Application(
        routes=[
            RouteTable(_mount(routes, house)),
            StarletteRoute("/static/{path:path}", StaticFiles(house.renderer.static_dirs).__call__),
            *_nothing_else(house),
        ],
        middleware=[
            Middleware(headers.SecurityHeaders, https=settings.secure_cookies, raising=settings.raise_unexpected),
            Middleware(headers.KnownHosts, hosts=settings.allowed_hosts),
        ],
        exception_handlers={405: _method_not_allowed(house)},
        lifespan=_lifespan(house, own_database),
    )
    app.hosts = frozenset(settings.allowed_hosts)
    app.live = LiveEndpoint(
        hub, database, _live_authenticator(house), headers=headers.stream_headers(https=settings.secure_cookies)
    )
    app.state.house = house
    app.state.routes = routes
    return app


def _house(settings: Settings, clock: Clock, database: Database, keyring: Keyring, hooks: Any, hub: Hub) -> House:

    template_dirs = [
        *([settings.site_templates] if settings.site_templates else []),
        ROOT / "templates",
        *hooks.template_dirs(),
    ]
    static_dirs = {"": ROOT / "core" / "static", **hooks.static_dirs()}
    translator = Translator([ROOT / "core" / "locales", *hooks.locale_dirs()])
    renderer = Renderer(
        template_dirs,
        static_dirs,
        translator,
        demo=settings.demo,
        exit_url=settings.exit_url,
        emergency=tuple(line for line in emergency_lines(settings) if line.number),
    )
    idle, absolute = timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_absolute_hours)
    extra: Mapping[str, frozenset[Role]] = hooks.permission_roles()

    def authenticate(session: Session, token: str | None, now: datetime) -> Identity:
        return accounts.identity(session, keyring, token, now, idle=idle, absolute=absolute)

    def holds(viewer: Viewer, permission: str) -> bool:
        return permissions.holds(viewer, permission, extra)

    def holding(viewer: Viewer, permission: str) -> Decision:
        return permissions.holding(viewer, permission, extra)

    def chrome(session: Session, request: PageRequest) -> Chrome:
        return Chrome(navigation(session, request, queue_size=queue_size))

    def cursor(session: Session) -> str:
        return hub.encode_cursor(snapshot_cursor(session))

    def detour(identity: Identity, route: Route, now: datetime) -> str | None:
        return first_detour(
            locked=identity.locked,
            must_agree=identity.must_agree,
            second_factor=identity.viewer.second_factor,
            stepped_up_at=identity.viewer.stepped_up_at,
            anonymous=identity.viewer.is_anonymous,
            assurance=route.assurance,
            now=now,
        )

    def touch(session: Session, session_id: UUID, now: datetime) -> None:
        touch_session(session, session_id, now)

    return House(
        settings,
        clock,
        database,
        keyring,
        hooks,
        hub,
        renderer,
        MailSeal(keyring),
        authenticate,
        holds,
        cursor,
        chrome,
        touch,
        detour,
        holding,
    )


def _mount(routes: tuple[Route, ...], house: House) -> list[StarletteRoute]:
    return [
        StarletteRoute(route.path, Endpoint(route, house), methods=[route.method], name=route.name) for route in routes
    ]


def _nothing_else(house: House) -> list[StarletteRoute]:
    """An unknown address goes through the same adapter, so that its 404 equals that of an object one may not see."""

    def nothing(_session: Session, _request: PageRequest) -> Answer:
        return not_found()

    everywhere = "/{path:path}"
    fallbacks = (
        get(everywhere, nothing, permission=PUBLIC, name="nothing", activity=False),
        post(everywhere, nothing, permission=PUBLIC, mode="read", name="nothing.post", activity=False),
    )
    return _mount(fallbacks, house)


def _method_not_allowed(house: House) -> Any:
    def unused(_session: Session, _request: PageRequest) -> Answer:
        return not_found()

    endpoint = Endpoint(get("/", unused, permission=PUBLIC, name="method", activity=False), house)

    async def refuse(request: Request, failure: HTTPException) -> Response:
        response = await endpoint.refuse(request, Refusal(405))
        response.headers["allow"] = (failure.headers or {}).get("Allow", "GET, HEAD")
        return response

    return refuse


def _live_authenticator(house: House) -> Any:
    async def authenticate(scope: Scope) -> LiveViewer | None:
        token = CookieJar(Request(scope).cookies, house).session

        def who(session: Session) -> Identity:
            return house.authenticate(session, token, house.clock.now())

        def hearing(identity: Identity) -> tuple[frozenset[str], tuple[str, ...], bool] | None:
            """Topics, what she is deaf to, and whether she only learns that something came; None: she hears nothing."""
            listener: Viewer = identity.holder if identity.locked else identity.viewer
            if listener.is_anonymous or identity.must_agree:
                return None
            return topics_for(listener), _deaf(house, listener), identity.locked

        identity = await house.database.run(who, "read")
        hears = hearing(identity)
        if hears is None:
            return None
        listener: Viewer = identity.holder if identity.locked else identity.viewer

        async def recheck() -> bool:
            # Another role or organisation hears other things: the browser comes back as what she is now
            return hearing(await house.database.run(who, "read")) == hears

        return LiveViewer(
            topics=hears[0],
            session_id=listener.session_id,
            user_id=listener.user_id,
            organisation_id=listener.organisation_id,
            recheck=recheck,
            deaf=hears[1],
            locked=hears[2],
            # A session that falls asleep must not hear one more reference: its stream ends with it and comes back blind
            lasts=min(identity.left.until_lock, identity.left.until_end) if identity.left else None,
        )

    return authenticate


def _deaf(house: House, viewer: Viewer) -> tuple[str, ...]:
    """An administrator, a privacy officer or a committee member learns of no reference by its code, nor anybody on a
    password alone."""
    hears = viewer.second_factor and house.holds(viewer, permissions.Permission.REFERRAL_READ)
    return () if hears else ("referral.",)


def _lifespan(house: House, own_database: bool) -> Any:
    from core import features

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        running = features.start(house)
        await running.start()
        try:
            yield
        finally:
            await running.stop()
            if own_database:
                await house.database.close()
            await asyncio.sleep(0)

    return lifespan
