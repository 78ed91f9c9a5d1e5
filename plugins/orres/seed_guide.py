"""For the demo: needs that the guide left without an answer last fiscal year, enough for some lines to be shown."""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle
from uuid import UUID, uuid5

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.api import Seeder, fiscal_quarter

from .models import UnmetRow

#: (need, reason, how many): invented.
EXAMPLE = (
    ("housing", "full", 14),
    ("substance_use", "none", 9),
    ("money", "area", 6),
    ("health", "area", 3),
    ("work_school", "age", 2),
)
AREAS = ("mrc-610", "mrc-600", "mrc-640", "mrc-620", "")
PERSONAS = ("police-repentigny", "cisss-centre-designe", "communautaire-ajrj")
_SEED = UUID("5b0f6c55-2f5e-4f0b-9a3c-0f6d0c7a5d11")


def seed_unmet(session: Session, seeder: Seeder) -> None:
    """Last year's counts, and a few of the quarter for the organisations that ask; nothing twice."""
    if session.scalar(select(UnmetRow.id).limit(1)) is not None:
        return
    last = seeder.now - timedelta(days=365)
    year = fiscal_quarter(last).split("T")[0]
    owners, places = cycle([seeder.viewer(key).organisation_id for key in PERSONAS]), cycle(AREAS)
    rows = []
    for need, reason, times in EXAMPLE:
        for number in range(times):
            quarter = fiscal_quarter(seeder.now) if number == 0 else f"{year}T{number % 4 + 1}"
            rows.append(
                {
                    "id": uuid5(_SEED, f"{need} {number}"),
                    "run": uuid5(_SEED, f"run {need} {number}"),
                    "organisation_id": next(owners),
                    "quarter": quarter,
                    "need": need,
                    "area": next(places),
                    "age": "unknown" if number % 3 else "adult",
                    "reason": reason,
                }
            )
    session.execute(insert(UnmetRow), rows)
