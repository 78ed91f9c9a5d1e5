"""The routes of hours, in the order they are tried: an identifier looks like any address, so it comes last."""

from __future__ import annotations

from core.committees.pages import hours, hours_approval, hours_entry, hours_import
from core.kernel.web.routes import Route

routes: tuple[Route, ...] = (
    *hours.routes,
    *hours_entry.routes,
    *hours_approval.routes,
    *hours_import.routes,
    *hours.entry_routes,
)
