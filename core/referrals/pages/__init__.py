"""Pages of referrals; each module adds its `routes`."""

from __future__ import annotations

from core.kernel.web.routes import Route
from core.referrals.pages import actions, drafts, follow, network, new, queue, receipt, referral, sending, start

routes: tuple[Route, ...] = (
    *start.routes,
    *new.routes,
    *drafts.routes,
    *sending.routes,
    *receipt.routes,
    *queue.routes,
    *actions.routes,
    *referral.routes,
    *network.routes,
    *follow.routes,
)
