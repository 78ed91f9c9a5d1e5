"""Reading a region's folder: every cell checked, every mistake told with its file and line; nothing is written here."""

import csv
import io
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from core.directory.rules import cells
from core.directory.rules.visibility import PreviewRule
from core.directory.rules.words import Acceptance, OrganisationType, Regime, Status, Tier

T = TypeVar("T")

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "municipalities.csv": (
        *("code", "name", "designation", "kind", "mrc_code", "mrc_name", "region_code", "region_name"),
        *("population", "receivers", "source"),
    ),
    "taxonomy.csv": ("code", "parent", "name", "name_en", "synonyms", "synonyms_en", "code_211"),
    "organisations.csv": (
        *("slug", "name", "name_en", "acronym", "type", "regime", "status", "visibility", "receives", "city"),
        *("territory", "areas", "phones", "website", "hours", "languages", "description", "description_en", "source"),
        "fictitious",
    ),
    "services.csv": (
        *("slug", "organisation", "name", "name_en", "summary", "summary_en", "visibility", "acceptance", "audiences"),
        *("areas", "terms", "limits", "limits_en", "how_to", "how_to_en", "hours", "documents", "languages"),
    ),
    "locations.csv": (
        *("key", "organisation", "name", "visibility", "address", "postal_code", "municipality", "accessible"),
        "services",
    ),
    "contacts.csv": ("organisation", "function", "helps_with"),
    "rooms.csv": ("organisation", "name", "municipality", "conditions"),
}
REQUIRED = frozenset({"municipalities.csv", "taxonomy.csv", "organisations.csv", "services.csv"})
#: A spreadsheet runs a cell that begins so; a directory is exported to spreadsheets.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
MAX_BYTES = 5_000_000


@dataclass(frozen=True)
class RowError:
    """`line` counts from 1, the header included; 0 is the whole file. `message` is French."""

    file: str
    line: int
    message: str


@dataclass(frozen=True)
class Line:
    """A row with its place in its file."""

    file: str
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells[name]


