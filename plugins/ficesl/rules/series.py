"""Capsules given unit by unit, over years: what is done, planned, missing, and what to give next. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID


class CellState(StrEnum):
    """Where one capsule stands for one unit."""

    DONE = "done"
    PLANNED = "planned"
    MISSING = "missing"


CELL_STATES: dict[str, str] = {"done": "faite", "planned": "prévue", "missing": "manquante"}
#: Why a capsule is proposed: code → sentence, filled by `Proposal.values`.
PROPOSAL_REASONS: dict[str, str] = {
    "late": "La date visée est passée et %(missing)s de %(all)s capsules manquent.",
    "soon": "La date visée approche et %(missing)s de %(all)s capsules manquent.",
    "started": "L’unité a commencé : %(missing)s de %(all)s capsules manquent.",
    "none": "L’unité n’a encore rien reçu.",
}
#: How this is decided, said under the proposals.
EXPLANATION = (
    "Une proposition par unité\u00a0: sa première capsule qui n’est ni faite ni prévue, dans l’ordre de la formation. "
    "Les unités en retard viennent d’abord, puis celles dont la date visée approche, puis celles qui ont commencé."
)
#: A target is near from this long before.
SOON = timedelta(days=90)


@dataclass(frozen=True)
class Facts:
    """What is known of one unit and one capsule. `held_on`: the last day it was given to the unit; `planned_on`: the
    next one; `done` of the `people` of the unit have it to their credit."""

    held_on: date | None = None
    planned_on: date | None = None
    done: int = 0
    people: int = 0


@dataclass(frozen=True)
class Cell:
    """One case of the matrix. `day`: when it was given, or will be."""

    state: CellState
    day: date | None
    done: int
    people: int


@dataclass(frozen=True)
class Capsule:
    """A column."""

    lineage_id: UUID
    module_id: UUID
    position: int
    title: str
    title_en: str
    minutes: int


@dataclass(frozen=True)
class Row:
    """A unit and its cells, in the order of the capsules."""

    team_id: UUID
    team: str
    organisation_id: UUID
    organisation: str
    target_on: date | None
    cells: tuple[Cell, ...]

    def count(self, state: CellState) -> int:
        """How many of its capsules are there."""
        return sum(cell.state is state for cell in self.cells)


@dataclass(frozen=True)
class Sum:
    """Cells by state: of a unit, an organisation or the region."""

    done: int
    planned: int
    missing: int

    @property
    def all(self) -> int:
        """Every cell."""
        return self.done + self.planned + self.missing

    @property
    def percent(self) -> int:
        """Done among all, rounded down: 100 only when nothing is left."""
        return 100 * self.done // self.all if self.all else 0


@dataclass(frozen=True)
class Proposal:
    """The next capsule of a unit, and why."""

    team_id: UUID
    team: str
    organisation_id: UUID
    organisation: str
    capsule: Capsule
    reason: str
    values: Mapping[str, int] = field(default_factory=dict)


def cell(facts: Facts) -> Cell:
    """Done once it was given to the unit, or once all its people have it; else planned when a day is set."""
    whole = facts.people > 0 and facts.done >= facts.people
    if facts.held_on is not None or whole:
        return Cell(CellState.DONE, facts.held_on, facts.done, facts.people)
    state = CellState.PLANNED if facts.planned_on is not None else CellState.MISSING
    return Cell(state, facts.planned_on, facts.done, facts.people)


def summed(rows: Sequence[Row]) -> Sum:
    """Cells of these units."""
    return Sum(*(sum(row.count(state) for row in rows) for state in CellState))


def by_organisation(rows: Sequence[Row]) -> tuple[tuple[str, Sum], ...]:
    """Each organisation's cells, those with the most missing first."""
    names: dict[UUID, list[Row]] = {}
    for row in rows:
        names.setdefault(row.organisation_id, []).append(row)
    found = [(units[0].organisation, summed(units)) for units in names.values()]
    return tuple(sorted(found, key=lambda one: (-one[1].missing, one[0])))


def proposals(rows: Sequence[Row], capsules: Sequence[Capsule], today: date, *, most: int = 5) -> tuple[Proposal, ...]:
    """What to give next: one capsule a unit, the most pressing units first (`EXPLANATION`)."""
    found: list[tuple[tuple[int, date, int, str], Proposal]] = []
    for row in rows:
        missing = row.count(CellState.MISSING)
        first = next((place for place, one in enumerate(row.cells) if one.state is CellState.MISSING), None)
        if first is None:
            continue
        reason = _reason(row, today)
        rank = tuple(PROPOSAL_REASONS).index(reason)
        values = {} if reason == "none" else {"missing": missing, "all": len(row.cells)}
        order = (rank, row.target_on or date.max, -missing, row.team)
        given = (row.team_id, row.team, row.organisation_id, row.organisation, capsules[first], reason, values)
        found.append((order, Proposal(*given)))
    return tuple(one for _, one in sorted(found, key=lambda pair: pair[0])[:most])


def _reason(row: Row, today: date) -> str:
    if row.target_on is not None and row.target_on < today:
        return "late"
    if row.target_on is not None and row.target_on - today <= SOON:
        return "soon"
    return "started" if row.count(CellState.MISSING) < len(row.cells) else "none"
