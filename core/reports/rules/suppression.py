"""Small counts: which numbers of a report are hidden so that none under five can be worked out (network rules §4).

The rule, in order (`EXPLANATION` says it on the page):

1. A count under five is hidden, and so is one that leaves less than five beside it. Zero is under five: « nobody » is
   said of few people too. Only a period before the platform's first reference stays at zero (structural zero).
2. In a table, hidden numbers add up to what the shown ones leave of the total. So at least two are hidden, and together
   they hold at least five: each could then be anything from zero to that sum.
3. A quarter is published before its year. The year's column therefore hides, row by row, whatever would let one
   subtract the quarters: a number is safe once, with everything published, its largest and smallest possible values
   are at least `LEAST` apart. The range is exact: the unknowns of a table and its quarters are a flow network, and
   moving counts along its cycles reaches every table that fits what is shown.
4. Totals follow rule 1 by themselves; a quarter whose total is hidden shows nothing, and a year whose total could be
   subtracted shows nothing either.
5. An organisation reads its own figures exactly and may subtract them from every number. What is left is a report like
   another, that of all the others, with the same numbers shown: rules 1 to 4 must hold for it too. So what is hidden is
   decided for the whole and for what each holder would be left with (`layers`), together.

Tables are only published side by side when no row of one is, by definition, part of a row of the other; where it is
(`fringe`), what the difference would show is treated as a count of its own.

What this does not do: organisations that put their figures together know more than any of them, and one that sent
references remembers them; the page says so.

Everything is deterministic: the same counts hide the same cells, whatever was asked first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.reports.rules.flows import LEAST, YEAR, Cell, Flows

EXPLANATION = (
    "Les nombres de moins de 5, zéro compris, sont masqués. Le sont aussi ceux qui laisseraient moins de 5 aux autres "
    "quand un organisme en retire ses propres chiffres. D’autres sont masqués avec eux, pour qu’aucune soustraction ne "
    "les retrouve, ni d’un tableau à l’autre, ni d’un trimestre à son année. Un nombre masqué peut être grand ou "
    "petit. Limites connues : des organismes qui mettent leurs chiffres en commun, ou qui se rappellent ce qu’ils ont "
    "envoyé, en apprennent davantage ; ce rapport reste donc entre les personnes du réseau qui peuvent l’ouvrir."
)

Rows = Sequence[Sequence[int]]
"""One line per row, one count per quarter."""


@dataclass(frozen=True)
class Totals:
    """References ended in each closed quarter, in order. `before` marks those that precede the platform's first one."""

    counts: tuple[int, ...]
    before: frozenset[int] = frozenset()
    #: The four quarters are closed: the year is published too.
    whole: bool = True

    @property
    def year(self) -> int:
        """The sum of the quarters."""
        return sum(self.counts)


@dataclass(frozen=True)
class Own:
    """What one organisation holds of the same report, exactly: its part of each total and of each table."""

    counts: tuple[int, ...]
    tables: Mapping[str, Rows]


@dataclass(frozen=True)
class Shown:
    """What may be shown: columns whose total is hidden, and the hidden cells of each table."""

    hidden_columns: frozenset[int]
    hidden_cells: Mapping[str, frozenset[Cell]] = field(default_factory=dict)

    def shows(self, table: str, row: int, column: int) -> bool:
        """Whether this count is published."""
        return column not in self.hidden_columns and (row, column) not in self.hidden_cells[table]

    def shows_total(self, column: int) -> bool:
        """Whether the total of this column is published."""
        return column not in self.hidden_columns


def protect(totals: Totals, tables: Mapping[str, Rows], holders: Iterable[Own] = ()) -> Shown:
    """Decide for the quarters and the year of one report. `tables`: key → rows → one count per quarter.

    The rows of a table share out the total of each quarter, a holder's as well. Raises ValueError when they don't, or
    when a holder has more than there is.
    """
    held = [one for one in holders if any(one.counts)]
    for key, rows in tables.items():
        for counts, own in [(totals.counts, rows), *((one.counts, one.tables[key]) for one in held)]:
            if tuple(sum(row[quarter] for row in own) for quarter in range(len(counts))) != counts:
                raise ValueError(f"{key}: the rows do not add up to the totals")
    columns = _hidden_columns(totals, layers(totals.counts, [one.counts for one in held]))
    hidden = {}
    for key, rows in tables.items():
        left = [rows, *(_left(rows, one.tables[key]) for one in held)]
        hidden[key] = _hidden_cells(totals, columns, left)
    return Shown(columns, hidden)


