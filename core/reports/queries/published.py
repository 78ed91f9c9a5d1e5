"""The published files of a year, if the software ships some for it."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

from core.reports.rules.cells import Section
from core.reports.rules.periods import FiscalYear
from core.reports.rules.published import published_section

DATA = Path(__file__).resolve().parents[1] / "data"


@lru_cache(maxsize=8)
def published(year: FiscalYear) -> Section | None:
    """Workshops and their evaluations as printed for that year, or None."""
    folder = DATA / str(year)
    if not folder.is_dir():
        return None
    return published_section(_rows(folder / "workshops.csv"), _rows(folder / "evaluations.csv"))


def published_years() -> tuple[int, ...]:
    """First calendar years of the fiscal years that have files."""
    return tuple(sorted(int(path.name[:4]) for path in DATA.iterdir() if path.is_dir()))


def printed_rows(first_year: int, name: str) -> list[dict[str, str]]:
    """The lines of `workshops` or `evaluations` as printed for the fiscal year that begins in `first_year`; none when
    the software ships none."""
    path = DATA / str(FiscalYear(first_year)) / f"{name}.csv"
    return _rows(path) if name in {"workshops", "evaluations"} and path.is_file() else []


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
