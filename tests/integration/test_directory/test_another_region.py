"""Another region is a folder of the same shape: nothing of the code names Lanaudière."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.directory import queries
from core.directory.models import Organisation
from core.directory.services import import_region
from tests.integration.test_directory.test_directory_import import NOW, REGION

#: Invented places, people and services. Columns that are left out stay empty.
ROWS: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "municipalities.csv": (
        {
            "code": "99001",
            "name": "Rivière-aux-Ormes",
            "designation": "Ville",
            "kind": "municipalite",
            "mrc_code": "990",
            "mrc_name": "Les Ormes",
            "region_code": "99",
            "region_name": "Région d’essai",
            "population": "20000",
            "receivers": "centre-des-ormes",
            "source": "essai",
        },
        {
            "code": "99002",
            "name": "Hameau-des-Ormes",
            "designation": "Réserve",
            "kind": "reserve",
            "mrc_code": "",
            "mrc_name": "",
            "region_code": "99",
            "region_name": "Région d’essai",
            "population": "300",
            "receivers": "centre-des-ormes",
            "source": "essai",
        },
    ),
    "organisations.csv": (
        {
            "slug": "centre-des-ormes",
            "name": "Centre des Ormes (fictif)",
            "type": "calacs",
            "regime": "P-39.1",
            "status": "admitted",
            "visibility": "public",
            "receives": "oui",
            "city": "Rivière-aux-Ormes",
            "areas": "mrc:990",
            "languages": "fr",
            "source": "essai",
            "fictitious": "oui",
        },
    ),
    "services.csv": (
        {
            "slug": "ormes-suivi",
            "organisation": "centre-des-ormes",
            "name": "Suivi des Ormes (fictif)",
            "visibility": "public",
            "acceptance": "here",
            "audiences": "women:18-",
            "terms": "exploitation-suivi",
        },
    ),
    "contacts.csv": (),
    "locations.csv": (),
    "rooms.csv": (),
}


def written(folder: Path) -> Path:
    """The folder of an invented region; the taxonomy is common to all."""
    folder.mkdir()
    shutil.copy(REGION / "taxonomy.csv", folder / "taxonomy.csv")
    settings = (REGION / "region.toml").read_text("utf-8")
    for old, new in (
        ('code = "lanaudiere"', 'code = "ormes"'),
        ('region_code = "14"', 'region_code = "99"'),
        ('name = "Lanaudière"', 'name = "Région d’essai"'),
        ('label = "Nord de Lanaudière"', 'label = "Secteur des Ormes"'),
        ('label_en = "Northern Lanaudière"', 'label_en = "The Ormes area"'),
        ('neighbour_mrc_codes = ["620"]', 'neighbour_mrc_codes = ["990"]'),
    ):
        assert old in settings
        settings = settings.replace(old, new)
    (folder / "region.toml").write_text(settings, "utf-8")
    for name, rows in ROWS.items():
        with (REGION / name).open(encoding="utf-8", newline="") as file:
            columns = next(csv.reader(file))
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return folder


def test_another_region_is_a_folder(session: Session, tmp_path: Path) -> None:
    """Loaded beside the first one: its territory decides who receives, and its own area hides the smallest place."""
    assert import_region(session, REGION, now=NOW, dry_run=False).errors == ()
    before = set(session.scalars(select(Organisation.slug).where(Organisation.region == "lanaudiere")))
    report = import_region(session, written(tmp_path / "ormes"), now=NOW, dry_run=False)
    assert report.errors == ()
    assert set(session.scalars(select(Organisation.slug).where(Organisation.region == "ormes"))) == {"centre-des-ormes"}
    assert set(session.scalars(select(Organisation.slug).where(Organisation.region == "lanaudiere"))) == before
    place = queries.find_municipality(session, "riviere aux orme")
    assert place is not None
    assert place.name == "Rivière-aux-Ormes"
    serving = queries.routing_of(session, place.code)
    centre = session.execute(select(Organisation.id).where(Organisation.slug == "centre-des-ormes")).scalar_one()
    assert serving is not None
    assert (serving.organisation_ids, serving.ask_both) == ((centre,), False)
    smallest = queries.municipality(session, "99002")
    assert smallest is not None
    assert (smallest.preview.label, smallest.preview.label_en) == ("Secteur des Ormes", "The Ormes area")
