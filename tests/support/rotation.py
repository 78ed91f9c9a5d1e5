"""What the master key protects in a database, read with a keyring; and where a key's id is found in the raw rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, select
from sqlalchemy.orm import Session

from core.access.viewer import ANONYMOUS
from core.accounts.models import Invitation, OrganisationApplication, OrganisationKeyChange, User
from core.accounts.services import read_personal
from core.accounts.services.keys import replace_keys
from core.accounts.services.sealed import show
from core.committees.models.meetings import Meeting
from core.committees.services.meetings import read_minutes
from core.directory.models import Organisation
from core.kernel.crypto import Keyring
from core.kernel.db import Base
from core.kernel.files import StoredFile, read_file
from core.kernel.mail import MailSeal, OutgoingMail, send_later
from core.kernel.migrations import plugin_labels
from core.kernel.schema import import_models
from core.kernel.texts import open_text
from core.referrals.models import ReferralCase
from core.referrals.services.sealing import ensure_escrow
from core.testing.network import Network
from tests.support.samples import sample_paths

Place = tuple[str, str, UUID]
#: Tables whose sealed columns are bound to their table, row and column alone.
ROWS: Mapping[type[Any], tuple[str, ...]] = {
    Invitation: ("email_sealed", "name_sealed"),
    OrganisationApplication: ("details_sealed", "officer_sealed", "admin_sealed"),
}


def something_of_each(network: Network) -> None:
    """References, one of them under an escrow key, and a message that waits."""
    sample_paths(network)
    with network.database.transaction() as session:
        case = session.execute(select(ReferralCase.id)).scalars().first()
        assert case is not None
        ensure_escrow(session, network.keyring, case)
        organisation = (
            session.execute(select(Organisation.id).where(Organisation.public_key.is_not(None))).scalars().first()
        )
        assert organisation is not None
        # A replacement of keys that is not done yet: the pair to come waits under the master key too
        assert not replace_keys(session, network.keyring, ANONYMOUS, organisation, network.clock.now(), limit=-1)
        seal = MailSeal(network.keyring)
        send_later(session, "camille@exemple.test", "news", "fr", network.clock.now(), seal=seal)


def opened(network: Network, keyring: Keyring) -> dict[Place, bytes]:
    """Everything the keyring opens, by place."""
    found: dict[Place, bytes] = {}
    with network.database.transaction(write=False) as session:
        for organisation in session.execute(select(Organisation)).scalars():
            if organisation.wrapped_private_key is not None:
                private = keyring.open_private(organisation.wrapped_private_key, organisation.id)
                found["organisations", "wrapped_private_key", organisation.id] = bytes(private)
        for case in session.execute(select(ReferralCase)).scalars():
            if case.escrow_wrapped is not None:
                place = ("referral_cases", "escrow_wrapped", case.id)
                found[place] = bytes(keyring.open_private(case.escrow_wrapped, case.id))
        for user in session.execute(select(User)).scalars():
            for column in ("name_sealed", "email_sealed"):
                text = read_personal(keyring, user.id, column, getattr(user, column))
                found["users", column, user.id] = text.encode()
        for model, columns in ROWS.items():
            for row in session.execute(select(model)).scalars():
                for column in columns:
                    if getattr(row, column) is not None:
                        text = show(keyring, model.__tablename__, row.id, column, getattr(row, column))
                        found[model.__tablename__, column, row.id] = text.encode()
        for change in session.execute(select(OrganisationKeyChange)).scalars():
            place = ("organisation_key_changes", "wrapped_private_key", change.id)
            found[place] = bytes(keyring.open_private(change.wrapped_private_key, change.id))
        for meeting in session.execute(select(Meeting).where(Meeting.minutes_sealed.is_not(None))).scalars():
            text = read_minutes(keyring, meeting.id, meeting.minutes_sealed)
            found["meetings", "minutes_sealed", meeting.id] = text.encode()
        for file in session.execute(select(StoredFile)).scalars():
            found["stored_files", "key_sealed", file.id] = read_file(session, keyring, file.id).content
        found |= _of_plugins(session, keyring)
        for mail in session.execute(select(OutgoingMail)).scalars():
            if mail.recipient is not None:
                found["outgoing_mail", "recipient", mail.id] = MailSeal(keyring).open(mail.recipient, mail.id).encode()
    return found


def _of_plugins(session: Session, keyring: Keyring) -> dict[Place, bytes]:
    """The sealed texts of every plugin's tables (`core.kernel.texts`)."""
    import_models(plugin_labels())
    found: dict[Place, bytes] = {}
    for table in Base.metadata.sorted_tables:
        if not table.name.startswith(tuple(f"{name}_" for name in plugin_labels())):
            continue
        for column in (one for one in table.columns if one.info.get("class") == "personal"):
            for row in session.execute(select(table.c.id, column).where(column.is_not(None))):
                text = open_text(keyring, table.name, row[0], column.name, row[1])
                found[table.name, column.name, row[0]] = text.encode()
    return found


def rows_bearing(network: Network, key_id: str) -> set[Place]:
    """Every place of the whole database where the id of a master key stands, whoever wrote it there."""
    import_models()
    mark = bytes.fromhex(key_id)
    found: set[Place] = set()
    with network.database.transaction(write=False) as session:
        for table in Base.metadata.sorted_tables:
            binary = [column for column in table.columns if isinstance(column.type, LargeBinary)]
            if not binary or "id" not in table.columns:
                continue
            for row in session.execute(select(table.c.id, *binary)).mappings():
                found |= {
                    (table.name, one.name, row["id"]) for one in binary if row[one.name] and mark in row[one.name]
                }
    return found
