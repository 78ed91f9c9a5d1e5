"""Logging by allow-list: a key that isn't listed here never reaches the log, whatever a caller passes.

So a name, an address or a narrative given by mistake, or inside an exception's text, is dropped. Messages are fixed
event names in snake case; text built at run time is replaced by `redacted`.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

ALLOWED = frozenset(
    {
        # the log line itself
        "event", "level", "timestamp", "logger", "room",
        # what happened, by code
        "action", "code", "command", "error", "hook", "job", "kind", "method", "mode", "permission", "plugin", "reason",
        "route", "state", "status", "subscriber", "template",
        # which, by opaque identifier
        "delivery_id", "event_id", "incident", "mail_id", "request_id", "revision",
        # how much, how long
        "attempts", "count", "duration_ms", "seq", "connections", "port", "version",
    }
)  # fmt: skip
"""Every key a log line may carry. Adding one is a decision: never a name, an address, a word someone typed."""

_NAME = re.compile(r"[a-z][a-z0-9_.]{0,79}")
_VALUE = re.compile(r"[A-Za-z0-9_.:/{}<>*+-]{0,160}")

Processor = MutableMapping[str, Any]


def keep_allowed(_logger: Any, _method: str, line: Processor) -> Processor:
    """Drop keys that aren't listed; values that aren't plain codes or numbers become `redacted`."""
    kept = {key: _plain(value) for key, value in line.items() if key in ALLOWED}
    name = str(line.get("event", ""))
    kept["event"] = name if _NAME.fullmatch(name) else "redacted"
    return kept


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if _VALUE.fullmatch(text) else "redacted"


class AllowListHandler(logging.Handler):
    """Standard-library records of other packages: logger, level and the exception's type, never the message."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        fields: dict[str, Any] = {"logger": record.name}
        if error:
            fields["error"] = error
        structlog.get_logger().log(record.levelno, "library_message", **fields)


def configure(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send every log of the process through the allow-list, as one JSON object a line on `stream` (standard error)."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
            keep_allowed,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Looked up at each line: whoever replaces standard error gets what follows
        logger_factory=lambda *_: structlog.PrintLogger(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [AllowListHandler()]
    root.setLevel(max(level, logging.WARNING))


def get_logger(name: str) -> Any:
    """A logger for one room; bind only keys of `ALLOWED`."""
    return structlog.get_logger(room=name)
