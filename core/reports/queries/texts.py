"""The words around the figures: what is adopted, what is still a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.reports.models import ReportText
from core.reports.rules.periods import FiscalYear


@dataclass(frozen=True)
class Words:
    """One section's words. `adopted`: what everyone reads. `draft`: the latest version when it is not adopted."""

    adopted: str
    adopted_at: datetime | None
    draft: str | None
    version: int


NO_WORDS = Words("", None, None, 0)


def words_of(session: Session, year: FiscalYear) -> Mapping[str, Words]:
    """Section → words. One statement; a section has few versions."""
    rows = session.execute(
        select(ReportText.section, ReportText.version, ReportText.text, ReportText.status, ReportText.adopted_at)
        .where(ReportText.year == str(year))
        .order_by(ReportText.section, ReportText.version)
    )
    found: dict[str, Words] = {}
    for row in rows:
        before = found.get(row.section, NO_WORDS)
        if row.status == "adopted":
            found[row.section] = Words(row.text, row.adopted_at, None, row.version)
        else:
            found[row.section] = Words(before.adopted, before.adopted_at, row.text, row.version)
    return found
