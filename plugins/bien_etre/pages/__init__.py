"""Pages of the fund, under /comites/bien-etre/. Each subject has its file and its own `routes`."""

from __future__ import annotations

from core.api import Route

routes: tuple[Route, ...] = ()
