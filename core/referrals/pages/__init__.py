"""Pages of referrals; each module adds its `routes`."""

from __future__ import annotations

from dataclasses import replace

from core.access.permissions import PUBLIC
from core.kernel.web.routes import Assurance, Route
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
    twins,
    withdrawal,
)

_routes: tuple[Route, ...] = (
    *start.routes,
    *new.routes,
    *drafts.routes,
    *sending.routes,
    *twins.routes,
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

#: All that shows or moves what concerns a woman opens with a second factor (security S8). Said here, once, so that no
#: page forgets it; what she follows herself is public.
routes: tuple[Route, ...] = tuple(
    route if route.permission == PUBLIC else replace(route, assurance=max(route.assurance, Assurance.SECOND_FACTOR))
    for route in _routes
)
