"""A small site made of the real frame, macros, styles, modules and headers, whose answers a test scripts."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import BrowserContext, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from core.access.viewer import ANONYMOUS
from core.kernel.i18n import Translator
from core.kernel.web.headers import SecurityHeaders
from core.kernel.web.render import Renderer, Surroundings
from core.kernel.web.static import StaticFiles

ROOT = Path(__file__).parents[2]
#: Where *Sortie rapide* leads.
ELSEWHERE = "/ailleurs"
PARTNER = SimpleNamespace(is_anonymous=False, organisation_name="CALACS La Chrysalide", display_name="Intervenante A")


@dataclass
class World:
    """What the site answers, and what it was asked. Changed by the test's thread, read by the server's."""

    fragments: dict[str, tuple[int, str]] = field(default_factory=dict)
    posts: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    streams: int = 0
    streams_opened: int = 0
    stream_open: bool = True
    signed_in: bool = True
    mark: str = "session-a"
    personal: str = "Maude, 450 555-0143"
    drop_posts: int = 0
    answer: str = "redirect"
    queues: list[asyncio.Queue[str | None]] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop | None = None
    ids: int = 0

    def emit(self, kind: str, ref: str = "") -> None:
        """Send an event to every open stream."""
        self.ids += 1
        frame = f'id: e{self.ids}\r\ndata: {{"kind": "{kind}", "ref": "{ref}"}}\r\n\r\n'
        self._send(frame)

    def cut(self) -> None:
        """End every stream and refuse new ones."""
        self.stream_open = False
        self._send(None)

    def _send(self, frame: str | None) -> None:
        assert self.loop is not None
        for queue in list(self.queues):
            self.loop.call_soon_threadsafe(queue.put_nowait, frame)


class Site:
    """Serves `World` on a free port, in a thread."""

    def __init__(self, templates: Path) -> None:
        self.world = World()
        self.renderer = Renderer(
            [templates, ROOT / "templates"],
            {"": ROOT / "core/static"},
            Translator([ROOT / "core/locales"]),
            demo=True,
            exit_url=ELSEWHERE,
            emergency=(SimpleNamespace(label="Danger immédiat", number="911", tel="tel:911"),),
        )
        routes = [
            Route("/static/{path:path}", StaticFiles({"": ROOT / "core/static"}).__call__),
            Route("/live", self.live),
            Route(ELSEWHERE, lambda _: HTMLResponse("<title>Météo</title><p>Météo</p>")),
            Route("/favicon.ico", lambda _: HTMLResponse("", 404)),
            Route("/fragment/{name}", self.fragment),
            Route("/draft", self.draft, methods=["POST"]),
            Route("/send", self.send, methods=["POST"]),
            Route("/{page}", self.page),
        ]
        app = SecurityHeaders(Starlette(routes=routes), https=False)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            app, port=self.port, log_level="error", log_config=None, lifespan="off", timeout_graceful_shutdown=1
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def start(self) -> None:
        self.thread.start()
        for _ in range(200):
            if self.server.started:
                return
            time.sleep(0.02)
        raise RuntimeError("the scripted site did not start")

    def stop(self) -> None:
        self.world.cut() if self.world.loop else None
        self.server.should_exit = True
        self.thread.join(5)

    async def live(self, request: Request) -> Response:
        world = self.world
        world.loop = asyncio.get_running_loop()
        if not world.stream_open or not world.signed_in:
            return Response(status_code=401)
        queue: asyncio.Queue[str | None] = asyncio.Queue()

        async def frames() -> AsyncIterator[str]:
            world.streams += 1
            world.streams_opened += 1
            world.queues.append(queue)
            try:
                yield "retry: 200\r\n\r\n"
                while (frame := await queue.get()) is not None:
                    yield frame
            finally:
                world.streams -= 1
                world.queues.remove(queue)

        return StreamingResponse(frames(), media_type="text/event-stream")

    async def fragment(self, request: Request) -> Response:
        assert request.headers["x-fragment"] == "1"
        status, html = self.world.fragments[request.path_params["name"]]
        return HTMLResponse(html, status)

    async def draft(self, request: Request) -> Response:
        self.world.posts.append(("draft", {k: str(v) for k, v in (await request.form()).items()}))
        return Response(status_code=204)

    async def send(self, request: Request) -> Response:
        form = {k: str(v) for k, v in (await request.form()).items()}
        self.world.posts.append(("send", form))
        if self.world.drop_posts:
            self.world.drop_posts -= 1
            return Response(status_code=502)
        if self.world.answer == "redirect":
            return RedirectResponse("/sent", 303)
        return HTMLResponse(self.render("form", request, Wrong(form)), 422)

    async def page(self, request: Request) -> Response:
        name = request.path_params["page"]
        if not self.world.signed_in and name not in ("public", "sent"):
            return RedirectResponse("/public", 303)
        return HTMLResponse(self.render(name, request, None))

    def render(self, name: str, request: Request, form: Any) -> bytes:
        world = self.world
        public = name == "public"
        now = datetime.now(UTC)
        around = Surroundings(
            viewer=ANONYMOUS if public else PARTNER,
            locale=request.query_params.get("lang", "fr"),
            csrf_token="t",
            nav=(SimpleNamespace(url="/queue", label="Demandes reçues", count=5, current=True),),
            live_cursor=None if public or name == "sent" else "c0",
            session_mark="" if public else world.mark,
            url_path=f"/{name}",
            now=now,
        )
        rows = world.fragments.get("rows", (200, ""))[1]
        context = {
            "form": form,
            "rows": rows,
            "personal": world.personal,
            "at": lambda hours: now + timedelta(hours=hours),
        }
        return self.renderer.render(f"{name}.html", context, around)


class Wrong:
    """What was typed, with one error."""

    def __init__(self, typed: dict[str, str]) -> None:
        self.typed = typed
        self.errors = (SimpleNamespace(field="municipality", message="Ce champ est requis.", values={}),)

    def raw(self, name: str) -> str:
        return self.typed.get(name, "")

    def raws(self, name: str) -> tuple[str, ...]:
        return (self.typed[name],) if name in self.typed else ()


def tab(context: BrowserContext) -> Page:
    """A context's first tab, or another beside it; its console must stay silent about refused styles or scripts."""
    if context.pages and context.pages[0].url.endswith(ELSEWHERE):
        return context.pages[0]
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    page.on("console", lambda line: pytest.fail(line.text) if "Content Security Policy" in line.text else None)
    return page


def left_as_found(context: BrowserContext) -> None:
    """Keep the first tab, on a page without scripts, where nothing of the test before goes on."""
    context.set_offline(False)
    first, *others = context.pages
    for page in others:
        page.close()
    first.evaluate("localStorage.clear(), sessionStorage.clear()")
    first.emulate_media(media="null", color_scheme="null")
    first.goto(ELSEWHERE)
    context.clear_cookies()
