"""Pages of referrals; each module adds its `routes`."""

from __future__ import annotations

from core.kernel.web.routes import Route
from core.referrals.pages import drafts, new, receipt, sending, start

routes: tuple[Route, ...] = (
    *start.routes,
    *new.routes,
    *drafts.routes,
    *sending.routes,
    *receipt.routes,
)
