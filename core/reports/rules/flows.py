"""The hidden counts of one table and its quarters as a flow network: how far each may be from what it is. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

LEAST = 5
#: Index of the year's column beside those of its quarters.
YEAR = -1

Cell = tuple[int, int]
"""Row, then column: 0 to 3 for a quarter, `YEAR` for the year."""


class Flows:
    """The hidden counts of one table as a flow: from each quarter to the rows, from each hidden year out of its row.

    What a node receives and gives is published, or follows from what is. Quarters whose total is hidden are one node:
    only their sum is known. Moving counts around a cycle gives another table that fits everything shown.
    """

    def __init__(
        self, columns: frozenset[int], rows: Sequence[Sequence[int]], hidden: set[Cell], years: set[int]
    ) -> None:
        self.arcs: dict[Cell, tuple[str, str, int]] = {}
        for row, column in sorted(hidden):
            source = "hidden quarters" if column in columns else f"quarter {column}"
            self.arcs[row, column] = (source, f"row {row}", rows[row][column])
        for row in sorted(years):
            self.arcs[row, YEAR] = (f"row {row}", "year", sum(rows[row]))
        self.column_sums = {quarter: sum(row[quarter] for row in rows) for quarter in range(len(rows[0]))}
        self.column_sums[YEAR] = sum(self.column_sums.values())
        self.near: dict[str, list[Cell]] = {}
        for cell, (tail, head, _) in self.arcs.items():
            self.near.setdefault(tail, []).append(cell)
            self.near.setdefault(head, []).append(cell)

    def targets(self, lowest: int = 0) -> list[Cell]:
        """Hidden cells that must keep a range: the small ones, and those that leave a small number beside them. Small:
        from `lowest` to less than `LEAST`."""
        return sorted(
            cell
            for cell, (_, _, count) in self.arcs.items()
            if lowest <= count < LEAST or lowest <= self.column_sums[cell[1]] - count < LEAST
        )

    def width(self, cell: Cell) -> int:
        """How far the count may be from its smallest possible value to its largest, up to `LEAST`."""
        tail, head, count = self.arcs[cell]
        up = self._flow(head, tail, cell, LEAST)
        if up >= LEAST:
            return up
        return up + self._flow(tail, head, cell, min(count, LEAST - up))

    def _flow(self, start: str, end: str, without: Cell, wanted: int) -> int:
        """Largest flow from `start` to `end`, up to `wanted`: along an arc freely, against it up to its count."""
        counts = {cell: arc[2] for cell, arc in self.arcs.items()}
        total = 0
        while total < wanted:
            path = self._path(start, end, without, counts)
            if path is None:
                break
            step = min([wanted - total, *(counts[cell] for cell, along in path if not along)])
            for cell, along in path:
                counts[cell] += step if along else -step
            total += step
        return total

    def _path(self, start: str, end: str, without: Cell, counts: Mapping[Cell, int]) -> list[tuple[Cell, bool]] | None:
        came: dict[str, tuple[str, Cell, bool] | None] = {start: None}
        waiting = deque([start])
        while waiting:
            node = waiting.popleft()
            if node == end:
                path: list[tuple[Cell, bool]] = []
                while (step := came[node]) is not None:
                    node = step[0]
                    path.append(step[1:])
                return path
            for cell in self.near.get(node, ()):
                tail, head, _ = self.arcs[cell]
                along = tail == node
                other = head if along else tail
                if cell != without and other not in came and (along or counts[cell] > 0):
                    came[other] = (node, cell, along)
                    waiting.append(other)
        return None
