"""Nothing under five can be worked out of what a report shows: by subtraction, by elimination, by trying everything."""

from fractions import Fraction
from itertools import combinations, pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.reports.rules.suppression import (
    LEAST,
    YEAR,
    Totals,
    fringe,
    protect,
    protect_column,
    protect_crossing,
)


def published(totals, tables, shown):
    """Every number an outsider reads, as (what it adds up, value): unknowns are the cells of each quarter."""
    quarters = range(len(totals.counts))
    known = []
    for key, rows in tables.items():
        for row, counts in enumerate(rows):
            for quarter in quarters:
                if quarter in totals.before:
                    known.append(({(key, row, quarter)}, 0))
                elif shown.shows(key, row, quarter):
                    known.append(({(key, row, quarter)}, counts[quarter]))
            if totals.whole and shown.shows(key, row, YEAR):
                known.append(({(key, row, quarter) for quarter in quarters}, sum(counts)))
        every = range(len(rows))
        for quarter in quarters:
            if shown.shows_total(quarter):
                known.append(({(key, row, quarter) for row in every}, totals.counts[quarter]))
        if totals.whole and shown.shows_total(YEAR):
            known.append(({(key, row, quarter) for row in every for quarter in quarters}, totals.year))
    # The same women are in every table: their totals are equal, whether shown or not.
    keys = list(tables)
    for quarter in quarters:
        for left, right in pairwise(keys):
            terms = {(left, row, quarter): 1 for row in range(len(tables[left]))}
            terms |= {(right, row, quarter): -1 for row in range(len(tables[right]))}
            known.append((terms, 0))
    return known


def targets(totals, tables):
    """What nobody may learn: each small count, per quarter and per year, outside the time before the platform."""
    quarters = [quarter for quarter in range(len(totals.counts)) if quarter not in totals.before]
    for key, rows in tables.items():
        for row, counts in enumerate(rows):
            for quarter in quarters:
                if counts[quarter] < LEAST:
                    yield {(key, row, quarter): 1}, counts[quarter]
            if totals.whole and quarters and sum(counts) < LEAST:
                yield {(key, row, quarter): 1 for quarter in quarters}, sum(counts)


def determined(known, target):
    """Whether `target` (unknown → factor) follows from the known sums by elimination alone, over the rationals."""
    rows = []
    for terms, value in known:
        vector = dict(terms) if isinstance(terms, dict) else dict.fromkeys(terms, 1)
        rows.append(({cell: Fraction(factor) for cell, factor in vector.items()}, Fraction(value)))
    goal, basis = {cell: Fraction(factor) for cell, factor in target.items()}, []

    def reduce(vector):
        for pivot, base in basis:
            factor = vector.get(pivot)
            if factor:
                for cell, amount in base.items():
                    rest = vector.get(cell, 0) - factor * amount
                    if rest:
                        vector[cell] = rest
                    else:
                        vector.pop(cell, None)
        return vector

    for vector, _ in rows:
        vector = reduce(vector)
        if vector:
            pivot = min(vector)
            lead = vector[pivot]
            basis.append((pivot, {cell: amount / lead for cell, amount in vector.items()}))
    return not reduce(goal)


def bounds(known, cells):
    """Interval of each unknown by whole-number propagation: nothing is negative, each sum holds."""
    low, high = dict.fromkeys(cells, 0), dict.fromkeys(cells, 10**6)
    sums = [(terms, value) for terms, value in known if isinstance(terms, set)]
    for _ in range(30):
        moved = False
        for terms, value in sums:
            for cell in terms:
                others = terms - {cell}
                up, down = value - sum(low[one] for one in others), value - sum(high[one] for one in others)
                if up < high[cell] or down > low[cell]:
                    high[cell], low[cell], moved = min(high[cell], up), max(low[cell], down), True
        if not moved:
            break
    return low, high


def attack(totals, tables):
    """Raise when a small count can be worked out."""
    shown = protect(totals, tables)
    known = published(totals, tables, shown)
    cells = {
        (key, row, quarter)
        for key, rows in tables.items()
        for row in range(len(rows))
        for quarter in range(len(rows[0]))
    }
    low, high = bounds(known, cells)
    plain = [(frozenset(terms), value) for terms, value in known if isinstance(terms, set)]
    for target, value in targets(totals, tables):
        wanted = frozenset(target)
        assert (wanted, value) not in plain, f"{target} is shown"
        assert not determined(known, target), f"{target} = {value} follows from what is shown"
        assert sum(high[cell] for cell in target) - sum(low[cell] for cell in target) >= LEAST
    for (left, more), (right, less) in combinations(plain, 2):
        if right < left:
            left_over = dict.fromkeys(left - right, 1)
            assert not (more - less < LEAST and any(left_over == goal for goal, _ in targets(totals, tables)))
    return shown


def table(counts, rows, cuts):
    """Share each quarter's count out between rows, as `cuts` says."""
    shared = [[0] * len(counts) for _ in range(rows)]
    for quarter, count in enumerate(counts):
        for one in range(count):
            shared[cuts[(quarter * 31 + one) % len(cuts)] % rows][quarter] += 1
    return shared


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_no_small_count_follows_from_a_report(data):
    whole = data.draw(st.booleans())
    counts = data.draw(st.lists(st.integers(0, 40), min_size=4, max_size=4))
    if not whole:
        counts = counts[: data.draw(st.integers(1, 3))]
    before = frozenset(range(data.draw(st.integers(0, 1)))) if whole else frozenset()
    counts = [0 if quarter in before else count for quarter, count in enumerate(counts)]
    tables = {}
    for name in "ab":
        rows = data.draw(st.integers(2, 6))
        cuts = data.draw(st.lists(st.integers(0, 11), min_size=1, max_size=40))
        tables[name] = table(counts, rows, cuts)
    attack(Totals(tuple(counts), before, whole), tables)