@dataclass
class RegionFolder:
    """What the folder says. Use it only when `errors` is empty."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    lines: dict[str, list[Line]] = field(default_factory=dict)
    errors: list[RowError] = field(default_factory=list)

    @property
    def code(self) -> str:
        return str(self.settings["code"])

    @property
    def preview(self) -> PreviewRule:
        area = self.settings["preview_area"]
        return PreviewRule(
            str(area["code"]),
            str(area["label"]),
            str(area["label_en"]),
            frozenset(map(str, area["neighbour_mrc_codes"])),
            int(area["below_population"]),
        )

    @property
    def rows(self) -> int:
        return sum(len(found) for found in self.lines.values())

    def refuse(self, line: Line, message: str) -> None:
        self.errors.append(RowError(line.file, line.line, message))


def read_region(directory: Path) -> RegionFolder:
    """Read and check `directory`; every error found is listed, not only the first."""
    folder = RegionFolder()
    _read_settings(folder, directory / "region.toml")
    for name, columns in COLUMNS.items():
        folder.lines[name] = _read_csv(folder, directory / name, columns, required=name in REQUIRED)
    if not folder.errors:
        _Checker(folder).check()
    folder.errors.sort(key=lambda error: (error.file, error.line))
    return folder


def _read_settings(folder: RegionFolder, path: Path) -> None:
    try:
        folder.settings = tomllib.loads(path.read_text("utf-8"))
        _ = (folder.code, folder.preview, str(folder.settings["region_code"]), str(folder.settings["name"]))
    except OSError:
        folder.errors.append(RowError(path.name, 0, "Fichier absent ou illisible."))
    except UnicodeDecodeError:
        folder.errors.append(RowError(path.name, 0, "Le fichier n’est pas en UTF-8."))
    except tomllib.TOMLDecodeError as error:
        folder.errors.append(RowError(path.name, 0, f"TOML mal formé : {error}"))
    except (KeyError, TypeError, ValueError) as error:
        folder.errors.append(RowError(path.name, 0, f"Réglage manquant ou mal formé : {error}"))


def _read_csv(folder: RegionFolder, path: Path, columns: tuple[str, ...], *, required: bool) -> list[Line]:
    def refuse(line: int, message: str) -> list[Line]:
        folder.errors.append(RowError(path.name, line, message))
        return []

    if not path.exists():
        return refuse(0, "Fichier absent.") if required else []
    if path.stat().st_size > MAX_BYTES:
        return refuse(0, "Fichier trop gros : 5 Mo au plus.")
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return refuse(0, f"Le fichier n’est pas en UTF-8 (octet {error.start}).")
    reader = csv.reader(io.StringIO(content), strict=True)
    found: list[Line] = []
    try:
        header = next(reader, [])
        if tuple(header) != columns:
            missing = ", ".join(c for c in columns if c not in header) or "aucune"
            unknown = ", ".join(c for c in header if c not in columns) or "aucune"
            return refuse(1, f"Colonnes attendues : {', '.join(columns)}. Manquent : {missing}. Inconnues : {unknown}.")
        for row in reader:
            line = reader.line_num
            if len(row) != len(columns):
                refuse(line, f"{len(columns)} cellules attendues, {len(row)} lues.")
                continue
            values = {name: cell.strip() for name, cell in zip(columns, row, strict=True)}
            formula = next((name for name, cell in zip(columns, row, strict=True) if cell.startswith(FORMULA)), None)
            if formula is not None:
                refuse(line, f"La cellule « {formula} » commence comme une formule de tableur.")
                continue
            found.append(Line(path.name, line, values))
    except csv.Error as error:
        return refuse(reader.line_num, f"CSV mal formé : {error}")
    return found


class _Checker:
    """Checks of cells and of references between files."""

    def __init__(self, folder: RegionFolder) -> None:
        self.folder = folder
        self.municipalities = self._keys("municipalities.csv", "code")
        self.terms = self._keys("taxonomy.csv", "code")
        self.organisations = self._keys("organisations.csv", "slug")
        self.services = self._keys("services.csv", "slug")
        self._keys("locations.csv", "key")
        self.mrcs = {line["mrc_code"] for line in folder.lines["municipalities.csv"]} - {""}

    def _keys(self, file: str, column: str) -> dict[str, Line]:
        found: dict[str, Line] = {}
        for line in self.folder.lines[file]:
            key = line[column]
            if not key:
                self.folder.refuse(line, f"La cellule « {column} » est vide.")
            elif key in found:
                self.folder.refuse(line, f"« {key} » est déjà à la ligne {found[key].line}.")
            else:
                found[key] = line
        return found

    def check(self) -> None:
        for line in self.folder.lines["municipalities.csv"]:
            self._whole_number(line, "population")
            self._filled(line, "name", "designation", "kind", "region_code", "region_name")
            if len(line["code"]) != 5 or not line["code"].isdigit():
                self.folder.refuse(line, "Le code d’une municipalité a cinq chiffres.")
            for slug in self._parsed(line, "receivers", cells.parse_list) or ():
                self._known(line, "organisme", slug, self.organisations)
        for line in self.folder.lines["taxonomy.csv"]:
            self._filled(line, "name", "name_en")
            if line["parent"]:
                self._known(line, "terme", line["parent"], self.terms)
        for line in self.folder.lines["organisations.csv"]:
            self._organisation(line)
        for line in self.folder.lines["services.csv"]:
            self._service(line)
        for line in self.folder.lines["locations.csv"]:
            self._location(line)
        for line in (*self.folder.lines["contacts.csv"], *self.folder.lines["rooms.csv"]):
            self._known(line, "organisme", line["organisation"], self.organisations)
        for line in self.folder.lines["contacts.csv"]:
            self._filled(line, "function")
        for line in self.folder.lines["rooms.csv"]:
            self._filled(line, "name")
            if line["municipality"]:
                self._known(line, "municipalité", line["municipality"], self.municipalities)

    def _organisation(self, line: Line) -> None:
        self._filled(line, "name")
        self._code(line, "type", (t.value for t in OrganisationType))
        self._code(line, "regime", (*(r.value for r in Regime), ""))
        self._code(line, "status", (s.value for s in Status))
        self._code(line, "visibility", (t.value for t in Tier))
        self._code(line, "receives", ("oui", ""))
        self._code(line, "fictitious", ("oui", ""))
        self._areas(line)
        self._parsed(line, "phones", cells.parse_phones)
        self._parsed(line, "hours", cells.parse_hours)
        if line["website"] and not line["website"].startswith("https://"):
            self.folder.refuse(line, "Un site web commence par https://.")

    def _service(self, line: Line) -> None:
        self._filled(line, "name")
        self._known(line, "organisme", line["organisation"], self.organisations)
        self._code(line, "visibility", (t.value for t in Tier))
        self._code(line, "acceptance", (a.value for a in Acceptance))
        self._parsed(line, "audiences", cells.parse_audiences)
        self._parsed(line, "hours", cells.parse_hours)
        self._areas(line)
        for code in cells.parse_list(line["terms"]):
            self._known(line, "terme", code, self.terms)

    def _location(self, line: Line) -> None:
        self._known(line, "organisme", line["organisation"], self.organisations)
        self._code(line, "visibility", (t.value for t in Tier))
        self._code(line, "accessible", ("oui", "non", ""))
        for slug in cells.parse_list(line["services"]):
            self._known(line, "service", slug, self.services)
        if line["municipality"]:
            self._known(line, "municipalité", line["municipality"], self.municipalities)
        if line["visibility"] == Tier.CONFIDENTIAL.value and any(
            line[name] for name in ("address", "postal_code", "municipality")
        ):
            self.folder.refuse(
                line, "Une adresse confidentielle ne s’écrit jamais dans un fichier : l’organisme la saisit lui-même."
            )

    def _areas(self, line: Line) -> None:
        for area in self._parsed(line, "areas", cells.parse_areas) or ():
            if area.kind.value == "mrc":
                self._known(line, "MRC", area.code, self.mrcs)
            elif area.kind.value == "municipality":
                self._known(line, "municipalité", area.code, self.municipalities)

    def _parsed(self, line: Line, column: str, parse: Callable[[str], T]) -> T | None:
        try:
            return parse(line[column])
        except ValueError as error:
            self.folder.refuse(line, str(error))
            return None

    def _known(self, line: Line, what: str, key: str, known: Iterable[str]) -> None:
        if key not in known:
            self.folder.refuse(line, f"{what} « {key} » : inconnu dans ce répertoire.")

    def _code(self, line: Line, column: str, allowed: Iterable[str]) -> None:
        choices = tuple(allowed)
        if line[column] not in choices:
            listed = ", ".join(choice or "(vide)" for choice in choices)
            self.folder.refuse(line, f"« {line[column]} » n’est pas une valeur de « {column} » : {listed}.")

    def _filled(self, line: Line, *columns: str) -> None:
        for column in columns:
            if not line[column]:
                self.folder.refuse(line, f"La cellule « {column} » est vide.")

    def _whole_number(self, line: Line, column: str) -> None:
        if not line[column].isdigit():
            self.folder.refuse(line, f"« {column} » est un nombre entier.")
