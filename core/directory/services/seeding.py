"""The network a demonstration starts with: the region, a key pair each, the invented shelter’s address."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.directory.models import Location, Organisation
from core.directory.rules.words import Status
from core.directory.services.confidential import ConfidentialDetails, seal_details
from core.directory.services.importing import ImportReport, import_region
from core.kernel.crypto import Keyring
from core.kernel.errors import StartupError

REGIONS = Path(__file__).resolve().parents[1] / "regions"
LANAUDIERE = REGIONS / "lanaudiere"

#: Invented: no such street, a number reserved for fiction.
SHELTER_LOCATION = "escale-maison"
SHELTER_DETAILS = ConfidentialDetails(
    address="12, rue de la Girouette-Inventée (fictif)",
    phone="450 555-0143",
    directions="Sonner deux fois, dire le mot du jour (fictif).",
)


def create_missing_keys(session: Session, keyring: Keyring) -> int:
    """Give a key pair to every organisation in the network that has none; returns how many. No key is ever replaced.

    One on probation has none: its admission makes it, once two others have approved.
    """
    ours = Organisation.public_key.is_(None), Organisation.status != Status.PROBATION.value
    rows = session.scalars(select(Organisation).where(*ours)).all()
    for row in rows:
        keys = keyring.new_organisation_keypair(row.id)
        row.public_key, row.wrapped_private_key, row.key_id = keys.public, keys.wrapped_private, keys.key_id
    session.flush()
    return len(rows)


def seed_network(session: Session, keyring: Keyring, now: datetime, *, region: Path = LANAUDIERE) -> ImportReport:
    """Load the region and what it needs to work. Safe to call again: nothing is doubled, no key is replaced.

    Raises StartupError when the region's own files are wrong.
    """
    report = import_region(session, region, now=now, dry_run=False)
    if report.errors:
        first = report.errors[0]
        raise StartupError(f"{region / first.file}, ligne {first.line} : {first.message}")
    create_missing_keys(session, keyring)
    shelter = session.scalar(select(Location).where(Location.key == SHELTER_LOCATION))
    if shelter is not None and shelter.sealed_details is None:
        seal_details(session, shelter, SHELTER_DETAILS)
    return report
