"""The network's figures of a year: which lines, which columns, and what suppression leaves of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.referrals.rules import vocabulary
from core.reports.rules import dimensions
from core.reports.rules.flows import YEAR
from core.reports.rules.suppression import Own, Shown, Totals, fringe, protect, protect_column, protect_crossing
from core.reports.rules.tally import Tally

#: Unknown places: a reference whose municipality is no longer in the region's list.
ELSEWHERE = "elsewhere"
#: Tables with one column per quarter (besides territories and needs), and those of the whole year.
_QUARTERLY = {
    "origin": tuple(dimensions.ORIGINS),
    "age": tuple(dimensions.AGES),
    "urgency": tuple(dimensions.URGENCIES),
    "contact": tuple(dimensions.CONTACTS),
}
_YEARLY = {
    "issue": tuple(dimensions.ISSUES),
    "priority": tuple(dimensions.PRIORITIES),
    "decline": tuple(dimensions.DECLINES),
}


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


def publish(totals: Totals, tally: Tally, areas: Sequence[str], *, exact: bool = False) -> Published:
    """Lay out and protect one year. `totals`: its closed quarters; `areas`: the lines of the territory table.

    `exact`: an organisation's own references, which it holds anyway: nothing is hidden.
    """
    tables = _tables(totals.counts, tally, areas)
    lines = {name: _lines(totals.counts, tally, name, codes) for name, codes in _YEARLY.items()}
    if exact:
        shown = Shown(frozenset(), dict.fromkeys(tables, frozenset()))
        year = totals.whole and bool(totals.year)
        met = tuple(
            Unmet(need, sum(tables[f"need.{need}"][0].counts), tally.unmet.get(need, 0)) for need in vocabulary.NEEDS
        )
        every = [YearOnly(lines[name], frozenset(), year) for name in _YEARLY]
        return Published(totals, tables, shown, every[0], every[1], every[2], met)
    held = [_held(len(totals.counts), own, areas) for own in tally.held.values()]
    shown = protect(totals, _counts(tables), [Own(one.counts, _counts(one.tables)) for one in held])
    year = totals.whole and shown.shows_total(YEAR) and bool(totals.year)
    views = _views(_parts(tables, lines, tally), [one.parts for one in held])
    issues = _alone(lines["issue"], [one.lines["issue"] for one in held], year, _issue_too(views))
    row = next(index for index, line in enumerate(issues.lines) if line.code == "elsewhere")
    priorities = _alone(lines["priority"], [one.lines["priority"] for one in held], year, _priority_too(views))
    return Published(
        totals,
        tables,
        shown,
        issues,
        priorities,
        _alone(lines["decline"], [one.lines["decline"] for one in held], issues.shows(row), frozenset()),
        tuple(
            _unmet(need, views, named=totals.whole and shown.shows(f"need.{need}", 0, YEAR), crossed=issues.shows(row))
            for need in vocabulary.NEEDS
        ),
    )


@dataclass(frozen=True)
class _Parts:
    """Numbers of the year that stand inside one another. `needs`, `unmet`: by need."""

    whole: int
    never: int
    elsewhere: int
    coded: int
    needs: Mapping[str, int]
    unmet: Mapping[str, int]

    def without(self, own: _Parts) -> _Parts:
        """What is left to the others."""
        return _Parts(
            self.whole - own.whole,
            self.never - own.never,
            self.elsewhere - own.elsewhere,
            self.coded - own.coded,
            {need: number - own.needs[need] for need, number in self.needs.items()},
            {need: number - own.unmet[need] for need, number in self.unmet.items()},
        )


@dataclass(frozen=True)
class _Held:
    counts: tuple[int, ...]
    tables: Mapping[str, tuple[Line, ...]]
    lines: Mapping[str, tuple[Line, ...]]
    parts: _Parts


def _held(closed: int, own: Tally, areas: Sequence[str]) -> _Held:
    counts = own.totals[:closed]
    tables = _tables(counts, own, areas)
    lines = {name: _lines(counts, own, name, codes) for name, codes in _YEARLY.items()}
    return _Held(counts, tables, lines, _parts(tables, lines, own))


def _tables(totals: Sequence[int], tally: Tally, areas: Sequence[str]) -> dict[str, tuple[Line, ...]]:
    """The tables that have one column per quarter."""
    tables = {name: _lines(totals, tally, name, codes) for name, codes in _QUARTERLY.items()}
    tables["area"] = _lines(totals, tally, "area", areas, ELSEWHERE)
    for need in vocabulary.NEEDS:
        named = tally.needs.get(need, (0,) * len(totals))[: len(totals)]
        others = tuple(total - number for total, number in zip(totals, named, strict=True))
        tables[f"need.{need}"] = (Line("yes", named), Line("no", others))
    return tables


def _lines(
    totals: Sequence[int], tally: Tally, name: str, codes: Iterable[str], rest: str | None = None
) -> tuple[Line, ...]:
    closed, given = len(totals), tally.counts.get(name, {})
    rows = {code: given.get(code, (0,) * closed)[:closed] for code in codes}
    if rest is not None:
        others = [numbers for code, numbers in given.items() if code not in rows]
        rows[rest] = tuple(sum(numbers[quarter] for numbers in others) for quarter in range(closed))
    return tuple(Line(code, numbers) for code, numbers in rows.items())


def _counts(tables: Mapping[str, tuple[Line, ...]]) -> dict[str, list[tuple[int, ...]]]:
    return {key: [line.counts for line in lines] for key, lines in tables.items()}


def _parts(tables: Mapping[str, tuple[Line, ...]], lines: Mapping[str, tuple[Line, ...]], tally: Tally) -> _Parts:
    whole = sum(sum(line.counts) for line in tables["urgency"])
    return _Parts(
        whole,
        _year(tables["contact"], "never"),
        _year(lines["issue"], "elsewhere"),
        whole - _year(lines["priority"], "0"),
        {need: _year(tables[f"need.{need}"], "yes") for need in vocabulary.NEEDS},
        {need: tally.unmet.get(need, 0) for need in vocabulary.NEEDS},
    )


def _views(whole: _Parts, held: Sequence[_Parts]) -> list[_Parts]:
    return [whole, *(whole.without(own) for own in held if own.whole)]


def _issue_too(views: Sequence[_Parts]) -> frozenset[str]:
    """Who was received elsewhere was never reached: both shown, the difference counts those taken and never reached."""
    return frozenset(
        {"elsewhere"}
        if any(fringe(view.elsewhere, view.never, whole=not who) for who, view in enumerate(views))
        else ()
    )


def _priority_too(views: Sequence[_Parts]) -> frozenset[str]:
    """Who was received elsewhere has no code: both shown, the difference counts those taken without one."""
    return frozenset(
        {"0"}
        if any(fringe(view.elsewhere, view.whole - view.coded, whole=not who) for who, view in enumerate(views))
        else ()
    )


def _alone(lines: tuple[Line, ...], held: Sequence[tuple[Line, ...]], shown: bool, too: frozenset[str]) -> YearOnly:
    named = frozenset(row for row, line in enumerate(lines) if line.code in too)
    sums, parts = _sums(lines), [_sums(own) for own in held]
    return YearOnly(lines, protect_column(sums, named, held=parts) if shown else frozenset(), shown)


def _unmet(need: str, views: Sequence[_Parts], *, named: bool, crossed: bool) -> Unmet:
    """A need, and how often it was not met: shown when the four numbers of the crossing are all large enough."""
    told = (
        named
        and crossed
        and all(
            protect_crossing(view.whole, view.needs[need], view.elsewhere, view.unmet[need], whole=not who)
            for who, view in enumerate(views)
        )
    )
    whole = views[0]
    return Unmet(need, whole.needs[need] if named else None, whole.unmet[need] if told else None)


def _sums(lines: Sequence[Line]) -> list[int]:
    return [sum(line.counts) for line in lines]


def _year(lines: Sequence[Line], code: str) -> int:
    return sum(next(line for line in lines if line.code == code).counts)


def _at(counts: Sequence[int], column: int) -> int:
    return sum(counts) if column == YEAR else counts[column]