def fits(totals, rows, shown):
    """Every table of whole numbers that fits what is shown, for two or three rows and two quarters."""
    ways = []
    for quarter in range(len(totals.counts)):
        free = []
        for row in range(len(rows)):
            free.append(
                [rows[row][quarter]]
                if shown.shows("t", row, quarter)
                else range(10 if not shown.shows_total(quarter) else totals.counts[quarter] + 1)
            )
        column = [one for one in product(*free) if not shown.shows_total(quarter) or sum(one) == totals.counts[quarter]]
        ways.append(column)
    for columns in product(*ways):
        years = [sum(column[row] for column in columns) for row in range(len(rows))]
        if totals.whole and shown.shows_total(YEAR) and sum(years) != totals.year:
            continue
        if totals.whole and any(
            shown.shows("t", row, YEAR) and year != sum(rows[row]) for row, year in enumerate(years)
        ):
            continue
        yield columns


def exhaustive(totals, rows):
    shown = protect(totals, {"t": rows})
    seen = {}
    for columns in fits(totals, rows, shown):
        for row in range(len(rows)):
            for quarter, column in enumerate(columns):
                low, high = seen.get((row, quarter), (column[row], column[row]))
                seen[row, quarter] = (min(low, column[row]), max(high, column[row]))
            year = sum(column[row] for column in columns)
            low, high = seen.get((row, YEAR), (year, year))
            seen[row, YEAR] = (min(low, year), max(high, year))
    for row, counts in enumerate(rows):
        for quarter, count in enumerate(counts):
            if count < LEAST:
                assert seen[row, quarter][1] - seen[row, quarter][0] >= LEAST, (rows, row, quarter)
        if totals.whole and sum(counts) < LEAST:
            assert seen[row, YEAR][1] - seen[row, YEAR][0] >= LEAST, (rows, row)


@pytest.mark.parametrize("values", [(0, 3, 6)])
def test_trying_every_small_table_finds_nothing(values):
    """All tables of two rows and two quarters, then a choice of three rows."""
    for a, b, c, d in product(values, repeat=4):
        exhaustive(Totals((a + c, b + d)), ((a, b), (c, d)))
    for a, b, c, d in product((1, 6), (2, 5), (6, 3), (4, 7)):
        exhaustive(Totals((a + c + 3, b + d + 2)), ((a, b), (c, d), (3, 2)))


def test_what_would_be_easy_to_subtract_is_hidden_too():
    """One quarter under five, three others shown: the year is hidden with them, or the subtraction gives 3."""
    rows = ((6, 7, 8, 3), (9, 9, 9, 9), (12, 10, 11, 14))
    totals = Totals(tuple(sum(row[quarter] for row in rows) for quarter in range(4)))
    shown = attack(totals, {"t": rows})
    assert shown.shows("t", 0, 0)
    assert not shown.shows("t", 0, 3)
    assert not shown.shows("t", 0, YEAR)
    assert shown.shows_total(YEAR)


def test_a_total_under_five_hides_its_quarter_and_does_not_come_back_by_subtraction():
    rows = ((3, 20, 10, 11), (0, 15, 10, 9))
    shown = attack(Totals((3, 35, 20, 20)), {"t": rows})
    assert not shown.shows_total(0)
    assert not shown.shows_total(3)  # kept back, since the year would give it away
    assert shown.shows_total(YEAR)
    only_last = attack(Totals((20, 35, 20, 4)), {"t": ((10, 20, 10, 2), (10, 15, 10, 2))})
    assert not only_last.shows_total(YEAR)


def test_structural_zeros_stay_and_other_zeros_do_not():
    shown = attack(Totals((0, 12, 30, 22), frozenset({0})), {"t": ((0, 12, 16, 11), (0, 0, 14, 11))})
    assert shown.shows("t", 1, 0)
    assert not shown.shows("t", 1, 1)
    nothing = protect(Totals((0, 0, 0, 0), frozenset(range(4))), {"t": ((0, 0, 0, 0),)})
    assert nothing.shows("t", 0, YEAR)


def test_the_same_counts_hide_the_same_cells_and_enough_is_left_to_read():
    rows = ((14, 12, 9, 15), (8, 11, 10, 7), (25, 21, 30, 19), (1, 2, 0, 1), (6, 5, 8, 2))
    totals = Totals(tuple(sum(row[quarter] for row in rows) for quarter in range(4)))
    shown = attack(totals, {"t": rows})
    assert shown == protect(totals, {"t": rows})
    assert sum(shown.shows("t", row, YEAR) for row in range(5)) >= 2
    with pytest.raises(ValueError, match="do not add up"):
        protect(totals, {"t": rows[:-1]})


def test_one_table_alone():
    assert protect_column([20, 11, 6]) == frozenset()
    assert protect_column([20, 11, 3]) == {1, 2}
    assert protect_column([20, 11, 3, 4]) == {2, 3}
    assert protect_column([20, 11, 1, 2]) == {1, 2, 3}
    assert protect_column([20, 11, 6], frozenset({2})) == {1, 2}


def test_a_part_that_almost_fills_its_whole_and_a_crossing():
    assert fringe(28, 31)
    assert not fringe(20, 31)
    assert protect_crossing(100, 40, 30, 12)
    assert not protect_crossing(100, 40, 30, 27)
    assert not protect_crossing(100, 97, 95, 93)
    for row, column, both in product(range(5, 20), range(5, 20), range(20)):
        if both <= min(row, column) and not protect_crossing(25, row, column, both) and row <= 20 and column <= 20:
            low, high = max(0, row + column - 25), min(row, column)
            assert high - low >= LEAST
