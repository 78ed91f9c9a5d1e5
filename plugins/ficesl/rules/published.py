"""Figures that printed reports have published: reading their files, and adding their lines up. Pure.

What may be one training told twice (network rules §6: the two last lines of FICESL's table) is shown, marked, and added
once. A printed total is kept beside the lines, never added to them: the sum shown is ours.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

TRAINING, WORKSHOP, EVALUATION = "training", "workshop", "evaluation"
#: Headings by which a file is known.
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    TRAINING: ("mois", "formation", "public", "organisation", "seances", "duree", "personnes"),
    WORKSHOP: ("lieu", "jeunes", "adultes", "groupes", "heures"),
    EVALUATION: ("rencontre", "theme", "repondantes", "question", "pas_du_tout_pct", "un_peu_pct", "oui_pct",
                 "beaucoup_pct"),
}  # fmt: skip
PRINTED_TOTAL: Final = "total imprime"
#: A day of training is shorter: a longer duration is that of the whole, whatever number of days it took (minutes).
LONGEST_DAY: Final = 600
MAX_LINES: Final = 2_000
QUARTER: Final = 15

NOT_KNOWN: Final = "Ce fichier n’est pas un tableau connu : formations, ateliers de prévention ou évaluations."
EMPTY: Final = "Le fichier n’a aucune ligne."
TOO_MANY: Final = "Le fichier a trop de lignes : %(most)s au plus."
NO_PERIOD: Final = "Ce fichier ne dit pas l’année : choisissez l’exercice."
NOT_A_PERIOD: Final = "Écrivez le mois ainsi : 2023-04, ou l’exercice ainsi : 2023-2024."
NOT_A_NUMBER: Final = "Un nombre entier, ou rien."
NOT_A_DURATION: Final = "Écrivez la durée au quart d’heure, par exemple 4h00."
NOT_A_SHARE: Final = "Un pourcentage va de 0 à 100."
NO_TITLE: Final = "Ce texte est requis."
TOO_LONG: Final = "Texte trop long : %(most)s caractères au plus."
TWICE: Final = "La même ligne est déjà à la ligne %(other)s du fichier."
OTHER_FIGURES: Final = "Cette ligne est déjà là avec d’autres chiffres : rien n’est remplacé."
SAME_TWICE: Final = (
    "Même période et même durée que « %(title)s » : c’est peut-être la même formation. Elle est montrée, et n’est pas "
    "additionnée."
)

#: The typographic one: a file and its copy may differ by it.
_APOSTROPHE: Final = chr(0x2019)
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_YEAR = re.compile(r"(\d{4})-(\d{4})")
_DURATION = re.compile(r"(\d{1,5})\s*h\s*(\d{2})?")
_LENGTHS: Final = {"title": 200, "audience": 120, "organisation": 160, "theme": 160, "question": 200}


@dataclass(frozen=True)
class Problem:
    """A line that is not taken: French source text filled by `values`."""

    number: int
    message: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """A training or a place of workshops, as printed. `quarter_hours`: all its sessions together."""

    number: int
    kind: str
    period: str
    first_day: date
    last_day: date
    title: str
    quarter_hours: int
    audience: str = ""
    organisation: str = ""
    sessions: int | None = None
    people: int | None = None
    young: int | None = None
    adults: int | None = None
    groups: int | None = None
    printed_total: bool = False

    @property
    def key(self) -> str:
        """What makes it the same line in another copy of the file, its figures left out."""
        return _key(self.kind, self.period, self.title, self.audience, self.organisation)

    @property
    def figures(self) -> tuple[int | None, ...]:
        """What a second copy must say alike."""
        return (self.sessions, self.quarter_hours, self.people, self.young, self.adults, self.groups)


@dataclass(frozen=True)
class Statement:
    """One statement of a printed evaluation; `tenths`: percentages as printed, in tenths (49,5 is 495)."""

    number: int
    period: str
    meeting: int
    theme: str
    respondents: int
    position: int
    question: str
    tenths: tuple[int, int, int, int]

    @property
    def key(self) -> str:
        """What makes it the same statement in another copy of the file."""
        return _key(EVALUATION, self.period, str(self.meeting), self.theme, self.question)

    @property
    def figures(self) -> tuple[int | None, ...]:
        """What a second copy must say alike."""
        return (self.respondents, *self.tenths)


@dataclass(frozen=True)
class FileRead:
    """What a file holds: lines or statements, and what is refused in it."""

    kind: str
    lines: tuple[Line, ...] = ()
    statements: tuple[Statement, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Totals:
    """Sums of the counted lines; `aside`: quarter hours of lines that may be another one told twice."""

    sessions: int
    quarter_hours: int
    people: int
    young: int
    adults: int
    groups: int
    aside: int


class Unreadable(ValueError):
    """A file of which nothing can be read, in French source text filled by `values`."""

    def __init__(self, message: str, values: Mapping[str, object] | None = None) -> None:
        self.message = message
        self.values: Mapping[str, object] = values or {}
        super().__init__(message)


class _Bad(Exception):
    def __init__(self, message: str, values: Mapping[str, object] | None = None) -> None:
        self.message, self.values = message, values or {}


def fold(text: str) -> str:
    """Lower case, without accents, spaces made one."""
    plain = unicodedata.normalize("NFKD", text.replace(_APOSTROPHE, "'"))
    return " ".join("".join(one for one in plain if not unicodedata.combining(one)).lower().split())


def read_file(rows: Sequence[Sequence[str]], fiscal_year: str | None) -> FileRead:
    """Read one of the known tables, its headings first. `fiscal_year`: `2023-2024`, for files that do not tell when.

    Raises Unreadable when nothing of it can be read; a line that cannot is a problem, and the others are taken.
    """
    headings = [re.sub(r"[^a-z0-9]+", "_", fold(cell)).strip("_") for cell in rows[0]] if rows else []
    kind = next((name for name, wanted in HEADINGS.items() if set(wanted) <= set(headings)), None)
    if kind is None:
        raise Unreadable(NOT_KNOWN)
    if kind != TRAINING and fiscal_year is None:
        raise Unreadable(NO_PERIOD)
    cells = [
        (number, dict(zip(headings, (*(cell.strip() for cell in row), *("" for _ in headings)), strict=False)))
        for number, row in enumerate(rows[1:], 2)
        if any(cell.strip() for cell in row)
    ]
    if not cells:
        raise Unreadable(EMPTY)
    if len(cells) > MAX_LINES:
        raise Unreadable(TOO_MANY, {"most": MAX_LINES})
    found: list[Line | Statement] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for number, values in cells:
        try:
            read = _read(kind, number, values, fiscal_year or "")
            if read.key in seen:
                raise _Bad(TWICE, {"other": seen[read.key]})
        except _Bad as bad:
            problems.append(Problem(number, bad.message, bad.values))
            continue
        seen[read.key] = number
        found.append(read)
    lines = tuple(one for one in found if isinstance(one, Line))
    statements = tuple(one for one in found if isinstance(one, Statement))
    return FileRead(kind, lines, statements, tuple(problems))


def told_twice(lines: Iterable[tuple[str, str, str, int]]) -> Mapping[str, str]:
    """Key of a line -> key of the line that it may repeat. Each given as (key, period, title, quarter hours), in order.

    Two trainings of the same period and the same length, of more than one day, under two titles: the first one counts.
    """
    first: dict[tuple[str, int], str] = {}
    repeats: dict[str, str] = {}
    for key, period, _title, quarter_hours in lines:
        if quarter_hours * QUARTER <= LONGEST_DAY:
            continue
        there = first.setdefault((period, quarter_hours), key)
        if there != key:
            repeats[key] = there
    return repeats


def totals(lines: Iterable[tuple[Line, bool]]) -> Totals:
    """Sums of lines, each with whether it counts; printed totals are left out."""
    kept = [(line, counted) for line, counted in lines if not line.printed_total]
    counted = [line for line, counts in kept if counts]
    names = ("sessions", "quarter_hours", "people", "young", "adults", "groups")
    sums = {name: sum(getattr(line, name) or 0 for line in counted) for name in names}
    return Totals(**sums, aside=sum(line.quarter_hours for line, counts in kept if not counts))


def days_of(period: str) -> tuple[date, date] | None:
    """First and last day of a printed period: a month, or a fiscal year from April 1; None for anything else."""
    if found := _MONTH.fullmatch(period):
        year, month = int(found.group(1)), int(found.group(2))
        if not 1 <= month <= 12 or year < 2000:
            return None
        first = date(year, month, 1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if (found := _YEAR.fullmatch(period)) and int(found.group(2)) == int(found.group(1)) + 1 >= 2001:
        return date(int(found.group(1)), 4, 1), date(int(found.group(2)), 3, 31)
    return None


def all_sessions(minutes: int, sessions: int | None) -> int:
    """Minutes of all the sessions of a line: the duration printed is of one session, unless no day could hold it."""
    return minutes if minutes > LONGEST_DAY else minutes * (sessions or 1)


def tenths(text: str) -> int:
    """`49,5` is 495. Raises ValueError for anything but 0 to 100 with one decimal at most."""
    whole, _, decimal = text.replace(",", ".").partition(".")
    if not (
        whole.isascii() and whole.isdecimal() and len(whole) < 4 and len(decimal) < 2 and (decimal or "0").isdecimal()
    ):
        raise ValueError(text)
    value = int(whole) * 10 + int(decimal or "0")
    if value > 1000:
        raise ValueError(text)
    return value


def _read(kind: str, number: int, cells: Mapping[str, str], fiscal_year: str) -> Line | Statement:
    if kind == EVALUATION:
        return _statement(number, cells, fiscal_year)
    period = cells["mois"].replace("–", "-") if kind == TRAINING else fiscal_year
    days = days_of(period)
    if days is None:
        raise _Bad(NOT_A_PERIOD)
    if kind == WORKSHOP:
        return Line(
            number, kind, period, *days, _text(cells["lieu"], "title"), _minutes(cells["heures"]) // QUARTER,
            young=_count(cells["jeunes"]), adults=_count(cells["adultes"]), groups=_count(cells["groupes"]),
            printed_total=fold(cells["lieu"]).startswith(PRINTED_TOTAL),
        )  # fmt: skip
    sessions = _count(cells["seances"])
    minutes = all_sessions(_minutes(cells["duree"]), sessions)
    return Line(
        number, kind, period, *days, _text(cells["formation"], "title"), minutes // QUARTER,
        _text(cells["public"], "audience", optional=True), _text(cells["organisation"], "organisation", optional=True),
        sessions, _count(cells["personnes"]),
    )  # fmt: skip


def _statement(number: int, cells: Mapping[str, str], fiscal_year: str) -> Statement:
    meeting, respondents = _count(cells["rencontre"]), _count(cells["repondantes"])
    if meeting is None or not respondents:
        raise _Bad(NOT_A_NUMBER)
    if days_of(fiscal_year) is None:
        raise _Bad(NOT_A_PERIOD)
    try:
        shares = tuple(tenths(cells[name]) for name in HEADINGS[EVALUATION][4:])
    except ValueError:
        raise _Bad(NOT_A_SHARE) from None
    texts = _text(cells["theme"], "theme"), _text(cells["question"], "question")
    return Statement(
        number, fiscal_year, meeting, texts[0], respondents, number, texts[1],
        (shares[0], shares[1], shares[2], shares[3]),
    )  # fmt: skip


def _text(said: str, name: str, *, optional: bool = False) -> str:
    plain = " ".join(said.split())
    if not plain and not optional:
        raise _Bad(NO_TITLE)
    if len(plain) > _LENGTHS[name]:
        raise _Bad(TOO_LONG, {"most": _LENGTHS[name]})
    return plain


def _count(said: str) -> int | None:
    if not said:
        return None
    if said.isascii() and said.isdecimal() and len(said) < 7:
        return int(said)
    raise _Bad(NOT_A_NUMBER)


def _minutes(said: str) -> int:
    found = _DURATION.fullmatch(said.lower().strip())
    if found is None or int(found.group(2) or 0) not in (0, 15, 30, 45):
        raise _Bad(NOT_A_DURATION)
    return int(found.group(1)) * 60 + int(found.group(2) or 0)


def _key(*said: str) -> str:
    return hashlib.sha256("|".join(fold(one) for one in said).encode()).hexdigest()
