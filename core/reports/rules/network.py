"""The network's figures of a year: which lines, which columns, and what suppression leaves of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.referrals.rules import vocabulary
from core.reports.rules import dimensions
from core.reports.rules.suppression import (
    YEAR,
    Shown,
    Totals,
    fringe,
    protect,
    protect_column,
    protect_crossing,
)

#: Unknown places: a reference whose municipality is no longer in the region's list.
ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class Line:
    """One line: its code, and one count per closed quarter."""

    code: str
    counts: tuple[int, ...]


@dataclass(frozen=True)
class YearOnly:
    """A table that exists for the whole year alone. `shown` False: not published at all."""

    lines: tuple[Line, ...]
    hidden: frozenset[int]
    shown: bool

    def shows(self, row: int) -> bool:
        """Whether this line's count is published."""
        return self.shown and row not in self.hidden


@dataclass(frozen=True)
class Unmet:
    """A need among the references that ended without being taken, beside how many named it in all. None: hidden."""

    need: str
    named: int | None
    unmet: int | None


@dataclass(frozen=True)
class Published:
    """Everything of one year that the network may read."""

    totals: Totals
    tables: Mapping[str, tuple[Line, ...]]
    shown: Shown
    issues: YearOnly
    priorities: YearOnly
    declines: YearOnly
    recipients: YearOnly
    unmet: tuple[Unmet, ...]

    def count(self, table: str, row: int, column: int) -> int | None:
        """A count, or None when it is hidden. `column`: a quarter's index or `YEAR`."""
        if not self.shown.shows(table, row, column):
            return None
        return _at(self.tables[table][row].counts, column)

    def total(self, column: int) -> int | None:
        """The total of a column, or None when it is hidden."""
        return _at(self.totals.counts, column) if self.shown.shows_total(column) else None

    @property
    def began(self) -> bool:
        """Whether any of these quarters comes after the platform's first reference."""
        return len(self.totals.before) < len(self.totals.counts)


def publish(
    totals: Totals,
    counts: Mapping[str, Mapping[str, tuple[int, ...]]],
    needs: Mapping[str, tuple[int, ...]],
    unmet: Mapping[str, int],
    areas: Sequence[str],
    *,
    exact: bool = False,
) -> Published:
    """Lay out and protect one year. `counts`: dimension → line → counts of the closed quarters.

    `exact`: an organisation's own references, which it holds anyway: nothing is hidden.
    """
    closed = len(totals.counts)

    def lines(name: str, codes: Sequence[str], rest: str | None = None) -> tuple[Line, ...]:
        given = counts.get(name, {})
        rows = {code: given.get(code, (0,) * closed)[:closed] for code in codes}
        if rest is not None:
            others = [numbers for code, numbers in given.items() if code not in rows]
            rows[rest] = tuple(sum(numbers[quarter] for numbers in others) for quarter in range(closed))
        return tuple(Line(code, numbers) for code, numbers in rows.items())

    tables = {
        "origin": lines("origin", tuple(dimensions.ORIGINS)),
        "area": lines("area", areas, ELSEWHERE),
        "age": lines("age", tuple(dimensions.AGES)),
        "urgency": lines("urgency", tuple(dimensions.URGENCIES)),
        "contact": lines("contact", tuple(dimensions.CONTACTS)),
    }
    for need in vocabulary.NEEDS:
        named = needs.get(need, (0,) * closed)[:closed]
        others = tuple(total - number for total, number in zip(totals.counts, named, strict=True))
        tables[f"need.{need}"] = (Line("yes", named), Line("no", others))
    if exact:
        shown = Shown(frozenset(), dict.fromkeys(tables, frozenset()))
    else:
        shown = protect(totals, {key: [line.counts for line in rows] for key, rows in tables.items()})
    year = totals.whole and shown.shows_total(YEAR) and bool(totals.year)
    issues = lines("issue", tuple(dimensions.ISSUES))
    priorities = lines("priority", tuple(dimensions.PRIORITIES))
    recipients = lines("recipient", tuple(dimensions.RECIPIENTS))
    declines = lines("decline", tuple(dimensions.DECLINES))
    never = sum(_line(tables["contact"], "never").counts)
    elsewhere = sum(_line(issues, "elsewhere").counts)
    calacs = sum(_line(recipients, "calacs").counts)
    coded = totals.year - sum(_line(priorities, "0").counts)
    if exact:
        met = tuple(Unmet(need, sum(tables[f"need.{need}"][0].counts), unmet.get(need, 0)) for need in vocabulary.NEEDS)
        every = [YearOnly(lines, frozenset(), year) for lines in (issues, priorities, declines, recipients)]
        return Published(totals, tables, shown, every[0], every[1], every[2], every[3], met)
    issue_table = _alone(issues, year, {"elsewhere"} if fringe(elsewhere, never) else set())
    row = next(index for index, line in enumerate(issues) if line.code == "elsewhere")
    tight = fringe(coded, calacs) or fringe(elsewhere, totals.year - coded)
    return Published(
        totals,
        tables,
        shown,
        issue_table,
        _alone(priorities, year, {"0"} if tight else set()),
        _alone(declines, issue_table.shows(row), set()),
        _alone(recipients, year, set()),
        _unmet(totals, tables, shown, unmet, elsewhere if issue_table.shows(row) else None),
    )


def _alone(lines: tuple[Line, ...], shown: bool, small: set[str]) -> YearOnly:
    sums = [sum(line.counts) for line in lines]
    named = frozenset(row for row, line in enumerate(lines) if line.code in small)
    return YearOnly(lines, protect_column(sums, named) if shown else frozenset(), shown)


def _unmet(
    totals: Totals,
    tables: Mapping[str, tuple[Line, ...]],
    shown: Shown,
    unmet: Mapping[str, int],
    elsewhere: int | None,
) -> tuple[Unmet, ...]:
    """A need, and how often it was not met: shown when the four numbers of the crossing are all large enough."""
    rows = []
    for need in vocabulary.NEEDS:
        named = sum(tables[f"need.{need}"][0].counts)
        told = totals.whole and shown.shows(f"need.{need}", 0, YEAR)
        crossing = (
            told and elsewhere is not None and protect_crossing(totals.year, named, elsewhere, unmet.get(need, 0))
        )
        rows.append(Unmet(need, named if told else None, unmet.get(need, 0) if crossing else None))
    return tuple(rows)


def _line(lines: Sequence[Line], code: str) -> Line:
    return next(line for line in lines if line.code == code)


def _at(counts: Sequence[int], column: int) -> int:
    return sum(counts) if column == YEAR else counts[column]
