"""The body of a request: bounded before it is read, kept in memory, refused when it is not clean text."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.types import Message, Receive

from core.kernel.web.routes import Refusal

BAD_REQUEST = "La demande n’a pas pu être lue. Rien n’a été enregistré."
BROKEN_TEXT = "Certains caractères n’ont pas pu être lus. Vérifiez le texte, puis envoyez de nouveau."

MAX_FILES, MAX_FIELDS = 20, 400


class BadBody(Exception):
    """The body can't be read; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.message)


class _InMemory(MultiPartParser):
    """Starlette writes uploads over 1 MiB to a temporary file, in clear; the body is bounded, so it stays in memory."""

    spool_max_size = 0  # no limit: never rolled over to a disk


async def read_form(request: Request, limit: int) -> tuple[bytes, FormData]:
    """The body, at most `limit` bytes, and its fields. Raises `BadBody`."""
    body = await _bounded_body(request, limit)
    try:
        if request.headers.get("content-type", "").startswith("multipart/"):
            parser = _InMemory(
                request.headers,
                _once(body),
                max_files=MAX_FILES,
                max_fields=MAX_FIELDS,
                max_part_size=limit,
            )
            return body, await parser.parse()
        again = Request(request.scope, _replay(body))
        return body, await again.form(max_files=MAX_FILES, max_fields=MAX_FIELDS)
    except (HTTPException, MultiPartException, ValueError, KeyError) as failure:
        raise BadBody(Refusal(400, BAD_REQUEST)) from failure


def unreadable(texts: Iterable[object]) -> bool:
    """Whether a text lost characters while it was decoded, or holds a NUL, which PostgreSQL refuses."""
    return any(isinstance(text, str) and ("\ufffd" in text or "\x00" in text) for text in texts)


def broken(body: bytes, content_type: str, form: FormData) -> bool:
    """Whether the body is not clean UTF-8. Starlette would read the bytes of another encoding as other letters."""
    if unreadable(item for pair in form.multi_items() for item in pair):
        return True
    if content_type.startswith("multipart/"):
        if any(not isinstance(value, str) for value in form.values()):
            return False  # a file may hold any byte; its route reads it
        try:
            body.decode()
        except UnicodeDecodeError:
            return True
        return False
    return not body.isascii()


async def _bounded_body(request: Request, limit: int) -> bytes:
    """The whole body, refused by its declared size before a byte is read, and by its real size as it comes."""
    declared = request.headers.get("content-length", "0")
    if not (declared.isascii() and declared.isdigit() and len(declared) < 19):
        raise BadBody(Refusal(400, BAD_REQUEST))
    if int(declared) > limit:
        raise BadBody(Refusal(413))
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise BadBody(Refusal(413))
        chunks.append(chunk)
    return b"".join(chunks)


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
