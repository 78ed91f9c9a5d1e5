"""What plugins know of a person, such as a valid training, read inside the one statement that tells who a session
speaks for.

No page pays a statement for it. A fact whose condition cannot be made is left out: the restrictions that need it deny.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, case, cast, null

from core.access.registry import Registry, registry


@dataclass(frozen=True)
class PersonColumns:
    """Columns of the person whose session is read. `created_at`: when her account was opened (UTC)."""

    id: ColumnElement[UUID]
    organisation_id: ColumnElement[UUID]
    created_at: ColumnElement[datetime]


def known_column(person: PersonColumns, now: datetime, facts: Registry = registry) -> ColumnElement[str]:
    """The column to select beside a person: the codes that are true of her, each followed by a comma. NULL: no plugin
    tells any."""
    parts: list[ColumnElement[Any]] = [
        case((condition(person, now), f"{code},"), else_="") for code, condition in sorted(facts.facts.items())
    ]
    return reduce(lambda left, right: left.concat(right), parts) if parts else cast(null(), String)


def known_codes(found: str | None) -> frozenset[str]:
    """What `known_column` selected, as codes."""
    return frozenset(code for code in (found or "").split(",") if code)
