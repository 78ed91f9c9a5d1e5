"""Pages of referrals; each module adds its `routes`."""

from __future__ import annotations

from core.kernel.web.routes import Route
from core.referrals.pages import (
    actions,
    amend,
    consent,
    decline,
    drafts,
    follow,
    history,
    intake,
    network,
    new,
    onward,
    queue,
    receipt,
    referral,
    restrict,
    roster,
    sending,
    start,
    withdrawal,
)

routes: tuple[Route, ...] = (
    *start.routes,
    *new.routes,
    *drafts.routes,
    *sending.routes,
    *receipt.routes,
    *intake.routes,
    *queue.routes,
    *actions.routes,
    *decline.routes,
    *withdrawal.routes,
    *restrict.routes,
    *roster.routes,
    *history.routes,
    *amend.routes,
    *onward.routes,
    *consent.routes,
    *referral.routes,
    *network.routes,
    *follow.routes,
)
