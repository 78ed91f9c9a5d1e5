"""Figures already published in a printed report: shown line by line, with their right sums. Pure.

The sums are ours; where the printed total differs, the note says both (measured on the report of 2023-2024: 18 adults
printed, the lines add to 17).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.reports.rules.cells import NONE, Cell, Chart, Section, Table, count, said, text

#: Fewer answers than this are marked: percentages of so few were published elsewhere, not here first.
FEW_ANSWERS = 10
PRINTED_TOTAL = "Total imprimé"

WORDS: Mapping[str, str] = {
    "title": "Ateliers de prévention et leurs évaluations",
    "workshops": "Ateliers en exploitation sexuelle, selon le lieu",
    "place": "Lieu",
    "young": "Jeunes",
    "adults": "Adultes",
    "groups": "Groupes",
    "hours": "Heures",
    "total": "Total (somme des lignes)",
    "printed": "Le rapport imprimé donne %(printed)s pour « %(column)s » ; la somme des lignes est %(sum)s.",
    "already": "Déjà publié dans le rapport imprimé de l’année, y compris les lignes de peu de personnes.",
    "evaluation": "Évaluation de la rencontre %(number)s : %(theme)s (%(answers)s répondantes)",
    "few": "Déjà publié : peu de réponses.",
    "question": "Énoncé",
    "pas_du_tout_pct": "Pas du tout (%)",
    "un_peu_pct": "Un peu (%)",
    "oui_pct": "Oui (%)",
    "beaucoup_pct": "Beaucoup (%)",
    "rounded": "Les pourcentages sont ceux du rapport imprimé ; arrondis, ils ne font pas toujours 100.",
}
_SCALE = ("pas_du_tout_pct", "un_peu_pct", "oui_pct", "beaucoup_pct")
_COLUMNS: tuple[tuple[str, str], ...] = (
    ("young", "jeunes"),
    ("adults", "adultes"),
    ("groups", "groupes"),
    ("hours", "heures"),
)


def published_section(workshops: Sequence[Mapping[str, str]], evaluations: Sequence[Mapping[str, str]]) -> Section:
    """The section of the two published files. Raises ValueError for a cell that is not a figure."""
    return Section("published", said(WORDS["title"]), (workshop_table(workshops), *evaluation_tables(evaluations)))


def workshop_table(rows: Sequence[Mapping[str, str]]) -> Table:
    """One line per place; the foot is the sum of the lines, never the printed one."""
    lines = [row for row in rows if row["lieu"] != PRINTED_TOTAL]
    printed = next((row for row in rows if row["lieu"] == PRINTED_TOTAL), {})
    sums = {column: sum(_figure(column, row[column]) or 0 for row in lines) for _, column in _COLUMNS}
    notes = [said(WORDS["already"])]
    for head, column in _COLUMNS:
        claimed = _figure(column, printed.get(column, ""))
        if claimed is not None and claimed != sums[column]:
            notes.append(
                said(
                    WORDS["printed"],
                    printed=_cell(column, claimed),
                    column=said(WORDS[head]),
                    sum=_cell(column, sums[column]),
                )
            )
    return Table(
        "workshops",
        said(WORDS["workshops"]),
        (said(WORDS["place"]), *(said(WORDS[head]) for head, _ in _COLUMNS)),
        tuple(
            (text(row["lieu"]), *(_cell(column, _figure(column, row[column])) for _, column in _COLUMNS))
            for row in lines
        ),
        (said(WORDS["total"]), *(_cell(column, sums[column]) for _, column in _COLUMNS)),
        tuple(notes),
        Chart("bars", 1),
    )


def evaluation_tables(rows: Sequence[Mapping[str, str]]) -> tuple[Table, ...]:
    """One table per meeting of the workshop, in the order of the file."""
    meetings: dict[tuple[str, str, str], list[Mapping[str, str]]] = {}
    for row in rows:
        meetings.setdefault((row["rencontre"], row["theme"], row["repondantes"]), []).append(row)
    return tuple(_evaluation(*key, lines) for key, lines in meetings.items())


def _evaluation(number: str, theme: str, answers: str, lines: Sequence[Mapping[str, str]]) -> Table:
    few = (said(WORDS["few"]),) if int(answers) < FEW_ANSWERS else ()
    return Table(
        f"evaluation-{number}",
        said(WORDS["evaluation"], number=text(number), theme=text(theme), answers=count(int(answers))),
        (said(WORDS["question"]), *(said(WORDS[step]) for step in _SCALE)),
        tuple((text(row["question"]), *(Cell("number", _number(row[step])) for step in _SCALE)) for row in lines),
        notes=(*few, said(WORDS["rounded"])),
        chart=Chart("shares", 1),
    )


def _figure(column: str, written: str) -> int | None:
    """A whole number, or quarter hours for `11h30`. None for an empty cell."""
    if not written:
        return None
    if column != "heures":
        return int(written)
    hours, _, minutes = written.partition("h")
    quarters, rest = divmod(int(hours) * 60 + int(minutes or 0), 15)
    if rest:
        raise ValueError(f"not a number of quarter hours: {written}")
    return quarters


def _cell(column: str, number: int | None) -> Cell:
    if number is None:
        return NONE
    return Cell("hours", number) if column == "heures" else count(number)


def _number(written: str) -> int | float:
    value = float(written)
    return int(value) if value.is_integer() else value
