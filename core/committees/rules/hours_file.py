"""Lines of hours in a file: which column is which, what a line says, what must be corrected in it.

A general file has a line for each activity (`TEMPLATE`). A yearly table, as annual reports print them, has a place and
its hours for the year (`lieu`, `heures_table_du_rapport`), maybe what the text of the report says instead
(`heures_texte_du_rapport`), and a printed total, which is kept beside the lines and never added to them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from core.committees.rules.durations import Refused, parse_duration, plain_duration
from core.committees.rules.hours import (
    ACTIVITY_LENGTH,
    KINDS,
    SEVERAL_ONE_DAY,
    Kind,
    Period,
    check_days,
    check_shared,
)
from core.directory.rules.text import fold

#: Column of ours -> headings understood, folded, their words joined by `_`.
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "day": ("jour", "date", "premier_jour", "du", "day", "first_day"),
    "last_day": ("dernier_jour", "au", "last_day"),
    "committee": ("comite", "committee", "sous_comite"),
    "place": ("lieu", "place"),
    "activity": ("activite", "activity", "description", "objet"),
    "kind": ("nature", "genre", "type", "kind"),
    "hours": ("heures", "duree", "nombre_d_heures", "hours", "heures_table_du_rapport"),
    "other": ("heures_texte_du_rapport",),
    "persons": ("personnes", "personnes_presentes", "presences", "nombre_de_personnes", "persons"),
}
#: The template's headings; their English is understood too.
TEMPLATE: Final = ("Jour", "Dernier jour", "Comité", "Activité", "Nature", "Heures", "Personnes")
CELL_LENGTH: Final = 200
MAX_LINES: Final = 20_000

NO_HEADING: Final = (
    "La première ligne doit nommer les colonnes : jour, comité, activité, nature, heures. Partez du modèle."
)
NO_LINES: Final = "Le fichier n’a aucune ligne d’heures."
TOO_MANY: Final = "Le fichier a trop de lignes : %(most)s au plus. Séparez-le."
NO_PERIOD: Final = "Ce fichier ne dit pas les jours : choisissez l’exercice."
NOT_A_DAY: Final = "Écrivez le jour ainsi : 2026-11-24."
UNKNOWN_COMMITTEE: Final = "Comité inconnu. Écrivez son nom comme dans la liste, ou laissez vide."
UNKNOWN_KIND: Final = "Nature inconnue. Écrivez rencontre, préparation, transport, travaux, animation ou retour."
NOT_PERSONS: Final = "Le nombre de personnes est un nombre entier, à partir de 1."
TOO_LONG: Final = "Texte trop long : %(most)s caractères au plus."

_PUNCTUATION = re.compile(r"[^a-z0-9]+")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]00:00(?::00)?)?")
_LONG = re.compile(r"(\d{1,2})(?:er)? ([a-z]+) (\d{4})")
_MONTHS: Final = (
    "janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre",
    "decembre",
)  # fmt: skip
_KIND_WORDS: Final[Mapping[str, Kind]] = {
    **{fold(label): kind for kind, label in KINDS.items()},
    **{kind.value: kind for kind in Kind},
    "rencontres": Kind.MEETING,
    "retour": Kind.FOLLOW_UP,
    "suivi": Kind.FOLLOW_UP,
    "debrief and follow-up": Kind.FOLLOW_UP,
    "follow-up": Kind.FOLLOW_UP,
    "reunion": Kind.MEETING,
    "deplacement": Kind.TRAVEL,
    "travail": Kind.WORK,
    "plusieurs": Kind.SEVERAL,
}


@dataclass(frozen=True)
class Problem:
    """What to correct in one line: a column of ours, and French source text filled by `values`."""

    column: str
    message: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """One line, as typed; as read when `problems` is empty."""

    number: int
    cells: Mapping[str, str]
    problems: tuple[Problem, ...]
    first_day: date | None = None
    last_day: date | None = None
    committee: str | None = None
    activity: str = ""
    kind: Kind = Kind.WORK
    quarter_hours: int = 0
    other_figure: int | None = None
    persons: int | None = None

    @property
    def period(self) -> Period:
        """The days of a line that was read; asked of another, ValueError."""
        if self.first_day is None or self.last_day is None:
            raise ValueError("a line to correct has no days")
        return Period(self.first_day, self.last_day)


@dataclass(frozen=True)
class FileRead:
    """The lines of a file and the total it prints (quarter hours), if it prints one that can be read."""

    lines: tuple[Line, ...]
    printed_total: int | None


@dataclass(frozen=True)
class Reading:
    """What lines are read with: committees by folded name, today's date, the period of lines that tell no day.

    `shared`: the organisation's time, whose limit is checked here; a person's needs her or his other entries.
    """

    committees: Mapping[str, str]
    today: date
    period: Period | None = None
    shared: bool = True


def committee_names(committees: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Folded name -> slug, for pairs (slug, title): `Sous-comité Bien-être`, `bien-etre` and `Bien-être` are one."""
    names: dict[str, str] = {}
    for slug, title in committees:
        for text in (slug, title, title.partition(",")[0], title.partition("(")[0], title.partition(" – ")[0]):
            names.setdefault(name_key(text), slug)
    return names


