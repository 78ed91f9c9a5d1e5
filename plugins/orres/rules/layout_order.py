"""The layered drawing’s order: rows in a band, which links are drawn, who stands beside whom, positions.

The classical steps (cycles opened, layers, order by the mean of the neighbours, positions), kept small by two limits:
a row holds four boxes, and a link that would be long, or cross several others, is not drawn but written in its box.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import pairwise

#: Boxes side by side: what a screen of 1280 pixels shows at a size that is read.
PER_ROW = 4
#: Rows that a drawn link may go down, and links that may pass between the boxes of a row.
LONGEST, PASSING = 3, 3
#: Drawn links that leave a box or reach it, and that one link may cross.
FAN, CROSSED = 3, 1
#: Drawn links that reach one box when the words of a condition must stand above it.
WORDED = 2
_SWEEPS = 8


@dataclass(frozen=True)
class Link:
    """A link to draw: `path` names what it goes through, row by row: the source, passages, and the target’s key.

    `first`: the row of the source. A link that ends at the top of the next band has no item in a last row: `open_end`.
    """

    source: str
    target: str
    path: tuple[str, ...]
    first: int
    open_end: bool = False


Pair = tuple[Link, str, str]


@dataclass
class Rows:
    """Keys of boxes and passages, row by row from the top, from left to right; and what joins a row to the next one."""

    rows: list[list[str]]
    links: list[Link] = field(default_factory=list)
    _pairs: dict[int, list[Pair]] = field(default_factory=dict)

    def add(self, link: Link) -> None:
        """Draw a link, its passages in their rows."""
        self.links.append(link)
        for row, (above, below) in enumerate(pairwise(link.path), link.first):
            self._pairs.setdefault(row, []).append((link, above, below))

    def remove(self, link: Link) -> None:
        """Draw it no more."""
        self.links.remove(link)
        for row, pair in enumerate(pairwise(link.path), link.first):
            self._pairs[row].remove((link, *pair))
        for row, key in enumerate(link.path, link.first):
            if "\n" in key:
                self.rows[row].remove(key)

    def pairs(self, row: int) -> Sequence[Pair]:
        """What joins a row to the next one."""
        return self._pairs.get(row, ())


def opened(keys: Sequence[str], links: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The links without those that close a cycle, walking from the first key."""
    following: dict[str, list[str]] = {key: [] for key in keys}
    for source, target in links:
        if source != target and source in following and target in following:
            following[source].append(target)
    kept: list[tuple[str, str]] = []
    state: dict[str, int] = {}
    for start in keys:
        if start in state:
            continue
        state[start] = 1
        walk = [(start, iter(following[start]))]
        while walk:
            key, rest = walk[-1]
            for target in rest:
                if state.get(target) == 1:
                    continue
                kept.append((key, target))
                if target not in state:
                    state[target] = 1
                    walk.append((target, iter(following[target])))
                    break
            else:
                state[key] = 2
                walk.pop()
    return kept


