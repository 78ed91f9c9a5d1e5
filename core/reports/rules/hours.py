"""Hours by committee and kind, as the printed report lays them out: one line per place, the sum below. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.committees.rules.hours import KINDS, Kind
from core.reports.rules.cells import NONE, Cell, Chart, Section, Table, count, said, text

WORDS: Mapping[str, str] = {
    "title": "Heures de concertation",
    "caption": "Heures selon le comité et la nature du travail",
    "place": "Comité ou lieu d’échange",
    "total": "Total",
    "sum": "Total (somme des lignes)",
    "without": "Sans comité",
    "printed": "Le rapport imprimé donne un total de %(printed)s ; la somme de ses lignes est %(sum)s.",
    "other": "Le texte du même rapport donne %(other)s pour %(line)s au lieu de %(figure)s.",
    "other_sum": "Avec les chiffres du texte, la somme serait %(sum)s.",
    "meetings": "Rencontres tenues et participation",
    "held": "Rencontres tenues",
    "seats": "Sièges convoqués",
    "represented": "Sièges représentés",
    "persons": "Personnes présentes",
    "year_before": "Année d’avant",
}


@dataclass(frozen=True)
class Sum:
    """Quarter hours of one line and kind. `line`: the committee's title, or the activity outside committees."""

    line: str
    kind: Kind
    quarter_hours: int


@dataclass(frozen=True)
class Contradiction:
    """What a printed source says against its own lines. Quarter hours."""

    sum: int
    printed: int | None
    #: (line, its figure in the table, its figure in the text)
    other: tuple[tuple[str, int, int], ...]
    other_sum: int | None


@dataclass(frozen=True)
class Attendance:
    """Meetings of one committee in the period."""

    line: str
    meetings: int
    seats: int
    represented: int
    persons: int


def hours_section(
    sums: Sequence[Sum],
    before: Mapping[str, int] | None,
    contradictions: Sequence[Contradiction],
    meetings: Sequence[Attendance],
) -> Section | None:
    """The section, or None when nothing was entered. `before`: line → quarter hours of the year before."""
    tables = []
    if sums:
        tables.append(_hours(sums, before, contradictions))
    if meetings:
        tables.append(_meetings(meetings))
    return Section("hours", said(WORDS["title"]), tuple(tables)) if tables else None


def _hours(sums: Sequence[Sum], before: Mapping[str, int] | None, notes: Sequence[Contradiction]) -> Table:
    kinds = [kind for kind in Kind if any(one.kind is kind for one in sums)]
    # A table of one kind alone is the printed report's: a place, its hours.
    shown = kinds if kinds != [Kind.SEVERAL] else []
    lines = list(dict.fromkeys(one.line for one in sums))
    found: dict[tuple[str, Kind], int] = {}
    for one in sums:
        found[one.line, one.kind] = found.get((one.line, one.kind), 0) + one.quarter_hours
    rows = []
    for line in lines:
        parts = [found.get((line, kind)) for kind in shown]
        total = sum(found.get((line, kind), 0) for kind in kinds)
        row = [text(line) if line else said(WORDS["without"]), *map(_hours_cell, parts), Cell("hours", total)]
        if before is not None:
            row.append(_hours_cell(before.get(line)))
        rows.append(tuple(row))
    foot = [
        said(WORDS["sum"]),
        *(Cell("hours", sum(found.get((line, kind), 0) for line in lines)) for kind in shown),
        Cell("hours", sum(one.quarter_hours for one in sums)),
    ]
    heads = [said(WORDS["place"]), *(said(KINDS[kind]) for kind in shown), said(WORDS["total"])]
    if before is not None:
        heads.append(said(WORDS["year_before"]))
        foot.append(Cell("hours", sum(before.values())))
    said_notes = [note for one in notes for note in _contradiction(one)]
    return Table(
        "hours",
        said(WORDS["caption"]),
        tuple(heads),
        tuple(rows),
        tuple(foot),
        tuple(said_notes),
        Chart("bars", len(shown) + 1),
    )


def _contradiction(one: Contradiction) -> list[Cell]:
    notes = []
    if one.printed is not None and one.printed != one.sum:
        notes.append(said(WORDS["printed"], printed=Cell("hours", one.printed), sum=Cell("hours", one.sum)))
    for line, figure, other in one.other:
        notes.append(said(WORDS["other"], other=Cell("hours", other), line=text(line), figure=Cell("hours", figure)))
    if one.other_sum is not None:
        notes.append(said(WORDS["other_sum"], sum=Cell("hours", one.other_sum)))
    return notes


def _meetings(meetings: Sequence[Attendance]) -> Table:
    heads = ("place", "held", "seats", "represented", "persons")
    return Table(
        "meetings",
        said(WORDS["meetings"]),
        tuple(said(WORDS[head]) for head in heads),
        tuple(
            (text(one.line), *map(count, (one.meetings, one.seats, one.represented, one.persons))) for one in meetings
        ),
        (
            said(WORDS["total"]),
            count(sum(one.meetings for one in meetings)),
            count(sum(one.seats for one in meetings)),
            count(sum(one.represented for one in meetings)),
            count(sum(one.persons for one in meetings)),
        ),
        chart=Chart("bars", 1),
    )


def _hours_cell(quarters: int | None) -> Cell:
    return NONE if quarters is None else Cell("hours", quarters)
