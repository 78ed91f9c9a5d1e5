"""Pages of accounts; each module adds its `routes`."""

from __future__ import annotations

from core.accounts.pages import (
    account,
    admission,
    agreements,
    demo,
    factors,
    invitation,
    lock,
    provider,
    provider_settings,
    second_factor,
    session,
    sign_in,
    staff,
    standing,
    step_up,
)
from core.kernel.web.routes import Route

routes: tuple[Route, ...] = (
    *sign_in.routes,
    *provider.routes,
    *provider_settings.routes,
    *second_factor.routes,
    *step_up.routes,
    *lock.routes,
    *session.routes,
    *agreements.routes,
    *account.routes,
    *factors.routes,
    *invitation.routes,
    *staff.routes,
    *admission.routes,
    *standing.routes,
    *demo.routes,
)
