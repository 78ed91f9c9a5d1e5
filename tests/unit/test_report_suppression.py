"""Nothing under five can be worked out of what a report shows: by subtraction, by elimination, by trying everything."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.reports.rules.suppression import (
    LEAST,
    SEVERAL,
    YEAR,
    Own,
    Totals,
    few,
    fringe,
    protect,
    protect_column,
    protect_crossing,
    tells,
)
from tests.support.attack import published, recover, small_cells, without


def attack(totals, tables, holders=()):
    """Raise when somebody who reads the report, or holds a part of it, can work a small count out."""
    shown = protect(totals, tables, [Own(sums(own), own) for own in holders])
    for who, (seen, left) in enumerate([(totals, tables), *(without(totals, tables, own) for own in holders)]):
        assert recover(published(seen, left, shown), small_cells(seen, left, lowest=min(who, 1))) == []
    return shown


def sums(tables):
    """The totals of a holder's tables."""
    return tuple(sum(column) for column in zip(*next(iter(tables.values())), strict=True))


def shared(tables, cuts):
    """Share every cell out between two holders and the rest, as `cuts` says, alike in each table: (holder, holder)."""
    holders = [{key: [[0] * len(row) for row in rows] for key, rows in tables.items()} for _ in range(2)]
    for quarter in range(len(next(iter(tables.values()))[0])):
        # One woman after the other, in the order of each table's rows.
        for key, rows in tables.items():
            place = 0
            for row, counts in enumerate(rows):
                for _ in range(counts[quarter]):
                    who = cuts[place % len(cuts)]
                    place += 1
                    if who < 2:
                        holders[who][key][row][quarter] += 1
    return holders


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
    holders = []
    if data.draw(st.booleans()):
        holders = shared(tables, data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=12)))
    attack(Totals(tuple(counts), before, whole), tables, holders)


def test_a_count_less_ones_own_is_a_count_too():
    """Twelve were received in all, nine of them by one organisation: it would learn of three women of the others."""
    rows = ((12, 20), (30, 20), (22, 25))
    mine = ((9, 10), (14, 10), (11, 12))
    totals = Totals((64, 65), whole=False)
    shown = attack(totals, {"t": rows}, [{"t": mine}])
    assert protect(totals, {"t": rows}).hidden_cells["t"] == frozenset(), "to whoever holds nothing, no count is small"
    assert shown.hidden_cells["t"] == {(0, 0), (1, 0)}
    most = ((10, 15), (28, 15), (22, 20))
    assert not attack(totals, {"t": rows}, [{"t": most}]).shows_total(0), "the others are four in all"
    with pytest.raises(ValueError, match="more than there is"):
        protect(totals, {"t": rows}, [Own((66, 65), {"t": ((14, 20), (30, 20), (22, 25))})])
    assert protect_column([20, 30, 22], held=[[16, 10, 11]]) == {0, 1}
    assert protect_column([20, 30, 22], held=[[10, 10, 11]]) == frozenset()


def test_a_remainder_of_nothing_is_shown_and_one_of_one_to_four_is_not():
    """Whoever holds a whole line, or a whole report, reads it; a column that leaves three of the others is closed."""
    assert protect_column([20, 30, 22], held=[[20, 10, 11]]) == frozenset()
    assert protect_column([20, 30, 22], held=[[20, 30, 22]]) == frozenset()
    assert protect_column([0, 30, 22], held=[[0, 30, 10]]) == {0, 1}, "to everybody, zero is under five"
    for row, left in product(range(3), range(1, LEAST)):
        held = [20, 30, 22]
        held[row] -= left
        held[row - 1] -= 15
        assert row in protect_column([20, 30, 22], held=[held])
    assert protect_column([20, 30, 22, 40], held=[[16, 30, 18, 40]]) == {0, 1, 2, 3}, "8 in two lines would be 4 and 4"
    rows = ((12, 20), (30, 20), (22, 25))
    alone = attack(Totals((64, 65), whole=False), {"t": rows}, [{"t": rows}])
    assert alone == protect(Totals((64, 65), whole=False), {"t": rows})
    for left in range(1, LEAST):
        mine = ((12, 20), (30 - left, 20), (22, 25))
        shown = attack(Totals((64, 65), whole=False), {"t": rows}, [{"t": mine}])
        assert (shown.shows_total(0), shown.shows_total(1)) == (False, True)
    assert [few(counts) for counts in ([4, 30], [0], [9, 4], [9, 0, 1], [9, 0, 5])] == [True] * 4 + [False]


