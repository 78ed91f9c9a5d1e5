"""Identifiers: time-ordered UUIDs (version 7, RFC 9562), which Python 3.11 does not offer."""

from __future__ import annotations

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """A fresh UUIDv7: 48 bits of Unix milliseconds, 12 of their fraction (a quarter of a microsecond), 62 random bits.

    The fraction (RFC 9562 §6.2, method 3) keeps what one process makes in its order: lists are read in order of entry.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    random = int.from_bytes(os.urandom(8), "big") & ~(0x3 << 62)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0x2 << 62) | random)
