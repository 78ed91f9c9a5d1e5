"""Pages of the fund, under /comites/bien-etre/. Each subject has its file and its own `routes`."""

from __future__ import annotations

from core.api import Route

from . import cards, listing, money, new, one

#: Fixed words before `{code}`: the first route that fits answers.
routes: tuple[Route, ...] = (*money.routes, *cards.routes, *new.routes, *listing.routes, *one.routes)
