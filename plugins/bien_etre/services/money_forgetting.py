"""Erasing who paid or handed: amounts stay, nobody did them. The journal keeps its own rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast
from uuid import UUID

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from .. import models


def forgetting(user_id: UUID) -> Callable[[Session], int]:
    """How to empty a person's identifier wherever the money names her or him; returns the rows touched."""

    def forget(session: Session) -> int:
        touched = 0
        for table, column in (
            (models.Payment, "prepared_by"),
            (models.Payment, "confirmed_by"),
            (models.CardHanding, "user_id"),
            (models.CardHanding, "ratified_by"),
            (models.CarryOver, "prepared_by"),
            (models.CarryOver, "confirmed_by"),
            (models.RefusalReason, "coded_by"),
        ):
            statement = update(table).where(getattr(table, column) == user_id).values({column: None})
            result = session.execute(statement, execution_options={"synchronize_session": False})
            touched += cast("CursorResult[tuple[()]]", result).rowcount
        return touched

    return forget
