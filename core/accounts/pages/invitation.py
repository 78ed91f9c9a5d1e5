"""`/invitation`: the address invited, the code that was read out, a password of one's own. Open to anybody."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.access.permissions import PUBLIC
from core.accounts.forms.staff import AcceptForm
from core.accounts.pages.proving import with_suite
from core.accounts.rules import address_prefix, device_label, is_common
from core.accounts.rules.detours import FACTOR_PATH
from core.accounts.rules.invitations import INVITATION_WINDOWS
from core.accounts.services.invitations import InvitationOver
from core.accounts.services.joining import AddressTaken, accept_invitation, match_invitation
from core.accounts.services.passwords import HASHER
from core.accounts.services.people import normal_email
from core.accounts.services.sessions import end_sessions, open_session
from core.accounts.services.throttles import too_many
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed, parse
from core.kernel.web.routes import Answer, Assurance, Compute, Page, PageRequest, Redirect, Route, get, post

PATH = "/invitation"
#: One answer for a wrong, used, expired or revoked code, and for another address.
NOT_OURS = N_("Ce code ne correspond pas à cette adresse, ou il n’est plus valide. Demandez-en un nouveau.")
TOO_COMMON = N_("Ce mot de passe est trop courant. Choisissez quelques mots qui ne vont pas ensemble.")
SLOW_DOWN = N_("Trop d’essais. Attendez quelques minutes, puis recommencez.")


def show_form(session: Session, request: PageRequest) -> Answer:
    """The empty form."""
    return Page("accounts/invitation.html", {"form": None})


def accept(session: Session, request: PageRequest) -> Answer:
    """Use the invitation and open a session; the second factor and the agreements come on the way."""
    parsed = parse(AcceptForm, request.form)
    if parsed.value is None:
        return _page(parsed)
    given, keyring = parsed.value, request.house.keyring
    email = normal_email(given.email)
    # Said before the code is looked at: the answer depends on what was typed alone
    if is_common(given.password, about=(email.partition("@")[0],)):
        return _page(parsed.with_error("password", TOO_COMMON))
    subjects = {"address": address_prefix(request.client_address), "account": email, "everyone": ""}
    if too_many(session, keyring, "invitation", subjects, INVITATION_WINDOWS, request.now):
        return _page(parsed.with_error("code", SLOW_DOWN), 429)
    password, device = given.password, device_label(request.user_agent)

    def hashed() -> str:
        # Whatever the code is worth: a right one and a wrong one take the same time
        return HASHER.hash(password)

    def then(later: Session, password_hash: Any) -> Page | Redirect:
        invitation = match_invitation(later, keyring, email, given.code, request.now)
        if invitation is None:
            return _page(parsed.with_error("code", NOT_OURS))
        try:
            user_id = accept_invitation(later, keyring, invitation.id, request.now, password_hash=str(password_hash))
        except InvitationOver as over:  # somebody typed it at the same instant
            over.status = 422
            raise over.showing(_page(parsed.with_error("code", NOT_OURS))) from over
        except AddressTaken as taken:
            raise taken.showing(_page(parsed.with_error("email", taken.message))) from taken
        end_sessions(later, request.now, session_id=request.browser_session)
        token = open_session(later, user_id, request.now, second_factor=False, device=device, factor="password")
        return Redirect(with_suite(FACTOR_PATH, "/"), sign_in=token)

    return Compute(hashed, then)


def _page(form: Parsed[AcceptForm], status: int = 422) -> Page:
    return Page("accounts/invitation.html", {"form": form}, status)


routes: tuple[Route, ...] = (
    get(PATH, show_form, permission=PUBLIC, name="invitation", assurance=Assurance.NONE),
    post(PATH, accept, permission=PUBLIC, name="invitation.accept", assurance=Assurance.NONE),
)
