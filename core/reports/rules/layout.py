"""The tables of references as they are read: the network's through suppression, an organisation's own exact. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.referrals.rules import vocabulary
from core.reports.rules import dimensions
from core.reports.rules.cells import HIDDEN, Cell, Chart, Row, Section, Table, count, said, share, text
from core.reports.rules.flows import YEAR
from core.reports.rules.network import ELSEWHERE, Published, YearOnly
from core.reports.rules.periods import FiscalYear, Quarter

CAPTIONS: Mapping[str, str] = {
    "origin": "Références terminées, selon d’où elles venaient",
    "area": "Références terminées, selon le territoire",
    "age": "Références terminées, selon l’âge",
    "urgency": "Références terminées, selon l’urgence",
    "contact": "Femmes rejointes et non rejointes",
    "needs": "Besoins nommés (une femme peut en nommer plusieurs)",
    "issue": "Comment les références se sont terminées",
    "priority": "Codes de priorité donnés par les CALACS",
    "decline": "Pourquoi elles n’ont pas été prises en charge",
    "unmet": "Besoins nommés, et ceux qui sont restés sans prise en charge",
    "open": "Références en cours à la fin de la période",
}
TITLES: Mapping[str, str] = {
    "references": "Références terminées",
    "contact": "Premier contact",
    "unmet": "Non accueillies et besoins sans réponse",
}
HEADS: Mapping[str, str] = {
    "what": "Ligne",
    "year": "Année",
    "total": "Total",
    "named": "Nommé",
    "unmet": "Sans prise en charge",
    "reached": "Rejointes",
    "within_24": "Rejointes en 24 h",
    "within_48": "Rejointes en 48 h",
    "elsewhere": "Ailleurs, ou lieu inconnu",
    "open": "En cours",
}
NOTES: Mapping[str, str] = {
    "masked": "Certains nombres sont masqués : voyez la règle au début du rapport.",
    "before": "Aucune référence n’était encore suivie sur la plateforme pendant cette période.",
    "ended": "Une référence est comptée dans le trimestre où elle s’est terminée.",
    "few": "Trop peu de références, ou d’organismes qui en reçoivent, pour publier ce tableau.",
}


@dataclass(frozen=True)
class Column:
    """A column of counts: of which year it reads, at which index (`YEAR` for the whole)."""

    head: Cell
    published: Published
    index: int


def columns_of(
    period: FiscalYear | Quarter, closed: Sequence[Quarter], own: Published, before: Published | None
) -> tuple[Column, ...]:
    """The quarter alone; or the closed quarters, then the year and the year before once both are closed."""
    if isinstance(period, Quarter):
        return (Column(text(quarter_name(period)), own, period.number - 1),)
    columns = [Column(text(quarter_name(quarter)), own, quarter.number - 1) for quarter in closed]
    if own.totals.whole:
        columns.append(Column(text(str(period)), own, YEAR))
        if before is not None and before.began:
            columns.append(Column(text(str(period.before)), before, YEAR))
    return tuple(columns)


def quarter_name(quarter: Quarter) -> str:
    """`T3 2026-2027`."""
    return f"T{quarter.number}\u00a0{quarter.year}"


def sections(
    columns: Sequence[Column],
    areas: Mapping[str, str],
    delays: Table | None,
    waiting: int | None,
) -> tuple[Section, ...]:
    """References, first contact, what was not received. `waiting`: the stock at the end; None: hidden."""
    own = columns[0].published if columns else None
    if own is None or not own.began:
        return (Section("references", said(TITLES["references"]), notes=(said(NOTES["before"]),)),)
    year = next((column for column in columns if column.index == YEAR), None)
    places = {**areas, ELSEWHERE: HEADS["elsewhere"]}
    tables = [
        _table("origin", dimensions.ORIGINS, columns),
        _table("area", places, columns, names=True),
        _table("age", dimensions.AGES, columns),
        _table("urgency", dimensions.URGENCIES, columns),
        _needs(columns),
    ]
    if year is not None:
        tables += [
            _year_only("issue", dimensions.ISSUES, own.issues, year),
            _year_only("priority", dimensions.PRIORITIES, own.priorities, year),
        ]
    stock = (said(HEADS["open"]), _cell(waiting))
    tables.append(Table("open", said(CAPTIONS["open"]), (said(HEADS["what"]), said(HEADS["total"])), (stock,)))
    contact = [_reached(columns), *([delays] if delays is not None else [])]
    found = [
        Section("references", said(TITLES["references"]), tuple(tables), (said(NOTES["ended"]),)),
        Section("contact", said(TITLES["contact"]), tuple(contact)),
    ]
    if year is not None:
        unmet = (_year_only("decline", dimensions.DECLINES, own.declines, year), _unmet(own))
        found.append(Section("unmet", said(TITLES["unmet"]), unmet))
    return tuple(found)


def _table(key: str, words: Mapping[str, str], columns: Sequence[Column], *, names: bool = False) -> Table:
    codes = [line.code for line in columns[0].published.tables[key]]
    rows = [
        (
            text(words[code]) if names and code != ELSEWHERE else said(words[code]),
            *(_cell(column.published.count(key, row, column.index)) for column in columns),
        )
        for row, code in enumerate(codes)
    ]
    return _counted(key, rows, columns)


def _needs(columns: Sequence[Column]) -> Table:
    rows = [
        (said(words), *(_cell(column.published.count(f"need.{need}", 0, column.index)) for column in columns))
        for need, words in vocabulary.NEEDS.items()
    ]
    return _counted("needs", rows, columns, total=False)


def _reached(columns: Sequence[Column]) -> Table:
    """Reached or not, then the shares reached within 24 and 48 h where nothing they are made of is hidden."""
    table = _table("contact", dimensions.CONTACTS, columns)
    shares: list[Row] = []
    for head, rows in (("within_24", (0,)), ("within_48", (0, 1)), ("reached", (0, 1, 2))):
        cells = []
        for column in columns:
            parts = [column.published.count("contact", row, column.index) for row in rows]
            whole = column.published.total(column.index)
            told = whole is not None and all(part is not None for part in parts)
            cells.append(share(sum(part or 0 for part in parts), whole or 0) if told else HIDDEN)
        shares.append((said(HEADS[head]), *cells))
    foot = table.foot or ()
    return Table(table.key, table.caption, table.columns, (*table.rows, *shares), foot, table.notes, table.chart)


def _counted(key: str, rows: Sequence[Row], columns: Sequence[Column], *, total: bool = True) -> Table:
    foot = (said(HEADS["total"]), *(_cell(column.published.total(column.index)) for column in columns))
    masked = any(cell == HIDDEN for row in (*rows, foot) for cell in row)
    # The chart draws the year when there is one, else the latest quarter.
    drawn = next((index for index, column in enumerate(columns, 1) if column.index == YEAR), len(columns))
    return Table(
        key,
        said(CAPTIONS[key]),
        (said(HEADS["what"]), *(column.head for column in columns)),
        tuple(rows),
        foot if total else None,
        (said(NOTES["masked"]),) if masked else (),
        Chart("bars", drawn),
    )


def _year_only(key: str, words: Mapping[str, str], table: YearOnly, year: Column) -> Table:
    heads = (said(HEADS["what"]), year.head)
    if not table.shown:
        return Table(key, said(CAPTIONS[key]), heads, (), notes=(said(NOTES["few"]),))
    rows = tuple(
        (said(words[line.code]), count(sum(line.counts), shown=table.shows(row)))
        for row, line in enumerate(table.lines)
    )
    foot = (said(HEADS["total"]), count(sum(sum(line.counts) for line in table.lines)))
    notes = (said(NOTES["masked"]),) if table.hidden else ()
    return Table(key, said(CAPTIONS[key]), heads, rows, foot, notes, Chart("bars", 1))


def _unmet(own: Published) -> Table:
    rows = tuple((said(vocabulary.NEEDS[one.need]), _cell(one.named), _cell(one.unmet)) for one in own.unmet)
    heads = (said(HEADS["what"]), said(HEADS["named"]), said(HEADS["unmet"]))
    notes = (said(NOTES["masked"]),) if any(HIDDEN in row for row in rows) else ()
    return Table("unmet", said(CAPTIONS["unmet"]), heads, rows, notes=notes)


def _cell(number: int | None) -> Cell:
    return HIDDEN if number is None else count(number)
