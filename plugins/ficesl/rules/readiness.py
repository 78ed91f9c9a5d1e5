"""How ready each organisation is: the share of its people whose training is valid, holes first. Pure.

An organisation reads its own figures and the committee reads them all. For the others a share is rounded down to
tens, without the counts behind it, and only where at least `LEAST` people of organisations other than the reader's are
counted: what is left once she takes her own away is never a few people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LEAST = 5
#: Where an organisation is not of one MRC.
WHOLE_REGION = ""


@dataclass(frozen=True)
class Count:
    """People of organisations, and those whose training is valid. `organisations`: how many are counted together."""

    people: int
    valid: int
    organisations: int = 1

    def plus(self, other: Count) -> Count:
        """Both together."""
        return Count(self.people + other.people, self.valid + other.valid, self.organisations + other.organisations)


@dataclass(frozen=True)
class Cell:
    """What one reader sees of a group. `share` in percent, None: nobody, or hidden; `rounded` down to tens."""

    share: int | None
    people: int | None
    valid: int | None
    hidden: bool = False
    rounded: bool = False

    @property
    def hole(self) -> bool:
        """Less than half."""
        return self.share is not None and self.share < 50


@dataclass(frozen=True)
class Group:
    """The organisations of a type in an MRC. `own`: those of the reader among them."""

    mrc: str
    type: str
    count: Count
    own: Count = Count(0, 0, 0)


@dataclass(frozen=True)
class Table:
    """Lines (MRC) with the most uncovered first, columns (types) in their order, cells in the same order."""

    types: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Cell | None, ...], Cell], ...]
    whole: Cell


def share(valid: int, people: int) -> int | None:
    """Whole percent, rounded down: 100 % means everyone. None when there is nobody."""
    return valid * 100 // people if people else None


def cell(count: Count, own: Count, *, exact: bool) -> Cell:
    """What a reader sees of a count that holds `own`, her organisation's part."""
    if exact or (own.organisations and own.organisations == count.organisations):
        return Cell(share(count.valid, count.people), count.people, count.valid)
    if not count.people:
        return Cell(None, 0, 0)
    if count.people - own.people < LEAST:
        return Cell(None, None, None, hidden=True)
    found = share(count.valid, count.people)
    assert found is not None
    return Cell(found // 10 * 10, None, None, rounded=True)


def table(groups: Iterable[Group], order: Sequence[str], *, exact: bool) -> Table:
    """MRC by type. MRCs whose uncovered people are the most come first; `order` sorts the types."""
    by_place: dict[str, dict[str, Group]] = {}
    for group in groups:
        by_place.setdefault(group.mrc, {})[group.type] = group
    present = {type_ for line in by_place.values() for type_ in line}
    types = tuple(sorted(present, key=lambda one: (order.index(one) if one in order else len(order), one)))
    sums = {mrc: _sum(line.values()) for mrc, line in by_place.items()}

    seen = {mrc: cell(*sums[mrc], exact=exact) for mrc in by_place}
    # By what the reader sees, then by name: an order by exact shares would tell which of two rounded ones is smaller
    ranked = sorted(by_place, key=lambda mrc: (_rank(seen[mrc]), mrc))
    lines = tuple(
        (
            mrc,
            tuple(
                cell(by_place[mrc][type_].count, by_place[mrc][type_].own, exact=exact)
                if type_ in by_place[mrc]
                else None
                for type_ in types
            ),
            seen[mrc],
        )
        for mrc in ranked
    )
    whole = _sum(group for line in by_place.values() for group in line.values())
    return Table(types, lines, cell(*whole, exact=exact))


def _rank(one: Cell) -> int:
    return 101 if one.share is None else one.share


def _sum(groups: Iterable[Group]) -> tuple[Count, Count]:
    count, own = Count(0, 0, 0), Count(0, 0, 0)
    for group in groups:
        count, own = count.plus(group.count), own.plus(group.own)
    return count, own


#: Said under the table.
EXPLANATION = (
    "Part des personnes de chaque organisme dont la formation est valide aujourd’hui. Votre organisme et le comité "
    "lisent les nombres exacts. Pour les autres, la part est arrondie à la dizaine inférieure, et masquée quand moins "
    "de 5 personnes d’autres organismes sont comptées."
)
