"""Her receipt, right after sending, to show or to print."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.kernel.web.routes import Answer, Page, PageRequest, Route, get
from core.referrals.services.receipt import open_receipt


def show_receipt(session: Session, request: PageRequest) -> Answer:
    """Neutral: no organisation named, no sign. Her word is shown to the author only, and only for an hour."""
    house = request.house
    receipt = open_receipt(session, house.keyring, request.viewer, request.path["code"], request.now)
    return Page("referrals/receipt.html", {"receipt": receipt, "follow_address": f"{house.settings.public_url}/suivre"})


routes: tuple[Route, ...] = (
    # Mode write: reading her word is journaled in the same transaction.
    get(
        "/references/{code}/recu",
        show_receipt,
        permission=Permission.REFERRAL_SEND,
        mode="write",
        name="referrals.receipt",
    ),
)