def compositions(total, parts):
    """Every way to share at most `total` between so many lines."""
    if not parts:
        yield ()
        return
    for first in range(total + 1):
        for rest in compositions(total - first, parts - 1):
            yield (first, *rest)


@pytest.mark.parametrize("own", [(20, 9, 30, 14), (0, 20, 6, 9), (8, 3, 2, 40)])
def test_that_a_number_is_hidden_does_not_say_which_it_is(own):
    """A holder who runs the rule itself on every table that would look the same to her is still left with several."""
    mine, seen = tuple((count,) for count in own), {}
    for left in compositions(15, 4):
        theirs = tuple((count,) for count in left)
        rows = tuple((a + b,) for a, b in zip(own, left, strict=True))
        totals = Totals((sum(own) + sum(left),), whole=False)
        shown = protect(totals, {"t": rows}, [Own(sums({"t": one}), {"t": one}) for one in (mine, theirs)])
        told = tuple(count if shown.shows("t", row, 0) else None for row, count in enumerate(left))
        seen.setdefault((told, sum(left) if shown.shows_total(0) else None), []).append(left)
    secrets = 0
    for group in seen.values():
        for row in range(4):
            possible = {left[row] for left in group}
            if possible.intersection(range(1, LEAST)):
                secrets += 1
                assert len(possible) >= SEVERAL, (own, group)
    assert secrets >= 300


def test_a_sum_of_small_numbers_alone_does_not_say_them():
    some_sums = [[4, 4], [3, 4], [1, 1, 1, 1, 1], [1, 5], [1, 6], [0, 5], [0, 0], [3], [9]]
    assert [tells(some, whole=False) for some in some_sums] == [
        True,
        False,
        True,
        True,
        False,
        False,
        False,
        True,
        False,
    ]
    assert [tells(some, whole=True) for some in some_sums] == [
        True,
        False,
        False,
        False,
        False,
        True,
        True,
        True,
        False,
    ]


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


def exhaustive(totals, rows, holders=()):
    shown = protect(totals, {"t": rows}, [Own(sums({"t": own}), {"t": own}) for own in holders])
    views = [(totals, {"t": rows}), *(without(totals, {"t": rows}, {"t": own}) for own in holders)]
    for who, (seen, left) in enumerate(views):
        nothing_follows(seen, left["t"], shown, lowest=min(who, 1))


def nothing_follows(totals, rows, shown, lowest):
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
            if lowest <= count < LEAST:
                assert seen[row, quarter][1] - seen[row, quarter][0] >= LEAST, (rows, row, quarter)
        if totals.whole and lowest <= sum(counts) < LEAST:
            assert seen[row, YEAR][1] - seen[row, YEAR][0] >= LEAST, (rows, row)


@pytest.mark.parametrize("values", [(0, 3, 6)])
def test_trying_every_small_table_finds_nothing(values):
    """All tables of two rows and two quarters, then a choice of three rows."""
    for a, b, c, d in product(values, repeat=4):
        exhaustive(Totals((a + c, b + d)), ((a, b), (c, d)))
    for a, b, c, d in product((1, 6), (2, 5), (6, 3), (4, 7)):
        exhaustive(Totals((a + c + 3, b + d + 2)), ((a, b), (c, d), (3, 2)))
        exhaustive(Totals((a + c, b + d)), ((a, b), (c, d)), [((a // 2, b), (c // 3, d // 2))])


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
    assert fringe(31, 31)
    assert not fringe(31, 31, whole=False)
    assert fringe(28, 31, whole=False)
    assert protect_crossing(40, 40, 30, 30, whole=False), "the others are none but in one of the four"
    assert not protect_crossing(40, 40, 30, 30)
    assert not protect_crossing(40, 38, 30, 30, whole=False)
    assert not fringe(20, 31)
    assert protect_crossing(100, 40, 30, 12)
    assert not protect_crossing(100, 40, 30, 27)
    assert not protect_crossing(100, 97, 95, 93)
    for row, column, both in product(range(5, 20), range(5, 20), range(20)):
        if both <= min(row, column) and not protect_crossing(25, row, column, both) and row <= 20 and column <= 20:
            low, high = max(0, row + column - 25), min(row, column)
            assert high - low >= LEAST