def layers(counts: Sequence[int], held: Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
    """The counts as everybody reads them, then what each holder is left with. ValueError if she has more."""
    found = [tuple(counts)]
    for own in held:
        left = tuple(count - part for count, part in zip(counts, own, strict=True))
        if min(left, default=0) < 0:
            raise ValueError("a holder has more than there is")
        found.append(left)
    return found


def protect_column(
    counts: Sequence[int],
    small: frozenset[int] = frozenset(),
    prefer: frozenset[int] = frozenset(),
    held: Iterable[Sequence[int]] = (),
) -> frozenset[int]:
    """Rows hidden in one table whose total is published. `small`: rows to hide for another reason (`fringe`).
    `held`: the same column of each holder.

    What joins them is the smallest shown count, those of `prefer` first: rows hidden in earlier quarters already.
    """
    views = layers(counts, held)
    hidden = {row for row in range(len(counts)) if few(view[row] for view in views)} | small
    shown = sorted((row not in prefer, count, row) for row, count in enumerate(counts) if row not in hidden)
    while hidden and shown and (len(hidden) < 2 or few(sum(view[row] for row in hidden) for view in views)):
        hidden.add(shown.pop(0)[2])
    return frozenset(hidden)


def few(counts: Iterable[int]) -> bool:
    """Whether one of these is under five: a count, and what each holder is left with."""
    return any(count < LEAST for count in counts)


def fringe(inner: int, outer: int) -> bool:
    """Whether `inner`, published beside the `outer` it is part of, would show a small difference."""
    return outer - inner < LEAST


def protect_crossing(whole: int, row: int, column: int, both: int) -> bool:
    """Whether a crossing (`both`, inside `row` and `column` of a `whole`) may be shown beside them: its four cells are
    all at least five. When it is hidden, what is shown leaves it a range of at least five, as `row`, `column` and what
    is outside each hold five or more."""
    return min(both, row - both, column - both, whole - row - column + both) >= LEAST


def _left(rows: Rows, own: Rows) -> Rows:
    return [layers(row, [part])[1] for row, part in zip(rows, own, strict=True)]


def _hidden_columns(totals: Totals, views: Sequence[Sequence[int]]) -> frozenset[int]:
    quarters = range(len(totals.counts))
    hidden = {column for column in quarters if column not in totals.before and few(view[column] for view in views)}
    if not totals.whole:
        return frozenset(hidden)
    if totals.before == frozenset(quarters):
        return frozenset()

    def subtracted() -> bool:
        alone = len(hidden) < 2 or few(sum(view[column] for column in hidden) for view in views)
        return bool(hidden) and alone

    last = len(quarters) - 1
    if subtracted() and last not in totals.before:
        hidden.add(last)  # published on the same day as the year: the only quarter that can still be kept back
    if subtracted() or few(sum(view) for view in views):
        hidden.add(YEAR)
    return frozenset(hidden)


def _hidden_cells(totals: Totals, columns: frozenset[int], views: Sequence[Rows]) -> frozenset[Cell]:
    """`views`: the table, then what each holder is left with of it."""
    rows = range(len(views[0]))
    quarters = range(len(totals.counts))
    hidden: set[Cell] = set()
    for quarter in quarters:
        if quarter in totals.before:
            continue
        if quarter in columns:
            hidden |= {(row, quarter) for row in rows}
        else:
            earlier = frozenset(row for row, _ in hidden)
            whole, *left = ([counts[quarter] for counts in view] for view in views)
            held = [[count - rest for count, rest in zip(whole, one, strict=True)] for one in left]
            hidden |= {(row, quarter) for row in protect_column(whole, prefer=earlier, held=held)}
    if not totals.whole or totals.before == frozenset(quarters):
        return frozenset(hidden)
    if YEAR in columns:
        return frozenset(hidden | {(row, YEAR) for row in rows})
    return frozenset(hidden | {(row, YEAR) for row in _hidden_year(columns, views, hidden)})


def _hidden_year(columns: frozenset[int], views: Sequence[Rows], hidden: set[Cell]) -> set[int]:
    """Rows whose year is hidden, given what the quarters already show."""
    years = [[sum(row) for row in view] for view in views]
    kept_back = {
        row for row in range(len(views[0])) for view in years if view[row] < LEAST or sum(view) - view[row] < LEAST
    }
    order = sorted((count, row) for row, count in enumerate(years[0]))
    for rows in views:
        # Hiding more only widens what is possible: a view that is safe stays so while the next ones are looked at.
        # When nothing of the year is left to hide, the quarters alone protect each cell (rule 2).
        while len(kept_back) < len(rows):
            flows = Flows(columns, rows, hidden, kept_back)
            loose = next((cell for cell in flows.targets() if flows.width(cell) < LEAST), None)
            if loose is None:
                break
            if loose[0] not in kept_back:
                kept_back.add(loose[0])
            else:
                kept_back.add(next(row for _, row in order if row not in kept_back))
    return kept_back
