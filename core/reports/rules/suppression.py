"""Small counts: which numbers of a report are hidden so that none under five can be worked out (network rules §4).

The rule, in order (`EXPLANATION` says it on the page):

1. A count under five is hidden, and so is one that leaves less than five beside it. Zero is under five: « nobody » is
   said of few people too. Only a period before the platform's first reference stays at zero (structural zero).
2. In a table, hidden numbers add up to what the shown ones leave of the total. So at least two are hidden, and together
   they hold at least five: each could then be anything from zero to that sum.
3. A quarter is published before its year. The year's column therefore hides, row by row, whatever would let one
   subtract the quarters: a small number is safe once, with everything published, its largest and smallest possible
   values are at least `LEAST` apart. The range is exact: the unknowns of a table and its quarters are a flow network,
   and moving counts along its cycles reaches every table that fits what is shown.
4. Totals follow rule 1 by themselves; a quarter whose total is hidden shows nothing, and a year whose total could be
   subtracted shows nothing either.
5. An organisation reads its own figures exactly and may subtract them from every number. What is left is a report like
   another, that of all the others, with the same numbers shown. So what is hidden is decided for the whole and for what
   each holder would be left with (`layers`), together, with one difference: there, small is from one to four. Nobody is
   in a remainder of zero, and who else receives in a territory is known by mandate. A remainder may be found to be
   zero, never to be one to four: whatever is held within a range narrower than `LEAST` is zero.
6. That a number is hidden tells something by itself. A holder with five or more in it knows that the others have one to
   four there, or that it hides another. So a sum of hidden numbers leaves `SEVERAL` values to each small one even for
   somebody who knows which are small (`tells`), and what joins them is the nearest line that holds enough, never the
   smallest: an order by size would compare numbers that the holder half knows. Accepted: she may learn « not zero »,
   as any « under five » says where zeros are written. Hiding some zeros with them would be the remedy: it would mask a
   territory again for what happens outside it, or hang on chance, which averages out over the years.

Tables are only published side by side when no row of one is, by definition, part of a row of the other; where it is
(`fringe`), what the difference would show is treated as a count of its own.

What this does not do: organisations that put their figures together know more than any of them, and one that sent
references remembers them; the page says so. Rule 6 is proved for each sum by itself: who runs this very code over every
table that fits four quarters and their year together may still narrow a number down (measure: docs/committees.md).

Everything is deterministic: the same counts hide the same cells, whatever was asked first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from core.reports.rules.flows import LEAST, YEAR, Cell, Flows

EXPLANATION = (
    "Les nombres de moins de 5, zéro compris, sont masqués. Le sont aussi ceux qui laisseraient de 1 à 4 aux autres "
    "quand un organisme en retire ses propres chiffres ; s’il ne leur reste rien, le nombre est montré. D’autres sont "
    "masqués avec eux, pour qu’aucune soustraction ne les retrouve, ni d’un tableau à l’autre, ni d’un trimestre à son "
    "année. Un nombre masqué peut être grand ou petit. Limites connues : un organisme peut comprendre que les autres "
    "ne sont pas à zéro là où un nombre est masqué ; des organismes qui mettent leurs chiffres en commun, ou qui se "
    "rappellent ce qu’ils ont envoyé, en apprennent davantage. Ce rapport reste donc entre les personnes du réseau qui "
    "peuvent l’ouvrir."
)

#: How many values of a small number must stay possible to somebody who knows this rule and which numbers are small.
SEVERAL = 2

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
        left = (rows, *(_left(rows, one.tables[key]) for one in held))
        hidden[key] = _hidden_cells(totals, columns, tuple(tuple(map(tuple, view)) for view in left))
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

    What joins them is the nearest line that holds five or more for whoever could still tell, those of `prefer` first:
    rows hidden in earlier quarters already. Which line it is follows from where small counts stand, never from how
    large the others are.
    """
    views = layers(counts, held)
    rows = range(len(counts))
    hidden = {row for row in rows if few(view[row] for view in views)} | small
    while hidden and len(hidden) < len(rows):
        open_to = [view for who, view in enumerate(views) if tells([view[row] for row in hidden], whole=not who)]
        if len(hidden) > 1 and not open_to:
            break
        joined = {row: sum(view[row] >= LEAST for view in open_to) for row in rows if row not in hidden}
        if open_to and not any(joined.values()):
            return frozenset(rows)  # nothing is left that could hide them: the others hold nothing else
        hidden.add(
            min(joined, key=lambda row: (not joined[row], row not in prefer, -joined[row], *_nearest(row, hidden)))
        )
    return frozenset(hidden)


def few(counts: Iterable[int]) -> bool:
    """Whether one of these is a secret: the count of everybody from zero to four, what a holder is left with from one
    to four. The first is everybody's."""
    return any(_is_small(count, whole=not who) for who, count in enumerate(counts))


