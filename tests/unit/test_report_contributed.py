"""Plugins' tables: a small count follows from no other cell of them, nor from the core's own tables beside them."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from core.kernel.hooks.contributions import Part, ReportTable
from core.reports.queries.contributed import contributed_sections
from core.reports.rules.cells import HIDDEN, Section, Table, count, said
from core.reports.rules.contributed import Grid, Known, hidden_labels
from core.reports.rules.suppression import LEAST


def grid(rows, heads=("Femmes",)):
    return Grid(heads, tuple(label for label, *_ in rows), tuple(tuple(counts) for _, *counts in rows))


def test_a_line_shows_all_its_counts_or_none():
    rows = (("a", 20, 9), ("b", 30, 12), ("c", 3, 3), ("d", 40, 21))
    two = ("Nommé", "Répondu")
    assert hidden_labels([grid(rows, two)]) == {"c", "a"}
    assert hidden_labels([grid((("a", 20, 18), ("b", 30, 12), ("c", 40, 21)), two)]) == {"a", "b"}
    assert hidden_labels([grid((("a", 3), ("b", 1)))]) == {"a", "b"}
    assert hidden_labels([grid((("a", 9), ("b", 12)))]) == frozenset()
    assert hidden_labels([grid((("a", 0), ("b", 9), ("c", 12)))]) == {"a", "b"}, (
        "whose they are is not said: zero is few"
    )
    assert hidden_labels([]) == frozenset()


def test_a_line_has_one_fate_in_every_table_of_a_plugin():
    """The same cell shown in a second table, or another year of it beside its sum, would give it back."""
    first = grid((("a", 20), ("b", 30), ("c", 3), ("d", 40)))
    again = grid((("c", 30), ("a", 50), ("e", 60), ("d", 70)), ("Deux ans",))
    assert hidden_labels([again]) == frozenset()
    assert hidden_labels([first, again]) == {"a", "c"}
    close = grid((("d", 37), ("f", 50), ("g", 60)), ("Dont urgentes",))
    assert "d" in hidden_labels([grid((("d", 40), ("h", 20), ("i", 30))), close]), "40 less 37"
    assert hidden_labels([first, first]) == hidden_labels([first]), "one cell shown twice is no difference"


def test_a_table_with_totals_of_its_own_shows_all_or_nothing():
    """`Sous-total` less b would be a; `Total` less `Autre` would be a small subtotal."""
    rows = (("a", 3), ("b", 20), ("Sous-total", 23), ("c", 9), ("d", 30), ("Autre", 39), ("Total", 62))
    assert hidden_labels([grid(rows)]) == {label for label, _ in rows}
    assert hidden_labels([grid((("a", 5), *rows[1:2], ("Sous-total", 25), *rows[3:6], ("Total", 64)))]) == frozenset()
    first = (("Total", 62), ("c", 9), ("d", 30), ("a", 3), ("b", 20))
    assert hidden_labels([grid(first)]) == {label for label, _ in first}
    alone = (("a", 3), ("Sous-total", 3), ("b", 20), ("c", 30))
    assert hidden_labels([grid(alone)]) == {label for label, _ in alone}, "3 and 3 are one number, perhaps"
    plain = (("a", 3), ("b", 20), ("c", 31), ("d", 64))
    assert hidden_labels([grid(plain)]) == {"a", "b"}


def test_two_wholes_a_few_apart_are_not_both_known():
    asked = grid((("a", 20), ("b", 30), ("c", 12)))
    decided = grid((("x", 25), ("y", 34)), ("Décidées",))
    assert hidden_labels([asked]) == hidden_labels([decided]) == frozenset()
    assert hidden_labels([asked, decided]) == {"x", "y"}
    assert hidden_labels([decided], Known(totals=frozenset({62}))) == {"x", "y"}


def test_a_line_of_the_core_is_hidden_or_known_here_as_there():
    rows = (("Police", 12), ("Santé", 40), ("Autre", 20), ("Z", 3))
    assert hidden_labels([grid(rows)]) == {"Z", "Police"}
    shown = Known(shown={"Police": frozenset({12})})
    assert hidden_labels([grid(rows)], shown) == {"Z", "Autre"}, "Police is read in the core's table: it hides nothing"
    masked = Known(hidden=frozenset({"Santé"}))
    assert "Santé" in hidden_labels([grid(rows)], masked)


def test_what_the_page_shows_of_a_plugins_sections():
    core = [
        Section("core", said("C"), (Table("t", said("T"), (), ((said("Police"), HIDDEN), (said("Santé"), count(40)))),))
    ]
    heads = ("Qui", "Femmes", "Mot")
    rows = (("Police", 12, "x"), ("Santé", 40, None), ("Autre", 20, "y"))
    part = Part("p", "s", "Titre", 1, tables=(ReportTable("k", "C", heads, rows, frozenset({"Femmes"})),))
    other = Part("q", "s", "Titre", 2, tables=(ReportTable("k", "C", heads, rows),))
    (mine, alone) = contributed_sections([part, other], core, whole_year=True)
    assert [row[1] for row in mine.tables[0].rows] == [HIDDEN, count(40), HIDDEN]
    assert mine.tables[0].rows[0][2].value == "x"
    table = ReportTable("k", "C", heads, rows, frozenset({"Femmes"}), beside=frozenset({"Mot"}))
    tied = Part("p", "s", "Titre", 1, tables=(table,))
    (besides,) = contributed_sections([tied], core, whole_year=True)
    assert [row[2] == HIDDEN for row in besides.tables[0].rows] == [True, False, True], "a length goes with its count"
    assert [row[1] for row in alone.tables[0].rows] == [count(12), count(40), count(20)], "it counts nobody"
    assert (mine.tables[0].key, mine.tables[0].notes != ()) == ("p-s-k", True)
    (quarter,) = contributed_sections([part], core, whole_year=False)
    assert {row[1] for row in quarter.tables[0].rows} == {HIDDEN}


def possible(leaves, groups, hidden):
    """Every assignment of whole numbers to the hidden leaves that fits all sums shown: an attacker's whole knowledge.

    `groups`: the real subtotals; the grand total is known anyway.
    """
    names = [name for name in leaves if name in hidden]
    total = sum(leaves[name] for name in names)
    sums = []
    for label, members in groups.items():
        if label not in hidden:
            inside = [name for name in members if name in hidden]
            sums.append((inside, sum(leaves[name] for name in inside)))
    for values in product(range(total + 1), repeat=max(len(names) - 1, 0)):
        rest = total - sum(values)
        if rest < 0:
            continue
        found = dict(zip(names, (*values, rest), strict=True)) if names else {}
        if all(sum(found[name] for name in inside) == value for inside, value in sums):
            yield found


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_trying_every_assignment_finds_no_small_count(data):
    """Leaves in two groups with their subtotals and a total, the same leaves in a second table in another order."""
    counts = data.draw(st.lists(st.integers(0, 9), min_size=4, max_size=4))
    leaves = {f"l{number}": value for number, value in enumerate(counts)}
    names = list(leaves)
    cut = data.draw(st.integers(1, 3))
    groups = {"s0": names[:cut], "s1": names[cut:]}
    rows = []
    for label, members in groups.items():
        rows += [(name, leaves[name]) for name in members]
        rows.append((label, sum(leaves[name] for name in members)))
    grids = [grid((*rows, ("Total", sum(counts))))]
    if data.draw(st.booleans()):
        order = data.draw(st.permutations(names))
        grids.append(grid([(name, leaves[name]) for name in order]))
    hidden = hidden_labels(grids)
    assert all(value >= LEAST or name in hidden for name, value in leaves.items())
    if sum(counts) < LEAST:
        return
    ranges = {}
    for found in possible(leaves, groups, hidden):
        for label, members in [*((name, [name]) for name in leaves), *groups.items()]:
            value = sum(found.get(name, leaves[name]) for name in members)
            low, high = ranges.get(label, (value, value))
            ranges[label] = (min(low, value), max(high, value))
    for label, members in [*((name, [name]) for name in leaves), *groups.items()]:
        if sum(leaves[name] for name in members) < LEAST:
            low, high = ranges[label]
            assert high - low >= LEAST, (rows, hidden, label)
