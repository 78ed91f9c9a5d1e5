"""*Réseau*: what the coordination oversees. No content is reachable from here."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.kernel.web.routes import Answer, Page, PageRequest, Route, get
from core.referrals.queries.network import late_offers, partners


def show_network(session: Session, request: PageRequest) -> Answer:
    """Clocks that ran out, then the partners."""
    late = late_offers(session, request.viewer.organisation_id, request.now)
    if request.wants_fragment:
        return Page("network/late.html", {"late": late})
    return Page("network/network.html", {"late": late, "partners": partners(session)})


routes: tuple[Route, ...] = (
    get("/reseau", show_network, permission=Permission.NETWORK_OVERSEE, name="network.overview"),
)
