"""A version of the trajectory as a drawing: a band for each moment, its steps in rows, passages from top to bottom.

Small and calm rather than complete: a passage that goes back, far, or across others is written in its box with the
number it leads to. The lists of the same page say every passage in words. Pure: the same version, the same drawing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from .graph import Edge, Trajectory
from .layout_arcs import arcs, lanes_of, room_for
from .layout_ends import Ends, Tops
from .layout_order import Wish, draw_links, positions, rows_of
from .layout_shapes import (
    BOX,
    GAP,
    LEAD_LINES,
    LEADS,
    MARGIN,
    MOMENT,
    MOMENT_LINE,
    PAD,
    PASSAGE,
    SMALL,
    SMALL_LINE,
    TITLE,
    TITLE_LINE,
    Band,
    Box,
    Drawing,
    Lead,
    Text,
)
from .layout_text import shorten, wrap


def numbers_of(trajectory: Trajectory) -> dict[str, str]:
    """The number each node is called by in this version: `2` a moment, `2.3` its third step."""
    found: dict[str, str] = {}
    for count, (key, steps) in enumerate(_bands(trajectory), 1):
        if key:
            found[key] = str(count)
        found |= {step: f"{count}.{index}" for index, step in enumerate(steps, 1)}
    return found


def lay_out(trajectory: Trajectory, texts: Mapping[str, Text], words: Mapping[tuple[str, str], str]) -> Drawing:
    """Draw a version. `texts`: by node, and under `""` the name of steps of no moment; `words`: conditions, by passage.

    Less than a second for 500 nodes (issue of the trajectory); measured 0.1 s.
    """
    written: frozenset[tuple[str, str]] = frozenset()
    while True:
        drawing, narrow = _Layout(trajectory, texts, words, written).draw()
        if not narrow:
            return drawing
        # No room above these arrows for their words: they go into their boxes, and the rest is placed again.
        written |= narrow


def _bands(trajectory: Trajectory) -> list[tuple[str, tuple[str, ...]]]:
    bands = [(one.key, tuple(step.key for step in trajectory.steps_of(one.key))) for one in trajectory.moments]
    placed = {key for moment, steps in bands for key in (moment, *steps)}
    stray = tuple(one.key for one in trajectory.nodes if one.key not in placed)
    return [*bands, ("", stray)] if stray else bands


class _Layout:
    """One try: rows, then heights, then lines."""

    def __init__(
        self,
        trajectory: Trajectory,
        texts: Mapping[str, Text],
        words: Mapping[tuple[str, str], str],
        written: frozenset[tuple[str, str]],
    ) -> None:
        self.texts, self.words, self.written = texts, words, written
        self.numbers = numbers_of(trajectory)
        self.bands = _bands(trajectory)
        self.band_of = {key: index for index, (moment, steps) in enumerate(self.bands) for key in (moment, *steps)}
        known = {edge: None for edge in trajectory.edges if {edge.source, edge.target} <= self.numbers.keys()}
        self.edges = tuple(known)
        self.leaving: dict[str, list[Edge]] = {}
        for edge in self.edges:
            self.leaving.setdefault(edge.source, []).append(edge)
        self.rows, self.rows_of_band = self._rows()
        self.row_of = {key: index for index, row in enumerate(self.rows) for key in row}
        self.found = draw_links(self.rows, self._wishes())
        self.drawn = {(link.source, link.target) for link in self.found.links}
        follow = {(above[0], below[0]) for above, below in pairwise(self.bands)}
        self.joined = frozenset(follow & {(edge.source, edge.target) for edge in self.edges})
        sizes = dict.fromkeys((key for row in self.rows for key in row), float(BOX))
        middles, self.room = positions(self.found, sizes, GAP, PASSAGE, BOX * 2 + GAP)
        skipping = [(self.band_of[edge.source], self.band_of[edge.target]) for edge in self.edges if self._skips(edge)]
        self.lanes = lanes_of(skipping)
        self.left = room_for(self.lanes)
        self.middle = {key: self.left + MARGIN + PAD + at for key, at in middles.items()}

    def _rows(self) -> tuple[list[list[str]], list[range]]:
        rows: list[list[str]] = []
        ranges = []
        inside: dict[int, list[tuple[str, str]]] = {}
        for edge in self.edges:
            if self.band_of[edge.source] == self.band_of[edge.target]:
                inside.setdefault(self.band_of[edge.source], []).append((edge.source, edge.target))
        for index, (_, steps) in enumerate(self.bands):
            own = rows_of(steps, inside.get(index, ()))
            ranges.append(range(len(rows), len(rows) + len(own)))
            rows += own
        return rows, ranges

    def _wishes(self) -> list[Wish]:
        """Passages downwards, to a step of the same band or of the next, or to the next moment."""
        found = []
        for edge in self.edges:
            pair = (edge.source, edge.target)
            if edge.source not in self.row_of or pair in self.written:
                continue
            worded = pair in self.words
            here, there = self.band_of[edge.source], self.band_of[edge.target]
            if edge.target in self.row_of and there - here in (0, 1):
                found.append(Wish(*pair, None, worded))
            elif edge.target not in self.row_of and there == here + 1:
                found.append(Wish(*pair, self.rows_of_band[here][-1], worded))
        return found

    def _skips(self, edge: Edge) -> bool:
        """From a moment to a later one that is not the next."""
        moments = edge.source not in self.row_of and edge.target not in self.row_of
        return moments and self.band_of[edge.target] > self.band_of[edge.source] + 1

    def _leads(self, key: str) -> tuple[tuple[Lead, ...], int]:
        """Passages of a node that no line shows; a moment's own steps stand in its band already."""
        found = []
        for edge in self.leaving.get(key, ()):
            pair = (edge.source, edge.target)
            same = key not in self.row_of and self.band_of[edge.target] == self.band_of[key]
            # An arc has no room for words: what it asks is written
            skipping = (self.band_of[edge.source], self.band_of[edge.target])
            arc = self._skips(edge) and skipping in self.lanes and pair not in self.words
            if pair not in self.drawn and pair not in self.joined and not same and not arc:
                found.append(edge)
        return tuple(self._lead(edge) for edge in found[:LEADS]), len(found[LEADS:])

    def _lead(self, edge: Edge) -> Lead:
        room = (BOX if edge.source in self.row_of else MARGIN) - 40
        title = f"{self.numbers[edge.target]} {self._text(edge.target).title}"
        condition = self.words.get((edge.source, edge.target))
        said = f"{self.numbers[edge.target]} {condition}" if condition else title
        full = f"{title} ({condition})" if condition else title
        first, *rest = wrap(said, SMALL, room)
        if len(rest) >= LEAD_LINES:
            rest = [*rest[: LEAD_LINES - 2], shorten(" ".join(rest[LEAD_LINES - 2 :]), SMALL, room)]
        return Lead(edge.target, (first, *rest), full, self._is_back(edge))

    def _is_back(self, edge: Edge) -> bool:
        here, there = self.band_of[edge.source], self.band_of[edge.target]
        rows = self.row_of.get(edge.source, -1), self.row_of.get(edge.target, -1)
        return there < here or (there == here and rows[1] <= rows[0])

    def _text(self, key: str) -> Text:
        return self.texts.get(key) or Text(key)

    def _box(self, key: str) -> Box:
        text = self._text(key)
        title = wrap(f"{self.numbers[key]}\u00a0 {text.title}", TITLE, BOX - 24, bold=True)
        small = tuple(line for said in text.small for line in wrap(said, SMALL, BOX - 24))
        leads, more = self._leads(key)
        height: float = 20 + len(title) * TITLE_LINE + len(small) * SMALL_LINE + (4 if small else 0)
        height += sum(lead.height for lead in leads) + (SMALL_LINE if more else 0) + (6 if leads else 0)
        return Box(key, self.numbers[key], self.middle[key] - BOX / 2, 0.0, height, title, small, leads, more)

    def _band(self, index: int) -> tuple[Band, float]:
        """The band, and the height its margin needs."""
        key = self.bands[index][0]
        text = self._text(key)
        title = wrap(text.title, MOMENT, MARGIN - 32, bold=True)
        small = tuple(line for said in text.small for line in wrap(said, SMALL, MARGIN - 32))
        leads, more = self._leads(key) if key else ((), 0)
        height: float = 2 * PAD + 30 + len(title) * MOMENT_LINE + len(small) * SMALL_LINE
        height += sum(lead.height for lead in leads) + (SMALL_LINE if more else 0) + (8 if leads else 0)
        return Band(key, str(index + 1), 0.0, 0.0, title, small, leads, more), height

    def draw(self) -> tuple[Drawing, frozenset[tuple[str, str]]]:
        """The drawing, and the passages whose words found no room (then it is not to be kept)."""
        ends = Ends(self.found, self.middle, self.words, [key for key, _ in self.bands], self.joined)
        boxes = {key: self._box(key) for row in self.rows for key in row}
        bands: list[Band] = []
        tops = Tops({}, {})
        y = 1.0
        for index, rows in enumerate(self.rows_of_band):
            band, least = self._band(index)
            y += ends.above_band(index) if index else 0
            top = y
            for row in rows:
                first = row == rows.start
                bend = ends.bend(row - 1) if row else 0.0
                tops.bend[row] = y
                y += max(bend, PAD if first else 0) + ends.above_row(row)
                tops.row[row] = y
                for key in self.rows[row]:
                    boxes[key] = replace(boxes[key], y=y)
                y += max(boxes[key].height for key in self.rows[row])
            y = max(y + PAD, top + least)
            bands.append(replace(band, x=self.left, y=top, height=y - top))
        across = arcs(self.lanes, bands, set(self.words))
        lines = (*across, *ends.spine(bands), *(ends.line(link, boxes, bands, tops) for link in self.found.links))
        width = self.left + MARGIN + 2 * PAD + self.room + 1
        return Drawing(width, y + 1, tuple(bands), tuple(boxes.values()), lines), ends.narrow
