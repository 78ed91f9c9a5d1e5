"""Signing in with e-mail and password, signing out, language."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from sqlalchemy.orm import Session

from core.access.permissions import PUBLIC
from core.accounts import queries, services
from core.accounts.forms import LanguageForm, SignInForm
from core.accounts.pages.proving import with_suite
from core.accounts.rules import SIGN_IN_WINDOWS, address_prefix, device_label, local_path, mail_domain
from core.accounts.rules.detours import FACTOR_PATH
from core.kernel.web.forms import Parsed, parse
from core.kernel.web.routes import Answer, Assurance, Compute, Page, PageRequest, Redirect, Route, get, post

WRONG = "L’adresse ou le mot de passe ne correspond pas."
THROTTLED = "Trop d’essais. Attendez quelques minutes, puis recommencez."


def show_sign_in(session: Session, request: PageRequest) -> Answer:
    """The sign-in form; someone already signed in goes on, a locked session is opened again."""
    suite = local_path(request.query.get("suite", ""))
    if not request.viewer.is_anonymous:
        return Redirect(suite)
    if request.locked:
        return Redirect(f"/verrou?suite={quote(suite, safe='')}")
    return sign_in_page(request, None, suite)


def sign_in_page(request: PageRequest, form: Parsed[Any] | None, suite: str, status: int = 200) -> Page:
    """The form, and a passkey where browsers make them for this address."""
    passkeys_here = services.relying_party(request.house.settings.public_url) is not None
    return Page("accounts/sign_in.html", {"form": form, "suite": suite, "passkeys_here": passkeys_here}, status)


def sign_in(session: Session, request: PageRequest) -> Answer:
    """Check e-mail and password outside the transaction; known and unknown accounts answer alike."""
    parsed = parse(SignInForm, request.form)
    suite = local_path(str(request.form.get("suite", "")))
    if parsed.value is None:
        return sign_in_page(request, parsed, suite, 422)
    keyring = request.house.keyring
    email = services.normal_email(parsed.value.email)
    subjects = {
        "account": email,
        "address": address_prefix(request.client_address),
        "organisation": mail_domain(email),
        "everyone": "",
    }
    if services.too_many(session, keyring, "sign_in", subjects, SIGN_IN_WINDOWS, request.now):
        return sign_in_page(request, parsed.with_error("email", THROTTLED), suite, 429)
    account = queries.account(session, keyring, email)
    password = parsed.value.password
    device = device_label(request.user_agent)

    def check() -> bool:
        return services.verify_password(account.password_hash if account else None, password)

    def then(later: Session, right: Any) -> Page | Redirect:
        # Read again: the account may have been closed while the password was being verified.
        if not right or account is None or queries.account(later, keyring, email) != account:
            return sign_in_page(request, parsed.with_error("email", WRONG), suite, 422)
        services.forget_attempts(later, keyring, "sign_in", "account", email)
        services.give_back(later, keyring, "sign_in", subjects)
        services.end_sessions(later, request.now, session_id=request.browser_session)
        token = services.open_session(
            later, account.user_id, request.now, second_factor=False, device=device, factor="password"
        )
        # A second factor when there is one, else making the first; both lead on to the page asked for
        return Redirect(with_suite(FACTOR_PATH, suite), sign_in=token)

    return Compute(check, then)


def sign_out(session: Session, request: PageRequest) -> Answer:
    """End this session; its live streams end with it. *Changer de compte* leads to the sign-in page."""
    services.end_sessions(session, request.now, session_id=request.browser_session)
    return Redirect("/connexion" if request.form.get("changer") else "/", sign_out=True)


def choose_language(session: Session, request: PageRequest) -> Answer:
    """Remember the language in a cookie and come back to the same page."""
    parsed = parse(LanguageForm, request.form)
    if parsed.value is None:
        return Redirect("/")
    return Redirect(local_path(parsed.value.next), locale=parsed.value.locale)


routes: tuple[Route, ...] = (
    get("/connexion", show_sign_in, permission=PUBLIC, name="accounts.sign_in", assurance=Assurance.NONE),
    post("/connexion", sign_in, permission=PUBLIC, name="accounts.sign_in.post", assurance=Assurance.NONE),
    post("/deconnexion", sign_out, permission=PUBLIC, name="accounts.sign_out", assurance=Assurance.NONE),
    post("/langue", choose_language, permission=PUBLIC, name="accounts.language", assurance=Assurance.NONE),
)
