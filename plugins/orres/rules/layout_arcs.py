"""Passages from a moment to one that is not the next: on the left of the bands, side by side. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .layout_ends import number
from .layout_shapes import LANE, LANES, LEAVES, REACHES, Band, Line

#: How round a corner is.
_ROUND = 8


def lanes_of(wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """(band, band) → its lane, 0 beside the bands: the shortest first, none over another, at most `LANES` of them."""
    taken: list[list[tuple[int, int]]] = []
    found: dict[tuple[int, int], int] = {}
    for pair in sorted(set(wanted), key=lambda pair: (pair[1] - pair[0], pair)):
        free = (lane for lane, those in enumerate(taken) if all(pair[1] <= a or b <= pair[0] for a, b in those))
        lane = next(free, len(taken))
        if lane == LANES:
            continue
        if lane == len(taken):
            taken.append([])
        taken[lane].append(pair)
        found[pair] = lane
    return found


def room_for(lanes: Mapping[tuple[int, int], int]) -> float:
    """Pixels that they take, left of the bands."""
    return (max(lanes.values()) + 2) * LANE if lanes else 1.0


def arcs(lanes: Mapping[tuple[int, int], int], bands: Sequence[Band], conditional: set[tuple[str, str]]) -> list[Line]:
    """Their lines, once the bands stand."""
    found = []
    for (above, below), lane in lanes.items():
        source, target = bands[above], bands[below]
        x, edge = source.x - (lane + 1) * LANE, source.x
        start, end = source.y + LEAVES, target.y + REACHES
        path = (
            f"M{number(edge)} {number(start)}H{number(x + _ROUND)}Q{number(x)} {number(start)} {number(x)} "
            f"{number(start + _ROUND)}V{number(end - _ROUND)}Q{number(x)} {number(end)} {number(x + _ROUND)} "
            f"{number(end)}H{number(edge - 6)}"
        )
        asked = (source.key, target.key) in conditional
        found.append(Line(source.key, target.key, path, edge, end, (), end, asked, sideways=True))
    return found