def name_key(text: str) -> str:
    """A committee's name without case, accents, punctuation, or the words that say it is one."""
    plain = _PUNCTUATION.sub(" ", fold(text)).strip()
    for before in ("sous comite ", "comite "):
        plain = plain.removeprefix(before)
    return plain


def read_lines(rows: Sequence[Sequence[str]], reading: Reading) -> FileRead:
    """Read a file's rows, its headings first. Raises Refused when nothing of it can be read as hours."""
    start, columns = _headings(rows)
    yearly = "place" in columns
    if "day" not in columns and reading.period is None:
        raise Refused(NO_PERIOD)
    lines: list[Line] = []
    printed = None
    for number, row in enumerate(rows[start + 1 :], start + 2):
        cells = {name: row[at].strip()[:CELL_LENGTH] for name, at in columns.items() if at < len(row)}
        if not any(cells.values()):
            continue
        if _is_total(row):
            printed = _printed(cells.get("hours", ""))
            continue
        lines.append(_yearly(number, cells, reading) if yearly else _line(number, cells, reading))
        if len(lines) > MAX_LINES:
            raise Refused(TOO_MANY, {"most": MAX_LINES})
    if not lines:
        raise Refused(NO_LINES)
    return FileRead(tuple(lines), printed)


def line_key(line: Line, owner: str, occurrence: int) -> str:
    """What makes a line the same one in another copy of the file: what it says, whose, and its rank among equals."""
    said = (
        owner,
        line.first_day,
        line.last_day,
        line.committee or "",
        fold(line.activity),
        line.kind,
        line.quarter_hours,
        line.persons or 0,
        occurrence,
    )
    return hashlib.sha256("|".join(f"{part}" for part in ("import", *said)).encode()).hexdigest()


def read_day(text: str) -> date:
    """`2026-11-24`, `2026/11/24`, `24 novembre 2026`. Raises Refused; 04/05/2026 may be two days, so it is not read."""
    if found := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _LONG.fullmatch(fold(" ".join(text.split()))):
        if found.group(2) not in _MONTHS:
            raise Refused(NOT_A_DAY)
        year, month, day = int(found.group(3)), _MONTHS.index(found.group(2)) + 1, int(found.group(1))
    else:
        raise Refused(NOT_A_DAY)
    try:
        return date(year, month, day)
    except ValueError:
        raise Refused(NOT_A_DAY) from None


