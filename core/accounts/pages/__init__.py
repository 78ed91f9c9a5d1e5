"""Pages of accounts; each module adds its `routes`."""

from __future__ import annotations

from core.accounts.pages import account, demo, sign_in
from core.kernel.web.routes import Route

routes: tuple[Route, ...] = (*sign_in.routes, *account.routes, *demo.routes)
