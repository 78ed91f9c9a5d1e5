"""Invented references that ended, for the demo's reports: the last two closed years, the same each time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from core.directory.models import Municipality, Organisation
from core.kernel.clock import TORONTO
from core.referrals.rules import vocabulary
from core.reports.models import ReportFact
from core.reports.rules.facts import coarse
from core.reports.rules.periods import FiscalYear, Quarter, year_of
from core.reports.services.facts import joined

T = TypeVar("T")

#: (value, weight)
_AGES = (("14_17", 5), ("18_24", 9), ("25_34", 7), ("35_49", 4), ("50_64", 1), ("12_13", 1), ("adult", 1))
_OUTCOMES = (
    ("served", 11),
    ("partly", 4),
    ("not_reached", 5),
    ("not_for_now", 3),
    ("moved", 2),
    ("full", 2),
    ("outside_territory", 2),
    ("retracted", 1),
)
_PRIORITIES = ((0, 5), (1, 4), (2, 5), (3, 2))
_NEEDS = tuple(vocabulary.NEEDS)


def seed_facts(session: Session, now: datetime) -> int:
    """Add invented facts when there are none; returns how many."""
    if session.execute(select(func.count()).select_from(ReportFact)).scalar_one():
        return 0
    owners: dict[str, list[UUID]] = {}
    for row in session.execute(select(Organisation.id, Organisation.type).order_by(Organisation.slug)):
        owners.setdefault(row.type, []).append(row.id)
    places = sorted(set(session.execute(select(Municipality.preview_code)).scalars()))
    if not owners.get("calacs") or not places:
        return 0
    current = year_of(now.astimezone(TORONTO).date())
    rows = [
        fact
        for year in (current.before.before, current.before)
        for quarter in year.quarters
        for fact in _quarter(year, quarter, owners, places)
    ]
    session.execute(insert(ReportFact), rows)
    return len(rows)


def _quarter(
    year: FiscalYear, quarter: Quarter, owners: dict[str, list[UUID]], places: Sequence[str]
) -> list[dict[str, object]]:
    chance = random.Random(f"arrimage {year} {quarter.number}")
    return [_fact(chance, quarter, owners, places) for _ in range(chance.randint(52, 74))]


def _fact(
    chance: random.Random, quarter: Quarter, owners: dict[str, list[UUID]], places: Sequence[str]
) -> dict[str, object]:
    kind = _pick(chance, (("police", 5), ("sante", 7), ("communautaire", 4), ("calacs", 1), ("herself", 2)))
    outcome = _pick(chance, _OUTCOMES)
    taken = outcome not in vocabulary.DECLINE_REASONS and outcome != "retracted"
    reached = taken and outcome != "not_reached" and chance.random() < 0.92
    answer = chance.randint(20, 30 * 60) if outcome != "retracted" else None
    contact = chance.randint(60, 80 * 60) if reached else None
    recipients = owners["calacs"]
    return {
        "id": uuid4(),
        "ended_quarter": quarter.code,
        "submitted_quarter": quarter.code,
        "kind": "reference",
        "channel": "fax" if kind == "sante" and chance.random() < 0.4 else "platform",
        "origin_type": kind,
        "origin_id": chance.choice(owners[kind]) if kind in owners else None,
        "recipient_id": chance.choice(recipients),
        "area_code": chance.choice(places),
        "age_band": _pick(chance, _AGES),
        "needs": joined(tuple(chance.sample(_NEEDS[:9], chance.randint(1, 3)))),
        "urgent": chance.random() < 0.3,
        "priority": _pick(chance, _PRIORITIES) if taken else 0,
        "outcome": outcome,
        "taken": taken,
        "reached": reached,
        "answer_minutes": None if answer is None else coarse(answer),
        "contact_minutes": None if contact is None else coarse(contact),
        "end_minutes": coarse(chance.randint(1, 60) * 24 * 60),
        "settled": True,
    }


def _pick(chance: random.Random, weighted: Sequence[tuple[T, int]]) -> T:
    return chance.choices([value for value, _ in weighted], [weight for _, weight in weighted])[0]
