"""Loading a region's folder into the directory: all of it or nothing, as often as one wants.

A second import updates what the files changed and writes the old value in the history. What an organisation has
decided itself since (an accepted or applied edit) is kept: the files are where the directory starts, not who it obeys.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from core.directory.models import (
    Contact,
    DirectoryEdit,
    Location,
    Municipality,
    Organisation,
    RoomLent,
    Service,
    ServiceLocation,
    TaxonomyTerm,
    TerritoryRoute,
)
from core.directory.rules.cells import parse_list
from core.directory.rules.text import sort_key
from core.directory.rules.visibility import preview_of
from core.directory.rules.words import EditState
from core.directory.services.indexing import reindex
from core.directory.services.lists import ORGANISATION_LISTS, SERVICE_LISTS, ListField
from core.directory.services.reading import Line, RegionFolder, RowError, read_region
from core.kernel.db import Base, new_id

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ImportReport:
    """`rows` read; `created` and `updated` rows; `kept`: fields of the files left aside because an organisation decided
    otherwise. With errors, or on a dry run, nothing is written (a dry run still counts what would be)."""

    rows: int
    created: int
    updated: int
    errors: tuple[RowError, ...] = ()
    kept: int = 0


def import_region(
    session: Session, directory: Path, *, now: datetime, dry_run: bool = False, progress: Progress | None = None
) -> ImportReport:
    """Load the folder; `progress(done, total)` is called as rows are treated. Flushes; a dry run leaves no trace."""
    folder = read_region(Path(directory))
    if folder.errors:
        return ImportReport(folder.rows, 0, 0, tuple(folder.errors))
    if not dry_run:
        return _Import(session, folder, now, progress).run()
    with session.begin_nested() as attempt:
        report = _Import(session, folder, now, progress).run()
        attempt.rollback()
    session.expire_all()
    return report


class _Import:
    def __init__(self, session: Session, folder: RegionFolder, now: datetime, progress: Progress | None) -> None:
        self.session, self.folder, self.now, self.progress = session, folder, now, progress
        self.created = self.updated = self.kept = self.done = 0
        self.organisations: dict[str, UUID] = {}
        self.services: dict[str, UUID] = {}

    def run(self) -> ImportReport:
        self._terms()
        self._municipalities()
        self.decided = self._decided_fields()
        for line in self._each("organisations.csv"):
            self._organisation(line)
        self.session.flush()
        for line in self._each("services.csv"):
            self._service(line)
        self.session.flush()
        for line in self._each("locations.csv"):
            self._location(line)
        self._routes()
        self._people_and_rooms()
        reindex(self.session)
        return ImportReport(self.folder.rows, self.created, self.updated, (), self.kept)

    def _each(self, file: str) -> list[Line]:
        return self.folder.lines[file]

    def _step(self, change: str | None) -> None:
        self.created += change == "created"
        self.updated += change == "updated"
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, self.folder.rows)

    def _decided_fields(self) -> set[tuple[UUID, UUID | None, str]]:
        rows = self.session.execute(
            select(DirectoryEdit.organisation_id, DirectoryEdit.service_id, DirectoryEdit.field).where(
                DirectoryEdit.state.in_((EditState.ACCEPTED.value, EditState.APPLIED.value))
            )
        )
        return {(organisation_id, service_id, name) for organisation_id, service_id, name in rows}

    def _terms(self) -> None:
        known = {term.code: term for term in self.session.scalars(select(TaxonomyTerm))}
        lines = self._each("taxonomy.csv")
        # Parents first: the key of a child points at them.
        for position, line in sorted(enumerate(lines), key=lambda item: (bool(item[1]["parent"]), item[0])):
            values = {
                "parent_code": line["parent"] or None,
                "name": line["name"],
                "name_en": line["name_en"],
                "synonyms": line["synonyms"],
                "synonyms_en": line["synonyms_en"],
                "code_211": line["code_211"] or None,
                "position": position,
                "version": int(self.folder.settings.get("taxonomy_version", 1)),
            }
            self._step(self._plain(known.get(line["code"]), TaxonomyTerm, {"code": line["code"]}, values))
            self.session.flush()

    def _municipalities(self) -> None:
        known = {place.code: place for place in self.session.scalars(select(Municipality))}
        rule = self.folder.preview
        for line in self._each("municipalities.csv"):
            mrc_code, mrc_name, population = line["mrc_code"] or None, line["mrc_name"] or None, int(line["population"])
            area = preview_of(mrc_code, mrc_name, population, rule)
            values = {
                "name": line["name"],
                "sort_key": sort_key(line["name"]),
                "designation": line["designation"],
                "kind": line["kind"],
                "mrc_code": mrc_code,
                "mrc_name": mrc_name,
                "region": self.folder.code,
                "region_code": line["region_code"],
                "region_name": line["region_name"],
                "population": population,
                "preview_code": area.code,
                "preview_label": area.label,
                "preview_label_en": area.label_en,
            }
            self._step(self._plain(known.get(line["code"]), Municipality, {"code": line["code"]}, values))
        self.session.flush()

    def _plain(
        self, row: Base | None, model: type[Base], key: Mapping[str, Any], values: Mapping[str, Any]
    ) -> str | None:
        if row is None:
            self.session.add(model(**key, **values))
            return "created"
        changed = {name: value for name, value in values.items() if getattr(row, name) != value}
        for name, value in changed.items():
            setattr(row, name, value)
        return "updated" if changed else None

    def _organisation(self, line: Line) -> None:
        values = {
            **_same(line, "name", "type", "status", "visibility"),
            **_optional(line, "name_en", "acronym", "regime", "city", "territory", "website", "description"),
            **_optional(line, "description_en", "source"),
            "sort_key": sort_key(line["name"]),
            "receives_referrals": line["receives"] == "oui",
            "fictitious": line["fictitious"] == "oui",
            "region": self.folder.code,
        }
        row = self.session.scalar(select(Organisation).where(Organisation.slug == line["slug"]))
        if row is None:
            row = Organisation(id=new_id(), slug=line["slug"], **values)
            self.session.add(row)
            self.session.flush()
            change: str | None = "created"
        else:
            # Status is decided by the network once the organisation is here (admission, suspension): never by a file.
            values.pop("status")
            change = self._fields(row, values, row.id, None)
        change = self._lists(line, ORGANISATION_LISTS, row.id, None, change)
        self.organisations[line["slug"]] = row.id
        self._step(change)

    def _service(self, line: Line) -> None:
        owner = self.organisations[line["organisation"]]
        values = {
            **_same(line, "name", "visibility", "acceptance"),
            **_optional(line, "name_en", "summary", "summary_en", "limits", "limits_en", "how_to", "how_to_en"),
            "sort_key": sort_key(line["name"]),
            "organisation_id": owner,
        }
        row = self.session.scalar(select(Service).where(Service.slug == line["slug"]))
        if row is None:
            row = Service(id=new_id(), slug=line["slug"], **values)
            self.session.add(row)
            self.session.flush()
            change: str | None = "created"
        else:
            change = self._fields(row, values, owner, row.id)
        change = self._lists(line, SERVICE_LISTS, owner, row.id, change)
        self.services[line["slug"]] = row.id
        self._step(change)

    def _fields(
        self, row: Organisation | Service, values: Mapping[str, Any], owner: UUID, service_id: UUID | None
    ) -> str | None:
        change = None
        for name, value in values.items():
            old = getattr(row, name)
            if old == value:
                continue
            decided = "name" if name == "sort_key" else name
            if (owner, service_id, decided) in self.decided:
                self.kept += name != "sort_key"
                continue
            setattr(row, name, value)
            change = "updated"
            if name not in ("sort_key", "organisation_id", "region"):
                self._history(owner, service_id, name, _text(old), _text(value))
        return change

    def _lists(
        self, line: Line, lists: Mapping[str, ListField], owner: UUID, service_id: UUID | None, change: str | None
    ) -> str | None:
        for name, held in lists.items():
            # What was made a moment ago holds no list yet: nothing to read, which was a quarter of a first import
            old = "" if change == "created" else held.read(self.session, owner, service_id)
            new = held.normal(line[name])
            if old == new:
                continue
            if (owner, service_id, name) in self.decided:
                self.kept += 1
                continue
            held.write(self.session, owner, service_id, new)
            if change != "created":
                self._history(owner, service_id, name, old, new)
                change = "updated"
        return change

    def _history(self, owner: UUID, service_id: UUID | None, name: str, old: str | None, new: str | None) -> None:
        self.session.add(
            DirectoryEdit(
                organisation_id=owner,
                service_id=service_id,
                field=name,
                old_value=old,
                new_value=new,
                state=EditState.IMPORTED.value,
                proposed_at=self.now,
                decided_at=self.now,
            )
        )

    def _location(self, line: Line) -> None:
        values = {
            "organisation_id": self.organisations[line["organisation"]],
            **_optional(line, "name", "address", "postal_code"),
            "visibility": line["visibility"],
            "municipality_code": line["municipality"] or None,
            "accessible": {"oui": True, "non": False}.get(line["accessible"]),
        }
        row = self.session.scalar(select(Location).where(Location.key == line["key"]))
        change = self._plain(row, Location, {"key": line["key"]}, values)
        self.session.flush()
        location_id = self.session.scalars(select(Location.id).where(Location.key == line["key"])).one()
        wanted = {self.services[slug] for slug in parse_list(line["services"])}
        held = set(
            self.session.scalars(select(ServiceLocation.service_id).where(ServiceLocation.location_id == location_id))
        )
        if wanted != held:
            self.session.execute(delete(ServiceLocation).where(ServiceLocation.location_id == location_id))
            rows = [{"service_id": service_id, "location_id": location_id} for service_id in sorted(wanted)]
            if rows:
                self.session.execute(insert(ServiceLocation), rows)
            change = change or "updated"
        self._step(change)

    def _routes(self) -> None:
        """Routes are the mandate of the region: replaced as a whole when they differ."""
        wanted = {
            (line["code"], self.organisations[slug]): line["source"]
            for line in self._each("municipalities.csv")
            for slug in parse_list(line["receivers"])
        }
        codes = {line["code"] for line in self._each("municipalities.csv")}
        rows = self.session.scalars(select(TerritoryRoute).where(TerritoryRoute.municipality_code.in_(codes))).all()
        if {(row.municipality_code, row.organisation_id): row.source for row in rows} == wanted:
            return
        self.session.execute(delete(TerritoryRoute).where(TerritoryRoute.municipality_code.in_(codes)))
        self.session.execute(
            insert(TerritoryRoute),
            [
                {"id": new_id(), "municipality_code": code, "organisation_id": owner, "source": source}
                for (code, owner), source in wanted.items()
            ],
        )

    def _people_and_rooms(self) -> None:
        """Functions and rooms start from the files; once an organisation has its own, the files leave them alone."""
        models: tuple[tuple[str, type[Contact | RoomLent], str], ...] = (
            ("contacts.csv", Contact, "contacts"),
            ("rooms.csv", RoomLent, "rooms"),
        )
        for file, model, name in models:
            grouped: dict[UUID, list[dict[str, Any]]] = {}
            for line in self._each(file):
                owner = self.organisations[line["organisation"]]
                values: dict[str, Any] = {
                    key: value or None for key, value in line.cells.items() if key != "organisation"
                }
                if "municipality" in values:
                    values["municipality_code"] = values.pop("municipality")
                grouped.setdefault(owner, []).append(values)
                self._step(None)
            for owner, wanted in grouped.items():
                if (owner, None, name) in self.decided:
                    self.kept += 1
                    continue
                held = self.session.scalars(
                    select(model).where(model.organisation_id == owner).order_by(model.position)
                ).all()
                if [{key: getattr(row, key) for key in wanted[0]} for row in held] == wanted:
                    continue
                if held:
                    self.updated += len(wanted)
                else:
                    self.created += len(wanted)
                self.session.execute(delete(model).where(model.organisation_id == owner))
                self.session.add_all(
                    model(organisation_id=owner, position=position, **values) for position, values in enumerate(wanted)
                )
        self.session.flush()


def _same(line: Line, *names: str) -> dict[str, str]:
    return {name: line[name] for name in names}


def _optional(line: Line, *names: str) -> dict[str, str | None]:
    return {name: line[name] or None for name in names}


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "oui" if value else "non"
    return str(value)
