"""Logs by allow-list: what isn't listed never comes out, whoever logs it and however."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from core.kernel.log import ALLOWED, configure, get_logger

SECRET = "Rose Fictive, 450 555-0142"


@pytest.fixture
def lines() -> Iterator[Any]:
    stream = io.StringIO()
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    configure(logging.INFO, stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


def test_listed_keys_pass_and_all_others_are_dropped(lines: Any) -> None:
    get_logger("mail").info(
        "mail_failed", mail_id="0190-ab", attempts=3, name=SECRET, recipient=SECRET, anything=SECRET
    )
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "mail_failed", "level": "info", "room": "mail", "mail_id": "0190-ab", "attempts": 3}


def test_words_under_a_listed_key_or_as_the_event_are_redacted(lines: Any) -> None:
    get_logger("x").warning("job_failed", reason=SECRET, error=ValueError(SECRET), status={"who": SECRET})
    get_logger("x").warning(f"could not call {SECRET}")
    first, second = lines()
    assert (first["reason"], first["error"], first["status"]) == ("redacted",) * 3
    assert second["event"] == "redacted"
    assert "Rose" not in json.dumps([first, second])


def test_an_exception_gives_its_type_only_even_from_another_package(lines: Any) -> None:
    try:
        raise LookupError(SECRET)
    except LookupError:
        logging.getLogger("uvicorn.error").exception("failed for %s", SECRET)
        get_logger("x").exception("job_failed", exc_info=True)
    first, second = lines()
    assert first["error"] == "LookupError"
    assert first["logger"] == "uvicorn.error"
    assert "Rose" not in json.dumps([first, second])


def test_the_list_holds_no_key_that_invites_personal_content() -> None:
    inviting = {
        "name",
        "email",
        "address",
        "message",
        "text",
        "body",
        "query",
        "url",
        "path",
        "user",
        "phone",
        "note",
        "value",
    }
    assert ALLOWED.isdisjoint(inviting)
