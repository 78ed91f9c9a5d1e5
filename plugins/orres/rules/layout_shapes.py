"""What the drawing of a trajectory is made of, and its measures in pixels. Pure."""

from __future__ import annotations

from dataclasses import dataclass

#: Pixels. Four boxes, their gaps and the margin with the moment's name: the width of a page.
BOX, GAP, PASSAGE, MARGIN, PAD = 216, 28, 16, 192, 16
#: Letters, and the height of their lines: a title, a moment's name, the rest.
TITLE, MOMENT, SMALL = 14.5, 15.5, 12.5
TITLE_LINE, MOMENT_LINE, SMALL_LINE = 19, 21, 16
#: Between two rows, between two bands, and where an arrow ends.
BEND, BETWEEN, ARROW = 34, 26, 10
#: Lines that leave a box: from its corners, from each other.
CORNER, SIDE = 20, 26
#: A link to another box, high enough for a finger; how many a box shows, the others being in the list.
LEAD, LEADS, LEAD_LINES = 24, 4, 3
#: Left of the bands: how far apart the passages that skip moments run, and how many; where they leave and reach a band.
LANE, LANES, LEAVES, REACHES = 14, 3, 62, 29
#: Room for the words above an arrow: at least, at most.
LABEL_LEAST, LABEL_MOST = 84, 190


@dataclass(frozen=True)
class Text:
    """What is written about a node, in the reader's language."""

    title: str
    small: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lead:
    """A passage that is written, not drawn. `words`: what its lines have room for; `full`: all of it; `back`: to what
    stands above, or beside."""

    target: str
    words: tuple[str, ...]
    full: str
    back: bool

    @property
    def height(self) -> float:
        """High enough for a finger."""
        return max(LEAD, len(self.words) * SMALL_LINE + 8)


@dataclass(frozen=True)
class Box:
    """A step. `more`: passages that only the list says."""

    key: str
    number: str
    x: float
    y: float
    height: float
    title: tuple[str, ...]
    small: tuple[str, ...]
    leads: tuple[Lead, ...]
    more: int = 0
    width: float = BOX


@dataclass(frozen=True)
class Band:
    """A moment, over the whole width; its name in the margin. `key` empty: steps of no moment."""

    key: str
    number: str
    y: float
    height: float
    title: tuple[str, ...]
    small: tuple[str, ...]
    leads: tuple[Lead, ...]
    more: int = 0
    x: float = 1.0


@dataclass(frozen=True)
class Line:
    """A passage as the `d` of a path, its arrow at `x`, `y`, and the words of its conditions, centred on `x`.
    `conditional`: it is not for everybody; `sideways`: its arrow points to the right."""

    source: str
    target: str
    path: str
    x: float
    y: float
    words: tuple[str, ...]
    words_y: float
    conditional: bool
    sideways: bool = False


@dataclass(frozen=True)
class Drawing:
    """Pixels, from the top left. Everything drawn is inside `width` and `height`."""

    width: float
    height: float
    bands: tuple[Band, ...]
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
