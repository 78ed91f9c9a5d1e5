"""What the tests of the HTTP edge compare: the golden headers, and everything a database holds."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import select

from core.kernel.db import Base
from core.testing.network import Network
from core.testing.statements import told

__all__ = ["BACKGROUND", "GOLDEN", "HSTS", "READS_WRITE", "contents", "deviations", "told"]

#: Written again here on purpose: a header that is loosened in the code is loosened here too, and reviewed.
GOLDEN = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; manifest-src 'self'; worker-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex",
}
HSTS = "max-age=63072000; includeSubDomains"
#: What a read may write: proof that it was read, and that somebody is active.
READS_WRITE = frozenset({"journal_entries", "journal_heads", "login_sessions"})
#: Moves by itself, whoever asks what: background work, its leases, the journal's roots, what was published.
BACKGROUND = frozenset({"event_deliveries", "job_leases", "journal_roots", "journal_sealed", "stream_heads"})
PUBLISHED = frozenset({"published_at", "stream_seq"})


def deviations(answer: Any, *, https: bool = False) -> list[str]:
    """The golden headers this answer lacks or changes, and whether it may be kept."""
    expected = {**GOLDEN, **({"strict-transport-security": HSTS} if https else {})}
    found = answer.headers
    wrong = [f"{name}: {found.get(name)}" for name, value in expected.items() if found.get(name) != value]
    if not https and "strict-transport-security" in answer.headers:
        wrong.append("HSTS without https")
    if answer.headers.get("cache-control") != "no-store":
        wrong.append(f"cache-control: {answer.headers.get('cache-control')}")
    wrong += [f"says {name}" for name in ("server", "x-powered-by") if name in answer.headers]
    return wrong


def contents(network: Network, *, without: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """Every row of every table, as text, by table: as the driver gives it, to compare it is all that is asked."""
    held: dict[str, list[str]] = {}
    with network.database.transaction(write=False) as session:
        connection = session.connection()
        for name, statement in _reading_everything().items():
            if name not in without | BACKGROUND:
                held[name] = sorted(repr(tuple(row)) for row in connection.exec_driver_sql(statement))
    return held


@cache
def _reading_everything() -> dict[str, str]:
    """Table → the statement that reads it whole, but for what moves by itself."""
    return {
        table.name: str(select(*(column for column in table.columns if column.name not in PUBLISHED)))
        for table in Base.metadata.sorted_tables
    }
