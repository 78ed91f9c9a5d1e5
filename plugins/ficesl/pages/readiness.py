"""`/comites/ficesl/portrait`: the region's readiness, holes first, for one course at a time."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from core.api import N_, Page, PageRequest, Role, Route, committee_by_slug, get

from ..access import READ, sits
from ..queries import readiness as queries
from ..queries.training import published_courses
from ..rules.readiness import EXPLANATION, table
from ..settings import READINESS, SLUG

SIZE = 25
#: Types of organisations, in the order of columns.
TYPES: Final[dict[str, str]] = {
    "police": N_("Police"),
    "sante": N_("Santé"),
    "calacs": N_("CALACS"),
    "communautaire": N_("Communautaire"),
    "justice": N_("Justice"),
    "provincial": N_("Provincial"),
    "reseau": N_("Réseau"),
}


def show_readiness(session: Session, request: PageRequest) -> Page:
    """The table by MRC and type, then the organisations the reader may see. Eight statements at most."""
    courses = published_courses(session)
    asked = request.query.get("formation", "")
    chosen = next((one for one in courses if one.code == asked), courses[0] if courses else None)
    viewer = request.viewer
    committee = committee_by_slug(session, SLUG)
    exact = sits(viewer, committee.id if committee else None) or Role.NETWORK_COORDINATION in viewer.roles
    context: dict[str, object] = {
        "courses": courses,
        "chosen": chosen,
        "exact": exact,
        "types": TYPES,
        "explanation": EXPLANATION,
        "readiness": READINESS,
        "table": None,
        "lines": (),
        "total": 0,
        "page": request.page,
        "pages": 1,
    }
    if chosen is not None:
        found = queries.portrait(session, chosen.course_id, viewer.organisation_id)
        lines, total = queries.lines(
            session,
            chosen.course_id,
            page=request.page,
            size=SIZE,
            only=None if exact else viewer.organisation_id,
        )
        context |= {
            "table": table(found, tuple(TYPES), exact=exact),
            "lines": lines,
            "total": total,
            "pages": max(1, -(-total // SIZE)),
        }
    return Page("ficesl/readiness.html", context)


routes: tuple[Route, ...] = (get(READINESS, show_readiness, permission=READ, name="ficesl.readiness"),)