def _headings(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    """The row of headings (a title may stand above it) and where each column is."""
    for at, row in enumerate(rows[:10]):
        columns: dict[str, int] = {}
        for place, cell in enumerate(row):
            heading = _PUNCTUATION.sub("_", fold(cell)).strip("_")
            name = next((name for name, known in HEADINGS.items() if heading in known), None)
            if name is not None:
                columns.setdefault(name, place)
        if "hours" in columns and columns.keys() & {"day", "place", "committee", "activity"}:
            return at, columns
    raise Refused(NO_HEADING)


def _is_total(row: Sequence[str]) -> bool:
    first = next((cell for cell in row if cell.strip()), "")
    return _PUNCTUATION.split(fold(first).strip())[0] == "total"


def _printed(text: str) -> int | None:
    try:
        return parse_duration(text)
    except Refused:
        return None


def _yearly(number: int, cells: Mapping[str, str], reading: Reading) -> Line:
    """A place and its hours for the whole period; a place that is no committee is an activity of its own."""
    found = _Found(cells)
    slug = reading.committees.get(name_key(cells.get("place", "")))
    quarter_hours = found.duration("hours")
    other = found.duration("other") if cells.get("other") else None
    days = reading.period
    if days is None:
        found.wrong("day", NO_PERIOD)
        return Line(number, cells, tuple(found.problems))
    found.days(days, reading.today)
    return Line(
        number,
        cells,
        tuple(found.problems),
        days.first_day,
        days.last_day,
        slug,
        found.text("place"),
        Kind.SEVERAL,
        quarter_hours,
        None if other == quarter_hours else other,
    )


def _line(number: int, cells: Mapping[str, str], reading: Reading) -> Line:
    found = _Found(cells)
    days = found.period(reading)
    slug = None
    if name := cells.get("committee", ""):
        slug = reading.committees.get(name_key(name))
        if slug is None:
            found.wrong("committee", UNKNOWN_COMMITTEE)
    kind = found.kind(single_day=days is not None and days.days == 1)
    quarter_hours = found.duration("hours")
    persons = found.persons()
    activity = found.text("activity")
    if days is not None and reading.shared and not found.problems:
        try:
            check_shared(quarter_hours, days.days, persons)
        except Refused as refused:
            found.wrong("hours", refused.message, refused.values)
    return Line(
        number,
        cells,
        tuple(found.problems),
        days.first_day if days else None,
        days.last_day if days else None,
        slug,
        activity,
        kind,
        quarter_hours,
        None,
        persons,
    )


class _Found:
    """Reads the cells of one line and gathers what is wrong with them."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self.cells = cells
        self.problems: list[Problem] = []

    def wrong(self, column: str, message: str, values: Mapping[str, object] | None = None) -> None:
        self.problems.append(Problem(column, message, dict(values or {})))

    def duration(self, column: str) -> int:
        try:
            return parse_duration(self.cells.get(column, ""))
        except Refused as refused:
            self.wrong(column, refused.message, refused.values)
            return 0

    def text(self, column: str) -> str:
        said = " ".join(self.cells.get(column, "").split())
        if len(said) > ACTIVITY_LENGTH:
            self.wrong(column, TOO_LONG, {"most": ACTIVITY_LENGTH})
        return said[:ACTIVITY_LENGTH]

    def persons(self) -> int | None:
        said = self.cells.get("persons", "").removesuffix(".0")
        if not said:
            return None
        if said.isascii() and said.isdecimal() and 0 < int(said) < 100_000:
            return int(said)
        self.wrong("persons", NOT_PERSONS)
        return None

    def kind(self, *, single_day: bool) -> Kind:
        kind = _KIND_WORDS.get(fold(self.cells.get("kind", "")).strip())
        if kind is None:
            self.wrong("kind", UNKNOWN_KIND)
            return Kind.WORK
        if kind is Kind.SEVERAL and single_day:
            self.wrong("kind", SEVERAL_ONE_DAY)
        return kind

    def period(self, reading: Reading) -> Period | None:
        if not self.cells.get("day") and reading.period is not None and "day" not in self.cells:
            return reading.period
        try:
            first = read_day(self.cells.get("day", ""))
            last = read_day(self.cells["last_day"]) if self.cells.get("last_day") else first
        except Refused as refused:
            self.wrong("day", refused.message)
            return None
        period = Period(first, last)
        self.days(period, reading.today)
        return period

    def days(self, period: Period, today: date) -> None:
        try:
            check_days(period.first_day, period.last_day, today)
        except Refused as refused:
            self.wrong("day", refused.message, refused.values)


def template_row(kind: str, activity: str) -> tuple[str, ...]:
    """One line of the template, which shows how each cell is written; its words come in the reader's language."""
    return ("2026-11-24", "", "ORRES", activity, kind, plain_duration(10), "6")