def rows_of(keys: Sequence[str], links: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Rows of at most `PER_ROW` keys: each below all that leads to it, else as high and as early as it can be."""
    before: dict[str, set[str]] = {key: set() for key in keys}
    after: dict[str, set[str]] = {key: set() for key in keys}
    for source, target in opened(keys, links):
        before[target].add(source)
        after[source].add(target)
    place = {key: index for index, key in enumerate(keys)}
    waiting = {key: len(sources) for key, sources in before.items()}
    ready = [(0, place[key], key) for key in keys if not waiting[key]]
    rows: list[list[str]] = []
    row_of: dict[str, int] = {}
    while ready:
        row, _, chosen = heappop(ready)
        while row < len(rows) and len(rows[row]) >= PER_ROW:
            row += 1
        while row >= len(rows):
            rows.append([])
        rows[row].append(chosen)
        row_of[chosen] = row
        for target in after[chosen]:
            waiting[target] -= 1
            if not waiting[target]:
                heappush(ready, (max(row_of[one] for one in before[target]) + 1, place[target], target))
    return [sorted(row, key=place.__getitem__) for row in rows]


@dataclass(frozen=True)
class Wish:
    """A link that one would draw. `last`: for one that ends at the top of a band, the last row it goes through.
    `worded`: a condition is written where it ends."""

    source: str
    target: str
    last: int | None
    worded: bool


def draw_links(rows: Sequence[Sequence[str]], wanted: Sequence[Wish]) -> Rows:
    """Rows with the links that can be drawn calmly, the shortest chosen first."""
    row_of = {key: index for index, row in enumerate(rows) for key in row}
    passing = [0] * len(rows)
    leaving: dict[str, int] = {}
    reaching: dict[str, int] = {}
    found = Rows([list(row) for row in rows])
    fan = dict.fromkeys((one.target for one in wanted if one.worded), WORDED)
    spans = []
    for order, wish in enumerate(wanted):
        end = row_of[wish.target] if wish.last is None else wish.last + 1
        spans.append((end - row_of[wish.source], order, wish))
    for span, _, wish in sorted(spans, key=lambda one: one[:2]):
        source, target, first = wish.source, wish.target, row_of[wish.source]
        between = range(first + 1, first + span)
        full = any(passing[row] >= PASSING for row in between)
        crowded = leaving.get(source, 0) >= FAN or reaching.get(target, 0) >= fan.get(target, FAN)
        if not 1 <= span <= LONGEST or full or (crowded and wish.last is None):
            continue
        leaving[source] = leaving.get(source, 0) + 1
        reaching[target] = reaching.get(target, 0) + 1
        passages = tuple(f"{source}\n{target}\n{row}" for row in between)
        for row, passage in zip(between, passages, strict=True):
            passing[row] += 1
            found.rows[row].append(passage)
        open_end = wish.last is not None
        path = (source, *passages) if open_end else (source, *passages, target)
        found.add(Link(source, target, path, first, open_end))
    _order(found)
    _calm(found)
    return found


def crossings(found: Rows, row: int) -> list[tuple[Link, Link]]:
    """Pairs of links that cross between a row and the next."""
    upper = {key: index for index, key in enumerate(found.rows[row])}
    lower = {key: index for index, key in enumerate(found.rows[row + 1])}
    pairs = [(link, upper[above], lower[below]) for link, above, below in found.pairs(row)]
    crossed = []
    for index, (link, above, below) in enumerate(pairs):
        for other, above_it, below_it in pairs[index + 1 :]:
            if (above - above_it) * (below - below_it) < 0:
                crossed.append((link, other))
    return crossed


def _order(found: Rows) -> None:
    """Order each row by the mean place of its neighbours, down and up; the best order met is kept."""
    neighbours = _neighbours(found)
    best = [list(row) for row in found.rows]
    least = _total(found)
    for sweep in range(_SWEEPS):
        if not least:
            break
        down = sweep % 2 == 0
        side = neighbours[0] if down else neighbours[1]
        numbers = range(1, len(found.rows)) if down else range(len(found.rows) - 2, -1, -1)
        for number in numbers:
            beside = found.rows[number - 1 if down else number + 1]
            place = {key: index / max(1, len(beside) - 1) for index, key in enumerate(beside)}
            row = found.rows[number]
            own = {key: index / max(1, len(row) - 1) for index, key in enumerate(row)}
            row.sort(key=_by_mean(side, place, own))
        total = _total(found)
        if total < least:
            least, best = total, [list(row) for row in found.rows]
    found.rows[:] = best


def _by_mean(
    side: Mapping[str, Sequence[str]], place: Mapping[str, float], own: Mapping[str, float]
) -> Callable[[str], float]:
    def mean(key: str) -> float:
        near = [place[one] for one in side.get(key, ()) if one in place]
        return sum(near) / len(near) if near else own[key]

    return mean


def _neighbours(found: Rows) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for link in found.links:
        for upper, lower in pairwise(link.path):
            above.setdefault(lower, []).append(upper)
            below.setdefault(upper, []).append(lower)
    return above, below


def _total(found: Rows) -> int:
    return sum(len(crossings(found, row)) for row in range(len(found.rows) - 1))


def _calm(found: Rows) -> None:
    """Stop drawing what crosses too much, the worst first: its box says it in words."""
    pairs = [pair for row in range(len(found.rows) - 1) for pair in crossings(found, row)]
    while True:
        times = Counter(link for pair in pairs for link in pair)
        worst = max(times, key=lambda link: (times[link], len(link.path), link.source, link.target), default=None)
        if worst is None or times[worst] <= CROSSED:
            return
        # What it passed through leaves the order of the others as it was: no need to look again.
        pairs = [pair for pair in pairs if worst not in pair]
        found.remove(worst)


def positions(
    found: Rows, widths: Mapping[str, float], gap: float, passage: float, least: float
) -> tuple[dict[str, float], float]:
    """The middle of each box and passage (pixels), and the width of the widest row, `least` at least.

    Each row is moved as near as its order lets it to the middle of its neighbours: the exact least squares
    (pool adjacent violators), so that what is alone below one box hangs straight under it.
    """
    size = {key: widths.get(key, passage) for row in found.rows for key in row}
    totals = [sum(size[key] for key in row) + gap * max(0, len(row) - 1) for row in found.rows]
    room = max([least, *totals])
    middle: dict[str, float] = {}
    for row, total in zip(found.rows, totals, strict=True):
        left = (room - total) / 2
        for key in row:
            middle[key] = left + size[key] / 2
            left += size[key] + gap
    above, below = _neighbours(found)
    numbers = range(len(found.rows))
    for sides, order in ((above, numbers), (below, reversed(numbers)), (above, numbers), (below, reversed(numbers))):
        for number in order:
            row = found.rows[number]
            wished, weights = [], []
            for key in row:
                near = [middle[one] for one in sides.get(key, ())]
                wished.append(sum(near) / len(near) if near else middle[key])
                weights.append((4.0 if key not in widths else 1.0) if near else 0.1)
            for key, at in zip(row, settle(wished, weights, [size[key] for key in row], gap, room), strict=True):
                middle[key] = at
    return {key: float(round(at)) for key, at in middle.items()}, room


def settle(
    wished: Sequence[float], weights: Sequence[float], sizes: Sequence[float], gap: float, room: float
) -> list[float]:
    """Middles nearest to `wished` that keep the order, the gaps, and the room."""
    offsets, offset = [], 0.0
    for size in sizes:
        offsets.append(offset + size / 2)
        offset += size + gap
    spare = max(0.0, room - (offset - gap))
    blocks: list[tuple[float, float, int]] = []
    for at, weight, shift in zip(wished, weights, offsets, strict=True):
        mean, total, count = at - shift, weight, 1
        while blocks and blocks[-1][0] > mean:
            earlier, heavy, many = blocks.pop()
            mean = (mean * total + earlier * heavy) / (total + heavy)
            total, count = total + heavy, count + many
        blocks.append((mean, total, count))
    lefts = [min(max(mean, 0.0), spare) for mean, _, count in blocks for _ in range(count)]
    return [left + shift for left, shift in zip(lefts, offsets, strict=True)]
