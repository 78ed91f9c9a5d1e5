"""Periodic work: what to run and how often; the runner holds a lease so that one process does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from core.kernel.web.house import House


@dataclass(frozen=True)
class Job:
    """`run(session, house, now)` in one transaction, every `every`. `name` is stored: it never changes."""

    name: str
    every: timedelta
    run: Callable[[Session, House, datetime], None]
