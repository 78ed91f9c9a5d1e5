"""*Besoins sans réponse*: an organisation's own counts, exact; the network's, as its yearly report gives them."""

from __future__ import annotations

from itertools import groupby

from sqlalchemy.orm import Session

from core.api import NEEDS, Page, PageRequest, Route, areas, can, committee_by_slug, get, network_part

from ..access import FOLLOW, READ
from ..queries.unmet import UNSAID, own_unmet
from ..rules.guide import UNMET_REASONS
from ..settings import HOME, NAME, SLUG

UNMET = f"{HOME}/besoins-sans-reponse"
#: Key of the section of the yearly report.
SECTION = "unmet"


def show_unmet(session: Session, request: PageRequest) -> Page:
    """Own counts by quarter; below, for whoever follows the committee, the last closed year of the network."""
    viewer = request.viewer
    own = own_unmet(session, viewer.organisation_id, request.now) if viewer.organisation_id else ()
    committee = committee_by_slug(session, SLUG)
    follows = committee is not None and can(viewer, FOLLOW, committee.id).allowed
    english = request.locale == "en"
    context = {
        "quarters": [(quarter, tuple(lines)) for quarter, lines in groupby(own, key=lambda line: line.quarter)],
        "needs": NEEDS,
        "reasons": UNMET_REASONS,
        "places": {
            **{area.code: area.label_en if english else area.label for area in areas(session)},
            "": UNSAID,
        },
        "follows": follows,
        "network": network_part(session, request, NAME, (SECTION,)) if follows else None,
    }
    return Page("orres/unmet.html", context)


routes: tuple[Route, ...] = (get(UNMET, show_unmet, permission=READ, mode="slow", name="orres.unmet"),)
