"""Rotation of the master key: everything it protects in the database is taken over by the newest one.

Killed anywhere, it is resumed by running it again: each batch commits alone, an older key of the file still opens what
was not reached, and what already bears the newest key is left untouched. Referrals' contents are sealed to the keys
of organisations, which stay the same; only their wraps change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Select, func, inspect, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.accounts.models import (
    IdentityProvider,
    Invitation,
    OrganisationApplication,
    OrganisationKeyChange,
    Passkey,
    TotpSecret,
    User,
)
from core.accounts.services import renew_label, renew_personal, renew_secret
from core.accounts.services.provider_secret import renew_secret as renew_client_secret
from core.accounts.services.sealed import renew
from core.committees.models.meetings import Meeting, RaisedHand
from core.committees.models.structure import Ballot
from core.committees.services import sealing
from core.committees.services.meetings import renew_minutes
from core.committees.services.raised import renew_hand
from core.directory.models import Organisation
from core.kernel.crypto import KEY_ID_BYTES, Keyring, Unreadable
from core.kernel.db import Base, Database
from core.kernel.files import StoredFile, renew_file_key
from core.kernel.mail import MailSeal, OutgoingMail
from core.kernel.migrations import plugin_labels
from core.kernel.schema import import_models
from core.kernel.texts import renew_text
from core.referrals.models import ReferralCase

BATCH = 200


@dataclass(frozen=True)
class Renewal:
    """How many rows were taken over, and how many no key of the file opens."""

    renewed: int
    unreadable: int


@dataclass(frozen=True)
class Protected:
    """One column under the master key: `renew(keyring, row id, bytes)` puts it under the newest."""

    model: Any
    column: InstrumentedAttribute[Any]
    renew: Callable[[Keyring, UUID, bytes], bytes]


def _wrap(keyring: Keyring, row_id: UUID, wrapped: bytes) -> bytes:
    return keyring.rewrap(wrapped, row_id)


def _address(keyring: Keyring, row_id: UUID, sealed: bytes) -> bytes:
    return MailSeal(keyring).renew(sealed, row_id)


def _of_person(column: str) -> Callable[[Keyring, UUID, bytes], bytes]:
    return lambda keyring, row_id, sealed: renew_personal(keyring, row_id, column, sealed)


def _of_row(table: str, column: str) -> Callable[[Keyring, UUID, bytes], bytes]:
    return lambda keyring, row_id, sealed: renew(keyring, table, row_id, column, sealed)


def _of_ballot(column: str) -> Callable[[Keyring, UUID, bytes], bytes]:
    return lambda keyring, row_id, sealed: sealing.renew(keyring, row_id, column, sealed)


#: Every column the master key protects; a test looks for the old key's id in every other one.
PROTECTED = (
    Protected(Organisation, Organisation.wrapped_private_key, _wrap),
    Protected(ReferralCase, ReferralCase.escrow_wrapped, _wrap),
    Protected(User, User.name_sealed, _of_person("name_sealed")),
    Protected(User, User.email_sealed, _of_person("email_sealed")),
    Protected(Passkey, Passkey.label_sealed, renew_label),
    Protected(TotpSecret, TotpSecret.secret_sealed, renew_secret),
    Protected(Invitation, Invitation.email_sealed, _of_row("invitations", "email_sealed")),
    Protected(Invitation, Invitation.name_sealed, _of_row("invitations", "name_sealed")),
    *(
        Protected(OrganisationApplication, column, _of_row("organisation_applications", column.key))
        for column in (
            OrganisationApplication.details_sealed,
            OrganisationApplication.officer_sealed,
            OrganisationApplication.admin_sealed,
        )
    ),
    Protected(OrganisationKeyChange, OrganisationKeyChange.wrapped_private_key, _wrap),
    Protected(IdentityProvider, IdentityProvider.client_secret, renew_client_secret),
    Protected(OutgoingMail, OutgoingMail.recipient, _address),
    Protected(Ballot, Ballot.choice_sealed, _of_ballot(sealing.CHOICE)),
    Protected(Ballot, Ballot.reason_sealed, _of_ballot(sealing.REASON)),
    Protected(StoredFile, StoredFile.key_sealed, renew_file_key),
    Protected(Meeting, Meeting.minutes_sealed, renew_minutes),
    Protected(RaisedHand, RaisedHand.choice_sealed, renew_hand),
)


def protected(session: Session) -> tuple[Protected, ...]:
    """`PROTECTED`, then the personal columns of plugins whose tables are there: they hold what `seal_text` made."""
    import_models(plugin_labels())
    there = set(inspect(session.connection()).get_table_names())
    found = []
    for mapper in sorted(Base.registry.mappers, key=lambda one: str(one.local_table)):
        table = str(mapper.local_table)
        if mapper.class_.__module__.startswith("core.") or table not in there:
            continue
        for key, column in mapper.columns.items():
            if column.info.get("class") == "personal":
                found.append(Protected(mapper.class_, getattr(mapper.class_, key), _of_text(table, column.name)))
    return (*PROTECTED, *found)


def _of_text(table: str, column: str) -> Callable[[Keyring, UUID, bytes], bytes]:
    return lambda keyring, row_id, sealed: renew_text(keyring, table, row_id, column, sealed)


def is_under_way(session: Session, keyring: Keyring) -> bool:
    """Whether something still bears an older key: a rotation was interrupted."""
    return any(session.execute(_older(one, keyring).limit(1)).first() is not None for one in protected(session))


def renew_all(database: Database, keyring: Keyring, *, batch: int = BATCH) -> Renewal:
    """Put everything under the newest key, `batch` rows a transaction."""
    renewed = unreadable = 0
    with database.transaction(write=False) as session:
        every = protected(session)
    for one in every:
        last: UUID | None = None
        while True:
            with database.transaction() as session:
                rows = session.execute(_older(one, keyring, last).limit(batch)).all()
                for row in rows:
                    try:
                        renewed += _take_over(session, one, keyring, row.id, row.value)
                    except Unreadable:
                        unreadable += 1
            if not rows:
                break
            last = rows[-1].id
    return Renewal(renewed, unreadable)


def _older(one: Protected, keyring: Keyring, after: UUID | None = None) -> Select[Any]:
    named = func.substr(one.column, 2, KEY_ID_BYTES, type_=LargeBinary)
    statement = (
        select(one.model.id, one.column.label("value"))
        .where(one.column.is_not(None), named != bytes.fromhex(keyring.active_id))
        .order_by(one.model.id)
    )
    return statement if after is None else statement.where(one.model.id > after)


def _take_over(session: Session, one: Protected, keyring: Keyring, row_id: UUID, value: bytes) -> int:
    """Replace exactly the bytes that were read: what somebody changed meanwhile is left for the next look."""
    changed = session.execute(
        update(one.model)
        .where(one.model.id == row_id, one.column == value)
        .values({one.column: one.renew(keyring, row_id, value)}),
        execution_options={"synchronize_session": False},
    )
    return int(getattr(changed, "rowcount", 0))
