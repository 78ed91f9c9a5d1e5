"""Pages of the fund, under /comites/bien-etre/. Each subject has its file and its own `routes`."""

from __future__ import annotations

from core.api import Route

from . import cards, grants, listing, money, new, one, oversight

#: Fixed words before `{code}`: the first route that fits answers.
routes: tuple[Route, ...] = (
    *money.routes,
    *grants.routes,
    *cards.routes,
    *oversight.routes,
    *new.routes,
    *listing.routes,
    *one.routes,
)
