"""The words of the report: drafts and adopted versions, none ever overwritten."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.journal import record
from core.kernel.db import add_row, new_id
from core.kernel.errors import DomainError, Missing, Stale
from core.kernel.i18n import N_
from core.reports.models import ReportText
from core.reports.rules.periods import FiscalYear

#: Characters of one section.
LONGEST = 4000


class TooLong(DomainError):
    """More words than a section takes."""

    status = 422


def save_text(
    session: Session, viewer: Viewer, year: FiscalYear, section: str, text: str, seen: int, now: datetime
) -> int:
    """Save a new draft version over version `seen`; returns its number. Raises `Stale` when someone saved meanwhile."""
    if len(text) > LONGEST:
        raise TooLong(N_("Ce texte est trop long : 4 000 caractères au plus."))
    latest = _latest(session, year, section)
    if seen != latest:
        raise Stale
    add_row(
        session,
        ReportText,
        id=new_id(),
        year=str(year),
        section=section,
        version=latest + 1,
        text=text.strip(),
        status="draft",
        saved_by=viewer.user_id,
        saved_at=now,
    )
    _note(session, viewer, "save", year, section, latest + 1, now)
    return latest + 1


def adopt_text(session: Session, viewer: Viewer, year: FiscalYear, section: str, version: int, now: datetime) -> None:
    """Adopt a version: it is what everyone reads and what the exports hold. Only the latest may be adopted."""
    latest = _latest(session, year, section)
    if not latest:
        raise Missing
    if latest != version:
        raise Stale
    adopted = session.execute(
        update(ReportText)
        .where(
            ReportText.year == str(year),
            ReportText.section == section,
            ReportText.version == version,
            ReportText.status == "draft",
        )
        .values(status="adopted", adopted_by=viewer.user_id, adopted_at=now),
        execution_options={"synchronize_session": False},
    )
    assert isinstance(adopted, CursorResult)
    if adopted.rowcount:
        _note(session, viewer, "adopt", year, section, version, now)


def _latest(session: Session, year: FiscalYear, section: str) -> int:
    newest = select(ReportText.version).where(ReportText.year == str(year), ReportText.section == section)
    return session.execute(newest.order_by(ReportText.version.desc()).limit(1)).scalar() or 0


def _note(
    session: Session, viewer: Viewer, action: str, year: FiscalYear, section: str, version: int, now: datetime
) -> None:
    record(
        session,
        case_id=None,
        organisation_id=viewer.organisation_id,
        actor=viewer,
        action=f"report.text_{action}",
        subject="report.year",
        facts={"year": year.start, "section": section, "version": version},
        now=now,
    )
