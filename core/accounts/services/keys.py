"""Replacing an organisation's key pair: every key sealed to the old one is sealed to the new one, the old one is gone.

Done in the same transaction as what asks for it, unless there is too much: then seals are prepared beside the old ones,
a batch a transaction, and put in place together with the new pair. Killed anywhere, it goes on from what was committed;
at every moment one pair, the organisation's, opens everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, and_, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.access.viewer import ANONYMOUS, Viewer
from core.accounts.models import OrganisationKeyChange, OrganisationKeySeal
from core.directory.models import Location, Organisation
from core.journal.services import record
from core.kernel.crypto import Keyring, PrivateKey, Unreadable, seal, unseal
from core.kernel.db import add_row, lock_row

#: Seals moved inside the act that asks for it (measured: about 0.2 ms each).
IN_ONE_ACT = 2_000
#: Seals prepared in one transaction of the job.
BATCH = 2_000


@dataclass(frozen=True)
class SealedColumn:
    """A column of keys sealed to organisations. `owned(organisation)`: its rows; `place` is stored."""

    place: str
    row_id: InstrumentedAttribute[Any]
    sealed: InstrumentedAttribute[Any]
    owned: Callable[[UUID], ColumnElement[bool]]

    @property
    def table(self) -> Table:
        table = self.sealed.class_.__table__
        assert isinstance(table, Table)
        return table


_COLUMNS: dict[str, SealedColumn] = {}


def seals_of(column: SealedColumn) -> None:
    """Have a column follow its organisation's key pair (at import): whatever is sealed to an organisation is named."""
    _COLUMNS[column.place] = column


seals_of(
    SealedColumn(
        "locations", Location.id, Location.sealed_key, lambda organisation: Location.organisation_id == organisation
    )
)


def sealed_columns() -> tuple[SealedColumn, ...]:
    """Every column that follows, in a constant order."""
    return tuple(_COLUMNS[place] for place in sorted(_COLUMNS))


def replace_keys(
    session: Session,
    keyring: Keyring,
    actor: Viewer,
    organisation_id: UUID,
    now: datetime,
    *,
    limit: int = IN_ONE_ACT,
) -> bool:
    """Give the organisation a new key pair; True when it is in force, False when the job goes on preparing it.

    Take it last but the journal: it holds the organisation's row, for which whoever seals to it waits.
    """
    held = _held(session, organisation_id)
    if held is None or held.public_key is None:
        return True
    change = _change(session, keyring, organisation_id, now)
    counts = [session.execute(_count(one, organisation_id)).scalar_one() for one in sealed_columns()]
    if sum(counts) > limit:
        return False
    _put_in_place(session, keyring, actor, organisation_id, held, change, now)
    return True


def continue_changes(
    session: Session, keyring: Keyring, now: datetime, *, batch: int = BATCH, limit: int = IN_ONE_ACT
) -> int:
    """Go on with the changes under way, one batch each; a change that is nearly done is finished. How many are left."""
    left = 0
    for organisation_id in session.execute(
        select(OrganisationKeyChange.id).order_by(OrganisationKeyChange.id)
    ).scalars():
        _prepare(session, keyring, organisation_id, batch)
        left += not replace_keys(session, keyring, ANONYMOUS, organisation_id, now, limit=limit)
    return left


def _held(session: Session, organisation_id: UUID) -> Any:
    statement = select(Organisation.public_key, Organisation.wrapped_private_key)
    return lock_row(session, statement.where(Organisation.id == organisation_id))


def _change(session: Session, keyring: Keyring, organisation_id: UUID, now: datetime) -> Any:
    statement = select(OrganisationKeyChange.__table__).where(OrganisationKeyChange.id == organisation_id)
    found = lock_row(session, statement)
    if found is not None:
        return found
    pair = keyring.new_organisation_keypair(organisation_id)
    add_row(
        session,
        OrganisationKeyChange,
        id=organisation_id,
        public_key=pair.public,
        wrapped_private_key=pair.wrapped_private,
        key_id=pair.key_id,
        started_at=now,
    )
    return session.execute(statement).one()


