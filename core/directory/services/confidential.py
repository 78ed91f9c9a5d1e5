"""A confidential address: sealed to the organisation's own key, so that neither a dump nor another partner reads it."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.viewer import Viewer
from core.directory.models import Location, Organisation
from core.directory.rules.words import Tier
from core.directory.services.keys import sealing_key
from core.journal.services import record
from core.kernel.crypto import Aad, Keyring, decrypt, encrypt, new_block_key, seal, unseal
from core.kernel.errors import DomainError, Missing
from core.kernel.i18n import N_


@dataclass(frozen=True)
class ConfidentialDetails:
    address: str
    phone: str = ""
    directions: str = ""


def seal_details(session: Session, location: Location, details: ConfidentialDetails) -> None:
    """Write the details under a new key sealed to the organisation. Raises DomainError when it has no key yet."""
    public_key = sealing_key(session, location.organisation_id)
    if public_key is None or location.visibility != Tier.CONFIDENTIAL.value:
        raise DomainError(N_("Cet organisme n’a pas encore de clé : son adresse ne peut pas être gardée."))
    key, version = new_block_key(), location.sealed_version + 1
    plain = json.dumps(asdict(details), ensure_ascii=False).encode()
    location.sealed_version = version
    location.sealed_key = seal(key, public_key)
    location.sealed_details = encrypt(key, plain, aad=_aad(location.id, location.organisation_id, version))
    session.flush()


def read_details(session: Session, viewer: Viewer, keyring: Keyring, *, now: datetime) -> ConfidentialDetails | None:
    """The confidential details of the viewer's own organisation, journaled; None when it has none.

    Raises Missing for anyone else: an address that may not be read does not exist.
    """
    if viewer.organisation_id is None or not holds(viewer, Permission.DIRECTORY_READ_PARTNERS):
        raise Missing
    # In one statement: a change of keys moves the pair and what is sealed to it together
    found = session.execute(
        _confidential(viewer.organisation_id).add_columns(Organisation.wrapped_private_key).join(Organisation)
    ).first()
    if found is None:
        return None
    location, wrapped = found
    if location.sealed_key is None or location.sealed_details is None or wrapped is None:
        return None
    record(
        session,
        case_id=None,
        organisation_id=viewer.organisation_id,
        actor=viewer,
        action="directory.address_read",
        subject=str(location.id),
        facts={},
        now=now,
    )
    key = unseal(location.sealed_key, keyring.open_private(wrapped, viewer.organisation_id))
    place = _aad(location.id, location.organisation_id, location.sealed_version)
    return ConfidentialDetails(**json.loads(decrypt(key, location.sealed_details, aad=place)))


def set_details(session: Session, viewer: Viewer, details: ConfidentialDetails, *, now: datetime) -> None:
    """Replace the confidential details of the viewer's own organisation, journaled. Its administration only."""
    if viewer.organisation_id is None or not holds(viewer, Permission.ORGANISATION_MANAGE):
        raise Missing
    location = session.scalars(_confidential(viewer.organisation_id)).first()
    if location is None:
        raise Missing
    seal_details(session, location, details)
    record(
        session,
        case_id=None,
        organisation_id=viewer.organisation_id,
        actor=viewer,
        action="directory.address_changed",
        subject=str(location.id),
        facts={"version": location.sealed_version},
        now=now,
    )


def _confidential(organisation_id: UUID) -> Select[Location]:
    return (
        select(Location)
        .where(Location.organisation_id == organisation_id, Location.visibility == Tier.CONFIDENTIAL.value)
        .order_by(Location.key)
    )


def _aad(location_id: UUID, organisation_id: UUID, version: int) -> Aad:
    return Aad("locations", location_id, "sealed_details", version, organisation_id)
