"""Pages of referrals; each module adds its `routes`."""

from __future__ import annotations

from core.kernel.web.routes import Route
from core.referrals.pages import (
    actions,
    drafts,
    follow,
    intake,
    network,
    new,
    queue,
    receipt,
    referral,
    restrict,
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
    *withdrawal.routes,
    *restrict.routes,
    *referral.routes,
    *network.routes,
    *follow.routes,
)
