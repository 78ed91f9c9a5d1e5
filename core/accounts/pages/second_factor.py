"""After the password: the second factor, and what the browser asks of a passkey."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.access.permissions import PUBLIC, Permission
from core.accounts import queries, services
from core.accounts.forms import PasskeySignInForm
from core.accounts.pages.proving import CARRIED_BODY, browser_key, on_the_way
from core.accounts.pages.sign_in import sign_in_page
from core.accounts.rules import address_prefix, device_label, local_path
from core.accounts.rules.detours import FACTOR_PATH
from core.accounts.rules.factors import PASSKEY_WINDOWS
from core.accounts.services.factors import THROTTLED_FACTOR
from core.kernel.web.forms import parse
from core.kernel.web.routes import (
    Answer,
    Assurance,
    Data,
    PageRequest,
    Redirect,
    Refusal,
    Route,
    get,
    not_found,
    post,
)

UNKNOWN_PASSKEY = "Cette clé d’accès n’ouvre aucun compte ici, ou la page a attendu plus de cinq minutes."


def ask_passkey(session: Session, request: PageRequest) -> Answer:
    """What a passkey must sign now, for our script: this person's own, or any when nobody is known yet."""
    party = services.relying_party(request.house.settings.public_url)
    if party is None:
        return not_found()
    if _throttled(session, request, "passkey_asked"):
        return Refusal(429, THROTTLED_FACTOR)
    return Data(services.ask_passkey(session, party, request.viewer.user_id, browser_key(request), request.now))


def sign_in_with_passkey(session: Session, request: PageRequest) -> Answer:
    """A passkey alone is two factors: the device, and the finger, face or code it asked for."""
    parsed = parse(PasskeySignInForm, request.form)
    party = services.relying_party(request.house.settings.public_url)
    suite = local_path(parsed.raw("suite"))
    if parsed.value is None or party is None:
        return sign_in_page(request, parsed.with_error("", UNKNOWN_PASSKEY), suite, 422)
    if _throttled(session, request, "passkey"):
        return sign_in_page(request, parsed.with_error("", THROTTLED_FACTOR), suite, 429)
    shown = services.check_passkey(session, party, parsed.value.passkey, browser_key(request), request.now)
    if shown is None or not queries.may_sign_in(session, shown.user_id):
        return sign_in_page(request, parsed.with_error("", UNKNOWN_PASSKEY), suite, 422)
    services.give_back(session, request.house.keyring, "passkey", _subjects(request))
    services.end_sessions(session, request.now, session_id=request.browser_session)
    device = device_label(request.user_agent)
    token = services.open_session(
        session, shown.user_id, request.now, second_factor=True, device=device, factor="passkey", stepped_up=True
    )
    return Redirect(suite, sign_in=token)


def _throttled(session: Session, request: PageRequest, kind: str) -> bool:
    return services.too_many(session, request.house.keyring, kind, _subjects(request), PASSKEY_WINDOWS, request.now)


def _subjects(request: PageRequest) -> dict[str, str]:
    return {"address": address_prefix(request.client_address), "everyone": ""}


_show, _take = on_the_way("accounts/second_factor.html", FACTOR_PATH)

#: Open before the agreements are accepted: they are read by somebody we are sure of.
routes: tuple[Route, ...] = (
    get(
        FACTOR_PATH,
        _show,
        permission=Permission.ACCOUNT_SELF,
        name="accounts.second_factor",
        assurance=Assurance.NONE,
    ),
    post(
        FACTOR_PATH,
        _take,
        permission=Permission.ACCOUNT_SELF,
        name="accounts.second_factor.post",
        max_body=CARRIED_BODY,
        assurance=Assurance.NONE,
    ),
    post(
        "/connexion/cle/options",
        ask_passkey,
        permission=PUBLIC,
        name="accounts.passkey.options",
        activity=False,
        assurance=Assurance.NONE,
    ),
    post(
        "/connexion/cle",
        sign_in_with_passkey,
        permission=PUBLIC,
        name="accounts.passkey.sign_in",
        assurance=Assurance.NONE,
    ),
)
