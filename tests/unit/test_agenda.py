"""An agenda is read as people type it, and typed again as it was read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.committees.rules.agenda import Point, agenda_text, parse_agenda


@pytest.mark.parametrize(
    ("line", "point"),
    [
        ("Tour de table, 20 min", Point("Tour de table", 20)),
        ("Tour de table (20 minutes)", Point("Tour de table", 20)),
        ("Trajectoire - 1 h 30", Point("Trajectoire", 90)),
        ("Trajectoire; 2h", Point("Trajectoire", 120)),
        ("Bilan 2023-2024", Point("Bilan 2023-2024", None)),
        ("Varia", Point("Varia", None)),
        ("Pause, 10", Point("Pause, 10", None)),
    ],
)
def test_a_line(line: str, point: Point) -> None:
    assert parse_agenda(f"\n  {line}  \n\n") == (point,)


def test_too_much_is_refused() -> None:
    assert parse_agenda("x\n" * 41) is None
    assert parse_agenda("x" * 201) is None
    assert parse_agenda("") == ()


@given(st.lists(st.tuples(st.sampled_from(["Varia", "Tour de table", "Suivis"]), st.none() | st.integers(1, 600))))
def test_what_is_typed_again_is_read_alike(points: list[tuple[str, int | None]]) -> None:
    agenda = tuple(Point(title, minutes) for title, minutes in points[:40])
    assert parse_agenda(agenda_text(agenda)) == agenda
