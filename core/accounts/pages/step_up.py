"""*Confirmez que c'est vous*: a factor of the last five minutes before what is grave (security S10)."""

from __future__ import annotations

from core.access.permissions import Permission
from core.accounts.pages.proving import CARRIED_BODY, on_the_way
from core.accounts.rules.detours import STEP_UP_PATH
from core.kernel.web.routes import Assurance, Route, get, post

_show, _take = on_the_way("accounts/step_up.html", STEP_UP_PATH)

routes: tuple[Route, ...] = (
    get(STEP_UP_PATH, _show, permission=Permission.ACCOUNT_SELF, name="accounts.step_up", assurance=Assurance.NONE),
    post(
        STEP_UP_PATH,
        _take,
        permission=Permission.ACCOUNT_SELF,
        name="accounts.step_up.post",
        max_body=CARRIED_BODY,
        assurance=Assurance.NONE,
    ),
)