def tells(hidden: Sequence[int], *, whole: bool) -> bool:
    """Whether somebody who knows the sum of these hidden numbers, and even which of them are small, is left with fewer
    than `SEVERAL` values of a small one; or with a range narrower than `LEAST` when she doesn't know which are."""
    number = sum(_is_small(count, whole=whole) for count in hidden)
    if not number:
        return False
    total = sum(hidden)
    if len(hidden) < 2 or total < LEAST:
        return True
    lowest, highest = (0 if whole else 1), LEAST - 1
    large = sum(count >= LEAST for count in hidden)
    most = min(highest, total - lowest * (number - 1) - LEAST * large)
    least = lowest if large else max(lowest, total - highest * (number - 1))
    return most - least + 1 < SEVERAL


def fringe(inner: int, outer: int, *, whole: bool = True) -> bool:
    """Whether `inner`, published beside the `outer` it is part of, would show a small difference."""
    return _is_small(outer - inner, whole=whole)


def protect_crossing(total: int, row: int, column: int, both: int, *, whole: bool = True) -> bool:
    """Whether a crossing (`both`, inside `row` and `column` of a `total`) may be shown beside them: none of its four
    cells is small. When it is hidden, what is shown leaves it a range of at least five, as `row`, `column` and what is
    outside each hold five or more; for a holder, a crossing in one of them that is empty is zero or one of the others.
    """
    four = (both, row - both, column - both, total - row - column + both)
    return not any(_is_small(count, whole=whole) for count in four)


def _is_small(count: int, *, whole: bool) -> bool:
    return (0 if whole else 1) <= count < LEAST


def _nearest(row: int, others: Iterable[int]) -> tuple[int, int]:
    return min(abs(row - other) for other in others), row


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
        return any(tells([view[column] for column in hidden], whole=not who) for who, view in enumerate(views))

    last = len(quarters) - 1
    if subtracted() and last not in totals.before:
        hidden.add(last)  # published on the same day as the year: the only quarter that can still be kept back
    if subtracted() or few(sum(view) for view in views):
        hidden.add(YEAR)
    return frozenset(hidden)


@lru_cache(maxsize=1024)
def _hidden_cells(
    totals: Totals, columns: frozenset[int], views: tuple[tuple[tuple[int, ...], ...], ...]
) -> frozenset[Cell]:
    """`views`: the table, then what each holder is left with of it.

    Remembered, as the same counts hide the same cells: a page, then each of its files, decide on the same thirty
    tables, two fifths of their time. An entry is some hundred numbers.
    """
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
    """Rows whose year is hidden, given what the quarters already show: as few as keep every view safe.

    The year of a row that shows all its quarters is known. When that of every other row is hidden, the quarters alone
    protect each cell (rule 2). From there, rows are shown one by one, those with the most hidden quarters first.
    """
    masked = sorted({row for row, _ in hidden}, key=lambda row: (-sum(one == row for one, _ in hidden), row))
    kept_back = set(masked)
    for row in masked:
        if all(_year_is_safe(columns, view, hidden, kept_back - {row}, not who) for who, view in enumerate(views)):
            kept_back.remove(row)
    return kept_back


def _year_is_safe(columns: frozenset[int], view: Rows, hidden: set[Cell], kept_back: set[int], whole: bool) -> bool:
    """Whether the years of all rows but `kept_back` may be shown beside the quarters, to whoever reads this view."""
    shown = {row for row, _ in hidden} - kept_back
    if len(kept_back) == 1 or not sum(sum(view[row]) for row in kept_back):
        shown |= kept_back  # the total less the years shown gives them back
    if any(_is_small(sum(view[row]), whole=whole) for row in shown):
        return False
    # A row's year less the quarters shown is the sum of its hidden ones; the total less the years shown, of the rest.
    sums = [[view[row][quarter] for one, quarter in hidden if one == row] for row in shown]
    sums.append([sum(view[row]) for row in kept_back])
    if any(tells(some, whole=whole) for some in sums) or _gives_back(view, hidden, shown, whole=whole):
        return False
    flows = Flows(columns, view, hidden, kept_back)
    return all(flows.width(cell) >= LEAST for cell in flows.targets(0 if whole else 1))


def _gives_back(view: Rows, hidden: set[Cell], shown: set[int], *, whole: bool) -> bool:
    """Whether rows whose year is known give hidden quarters back, so that those left in one of these quarters tell."""
    quarters: dict[int, list[int]] = {}
    for row, quarter in hidden:
        quarters.setdefault(row, []).append(quarter)
    given = {
        row for row in shown if len(quarters[row]) == 1 or not sum(view[row][quarter] for quarter in quarters[row])
    }
    touched = {quarter for row in given for quarter in quarters[row]}
    return any(
        tells([view[row][at] for row, at in hidden if at == quarter and row not in given], whole=whole)
        for quarter in touched
    )