def _unprepared(column: SealedColumn, organisation_id: UUID) -> ColumnElement[bool]:
    made = exists().where(
        OrganisationKeySeal.organisation_id == organisation_id,
        OrganisationKeySeal.place == column.place,
        OrganisationKeySeal.row_id == column.row_id,
    )
    return and_(column.owned(organisation_id), column.sealed.is_not(None), ~made)


def _count(column: SealedColumn, organisation_id: UUID) -> Select[int]:
    return select(func.count()).select_from(column.table).where(_unprepared(column, organisation_id))


def _prepare(session: Session, keyring: Keyring, organisation_id: UUID, batch: int) -> None:
    """Seal to the next pair what is not yet, at most `batch` seals, beside what is in force."""
    held, change = _held(session, organisation_id), _change_row(session, organisation_id)
    if held is None or change is None:
        return
    private = keyring.open_private(held.wrapped_private_key, organisation_id)
    for column in sealed_columns():
        rows = session.execute(
            select(column.row_id, column.sealed).where(_unprepared(column, organisation_id)).limit(batch)
        ).all()
        made = [
            {
                "organisation_id": organisation_id,
                "place": column.place,
                "row_id": row[0],
                "replaces": _digest(row[1]),
                "sealed_key": _moved(row[1], private, change.public_key) or b"",
            }
            for row in rows
        ]
        if made:
            session.execute(insert(OrganisationKeySeal), made)
        batch -= len(made)
        if batch <= 0:
            return


def _change_row(session: Session, organisation_id: UUID) -> Any:
    return lock_row(session, select(OrganisationKeyChange.__table__).where(OrganisationKeyChange.id == organisation_id))


def _put_in_place(
    session: Session, keyring: Keyring, actor: Viewer, organisation_id: UUID, held: Any, change: Any, now: datetime
) -> None:
    private = keyring.open_private(held.wrapped_private_key, organisation_id)
    moved = unreadable = 0
    for column in sealed_columns():
        prepared = _prepared(session, column, organisation_id)
        values = []
        for row_id, sealed in session.execute(
            select(column.row_id, column.sealed).where(column.owned(organisation_id), column.sealed.is_not(None))
        ):
            replaces, ready = prepared.get(row_id, (b"", b""))
            new = ready if ready and replaces == _digest(sealed) else _moved(sealed, private, change.public_key)
            if new is None:  # it opened with nothing before either: a departure is not held back by it
                unreadable += 1
            else:
                values.append({"of_row": row_id, "new_seal": new})
        if values:
            session.connection().execute(
                update(column.table)
                .where(column.row_id == bindparam("of_row"), column.owned(organisation_id))
                .values({column.sealed.key: bindparam("new_seal")}),
                values,
            )
        moved += len(values)
    session.expire_all()
    session.execute(
        update(Organisation)
        .where(Organisation.id == organisation_id)
        .values(public_key=change.public_key, wrapped_private_key=change.wrapped_private_key, key_id=change.key_id)
    )
    session.execute(delete(OrganisationKeySeal).where(OrganisationKeySeal.organisation_id == organisation_id))
    session.execute(delete(OrganisationKeyChange).where(OrganisationKeyChange.id == organisation_id))
    record(
        session,
        case_id=None,
        organisation_id=organisation_id,
        actor=actor,
        action="organisation.keys_replaced",
        subject=f"organisation:{organisation_id}",
        facts={"seals": moved, "unreadable": unreadable},
        now=now,
    )


def _prepared(session: Session, column: SealedColumn, organisation_id: UUID) -> Mapping[UUID, tuple[bytes, bytes]]:
    rows = session.execute(
        select(OrganisationKeySeal.row_id, OrganisationKeySeal.replaces, OrganisationKeySeal.sealed_key).where(
            OrganisationKeySeal.organisation_id == organisation_id, OrganisationKeySeal.place == column.place
        )
    )
    return {row.row_id: (row.replaces, row.sealed_key) for row in rows}


def _moved(sealed: bytes, private: PrivateKey, public: bytes) -> bytes | None:
    try:
        return seal(unseal(sealed, private), public)
    except Unreadable:
        return None


def _digest(sealed: bytes) -> bytes:
    return hashlib.sha256(sealed).digest()
