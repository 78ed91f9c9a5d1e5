"""Where the lines of the drawing leave and reach boxes, and the words where they end. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .layout_order import Link, Rows, settle
from .layout_shapes import (
    ARROW,
    BEND,
    BETWEEN,
    BOX,
    CORNER,
    LABEL_LEAST,
    LABEL_MOST,
    MARGIN,
    SIDE,
    SMALL,
    SMALL_LINE,
    Band,
    Box,
    Line,
)
from .layout_text import wrap


@dataclass(frozen=True)
class Tops:
    """By row: where the curves that come to it begin, and its top."""

    bend: dict[int, float]
    row: dict[int, float]


class Ends:
    """Where lines leave and reach boxes, and the words where they end."""

    def __init__(
        self,
        found: Rows,
        middle: Mapping[str, float],
        words: Mapping[tuple[str, str], str],
        moments: Sequence[str],
        joined: frozenset[tuple[str, str]],
    ) -> None:
        """`moments`: the key of each band; `joined`: the passages between moments that follow each other."""
        self.found, self.middle, self.words, self.moments, self.joined = found, middle, words, moments, joined
        self.leaving: dict[Link, float] = {}
        self.reaching: dict[Link, float] = {}
        links = found.links
        self.from_, self.to = _grouped(links, "source"), _grouped(links, "target")
        for key, leaving in self.from_.items():
            self.leaving |= self._spread(leaving, key, lambda link: middle[link.path[min(1, len(link.path) - 1)]])
        for key, reaching in self.to.items():
            closed = [link for link in reaching if not link.open_end]
            if closed:
                self.reaching |= self._spread(closed, key, lambda link: self._down(link, len(link.path) - 2))
        for link in links:
            if link.open_end:
                self.reaching[link] = self._down(link, len(link.path) - 1)
        self.said: dict[Link, tuple[str, ...]] = {}
        narrow = set()
        for link in links:
            pair = (link.source, link.target)
            room = self._room(link)
            if pair in words and room < LABEL_LEAST:
                narrow.add(pair)
            elif pair in words:
                self.said[link] = wrap(words[pair], SMALL, min(room, LABEL_MOST))
        self.narrow = frozenset(narrow)

    def _spread(self, links: Sequence[Link], key: str, near: Callable[[Link], float]) -> dict[Link, float]:
        """Places along a box, each as near as the others let it to what it comes from or goes to: straight lines first.

        Where words stand above, the places share the box evenly: each text has its room.
        """
        middle, edge = self.middle[key], BOX / 2 - CORNER
        rows = sorted(links, key=lambda link: (near(link), link.source, link.target))
        if any((link.source, link.target) in self.words and link.target == key for link in links):
            return {link: middle - BOX / 2 + BOX * (index + 0.5) / len(rows) for index, link in enumerate(rows)}
        wished = [near(link) - (middle - edge) for link in rows]
        many = len(rows)
        found = settle(wished, [1.0] * many, [0.0] * many, SIDE, 2 * edge)
        return {link: round(middle - edge + at) for link, at in zip(rows, found, strict=True)}

    def _room(self, link: Link) -> float:
        """Pixels for the words of a link, where it ends."""
        if not link.open_end:
            return BOX / len(self.to[link.target]) - 8
        last = link.first + len(link.path) - 1
        near = [BOX * 1.0]
        for other in self.found.links:
            down = last - other.first
            if other is not link and 0 <= down < len(other.path) and (other.open_end or down < len(other.path) - 1):
                near.append(abs(self._down(other, down) - self.reaching[link]))
        return 2 * min(near) - 12

    def _down(self, link: Link, index: int) -> float:
        """Where a link leaves its item of that index."""
        return self.leaving[link] if index == 0 else self.middle[link.path[index]]

    def above_row(self, row: int) -> float:
        """Height of the arrows that end on a row, and of their words."""
        ending = [link for key in self.found.rows[row] for link in self.to.get(key, ())]
        return (ARROW + _most(self.said.get(link, ()) for link in ending)) if ending else 0.0

    def above_band(self, index: int) -> float:
        """Height between a band and the one above."""
        said = [self.said.get(link, ()) for link in self.to.get(self.moments[index], ())]
        pair = (self.moments[index - 1], self.moments[index])
        return BETWEEN + _most([*said, self._spine_words(pair)])

    def _spine_words(self, pair: tuple[str, str]) -> tuple[str, ...]:
        if pair not in self.words or pair not in self.joined:
            return ()
        return wrap(self.words[pair], SMALL, MARGIN - 24)

    def spine(self, bands: Sequence[Band]) -> Iterable[Line]:
        """From a moment to the next, in the margin."""
        for above, below in pairwise(bands):
            if (above.key, below.key) not in self.joined:
                continue
            x, start, end = above.x + MARGIN / 2, above.y + above.height, below.y
            said = self._spine_words((above.key, below.key))
            words_y = end - ARROW - len(said) * SMALL_LINE if said else end
            path = f"M{number(x)} {number(start)}{_down_to(end, words_y)}"
            yield Line(above.key, below.key, path, x, end, said, words_y, bool(said))

    def line(self, link: Link, boxes: Mapping[str, Box], bands: Sequence[Band], tops: Tops) -> Line:
        """A passage: straight down where it can, one curve above each row it comes to."""
        source = boxes[link.source]
        x = self.leaving[link]
        path = f"M{number(x)} {number(source.y + source.height)}"
        row = link.first
        for key in link.path[1:]:
            row += 1
            x_next = self.reaching[link] if key == link.target else self.middle[key]
            if x_next != x:
                start = tops.bend[row]
                bend = self.bend(row - 1)
                half, there = number(start + bend / 2), number(x_next)
                path += f"V{number(start)}C{number(x)} {half} {there} {half} {there} {number(start + bend)}"
            x = x_next
        if link.open_end:
            end = bands[self.moments.index(link.target)].y
        else:
            end = tops.row[row]
        said = self.said.get(link, ())
        words_y = end - ARROW - len(said) * SMALL_LINE if said else end
        conditional = (link.source, link.target) in self.words
        return Line(link.source, link.target, path + _down_to(end, words_y), x, end, said, words_y, conditional)

    def bend(self, row: int) -> float:
        """Height of the curves between a row and the next: none when everything falls straight."""
        pairs = self.found.pairs(row)
        if not pairs:
            return BEND / 2
        widest = max(abs(self.middle[below] - self.middle[above]) for _, above, below in pairs)
        return min(BEND * 2.0, BEND + widest // 16)


def _down_to(end: float, words_y: float) -> str:
    """Down to an arrow, or to the words that stand above it."""
    return f"V{number(min(end - 6, words_y - 2))}"


def _grouped(links: Iterable[Link], end: str) -> dict[str, list[Link]]:
    """Links by the key of one of their ends."""
    found: dict[str, list[Link]] = {}
    for link in links:
        found.setdefault(getattr(link, end), []).append(link)
    return found


def _most(said: Iterable[Sequence[str]]) -> float:
    """Height of the longest of these texts."""
    return max((len(lines) * SMALL_LINE + 4 for lines in said if lines), default=0.0)


def number(value: float) -> str:
    """At most one decimal, the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")
