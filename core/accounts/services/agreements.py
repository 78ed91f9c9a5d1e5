"""Accepting the agreements in force."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.accounts.agreements import IN_FORCE, AgreementText
from core.accounts.models import Agreement, AgreementAcceptance
from core.accounts.rules import PARTNERSHIP
from core.kernel.db import dialect_name, new_id


def accept_agreements(
    session: Session, user_id: UUID, organisation_id: UUID, kinds: Iterable[str], now: datetime
) -> None:
    """Note that this person accepts the version in force of each kind; a partnership binds the organisation.

    Accepting again changes nothing: two tabs, or two administrators at once, make one acceptance.
    """
    for kind in kinds:
        text = IN_FORCE[kind]
        _keep(session, text, now)
        row = {
            "id": new_id(),
            "agreement_hash": text.hash,
            "user_id": user_id,
            "organisation_id": organisation_id if kind == PARTNERSHIP else None,
            "accepted_at": now,
        }
        _insert_once(session, AgreementAcceptance, row)


def _keep(session: Session, text: AgreementText, now: datetime) -> None:
    if session.execute(select(Agreement.id).where(Agreement.hash == text.hash)).first() is not None:
        return
    row = {
        "id": new_id(),
        "kind": text.kind,
        "version": text.version,
        "hash": text.hash,
        "text_fr": text.fr,
        "text_en": text.en,
        "kept_at": now,
    }
    _insert_once(session, Agreement, row)


def _insert_once(session: Session, model: type, row: dict[str, object]) -> None:
    if dialect_name(session) == "postgresql":
        session.execute(postgresql.insert(model).values(row).on_conflict_do_nothing())
    else:
        session.execute(sqlite.insert(model).values(row).on_conflict_do_nothing())
