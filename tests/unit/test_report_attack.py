"""The whole of a report attacked at once: every table, every period it is published in, by readers and by holders."""

import random
from itertools import product
from uuid import UUID

import pytest

from core.referrals.rules import vocabulary
from core.reports.rules import dimensions
from core.reports.rules.cells import HIDDEN, Cell
from core.reports.rules.delays import bands_that_follow, delay_table, lengths, own_delay_table
from core.reports.rules.facts import contact_band, merged, percentile
from core.reports.rules.network import publish
from core.reports.rules.periods import FiscalYear
from core.reports.rules.suppression import LEAST, YEAR, Totals
from core.reports.rules.tally import Tally
from tests.support.attack import published, recover, small_cells

NORTH, SOUTH = UUID(int=1), UUID(int=2)
AREAS = ("mrc-610", "mrc-620", "mrc-630")
FISCAL = FiscalYear(2025)


def invented(seed, number, tight=False):
    """So many references of one year, shared between two centres, as rows of codes. `tight`: all but a few of those
    taken are reached, and have a code."""
    chance = random.Random(seed)
    part = chance.choice((0.5, 0.25, 0.08))
    facts = []
    for place in range(number):
        taken = chance.random() < 0.8
        missed = place % (number // 3) == 0 if tight else chance.random() < 0.2
        contact = chance.choice((300, 1200, 2000, 4000)) if taken and not missed else None
        facts.append(
            {
                "holder": NORTH if chance.random() < part else SOUTH,
                "quarter": chance.randrange(4),
                "origin": chance.choice(tuple(dimensions.ORIGINS)[:4]),
                "area": chance.choice((*AREAS, "unknown")),
                "age": chance.choice(("14_17", "18_24", "18_24", "25_34", "35_49")),
                "urgency": chance.choice(("urgent", "standard", "standard")),
                "contact": contact_band(contact),
                "issue": chance.choice(("served", "served", "partly", "other")) if taken else "elsewhere",
                "decline": "-" if taken else chance.choice(("full", "outside_territory", "retracted")),
                "priority": chance.choice("123" if tight and not missed else "0123") if taken else "0",
                "needs": set(chance.sample(tuple(vocabulary.NEEDS)[:3], chance.randint(0, 2))),
                "taken": taken,
                "minutes": contact,
            }
        )
    return facts


def tally(facts, holders=()):
    def by_quarter(rows):
        return tuple(sum(fact["quarter"] == quarter for fact in rows) for quarter in range(4))

    names = ("origin", "area", "age", "urgency", "contact", "issue", "decline", "priority")
    lengths_ = {}
    for fact in facts:
        if fact["minutes"] is not None:
            lengths_[fact["minutes"]] = lengths_.get(fact["minutes"], 0) + 1
    return Tally(
        FISCAL,
        by_quarter(facts),
        {
            name: {
                line: by_quarter([fact for fact in facts if fact[name] == line]) for line in {f[name] for f in facts}
            }
            for name in names
        },
        {need: by_quarter([fact for fact in facts if need in fact["needs"]]) for need in vocabulary.NEEDS},
        {need: sum(need in fact["needs"] and not fact["taken"] for fact in facts) for need in vocabulary.NEEDS},
        contacts={"calacs": lengths_},
        held={one: tally([fact for fact in facts if fact["holder"] == one]) for one in holders},
    )


def counts_of(made):
    return {key: [line.counts for line in lines] for key, lines in made.tables.items()}


def year_equations(made, whole):
    """What the year's own tables say, in unknowns of their own, tied to those of the quarters."""
    every = {("urgency", row, quarter): 1 for row in range(2) for quarter in range(4)}
    equations, targets = [], []
    for key, table in (("issue", whole.issues), ("priority", whole.priorities), ("decline", whole.declines)):
        numbers = [sum(line.counts) for line in getattr(made, f"{key}s" if key != "priority" else "priorities").lines]
        for row, number in enumerate(numbers):
            if table.shows(row):
                equations.append(({(key, row, "y"): 1}, number))
            if number < LEAST:
                targets.append(({(key, row, "y"): 1}, number))
        if key != "decline":
            equations.append(({(key, row, "y"): 1 for row in range(len(numbers))} | dict.fromkeys(every, -1), 0))
    elsewhere = ("issue", 6, "y")
    declined = {("decline", row, "y"): 1 for row in range(len(made.declines.lines))}
    equations.append((declined | {elsewhere: -1}, 0))
    never = {("contact", 3, quarter): 1 for quarter in range(4)}
    equations.append((never | {elsewhere: -1, ("taken, never reached",): -1}, 0))
    equations.append(({("priority", 3, "y"): 1, elsewhere: -1, ("taken, no code",): -1}, 0))
    unmet = {one.need: one for one in whole.unmet}
    for need in vocabulary.NEEDS:
        named = {(f"need.{need}", 0, quarter): 1 for quarter in range(4)}
        both, met, other, rest = ((what, need) for what in ("both", "met", "other", "rest"))
        equations.append((named | {both: -1, met: -1}, 0))
        equations.append(({elsewhere: 1, both: -1, other: -1}, 0))
        equations.append((every | {both: -1, met: -1, other: -1, rest: -1}, 0))
        if unmet[need].unmet is not None:
            equations.append(({both: 1}, next(one.unmet for one in made.unmet if one.need == need)))
        targets.append(({both: 1}, next(one.unmet for one in made.unmet if one.need == need)))
    targets += [({("taken, never reached",): 1}, None), ({("taken, no code",): 1}, None)]
    return equations, targets


def attacked(facts, areas=AREAS):
    """The report of the year, after each reader has tried all tables of all periods. Raises when one finds a number."""
    whole = tally(facts, (NORTH, SOUTH))
    reports = [
        publish(Totals(whole.totals[:closed], whole=closed == 4), whole, areas) for closed in range(1, 5)
    ]  # what was published when one, two, three quarters were over stays known
    readers = {None: facts} | {
        holder: [fact for fact in facts if fact["holder"] != holder] for holder in (NORTH, SOUTH)
    }
    for reader, left in readers.items():
        lowest = 0 if reader is None else 1
        # The same report of what she does not hold, nothing hidden: what she would like to know.
        wanted = publish(Totals(tally(left).totals), tally(left), areas, exact=True)
        tables, known = counts_of(wanted), []
        for closed, report in enumerate(reports, 1):
            some = {key: [row[:closed] for row in rows] for key, rows in tables.items()}
            known += published(Totals(wanted.totals.counts[:closed], whole=closed == 4), some, report.shown)
        more, targets = year_equations(wanted, reports[-1])
        number_of = {("taken, never reached",): 0, ("taken, no code",): 0}
        for fact in left:
            number_of[("taken, never reached",)] += fact["taken"] and fact["contact"] == "never"
            number_of[("taken, no code",)] += fact["taken"] and fact["priority"] == "0"
        few = [
            (target, value)
            for target, value in targets
            if lowest <= (number_of[next(iter(target))] if value is None else value) < LEAST
        ]
        assert recover(known + more, [*small_cells(wanted.totals, tables, lowest), *few]) == []
    return reports[-1]


@pytest.mark.parametrize(
    ("seed", "number", "tight"),
    [(1, 60, False), (2, 120, False), (3, 240, False), (4, 240, False), (5, 500, False), (8, 400, True)],
)
def test_no_reader_and_no_holder_recovers_anything_from_any_table_and_period(seed, number, tight):
    report = attacked(invented(seed, number, tight))
    if number == 500:
        assert sum(report.count("age", row, YEAR) is not None for row in range(7)) >= 3, "enough is left to read"


def test_with_one_holder_only_the_report_reads_as_if_there_were_none():
    """She holds everything: what she may subtract leaves nothing of anybody else. But for three women, it is closed."""
    facts = [{**fact, "holder": SOUTH} for fact in invented(6, 200)]
    whole, plain = tally(facts, (SOUTH,)), tally(facts)
    report, before = (publish(Totals(one.totals), one, AREAS) for one in (whole, plain))
    assert report == before
    assert delay_table(report, whole) == delay_table(before, plain)
    assert report.total(YEAR) == 200
    assert own_delay_table(whole.held[SOUTH]).rows[0][1] == Cell("count", 200)
    facts[:3] = [{**fact, "holder": NORTH} for fact in facts[:3]]
    shared = tally(facts, (NORTH, SOUTH))
    closed = publish(Totals(shared.totals), shared, AREAS)
    assert closed.total(YEAR) is None
    assert not closed.issues.shown
    assert delay_table(closed, shared).rows == ()


#: Six MRCs, one of them shared: who receives there, and how many of 120 references in the year, as women live there.
REGION = {
    "mrc-joliette": (NORTH, 16),
    "mrc-matawinie": (NORTH, 12),
    "mrc-autray": (NORTH, 10),
    "mrc-montcalm": (None, 14),
    "mrc-assomption": (SOUTH, 30),
    "mrc-moulins": (SOUTH, 38),
}


def test_two_centres_with_territories_of_their_own_still_read_most_of_their_region():
    """120 references in the year: over five years, most lines of MRCs show their year, and nothing can be recovered."""
    shown = quarters = 0
    for seed in range(5):
        chance = random.Random(seed)
        facts = invented(100 + seed, 120)
        places = [area for area, (_, number) in REGION.items() for _ in range(number)]
        for fact, area in zip(facts, places, strict=True):
            fact["area"], fact["holder"] = area, REGION[area][0] or chance.choice((NORTH, SOUTH))
        report = attacked(facts, tuple(REGION))
        assert [report.total(column) is not None for column in (0, 1, 2, 3, YEAR)] == [True] * 5
        shown += sum(report.count("area", row, YEAR) is not None for row in range(len(REGION)))
        quarters += sum(report.count("area", row, column) is not None for row in range(6) for column in range(4))
    assert shown == 21, "of 30; 5 when a remainder of zero was hidden, 20 if nobody held anything"
    assert quarters == 34, "of 120; none when a remainder of zero was hidden"


def ways(others, rank, under, at_most):
    """How many of the others may be shorter and longer than a limit that is the one of this rank: every way."""
    for shorter in range(others + 1):
        for same in range(others - shorter + 1):
            if under + shorter < rank <= at_most + shorter + same:
                yield shorter, others - shorter - same


def test_a_length_of_time_never_says_that_few_were_longer_or_shorter():
    chance, shown = random.Random(3), 0
    for _ in range(150):
        own = {chance.choice((60, 120, 600, 1440, 3000)): chance.randint(0, 30) for _ in range(3)}
        rest = {chance.choice((60, 120, 600, 1440, 3000)): chance.randint(0, 40) for _ in range(4)}
        measured = merged([own, rest])
        for share, cell in zip((0.5, 0.9), lengths(measured, [own]), strict=True):
            if cell is HIDDEN:
                continue
            shown += 1
            limit, number = percentile(measured, share), sum(measured.values())
            rank = -(-number * round(share * 10) // 10)
            for held in ({}, own):
                under = sum(count for minutes, count in held.items() if minutes < limit)
                at_most = sum(count for minutes, count in held.items() if minutes <= limit)
                found = list(ways(number - sum(held.values()), rank, under, at_most))
                for side in (0, 1):
                    assert max(one[side] for one in found) - min(one[side] for one in found) >= LEAST
    assert shown >= 60
    assert lengths({60: 9}, []) == [HIDDEN, HIDDEN]
    assert lengths({60: 11}, []) == [Cell("minutes", 60), HIDDEN]
    assert lengths({60: 50}, []) == [Cell("minutes", 60)] * 2
    assert lengths({60: 50}, [{60: 46}]) == [HIDDEN, HIDDEN]
    assert lengths({60: 50}, [{60: 50}]) == [Cell("minutes", 60)] * 2, "there are no others"
    assert lengths({60: 50}, [], {"within_48"}) == [HIDDEN, HIDDEN]


def test_a_first_contact_is_said_only_in_a_band_whose_numbers_are_read_already():
    assert bands_that_follow((True, True, True, True)) == {"within_24", "within_48", "later"}
    assert bands_that_follow((False, False, True, True)) == {"later"}
    assert bands_that_follow((True, False, False, True)) == {"within_24"}
    assert bands_that_follow((True, True, False, False)) == frozenset()
    # Whatever is hidden, a band that is told leaves every hidden line as free as before.
    for shown in product((True, False), repeat=4):
        for band in bands_that_follow(shown):
            place = ("within_24", "within_48", "later").index(band)
            fits = {
                (sum(four[: place + 1]), sum(four[:place]), sum(four[:3]))
                for four in product(range(4), repeat=4)
                if sum(four) == 6 and all(four[row] == (2, 1, 2, 1)[row] for row in range(4) if shown[row])
            }
            assert len(fits) == 1, (shown, band)
