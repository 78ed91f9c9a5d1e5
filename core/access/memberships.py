"""Which committees a person sits on, for accounts, which know no committee: a feature above lends the statement.

It travels inside the one statement that tells who a session speaks for, so that no page pays for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, null

#: (column of the person's id, now) -> scalar subquery: identifiers joined by commas, NULL for none
Memberships = Callable[[ColumnElement[UUID], datetime], ColumnElement[str]]
_lent: list[Memberships] = []


def memberships_with(statement: Memberships) -> Memberships:
    """Register the statement. A decorator; the last one serves."""
    _lent.append(statement)
    return statement


def memberships(user_id: ColumnElement[UUID], now: datetime) -> ColumnElement[str]:
    """The column to select beside a person; NULL when no feature has committees."""
    return _lent[-1](user_id, now) if _lent else cast(null(), String)


def membership_ids(found: str | None) -> frozenset[UUID]:
    """What `memberships` selected, as identifiers."""
    return frozenset(UUID(one) for one in found.split(",")) if found else frozenset()
