"""`/references/{code}/journal`: who read or changed one referral, for the privacy officer of its holder."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.journal.pages import rows_of
from core.journal.queries.links import link_subjects_with
from core.kernel.web.routes import Answer, Page, PageRequest, Route, get, not_found
from core.referrals.codes import normalise
from core.referrals.queries.history import histories, referral_history


def show_history(session: Session, request: PageRequest) -> Answer:
    """Every line, newest first. Someone else's referral is a page that does not exist."""
    lines = referral_history(session, request.viewer, request.path["code"])
    if lines is None:
        return not_found()
    rows = rows_of(session, request, tuple(reversed(lines)), colleagues_only=True)
    return Page("referrals/history.html", {"code": normalise(request.path["code"]), "rows": rows})


link_subjects_with("referral", histories)

routes: tuple[Route, ...] = (
    get("/references/{code}/journal", show_history, permission=Permission.JOURNAL_READ, name="referrals.history"),
)
