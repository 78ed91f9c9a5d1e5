"""Loading a region: counts, idempotence, dry run, errors with their line, and what an import must never undo."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.directory import queries
from core.directory.models import DirectoryEdit, Municipality, Organisation, Service, TaxonomyTerm
from core.directory.rules.words import EditState
from core.directory.services import ImportReport, import_region
from core.kernel.db import Base, Database, dialect_name
from core.testing import ENGINES, databases

REGION = Path(__file__).parents[3] / "core" / "directory" / "regions" / "lanaudiere"
NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)


@pytest.fixture(params=ENGINES, scope="module")
def loaded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, ImportReport]]:
    """A database of its own with the region, loaded once per engine, and what the import said."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = databases.fresh_sqlite(tmp_path_factory.mktemp("loaded"))
        else:
            url = stack.enter_context(databases.fresh_postgresql())
        database = Database(url)
        stack.callback(database.dispose)
        with database.transaction() as session:
            report = import_region(session, REGION, now=NOW, dry_run=False)
        yield database, report


@pytest.fixture
def imported(loaded: tuple[Database, ImportReport]) -> Iterator[Session]:
    """A session where the region is; what a test changes is rolled back."""
    with databases.rolled_back(loaded[0]) as session:
        yield session


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the region that a test may damage."""
    copy = tmp_path / "region"
    shutil.copytree(REGION, copy)
    return copy


def counted(session: Session) -> dict[str, int]:
    """Rows of every table of the directory and of the index."""
    tables = [
        mapper.local_table for mapper in Base.registry.mappers if mapper.class_.__module__.startswith("core.directory")
    ]
    found = {str(table.name): session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}  # type: ignore[attr-defined]
    if dialect_name(session) == "sqlite":
        found["fts"] = session.scalar(text("SELECT count(*) FROM directory_search")) or 0
    return found


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    content = path.read_text("utf-8")
    assert old in content
    path.write_text(content.replace(old, new, 1), "utf-8")


def test_whole_region_is_loaded(loaded: tuple[Database, ImportReport], imported: Session) -> None:
    session, report = imported, loaded[1]
    assert report.errors == ()
    assert report.created == report.rows
    assert report.updated == 0
    assert session.scalar(select(func.count()).select_from(Municipality)) == 70
    assert 30 <= (session.scalar(select(func.count()).select_from(TaxonomyTerm)) or 0) <= 50
    assert {o.slug for o in queries.organisations_receiving(session)} == {
        "calacs-coup-de-coeur",
        "calacs-la-chrysalide",
    }
    assert session.scalars(select(Organisation).where(Organisation.verified_on.is_not(None))).all() == []


def test_importing_again_changes_nothing(imported: Session) -> None:
    before = counted(imported)
    again = import_region(imported, REGION, now=NOW, dry_run=False)
    assert (again.created, again.updated, again.kept, again.errors) == (0, 0, 0, ())
    assert counted(imported) == before


def test_dry_run_leaves_no_row(session: Session) -> None:
    report = import_region(session, REGION, now=NOW, dry_run=True)
    assert report.created == report.rows > 200
    assert set(counted(session).values()) == {0}


def test_change_of_a_file_is_applied_with_its_history(imported: Session, folder: Path) -> None:
    edit(folder, "organisations.csv", "lu-ve 9:00-17:00", "lu-je 9:00-16:30")
    edit(folder, "services.csv", "5 rencontres,5 meetings", "6 rencontres,6 meetings")
    report = import_region(imported, folder, now=NOW, dry_run=False)
    assert (report.created, report.updated) == (0, 2)
    edits = {(e.field, e.old_value, e.new_value, e.state) for e in imported.scalars(select(DirectoryEdit))}
    assert ("hours", "lu-ve 9:00-17:00", "lu-je 9:00-16:30", EditState.IMPORTED) in edits
    assert ("limits", "5 rencontres", "6 rencontres", EditState.IMPORTED) in edits
    cc = queries.organisation_by_slug(imported, "calacs-coup-de-coeur")
    assert cc is not None
    assert {i.closes for i in queries.opening_hours(imported, cc.id).weekly} == {16 * 60 + 30}


def test_what_the_organisation_decided_is_kept(imported: Session, folder: Path) -> None:
    row = imported.scalars(select(Organisation).where(Organisation.slug == "calacs-coup-de-coeur")).one()
    row.city = "Saint-Charles-Borromée"
    imported.add(
        DirectoryEdit(
            organisation_id=row.id,
            field="city",
            old_value="Joliette",
            new_value="Saint-Charles-Borromée",
            state=EditState.APPLIED.value,
            proposed_at=NOW,
        )
    )
    report = import_region(imported, folder, now=NOW, dry_run=False)
    assert report.kept == 1
    assert row.city == "Saint-Charles-Borromée"


def test_status_given_by_the_network_is_not_undone(imported: Session) -> None:
    row = imported.scalars(select(Organisation).where(Organisation.slug == "police-mascouche")).one()
    row.status = "suspended"
    import_region(imported, REGION, now=NOW, dry_run=False)
    imported.refresh(row)
    assert row.status == "suspended"


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("services.csv", "cc-ecoute,calacs-coup-de-coeur", "cc-ecoute,inconnu", "organisme « inconnu »"),
        ("services.csv", "ecoute;agression;exploitation", "ecoute;magie", "terme « magie »"),
        ("services.csv", "women:18-;girls:12-17", "women:30-18", "Âges inversés"),
        ("services.csv", "Première rencontre,First", "=HYPERLINK(1),First", "formule"),
        ("services.csv", "cc-suivi,", "cc-urgence,", "déjà à la ligne"),
        ("organisations.csv", "lu-ve 9:00-17:00", "lu-ve 9h-17h", "Heures non reconnues"),
        ("organisations.csv", "voice|450 756-4999", "voice|450-756", "Téléphone non reconnu"),
        ("organisations.csv", "mrc:610;mrc:620", "mrc:999;mrc:620", "MRC « 999 »"),
        ("organisations.csv", ",calacs,P-39.1", ",calacs,P-99", "n’est pas une valeur"),
        ("municipalities.csv", "14425", "beaucoup", "nombre entier"),
        ("locations.csv", "confidential,,", "confidential,1 rue du Secret,", "adresse confidentielle"),
        ("region.toml", "below_population = 1500", "", "Réglage manquant"),
        ("taxonomy.csv", "code,parent", "code,parrain", "Colonnes attendues"),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(
    session: Session, folder: Path, file: str, old: str, new: str, expected: str
) -> None:
    edit(folder, file, old, new)
    report = import_region(session, folder, now=NOW, dry_run=False)
    assert [e.file for e in report.errors if expected in e.message] == [file], report.errors
    assert (report.created, report.updated) == (0, 0)
    assert set(counted(session).values()) == {0}


def test_line_of_the_mistake(session: Session, folder: Path) -> None:
    edit(folder, "services.csv", "cc-urgence,calacs-coup-de-coeur", "cc-urgence,personne")
    assert [(e.file, e.line) for e in import_region(session, folder, now=NOW, dry_run=False).errors] == [
        ("services.csv", 4)
    ]


def test_broken_utf8_and_missing_file(session: Session, folder: Path) -> None:
    (folder / "services.csv").write_bytes(b"slug,\xff\xfe")
    (folder / "organisations.csv").unlink()
    errors = {e.file: e.message for e in import_region(session, folder, now=NOW, dry_run=False).errors}
    assert "UTF-8" in errors["services.csv"]
    assert "absent" in errors["organisations.csv"]


def test_services_of_the_calacs_come_from_the_facts(imported: Session) -> None:
    cc = queries.organisation_by_slug(imported, "calacs-coup-de-coeur")
    assert cc is not None
    names = set(imported.scalars(select(Service.name).where(Service.organisation_id == cc.id)))
    assert len(names) == 18
    assert {"Rencontres d’urgence", "Suivi en exploitation sexuelle", "Soutien à l’entourage"} <= names
