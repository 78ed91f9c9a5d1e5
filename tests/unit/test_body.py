"""The body of a request stays in memory: no upload is ever written to a disk in clear."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.datastructures import UploadFile
from starlette.requests import Request

from core.kernel.web.body import BadBody, read_form

BOUNDARY = "limite"


def request(body: bytes, *, declared: int | None = None) -> Request:
    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [
        (b"content-type", f"multipart/form-data; boundary={BOUNDARY}".encode()),
        (b"content-length", str(len(body) if declared is None else declared).encode()),
    ]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def upload(content: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def test_a_large_upload_never_touches_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file was opened")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    content = b"x" * 5_000_000
    _, form = asyncio.run(read_form(request(upload(content)), 6_000_000))
    file = form["file"]
    assert isinstance(file, UploadFile)
    assert file.file.read() == content
    assert file.filename == "a.pdf"
    file.file.close()


def test_a_size_over_the_limit_is_refused_before_a_byte_is_read() -> None:
    async def never() -> Any:
        raise AssertionError("the body was read")

    asked = request(b"", declared=50_000_000)
    asked._receive = never
    with pytest.raises(BadBody) as refused:
        asyncio.run(read_form(asked, 1_000_000))
    assert refused.value.refusal.status == 413


@pytest.mark.parametrize("body", [b"--autre\r\n\r\n", upload(b"x").replace(b'; name="file"', b"")])
def test_a_body_that_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(BadBody) as refused:
        asyncio.run(read_form(request(body), 1_000_000))
    assert refused.value.refusal.status == 400
