"""Signing in with e-mail and password, signing out, language."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.access.permissions import PUBLIC
from core.accounts import queries, services
from core.accounts.forms import LanguageForm, SignInForm
from core.accounts.rules import SIGN_IN_WINDOWS, address_prefix, device_label, local_path
from core.kernel.web.forms import parse
from core.kernel.web.routes import Answer, Compute, Page, PageRequest, Redirect, Route, get, post

WRONG = "L’adresse ou le mot de passe ne correspond pas."
THROTTLED = "Trop d’essais. Attendez quelques minutes, puis recommencez."


def show_sign_in(session: Session, request: PageRequest) -> Answer:
    """The sign-in form; someone already signed in goes home."""
    if not request.viewer.is_anonymous:
        return Redirect("/")
    return Page("accounts/sign_in.html", {"form": None})


def sign_in(session: Session, request: PageRequest) -> Answer:
    """Check e-mail and password outside the transaction; known and unknown accounts answer alike."""
    parsed = parse(SignInForm, request.form)
    if parsed.value is None:
        return Page("accounts/sign_in.html", {"form": parsed}, 422)
    keyring = request.house.keyring
    email = services.normal_email(parsed.value.email)
    subjects = {"account": email, "address": address_prefix(request.client_address), "everyone": ""}
    if services.too_many(session, keyring, "sign_in", subjects, SIGN_IN_WINDOWS, request.now):
        return Page("accounts/sign_in.html", {"form": parsed.with_error("email", THROTTLED)}, 429)
    account = queries.account(session, keyring, email)
    password = parsed.value.password
    device = device_label(request.user_agent)

    def check() -> bool:
        return services.verify_password(account.password_hash if account else None, password)

    def then(later: Session, right: Any) -> Page | Redirect:
        # Read again: the account may have been closed while the password was being verified.
        if not right or account is None or queries.account(later, keyring, email) != account:
            return Page("accounts/sign_in.html", {"form": parsed.with_error("email", WRONG)}, 422)
        services.forget_attempts(later, keyring, "sign_in", "account", email)
        services.end_sessions(later, request.now, session_id=request.browser_session)
        token = services.open_session(later, account.user_id, request.now, second_factor=False, device=device)
        return Redirect("/", sign_in=token)

    return Compute(check, then)


def sign_out(session: Session, request: PageRequest) -> Answer:
    """End this session; its live streams end with it."""
    services.end_sessions(session, request.now, session_id=request.browser_session)
    return Redirect("/", sign_out=True)


def choose_language(session: Session, request: PageRequest) -> Answer:
    """Remember the language in a cookie and come back to the same page."""
    parsed = parse(LanguageForm, request.form)
    if parsed.value is None:
        return Redirect("/")
    return Redirect(local_path(parsed.value.next), locale=parsed.value.locale)


routes: tuple[Route, ...] = (
    get("/connexion", show_sign_in, permission=PUBLIC, name="accounts.sign_in"),
    post("/connexion", sign_in, permission=PUBLIC, name="accounts.sign_in.post"),
    post("/deconnexion", sign_out, permission=PUBLIC, name="accounts.sign_out"),
    post("/langue", choose_language, permission=PUBLIC, name="accounts.language"),
)
