"""*Elle retire son accord*: one quiet page and one button, for any partner who is with her (network rules §3 (7)).

The answer never says whether a code exists: a partner who has nothing to do with a referral must learn nothing by
trying. A code that was misread is told by its check character alone, without looking anything up.
"""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.accounts.rules import WITHDRAWAL_WINDOWS
from core.accounts.services import too_many
from core.kernel.errors import Missing
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, post
from core.referrals.codes import normalise
from core.referrals.forms.asking import parse
from core.referrals.forms.handling import WithdrawForm
from core.referrals.services.withdrawal import withdraw_case

MISREAD = N_("Ce code n’est pas complet ou a été mal lu. Vérifiez-le sur son papier, puis recommencez.")
THROTTLED = N_(
    "Trop d’essais. Attendez quelques minutes, puis recommencez. Avec son code et son mot, elle peut aussi le faire "
    "elle-même."
)
DONE = "/references/retrait/fait"


def show_withdrawal(session: Session, request: PageRequest) -> Answer:
    """The page for any code, or for the code of the page one comes from. Nothing is looked up."""
    return Page("referrals/withdraw.html", {"form": None, "code": normalise(request.path.get("code", "")) or ""})


def withdraw(session: Session, request: PageRequest) -> Answer:
    """Take it back, whatever the state; a code that points to nothing is answered alike."""
    parsed = parse(WithdrawForm, request.form)
    typed = parsed.raw("code")
    code = normalise(typed)
    # By person, not by address: a whole team works behind one, and nobody there must be kept from withdrawing.
    subjects = {"code": code or typed[:40], "person": str(request.viewer.user_id), "everyone": ""}
    if too_many(session, request.house.keyring, "withdraw", subjects, WITHDRAWAL_WINDOWS, request.now):
        return _again(parsed.with_error("code", THROTTLED), 429)
    if code is None:
        return _again(parsed if parsed.error("code") else parsed.with_error("code", MISREAD), 422)
    # A partner who is party to nothing gets the answer of one who is: this page must not tell which codes exist.
    with suppress(Missing):
        withdraw_case(session, request.house.keyring, request.viewer, code, request.now)
    return Redirect(DONE)


def _again(form: Parsed[WithdrawForm], status: int) -> Page:
    return Page("referrals/withdraw.html", {"form": form, "code": ""}, status)


def show_done(session: Session, request: PageRequest) -> Answer:
    """*C’est fait.* Nothing about anyone."""
    return Page("referrals/withdraw_done.html")


_WITHDRAW = Permission.CONSENT_WITHDRAW
#: Before `/references/{code}`: the first route that matches answers.
routes: tuple[Route, ...] = (
    get("/references/retrait", show_withdrawal, permission=_WITHDRAW, name="referrals.withdraw.any"),
    post("/references/retrait", withdraw, permission=_WITHDRAW, name="referrals.withdraw.any.post"),
    get(DONE, show_done, permission=_WITHDRAW, name="referrals.withdraw.done"),
    get("/references/{code}/retrait", show_withdrawal, permission=_WITHDRAW, name="referrals.withdraw"),
)
