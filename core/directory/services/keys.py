"""The public key of an organisation, read so that it is not replaced before what is sealed to it is committed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.directory.models import Organisation
from core.kernel.db import prepared


def sealing_key(session: Session, organisation_id: UUID) -> bytes | None:
    """The organisation's public key now (32 bytes), None when it has none.

    On PostgreSQL the row is held FOR KEY SHARE until commit: a change of keys waits for this transaction, then moves
    what it sealed; begun first, it is waited for and its new key is read. SQLite writes one transaction at a time.
    """
    return session.execute(*_held_key(organisation_id)).scalar()


@prepared
def _held_key(organisation_id: UUID) -> Select[bytes | None]:
    statement = select(Organisation.public_key).where(Organisation.id == organisation_id)
    return statement.with_for_update(read=True, key_share=True)
