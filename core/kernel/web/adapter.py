"""The endpoint adapter: one direction from a request to a response.

Cookies → form (size, CSRF) → one transaction (viewer, permission, handler) → commit → render. Handlers return values;
this is the only place that knows both HTTP and the database.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from core.kernel.errors import DomainError
from core.kernel.log import get_logger
from core.kernel.web import csrf
from core.kernel.web.body import BROKEN_TEXT, BadBody, broken, read_form, unreadable
from core.kernel.web.cookies import CookieJar
from core.kernel.web.house import Chrome, House, Identity, TimeLeft
from core.kernel.web.render import Surroundings
from core.kernel.web.routes import (
    PUBLIC,
    Answer,
    Assurance,
    Compute,
    Data,
    File,
    Page,
    PageRequest,
    Redirect,
    Refusal,
    Route,
    not_found,
)

ERROR_TEMPLATE = "errors/error.html"
SIGN_IN_PATH = "/connexion"
FORGED = (
    "Cette page a été ouverte depuis trop longtemps, ailleurs, ou avec un autre compte. "
    "Revenez en arrière\u00a0: votre texte y est encore. Rechargez la page, puis envoyez de nouveau."
)
UNEXPECTED = "Une erreur est survenue de notre côté. Rien n’a été enregistré."

_log = get_logger("web")


@dataclass(frozen=True)
class Outcome:
    """What came out of the transaction: the answer, and what a full page needs around it."""

    answer: Answer
    identity: Identity
    request: PageRequest
    chrome: Chrome
    cursor: str | None = None
    #: A person sees this answer (a script that fetches it does not): a notice shown once is then forgotten.
    navigation: bool = True


class Endpoint:
    """ASGI application of one route."""

    def __init__(self, route: Route, house: House) -> None:
        self.route = route
        self.house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self.respond(request)
        await response(scope, receive, send)

    async def respond(self, request: Request) -> Response:
        """The response to `request`; never raises. Uploaded files live as long as it takes to make it."""
        async with AsyncExitStack() as uploads:
            return await self._respond(request, uploads)

    async def _respond(self, request: Request, uploads: AsyncExitStack) -> Response:
        jar = CookieJar(request.cookies, self.house)
        try:
            form = await self._form(request, jar, uploads)
            outcome = await self.house.database.run(
                lambda session: self._work(session, request, jar, form), self.route.mode
            )
            answer = outcome.answer
            if isinstance(answer, Compute):
                answer = await self._compute(answer)
                outcome = replace(outcome, answer=answer)
            await self._touch(outcome)
            return self._response(outcome, jar)
        except BadBody as failure:
            return await self._error(request, jar, failure.refusal)
        except DomainError as failure:
            if isinstance(failure.page, Page):
                page = Page(failure.page.template, failure.page.context, failure.status)
                return await self._error(request, jar, page)
            return await self._error(request, jar, Refusal(failure.status, failure.message, failure.remedy))
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as failure:
            if self.house.settings.raise_unexpected:
                raise
            _log.error("unexpected", route=self.route.name, error=type(failure).__name__, code=_where(failure))
            return await self._error(request, jar, Refusal(500, UNEXPECTED))

    async def refuse(self, request: Request, refusal: Refusal) -> Response:
        """The error page for a request that no route takes."""
        return await self._error(request, CookieJar(request.cookies, self.house), refusal)

    def _work(self, session: Session, request: Request, jar: CookieJar, form: FormData) -> Outcome:
        house = self.house
        now = house.clock.now()
        identity = house.authenticate(session, None if self.route.machine else jar.session, now)
        page_request = PageRequest(
            viewer=identity.viewer,
            path=dict(request.path_params),
            query=request.query_params,
            form=form,
            now=now,
            locale=jar.locale or identity.viewer.locale,
            house=house,
            route=self.route,
            wants_fragment=request.headers.get("x-fragment") == "1",
            cookies=request.cookies,
            client_address=request.client.host if request.client else "",
            url_path=request.url.path,
            session_mark=jar.mark,
            user_agent=request.headers.get("user-agent", "")[:400],
            browser_session=identity.session_id,
            locked=identity.locked,
            left=identity.left,
        )
        attached = not identity.viewer.is_anonymous and not page_request.wants_fragment
        cursor = house.cursor(session) if attached else None
        answer = self._handle(session, page_request, identity)
        full_page = isinstance(answer, (Page, Refusal)) and not page_request.wants_fragment
        chrome = house.chrome(session, page_request) if full_page else Chrome()
        navigation = request.headers.get("sec-fetch-mode", "navigate") == "navigate" and not page_request.wants_fragment
        return Outcome(answer, identity, page_request, chrome, cursor, navigation)

    def _handle(self, session: Session, request: PageRequest, identity: Identity) -> Answer:
        if any("\x00" in value for value in request.path.values()):
            return not_found()
        if unreadable(item for pair in request.query.multi_items() for item in pair):
            return Refusal(422, BROKEN_TEXT)
        held = self.house.holding(identity.viewer, self.route.permission)
        if not held.allowed:
            if identity.viewer.is_anonymous:
                return self._go_through(request, self.house.detour(identity, self.route, request.now) or SIGN_IN_PATH)
            return Refusal(403, held.reason, held.remedy) if held.discoverable else not_found()
        way = None if identity.viewer.is_anonymous else self.house.detour(identity, self.route, request.now)
        return self._go_through(request, way) if way else self.route.handler(session, request)

    def _go_through(self, request: PageRequest, way: str) -> Answer:
        """The page to go through first, which then leads back to the page asked for."""
        if request.wants_fragment:
            return Refusal(401)
        if self.route.method == "POST" and (request.locked or not request.viewer.is_anonymous):
            # The form goes along: the page on the way keeps it and sends it again where it was going.
            return Redirect(f"{way}?suite={quote(request.url_path, safe='')}", again=True)
        if self.route.method != "GET" or request.url_path == "/":
            return Redirect(way)
        asked = request.url_path + (f"?{request.query}" if request.query else "")
        return Redirect(f"{way}?suite={quote(asked, safe='')}")

    async def _form(self, request: Request, jar: CookieJar, uploads: AsyncExitStack) -> FormData:
        if self.route.method != "POST":
            return FormData()
        if not self.route.machine and not csrf.same_site(request.headers, https=self.house.settings.secure_cookies):
            raise BadBody(Refusal(403, FORGED))
        body, form = await read_form(request, self.route.max_body)
        uploads.push_async_callback(form.close)
        if not self.route.machine and not csrf.valid(jar.csrf_key, jar.browser, str(form.get("_csrf", ""))):
            raise BadBody(Refusal(403, FORGED))
        if broken(body, request.headers.get("content-type", ""), form):
            raise BadBody(Refusal(422, BROKEN_TEXT))
        return form

    async def _compute(self, answer: Compute) -> Answer:
        result = await asyncio.to_thread(answer.fn)
        return await self.house.database.run(lambda session: answer.then(session, result), "write")

    async def _touch(self, outcome: Outcome) -> None:
        viewer = outcome.identity.viewer
        if self._counts(outcome):
            now = outcome.request.now
            await self.house.database.run(lambda session: self.house.touch(session, viewer.session_id, now), "write")

    def _counts(self, outcome: Outcome) -> bool:
        """Whether this request is activity that has to be written: a person asked for it, no script by itself did."""
        asked = self.route.method == "POST" or outcome.navigation
        return outcome.identity.stale and self.route.activity and asked and not outcome.request.wants_fragment

    async def _error(self, request: Request, jar: CookieJar, answer: Page | Refusal) -> Response:
        """An error after a rollback: surroundings are read again in their own transaction."""
        try:
            outcome = await self.house.database.run(
                lambda session: self._surround(session, request, jar, answer), "read"
            )
            return self._response(outcome, jar)
        except Exception as failure:
            _log.error("error_page_failed", route=self.route.name, error=type(failure).__name__, code=_where(failure))
            return Response(UNEXPECTED, status_code=500, media_type="text/plain; charset=utf-8")

    def _surround(self, session: Session, request: Request, jar: CookieJar, answer: Answer) -> Outcome:
        def say(_session: Session, _request: PageRequest) -> Answer:
            return answer

        route = Route("GET", self.route.path, say, PUBLIC, "read", self.route.name, assurance=Assurance.NONE)
        return Endpoint(route, self.house)._work(session, request, jar, FormData())

    def _response(self, outcome: Outcome, jar: CookieJar) -> Response:
        answer = outcome.answer
        response: Response
        if isinstance(answer, Page):
            response = self._html(answer, outcome, jar)
        elif isinstance(answer, Refusal):
            response = self._refusal(answer, outcome, jar)
        elif isinstance(answer, Redirect):
            status = 307 if answer.again else 303
            response = Response(status_code=status, headers={"location": quote(answer.location, safe="/?&=%#+-_.~:")})
            jar.after_redirect(response, answer)
        elif isinstance(answer, File):
            response = Response(answer.content, media_type=answer.media_type)
            response.headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(answer.filename)}"
        elif isinstance(answer, Data):
            response = JSONResponse(answer.body, status_code=answer.status)
        else:
            raise TypeError(f"{self.route.name} returned {type(answer).__name__}")
        return response

    def _refusal(self, refusal: Refusal, outcome: Outcome, jar: CookieJar) -> Response:
        # The 404 shows neither the path nor anything else of the request: a denied object equals a missing one.
        said = {"status": refusal.status, "message": refusal.message, "remedy": refusal.remedy}
        page = Page(ERROR_TEMPLATE, said, refusal.status)
        return self._html(page, outcome, jar, echo_path=refusal.status != 404)

    def _html(self, page: Page, outcome: Outcome, jar: CookieJar, *, echo_path: bool = True) -> Response:
        request = outcome.request
        around = Surroundings(
            viewer=request.viewer,
            locale=request.locale,
            csrf_token=jar.csrf_token,
            nav=outcome.chrome.nav,
            live_cursor=outcome.cursor if echo_path else None,
            session_mark=jar.mark,
            notice=jar.notice if outcome.navigation else None,
            url_path=request.url_path if echo_path and request.route.method == "GET" else "/",
            now=request.now if echo_path else None,
            left=self._left(outcome) if echo_path else None,
        )
        body = self.house.renderer.render(page.template, page.context, around)
        response = Response(body, status_code=page.status, media_type="text/html; charset=utf-8")
        if page.sign_in is not None:
            jar.after_redirect(response, Redirect("", sign_in=page.sign_in))
        jar.after_page(response, shown=outcome.navigation)
        return response

    def _left(self, outcome: Outcome) -> TimeLeft | None:
        left = outcome.identity.left
        return replace(left, until_lock=left.idle) if left and self._counts(outcome) else left


def _where(failure: BaseException) -> str:
    """File and line of the innermost frame: enough to find it, nothing of what was being handled."""
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
