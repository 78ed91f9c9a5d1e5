"""The journal of who did what, and the names it keeps."""

from __future__ import annotations

from core.journal import lock_case, lock_chains, record, record_each
from core.journal.queries.people import people as people_names

__all__ = [
    "lock_case",
    "lock_chains",
    "people_names",
    "record",
    "record_each",
]
